//! The article's page: one wait after the other, in straight-line code.

use segno::{Escaped, Io, Response, Result};

use crate::controller::Controller;

pub(crate) async fn page(io: Io, upstream: String) -> Result<Response> {
    let mut controller = Controller::begin(io).await?;
    handle(&mut controller, &upstream).await?;
    Ok(controller.finish())
}

/// `handle` is where all the fun is. All the `wait_for_…` methods look as if they blocked, but they give up control at once.
async fn handle(request: &mut Controller, upstream: &str) -> Result<()> {
    request.write("<!doctype html><title>segno</title>\n").await?;
    request.write("hi, we are now inside the request tasklet<br>\n").await?;

    let sql = "select * from test limit 10";

    request.write("<br><br>QUERY 1:").await?;
    let rows = request.wait_for_sql(sql).await?;
    request.write(rows).await?;

    if request.now_and_then(2).await? {
        request.write("<br><br>HTTP:").await?;
        let fetched = request.wait_for_http_client(upstream).await?;
        request.write(fetched).await?;
    }

    request.write("<br><br>QUERY 2:").await?;
    let rows = request.wait_for_sql(sql).await?;
    request.write(rows).await?;

    if request.now_and_then(2).await? {
        request.write("<br><br>CHAT PRODUCER:").await?;
        let balance = request.chat_balance().await?;
        request.write(format!("sending to {balance} clients")).await?;
        let message = format!("hi from {} (and to other {balance} chaps)", request.stamp);
        request.chat_send(message).await?;
    }

    if request.now_and_then(3).await? {
        request.write("<br><br>CHAT CONSUMER (waiting for a producer: load this page in other tabs):").await?;
        let message = request.wait_for_chat().await?;
        request.write(Escaped(message).to_string()).await?;
    }

    request.write("<br><br>QUERY 3:").await?;
    let rows = request.wait_for_sql(sql).await?;
    request.write(rows).await
}

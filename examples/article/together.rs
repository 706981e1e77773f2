//! The same waits side by side: a join of what does not depend on each other, and a limit for what may never come.

use std::time::Duration;

use segno::{Escaped, Io, Page, Response, Result, join};

use crate::controller::{ROOM, preformatted, table};

pub(crate) async fn page(mut io: Io, upstream: String) -> Result<Response> {
    let sql = "select * from test limit 10";
    let (first, second, third, fetched) = join!(
        io: io.sql(sql, ()).await, io.sql(sql, ()).await, io.sql(sql, ()).await, io.http_get(upstream.clone()).await
    );

    let mut page = Page::new();
    page.write("<!doctype html><title>segno, side by side</title>\n");
    page.write("hi, we are now inside the request tasklet, in four lanes<br>\n");
    for (number, rows) in (1..).zip([first, second, third]) {
        page.write(format!("<br><br>QUERY {number}:{}", table(&rows?)));
    }
    page.write(format!("<br><br>HTTP:{}", preformatted(&fetched?.text())));

    let heard = io.timeout(PATIENCE, async |io| io.chat_recv(ROOM).await).await;
    page.write("<br><br>CHAT CONSUMER:");
    match heard {
        Ok(message) => page.write(Escaped(message?)),
        Err(elapsed) => page.write(elapsed),
    }
    Ok(page.into())
}

/// No visitor waits for ever.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

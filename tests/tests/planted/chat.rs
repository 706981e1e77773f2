//! Bugs between handlers that talk to each other.

use std::time::Duration;

use segno::{
    Io, Request, Response, Result, Router,
    testing::{Finding, World, get, post, simulate},
};

/// BUG: the answer may come before anybody listens for it.
async fn asks_and_then_listens(mut io: Io, _: Request) -> Result<Response> {
    io.chat_send("kitchen", "one soup").await?;
    let ready = io.chat_recv("counter").await?;
    Ok(Response::text(ready.to_string()))
}

async fn cooks(mut io: Io, _: Request) -> Result<Response> {
    let order = io.chat_recv("kitchen").await?;
    io.chat_send("counter", format!("{order} is ready")).await?;
    Ok(Response::text("next!"))
}

pub(crate) fn answered_before_it_listened(tape: Option<&str>) -> Box<Finding> {
    let restaurant = || Router::new().get("/", asks_and_then_listens).get("/kitchen", cooks);
    again!(simulate(restaurant(), World::new).client(get("/kitchen")).client(get("/")), tape)
        .find(|_, _| {})
        .unwrap_err()
}

/// BUG: each player waits for the other to begin.
async fn waits_for_the_other(mut io: Io, request: Request) -> Result<Response> {
    let (me, other) = if request.path() == "/white" { ("white", "black") } else { ("black", "white") };
    let mut board = io.chat_subscribe(me).await?;
    let theirs = board.recv(&mut io).await?;
    io.chat_send(other, "e4").await?;
    Ok(Response::text(theirs.to_string()))
}

pub(crate) fn both_waited(tape: Option<&str>) -> Box<Finding> {
    let chess = || Router::new().get("/white", waits_for_the_other).get("/black", waits_for_the_other);
    again!(simulate(chess(), World::new).client(get("/white")).client(get("/black")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: between two receives nobody listens; a subscription would.
async fn listens_now_and_then(mut io: Io, _: Request) -> Result<Response> {
    let mut heard = String::new();
    while let Ok(message) = io.timeout(Duration::from_secs(60), async |io| io.chat_recv("room").await).await {
        heard += &message?;
    }
    Ok(Response::text(heard))
}

/// Somebody who has two things to say.
async fn speaks(mut io: Io, _: Request) -> Result<Response> {
    io.sleep(Duration::from_secs(1)).await?;
    io.chat_send("room", "one,").await?;
    io.chat_send("room", "two,").await?;
    Ok(Response::text(""))
}

pub(crate) fn missed_a_message(tape: Option<&str>) -> Box<Finding> {
    let rooms = || Router::new().get("/", listens_now_and_then).post("/", speaks);
    again!(simulate(rooms(), World::new).client(get("/")).client(post("/")), tape)
        .find(|_, ends| assert_eq!(ends[0].text(), "one,two,", "the listener missed a message"))
        .unwrap_err()
}

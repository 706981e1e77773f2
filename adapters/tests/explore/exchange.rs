//! Interim responses, trailer fields and event streams in a world.

use std::time::Duration;

use segno::{
    Entry, Error, Event, Inform, Io, Request, Response, ResponseHead, Result, Router, Standard, StopReason,
    testing::{Client, World, explore, get, post, simulate},
};

/// Hints, reads, and compares the body with the digest that came after it.
async fn store(mut io: Io, mut request: Request) -> Result<Response> {
    io.inform(ResponseHead::new(103).header("link", "</style.css>; rel=preload")?).await?;
    let body = request.body.text(&mut io, 100).await?;
    let trailers = request.body.trailers(&mut io).await?;
    let digest = trailers.get("x-length").and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    match digest == Some(body.len()) {
        true => Ok(Response::text("stored")),
        false => Err(Error::status(400, "the length is another one")),
    }
}

#[test]
fn trailers_are_as_sent_and_interim_responses_are_in_the_trace() {
    let informed = |entry: &Entry<Standard>| matches!(entry, Entry::Asked { effect: Standard::Inform(Inform(head)), .. } if head.status == 103);
    for (length, status) in [("5", 200), ("6", 400)] {
        explore(store, World::new)
            .request(post("/").body_in_pieces(["he", "llo"]).trailer("x-length", length))
            .law("it hints first", move |trace, _| match trace.entries.first() {
                Some(entry) if informed(entry) => Ok(()),
                first => Err(format!("{first:?}")),
            })
            .check(|_, end| assert!(end.status() == Some(status) || end.error().is_some(), "{end}"));
    }
}

/// Tells what is said, for as long as its client is there.
async fn listen(mut io: Io, _: Request) -> Result<Response> {
    let mut room = io.chat_subscribe("room").await?;
    let mut events = io.events().await?;
    loop {
        let message = events.wait(&mut io, async |io| room.recv(io).await).await??;
        events.send(&mut io, message).await?;
    }
}

/// Counts, a number at every heartbeat of who listens.
async fn count(mut io: Io, _: Request) -> Result<Response> {
    for number in 1..=4 {
        io.sleep(Duration::from_secs(15)).await?;
        io.chat_send("room", number.to_string()).await?;
    }
    Ok(Response::text("counted"))
}

const HEARTBEAT: &str = ": heartbeat\n\n";

#[test]
fn no_message_is_lost_to_a_heartbeat() {
    let router = || Router::new().get("/listen", listen).get("/count", count);
    let mut most = 0;
    simulate(router(), World::new)
        .client(Client::new(get("/listen")).vanishes_after(Duration::from_secs(100)))
        .client(get("/count"))
        .check(|_, ends| {
            let Some(told) = ends[0].torn().then(|| ends[0].text().replace(HEARTBEAT, "")) else { return };
            let numbers: Vec<u32> =
                told.split_terminator("\n\n").map(|event| event["data: ".len()..].parse().unwrap()).collect();
            assert!(numbers.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{numbers:?}");
            most = most.max(numbers.len());
        });
    assert_eq!(most, 4);
}

#[test]
fn a_listener_that_hears_nothing_gets_a_heartbeat_every_15_seconds() {
    for (patience, heartbeats) in [(14, 0), (16, 1), (100, 6)] {
        simulate(listen, World::new)
            .client(Client::new(get("/")).vanishes_after(Duration::from_secs(patience)))
            .faults(0)
            .check(|_, ends| {
                assert_eq!(ends[0].stopped(), Some(StopReason::Disconnected));
                assert_eq!(ends[0].body(), HEARTBEAT.repeat(heartbeats).as_bytes());
            });
    }
}

/// Waits for one message, and tells it.
async fn tell_one(mut io: Io, _: Request) -> Result<Response> {
    let mut room = io.chat_subscribe("room").await?;
    let mut events = io.events().await?;
    let heard = io.timeout(Duration::from_secs(40), async |io| events.wait(io, async |io| room.recv(io).await).await);
    if let Ok(message) = heard.await {
        events.send(&mut io, Event::new(&message??)).await?;
    }
    Ok(events.end())
}

#[test]
fn an_event_stream_keeps_all_laws_whatever_fails() {
    explore(tell_one, World::new).says(Duration::from_secs(20), "room", "hello").check(|_, end| {
        let whole = end.succeeded() && end.text().contains("data: hello\n\n");
        let early = end.succeeded() && end.text().replace(HEARTBEAT, "").is_empty();
        assert!(whole || early || end.error().is_some() || end.stopped().is_some(), "{end}");
    });
}

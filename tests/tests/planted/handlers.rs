//! Bugs in how a handler runs: what it depends on, how it ends, what it sends.

use std::{collections::HashMap, time::Duration};

use segno::{
    HttpReply, Io, Request, Response, ResponseHead, Result,
    testing::{Finding, World, explore, get},
};

/// BUG: a `HashMap` has another order in every run, and so have the effects.
async fn asks_in_any_order(mut io: Io, _: Request) -> Result<Response> {
    let weights: HashMap<u64, &str> = (1..=32).map(|hour| (hour, "kg")).collect();
    let mut total = 0;
    for (hour, unit) in &weights {
        io.sleep(Duration::from_secs(*hour)).await?;
        total += unit.len();
    }
    Ok(Response::text(total.to_string()))
}

pub(crate) fn asked_in_any_order(tape: Option<&str>) -> Box<Finding> {
    again!(explore(asks_in_any_order, World::new), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: a channel of the runtime is no effect, and nobody who drives the handler can see it.
async fn waits_for_a_channel(mut io: Io, _: Request) -> Result<Response> {
    let (_sender, receiver) = smol::channel::bounded::<u64>(1);
    let before = io.now().await?;
    let number = receiver.recv().await?;
    Ok(Response::text(format!("{number} {before}")))
}

pub(crate) fn awaited_what_is_no_effect(tape: Option<&str>) -> Box<Finding> {
    again!(explore(waits_for_a_channel, World::new), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: a pause fails if the handler is to stop, and then it will never succeed.
async fn insists_on_its_pause(mut io: Io, _: Request) -> Result<Response> {
    while io.sleep(Duration::from_secs(1)).await.is_err() {}
    Ok(Response::text("rested"))
}

pub(crate) fn would_not_stop(tape: Option<&str>) -> Box<Finding> {
    again!(explore(insists_on_its_pause, World::new), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: a piece that was not written is left out, and the end says that all is there.
async fn streams_what_it_can(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for line in ["one\n", "two\n", "three\n"] {
        let _written = out.write(&mut io, line).await;
    }
    Ok(out.end())
}

pub(crate) fn called_a_part_the_whole(tape: Option<&str>) -> Box<Finding> {
    again!(explore(streams_what_it_can, World::new), tape)
        .find(|_, end| {
            assert!(!end.responded() || end.body() == b"one\ntwo\nthree\n", "a part of the page is called whole");
        })
        .unwrap_err()
}

/// BUG: when the page fails half-way, it is too late for an error page.
async fn begins_a_second_response(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::html()).await?;
    let report = io.http_get("http://reports.internal/today").await;
    match report.and_then(HttpReply::success) {
        Ok(report) => out.write(&mut io, report.body).await?,
        Err(_) => {
            out = io.respond(ResponseHead::new(502)).await?;
            out.write(&mut io, "no report today").await?;
        }
    }
    Ok(out.end())
}

pub(crate) fn responded_twice(tape: Option<&str>) -> Box<Finding> {
    let world = || World::new().peer("reports.internal", |_| Ok(HttpReply::new(200, "all is well")));
    again!(explore(begins_a_second_response, world).request(get("/report")), tape).find(|_, _| {}).unwrap_err()
}

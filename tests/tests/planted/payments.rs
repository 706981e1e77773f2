//! Bugs in charging a card.

use std::time::Duration;

use segno::{
    Error, HttpReply, Io, Race2, Request, Response, Result, race,
    testing::{Finding, explore, post},
};

use crate::bank::{charge, world};

/// BUG: a timeout does not say that the card was not charged; without a key, the second try charges it again.
async fn tries_again(mut io: Io, _: Request) -> Result<Response> {
    let mut reply = io.http_send(charge()).await;
    if reply.is_err() {
        io.sleep(Duration::from_millis(200)).await?;
        reply = io.http_send(charge()).await;
    }
    reply?.success()?;
    Ok(Response::text("paid"))
}

pub(crate) fn charged_again_after_a_failure(tape: Option<&str>) -> Box<Finding> {
    again!(explore(tries_again, world).request(post("/pay")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: what a timeout abandons may be carried out all the same.
async fn loses_patience(mut io: Io, _: Request) -> Result<Response> {
    for _ in 0..2 {
        match io.timeout(Duration::from_secs(2), async |io| io.http_send(charge()).await).await {
            Ok(reply) => {
                reply?.success()?;
                return Ok(Response::text("paid"));
            }
            Err(_elapsed) => {}
        }
    }
    Ok(Response::text("the bank is slow today").status(504))
}

pub(crate) fn charged_again_after_a_timeout(tape: Option<&str>) -> Box<Finding> {
    again!(explore(loses_patience, world).request(post("/pay")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: the key belongs to the try instead of the order, so that no two tries are the same to the bank.
async fn draws_a_key(mut io: Io, _: Request) -> Result<Response> {
    for _ in 0..3 {
        let key = io.random(..).await?.to_string();
        let reply = io.http_send(charge().header("idempotency-key", &key)?).await;
        if reply.and_then(HttpReply::success).is_ok() {
            return Ok(Response::text("paid"));
        }
    }
    Ok(Response::text("the bank does not answer").status(503))
}

pub(crate) fn charged_under_two_keys(tape: Option<&str>) -> Box<Finding> {
    again!(explore(draws_a_key, world).request(post("/pay")), tape)
        .find(|world, _| assert!(world.own().charges() <= 1, "the card was charged twice"))
        .unwrap_err()
}

/// BUG: safe to be tried again, but without an end: a bank that is down for a day is asked for a day.
async fn never_gives_up(mut io: Io, _: Request) -> Result<Response> {
    let request = charge().header("idempotency-key", "order-7")?;
    loop {
        match io.http_send(request.clone()).await.and_then(HttpReply::success) {
            Ok(_) => return Ok(Response::text("paid")),
            Err(_) => io.sleep(Duration::from_secs(1)).await?,
        }
    }
}

pub(crate) fn tried_without_an_end(tape: Option<&str>) -> Box<Finding> {
    again!(explore(never_gives_up, world).request(post("/pay")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: an answer is not yet a success; 503 is an answer, too.
async fn takes_any_answer(mut io: Io, _: Request) -> Result<Response> {
    let request = charge().header("idempotency-key", "order-7")?;
    let _reply = io.http_send(request).await.map_err(|error| Error::from(error).shown_as(502, ""))?;
    Ok(Response::text("paid"))
}

pub(crate) fn thanked_without_a_charge(tape: Option<&str>) -> Box<Finding> {
    again!(explore(takes_any_answer, world).request(post("/pay")), tape)
        .find(|world, end| assert!(!end.succeeded() || world.own().charges() == 1, "nobody was charged, and thanked"))
        .unwrap_err()
}

/// BUG: whoever wins the race, the customer is told that it is paid.
async fn takes_any_winner(mut io: Io, _: Request) -> Result<Response> {
    let request = charge().header("idempotency-key", "order-7")?;
    match race!(io: io.http_send(request).await, io.sleep(Duration::from_secs(5)).await) {
        Race2::A(reply) => drop(reply?.success()?),
        Race2::B(slept) => slept?,
    }
    Ok(Response::text("paid"))
}

pub(crate) fn thanked_when_time_was_over(tape: Option<&str>) -> Box<Finding> {
    again!(explore(takes_any_winner, world).request(post("/pay")), tape)
        .find(|world, end| assert!(!end.succeeded() || world.own().charges() == 1, "nobody was charged, and thanked"))
        .unwrap_err()
}

/// BUG: a race abandons the slower one, which does not undo it.
async fn books_where_it_is_quicker(mut io: Io, _: Request) -> Result<Response> {
    let (left, right) = (charge().header("idempotency-key", "left-7")?, charge().header("idempotency-key", "right-7")?);
    let reply = match race!(io: io.http_send(left).await, io.http_send(right).await) {
        Race2::A(reply) | Race2::B(reply) => reply?,
    };
    reply.success()?;
    Ok(Response::text("booked"))
}

pub(crate) fn booked_by_the_loser(tape: Option<&str>) -> Box<Finding> {
    again!(explore(books_where_it_is_quicker, world).request(post("/book")), tape)
        .find(|world, _| assert!(world.own().charges() <= 1, "both have charged the card"))
        .unwrap_err()
}

//! Every fault of every effect: carried out or not, once and from then on; and every stop.

use std::collections::BTreeSet;

use segno::{
    HttpReply, HttpRequest, Random, Request, Response, Result, StopReason,
    testing::{World, explore, get},
};

use crate::bank::{Charge, ChargeErrorKind, Io, charged, world};

/// Charges twice, and says what came of each.
async fn two_charges(mut io: Io, _: Request) -> Result<Response> {
    let mut page = String::new();
    for cents in [1, 10] {
        match io.perform(Charge(cents)).await {
            Ok(_) => page += "paid ",
            Err(error) => match error.kind {
                ChargeErrorKind::Stopped(_) => return Ok(Response::text(page + "stopped")),
                kind @ (ChargeErrorKind::Declined | ChargeErrorKind::Timeout) => page += &format!("{kind:?} "),
            },
        }
    }
    Ok(Response::text(page))
}

#[test]
fn each_fault_is_tried_carried_out_and_not_and_from_then_on() {
    let mut seen = BTreeSet::new();
    let seen_by = std::sync::Mutex::new(&mut seen);
    explore(two_charges, world).stops(&[]).faults(1).check(|world, end| {
        seen_by.lock().unwrap().insert((end.text(), charged(world)));
    });
    let expected = [
        ("paid paid ", 11),
        ("Declined paid ", 10),
        ("Declined Declined ", 0),
        ("Timeout paid ", 10),
        // The first one timed out, and was charged all the same.
        ("Timeout paid ", 11),
        ("Timeout Timeout ", 0),
        ("Timeout Timeout ", 11),
        ("paid Declined ", 1),
        ("paid Timeout ", 1),
        ("paid Timeout ", 11),
    ];
    assert_eq!(seen, expected.map(|(page, charged)| (page.to_owned(), charged)).into());
}

#[test]
fn every_stop_comes_at_every_effect_carried_out_and_not() {
    let mut seen = BTreeSet::new();
    let seen_by = std::sync::Mutex::new(&mut seen);
    let explored = explore(two_charges, world).without_faults().check(|world, end| {
        let reason = end.stopped().map(|reason| format!("{reason:?}"));
        // Who went away gets nothing.
        assert_eq!(end.status(), (end.stopped() != Some(StopReason::Disconnected)).then_some(200));
        seen_by.lock().unwrap().insert((reason, charged(world)));
    });
    let mut expected = BTreeSet::from([(None, 11)]);
    for reason in ["Disconnected", "Deadline", "Shutdown"] {
        expected.extend([0, 1, 11].map(|charged| (Some(reason.to_owned()), charged)));
    }
    assert_eq!(seen, expected);
    // Three reasons at two effects, each carried out and not: and a stopped handler is not stopped again.
    assert_eq!(explored.to_string(), "explored 13 runs, all that there are, without faults");
}

#[test]
fn the_number_of_runs_is_that_of_the_formula() {
    async fn draws(mut io: segno::Io, _: Request) -> Result<Response> {
        for _ in 0..20 {
            io.random(0..=1).await?;
        }
        Ok(Response::text("drawn"))
    }
    // Each random number may be the lowest or the highest one, once and from then on: but then the line's next ones are decided.
    let explored = explore(draws, World::new).stops(&[]).faults(1).check(|_, _| ());
    assert_eq!(explored.runs(), 1 + 20 * 4);
    let stopped = explore(draws, World::new).without_faults().faults(2).check(|_, _| ());
    assert_eq!(stopped.runs(), 1 + 20 * 3);
}

#[test]
fn standard_effects_fail_by_their_menus() {
    async fn fetch(mut io: segno::Io, _: Request) -> Result<Response> {
        let reply = io.http_get("http://a.example/x").await;
        let sent = io.http_send(HttpRequest::post("http://a.example/y")).await;
        let seen = |reply: std::result::Result<HttpReply, segno::HttpError>| match reply {
            Ok(reply) => reply.status.as_str().to_owned(),
            Err(error) => error.message.to_string(),
        };
        let unlucky = io.perform(Random::new(0..10)).await?;
        Ok(Response::text(format!("{} {} {}", seen(reply), seen(sent), unlucky == 9)))
    }
    let mut seen = BTreeSet::new();
    let seen_by = std::sync::Mutex::new(&mut seen);
    let world = || World::new().peer("a.example", |_| Ok(HttpReply::new(200, "fine")));
    explore(fetch, world).stops(&[]).faults(1).request(get("/")).check(|_, end| {
        seen_by.lock().unwrap().insert(end.text());
    });
    for page in ["200 200 false", "timeout 200 false", "503 200 false", "200 connection refused false", "200 200 true"]
    {
        assert!(seen.contains(page), "{page} is not in {seen:?}");
    }
}

#[test]
fn an_unknown_peer_says_so() {
    let fetch = async |mut io: segno::Io, _: Request| {
        Ok(Response::text(io.http_get("http://b.example").await.map_err(segno::Error::from)?.text().into_owned()))
    };
    explore(fetch, World::new).stops(&[]).without_faults().may_fail().check(|_, end| {
        let error = end.error().unwrap().to_string();
        assert!(error.contains("the world has no peer `b.example`"), "{error}");
    });
}

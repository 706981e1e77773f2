//! What counts as wrong, how it is told, and how it is run again.

use std::{collections::HashMap, time::Duration};

use segno::{
    Io, Request, Response, ResponseHead, Result,
    testing::{World, explore, simulate},
};

use crate::bank::{self, Charge, charged};

#[test]
fn what_is_wrong_with_a_handler_is_told() {
    let panics = explore(
        async |mut io: Io, _: Request| {
            let number = io.random(0..10).await?;
            assert!(number != 9, "nine");
            Ok(Response::text("fine"))
        },
        World::new,
    );
    let waits = explore(
        async |mut io: Io, _: Request| Ok(Response::text(io.chat_recv("nobody").await?.to_string())),
        World::new,
    );
    let loops = explore(
        async |mut io: Io, _: Request| loop {
            io.now().await?;
        },
        World::new,
    );
    let foreign = explore(
        async |mut io: Io, _: Request| {
            io.now().await?;
            std::future::pending::<Result<Response>>().await
        },
        World::new,
    );
    let goes_on = explore(
        async |mut io: Io, _: Request| {
            while io.now().await.is_err() {}
            Ok(Response::text("fine"))
        },
        World::new,
    );
    let no_response = explore(
        async |mut io: Io, _: Request| {
            io.respond(ResponseHead::text()).await?;
            Ok(Response::text("another"))
        },
        World::new,
    );
    for (finding, what) in [
        (panics.find(|_, _| ()), "the handler panicked: nine"),
        (waits.find(|_, _| ()), "client 0 waits for chat_recv at"),
        (loops.find(|_, _| ()), "endless loop: a handler has asked for more than 1000 effects"),
        (foreign.find(|_, _| ()), "the handler awaited something that is not an effect"),
        (goes_on.find(|_, _| ()), "the handler was stopped and would not end"),
        (no_response.find(|_, _| ()), "the handler streamed a response, and returned another one"),
    ] {
        let finding = finding.expect_err(what);
        assert!(finding.what().contains(what), "{finding}");
    }
}

#[test]
fn a_handler_that_is_no_function_of_its_answers_is_found() {
    async fn unordered(mut io: Io, _: Request) -> Result<Response> {
        let rooms: HashMap<String, u32> = (0..8).map(|number| (format!("room {number}"), number)).collect();
        for room in rooms.into_keys() {
            io.chat_send(room, "hello").await?;
        }
        Ok(Response::text("said"))
    }
    let finding = explore(unordered, World::new).find(|_, _| ()).unwrap_err();
    assert!(finding.what().contains("the handler is not deterministic: the same run, twice, is not the same"));
    assert!(finding.what().contains("it differs first in") && finding.what().contains("ChatSend"), "{finding}");
}

/// Charges again when it does not know whether it has charged.
async fn retries(mut io: bank::Io, _: Request) -> Result<Response> {
    if io.perform(Charge(3)).await.is_err() && io.stopped().is_none() {
        io.perform(Charge(3)).await?; // the retry
    }
    Ok(Response::text("charged"))
}

const RETRY_LINE: u32 = line!() - 5;

#[test]
fn a_finding_is_the_smallest_run_and_says_how_to_run_it_again() {
    let once = |world: &World<bank::Bank>, _: &segno::testing::End| assert!(charged(world) <= 3, "charged twice");
    let exploration = || explore(retries, bank::world).without(segno::testing::Law::NoRepeat);
    let finding = exploration().find(once).unwrap_err();
    assert_eq!((finding.what(), finding.unusual()), ("a check failed: charged twice", 1));
    let report = finding.to_string();
    for part in [
        "charge       Charge(3) -> FAULT, though carried out:",
        &format!("explore/findings.rs:{RETRY_LINE}:"),
        "responded 200",
        &format!("to run it again: .replay(\"{}\")", finding.replay()),
        "with 1 unusual decision:",
    ] {
        assert!(report.contains(part), "{part:?} is not in\n{report}");
    }
    let again = exploration().replay(finding.replay()).find(once).unwrap_err();
    assert_eq!((again.what(), again.replay()), (finding.what(), finding.replay()));
    // Found by chance, it shrinks to the same run.
    let by_chance = exploration().seeds(0..500).find(once).unwrap_err();
    assert_eq!((by_chance.what(), by_chance.replay()), (finding.what(), finding.replay()));
    // Nothing else is wrong with it.
    exploration().replay("v1:").check(once);
}

#[test]
fn a_replay_string_that_does_not_fit_any_longer_says_so() {
    let short = async |mut io: Io, _: Request| Ok(Response::text(io.now().await?.to_string()));
    for tape in ["v1:0.0.0.1", "v1:99"] {
        let finding = explore(short, World::new).replay(tape).find(|_, _| ()).unwrap_err();
        assert!(finding.what().starts_with("the replay string does not fit any longer"), "{finding}");
    }
}

#[test]
#[should_panic(expected = "`v2:1` is not a replay string")]
fn what_is_no_replay_string_fails_the_test() {
    let _ = explore(async |_: Io, _: Request| Ok(Response::text("")), World::new).replay("v2:1");
}

#[test]
#[should_panic(expected = "charged twice")]
fn check_panics_with_the_finding() {
    explore(retries, bank::world)
        .without(segno::testing::Law::NoRepeat)
        .check(|world, _| assert!(charged(world) <= 3, "charged twice"));
}

#[test]
fn what_performs_an_effect_and_panics_is_a_finding() {
    let world = || World::new().peer("a.example", |_| panic!("the fake is not ready"));
    let fetch = async |mut io: Io, _: Request| Ok(Response::text(io.http_get("http://a.example").await?.body));
    let finding = explore(fetch, world).find(|_, _| ()).unwrap_err();
    assert_eq!(finding.what(), "what performs an effect panicked: the fake is not ready");
}

#[test]
fn clients_that_may_wait_go_away_in_the_end() {
    let listen = async |mut io: Io, _: Request| Ok(Response::text(io.chat_recv("news").await?.to_string()));
    let explored = explore(listen, World::new).may_wait().check(|_, end| assert_ne!(end.status(), Some(200)));
    assert!(explored.runs() > 1);
    // Of two, one hears the other.
    let speak = async |mut io: Io, request: Request| {
        Ok(Response::text(match request.path() {
            "/say" => io.chat_send("news", "rain").await?.to_string(),
            _ => io.chat_recv("news").await?.to_string(),
        }))
    };
    let both = simulate(speak, World::new).client(segno::testing::get("/hear")).client(segno::testing::get("/say"));
    both.may_wait().check(|_, ends| assert!(ends[0].status().is_none() == (ends[1].text() == "0")));
}

#[test]
fn a_deadlock_of_two_handlers_is_told_with_who_waits_for_what() {
    async fn polite(mut io: Io, request: Request) -> Result<Response> {
        let (mine, other) = if request.path() == "/a" { ("a", "b") } else { ("b", "a") };
        let mut waiting = io.chat_subscribe(mine).await?;
        let first = waiting.recv(&mut io).await?;
        io.chat_send(other, "after you").await?;
        Ok(Response::text(first.to_string()))
    }
    let finding = simulate(polite, World::new)
        .client(segno::testing::get("/a"))
        .client(segno::testing::get("/b"))
        .says(Duration::ZERO, "elsewhere", "hello")
        .find(|_, _| ())
        .unwrap_err();
    let line = line!() - 10;
    for client in [0, 1] {
        let waits = format!("client {client} waits for chat_recv at");
        assert!(finding.what().contains(&waits) && finding.what().contains(&format!(":{line}:")), "{finding}");
    }
}

#[test]
fn what_shrinks_stays_the_same_finding() {
    let draw = async |mut io: Io, _: Request| {
        io.now().await?;
        Ok(Response::text(io.random(0..=100).await?.to_string()))
    };
    let found: std::collections::BTreeSet<String> = (0..200)
        .filter_map(|seed| {
            let exploration = explore(draw, World::new).stops(&[]).seeds(seed..seed + 1);
            let finding = exploration.find(|_, end| {
                assert_ne!(end.text(), "100", "the highest");
                assert_ne!(end.text(), "0", "the lowest");
            });
            Some(finding.err()?.what().to_owned())
        })
        .collect();
    assert!(found.iter().any(|what| what.contains("the highest")), "{found:?}");
    assert!(found.iter().any(|what| what.contains("the lowest")), "{found:?}");
}

//! What a test claims is true: correct handlers are left alone, runs end, replays fit, and nothing passes for want of a try.

use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, SystemTime},
};

use segno::{
    Effect, Error, HttpReply, Io, Request, Response, Result, Sql,
    testing::{End, Sqlite, Tape, World, explore, get, simulate},
};

use crate::bank;

fn database() -> World {
    World::new().database(Sqlite::new("create table note (text)")).peer("a.example", |_| Ok(HttpReply::new(200, "a")))
}

#[test]
fn a_transaction_that_did_not_begin_holds_nothing() {
    async fn falls_back(mut io: Io, _: Request) -> Result<Response> {
        let noted = io.transaction(async |tx| Ok(tx.sql("insert into note values ('x')", ()).await?)).await;
        match noted {
            Ok(_) => Ok(Response::text("noted")),
            Err(_) if io.stopped().is_some() => Err(Error::status(503, "later")),
            Err(_) => Ok(Response::text(io.http_get("http://a.example/").await?.body)),
        }
    }
    explore(falls_back, database).check(|_, _| ());
}

#[test]
fn what_a_cleanup_does_twice_is_no_repetition() {
    async fn says_goodbye(mut io: Io, _: Request) -> Result<Response> {
        let heard = io.http_get("http://a.example/").await.map(|reply| reply.body);
        for _ in 0..2 {
            let _reached = io.cleanup().chat_send("room", "goodbye").await;
        }
        Ok(Response::text(heard?))
    }
    explore(says_goodbye, database).check(|_, _| ());
}

#[test]
fn a_comment_does_not_make_a_write_a_read() {
    let replay = |text: &'static str| Sql { text: text.into(), params: ().into(), transaction: None }.replay();
    let (read, once) = (segno::Replay::Read, segno::Replay::Once);
    let texts =
        ["select 1", " -- delete\n select 1", "/* x */ (select 1)", "insert into a", "/* select */ insert", "--"];
    assert_eq!(texts.map(replay), [read.clone(), read.clone(), read, once.clone(), once.clone(), once]);
}

#[test]
fn a_test_s_own_panic_is_heard() {
    let fine = async |_: Io, _: Request| Ok(Response::text("fine"));
    let world = || World::new().database(Sqlite::new("create tabel"));
    assert!(catch_unwind(AssertUnwindSafe(|| explore(fine, world).check(|_, _| ()))).is_err());
    let finding = explore(fine, World::new).law("mine", |_, _| panic!("planted")).find(|_, _| ()).unwrap_err();
    assert_eq!(finding.what(), "the law `mine` is broken: planted");
}

#[test]
fn what_would_never_end_is_ended() {
    async fn waits_in_its_cleanup(mut io: Io, _: Request) -> Result<Response> {
        let _ = io.chat_recv("nobody").await;
        io.cleanup().chat_recv("nobody").await?;
        Ok(Response::text("heard"))
    }
    let finding = explore(waits_in_its_cleanup, World::new).may_wait().find(|_, _| ()).unwrap_err();
    assert!(finding.what().starts_with("deadlock"), "{finding}");
    let finding = simulate(
        async |mut io: Io, _: Request| loop {
            io.sleep(Duration::from_secs(1)).await?;
        },
        World::new,
    )
    .client(get("/"))
    .find(|_, _| ())
    .unwrap_err();
    assert!(finding.what().starts_with("endless loop"), "{}", finding.what());
}

#[test]
fn what_differs_between_two_runs_is_found_wherever_it_shows() {
    async fn in_the_response(_: Io, _: Request) -> Result<Response> {
        let names: HashMap<u32, u32> = (0..20).map(|number| (number, number)).collect();
        Ok(Response::text(format!("{names:?} {:?}", SystemTime::now())))
    }
    async fn when_it_fails(mut io: Io, _: Request) -> Result<Response> {
        let reply = io.http_get("http://a.example/").await;
        if reply.is_err() && io.stopped().is_none() {
            for room in (0..20).map(|room| (room.to_string(), ())).collect::<HashMap<_, _>>().into_keys() {
                io.chat_send(room, "it has failed").await?;
            }
        }
        Ok(Response::text(reply?.body))
    }
    async fn every_second_time(mut io: Io, _: Request) -> Result<Response> {
        static FAILED: AtomicU64 = AtomicU64::new(0);
        match io.http_get("http://a.example/").await {
            Ok(reply) => Ok(Response::text(reply.body)),
            Err(_) if FAILED.fetch_add(1, Relaxed).is_multiple_of(2) => Ok(Response::text("not this time")),
            Err(error) => Err(error.into()),
        }
    }
    let calm = |_: &World, end: &End| assert!(end.error().is_none() || end.stopped().is_some(), "it fails");
    for finding in [
        explore(in_the_response, World::new).find(|_, _| ()),
        explore(when_it_fails, database).find(|_, _| ()),
        explore(every_second_time, database).stops(&[]).find(calm),
    ] {
        let finding = finding.unwrap_err();
        assert!(finding.what().starts_with("the handler is not deterministic"), "{finding}");
    }
}

#[test]
fn a_replay_string_does_not_pass_for_another_handler() {
    async fn short(mut io: Io, _: Request) -> Result<Response> {
        Ok(Response::text(io.http_get("http://a.example/").await?.body))
    }
    async fn longer(mut io: Io, request: Request) -> Result<Response> {
        io.sql("select text from note", ()).await?;
        short(io, request).await
    }
    let never_fails = |_: &World, end: &End| assert!(end.error().is_none(), "it fails");
    let finding = explore(short, database).find(never_fails).unwrap_err();
    let other = explore(longer, database).replay(finding.replay()).find(|_, _| ()).unwrap_err();
    assert!(other.what().starts_with("the replay string does not fit any longer"), "{other}");
}

#[test]
fn who_waits_for_others_may_go_away_meanwhile() {
    async fn room(mut io: Io, request: Request) -> Result<Response> {
        if request.path() == "/hear" {
            return Ok(Response::text(io.chat_recv("room").await?.to_string()));
        }
        let here = io.chat_balance("room").await?;
        Ok(Response::text(format!("{here} were here, {} heard it", io.chat_send("room", "hello").await?)))
    }
    let mut seen = Vec::new();
    simulate(room, World::new)
        .client(get("/hear"))
        .client(get("/say"))
        .stops(&[segno::StopReason::Disconnected])
        .may_wait()
        .check(|_, ends| seen.push(ends[1].text()));
    assert!(seen.contains(&"1 were here, 0 heard it".to_owned()), "{seen:?}");
}

#[test]
fn nothing_passes_for_want_of_a_try() {
    let lacks = async |mut io: Io, _: Request| Ok(Response::text(io.sql("selct 1", ()).await?.len().to_string()));
    for world in [World::new, database] {
        let finding = explore(lacks, world).find(|_, _| ()).unwrap_err();
        assert!(finding.what().starts_with("nothing went wrong, and the handler failed with 500"), "{finding}");
        explore(lacks, world).may_fail().check(|_, _| ());
    }
    let fine = async |_: Io, _: Request| Ok(Response::text("fine"));
    let panics = |run: &dyn Fn()| catch_unwind(AssertUnwindSafe(run)).is_err();
    assert!(panics(&|| drop(simulate(fine, World::new).check(|_, _| ()))), "no clients");
    assert!(panics(&|| drop(explore(fine, World::new).seeds(3..3).check(|_, _| ()))), "no seeds");
}

#[test]
fn a_claim_says_where_it_ends() {
    async fn charges(mut io: bank::Io, _: Request) -> Result<Response> {
        for cents in 0..4 {
            io.perform(bank::Charge(cents)).await?;
        }
        Ok(Response::text("charged"))
    }
    let claim = |runs| explore(charges, bank::world).max_runs(runs).check(|_, _| ()).to_string();
    assert_eq!(claim(7), "explored 7 runs, the first with at most 2 unusual decisions in each (see `max_runs`)");
    assert!(claim(20_000).ends_with("all that there are"));
}

#[test]
fn a_fuzzer_s_bytes_reach_every_choice() {
    let mut tape = Tape::bytes(&[3, 1, 44]);
    assert_eq!([tape.pick(4, 0), tape.pick(400, 0), tape.pick(9, 0)], [3, 300, 0]);
    assert_eq!(Tape::normal().pick(u32::MAX, 1), 0);
}

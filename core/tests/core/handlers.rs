//! Straight-line handlers: helpers to any depth, loops, recursion, `?`, handles, traces.

use std::{pin::Pin, time::Duration};

use segno_core::{
    Chunk, Entry, Happened, Io, Request, Response, ResponseHead, Result, SqlError, SqlErrorKind, Standard,
    StandardOutcome, Step, Tasklet, Trace,
};

use crate::driver::{Choice, End, number, oldest, run, stop_at};

/// The article's failed attempt, made to work: helpers yield, from three calls deep.
#[test]
fn helpers_yield_from_nested_calls() {
    async fn outer(io: &mut Io) -> Result<i64> {
        let mut sum = 0;
        for _ in 0..2 {
            sum += middle(io).await?;
        }
        Ok(sum)
    }
    async fn middle(io: &mut Io) -> Result<i64> {
        Ok(inner(io, "a").await? + inner(io, "b").await?)
    }
    async fn inner(io: &mut Io, text: &'static str) -> Result<i64> {
        Ok(number(io.sql(text, ()).await?))
    }
    let (end, log) = run(Tasklet::new(async |mut io: Io| outer(&mut io).await), oldest);
    assert_eq!(end.done().unwrap(), 4);
    assert_eq!(log, ["sql a", "sql b", "sql a", "sql b"]);
}

#[test]
fn recursion_yields() {
    fn walk(io: &mut Io, depth: u32) -> Pin<Box<dyn Future<Output = Result<i64>> + Send + '_>> {
        Box::pin(async move {
            match depth {
                0 => Ok(number(io.sql("leaf", ()).await?)),
                _ => Ok(walk(io, depth - 1).await? + walk(io, depth - 1).await?),
            }
        })
    }
    let (end, log) = run(Tasklet::new(async |mut io: Io| walk(&mut io, 6).await), oldest);
    assert_eq!(end.done().unwrap(), 64);
    assert_eq!(log.len(), 64);
}

#[test]
fn a_question_mark_ends_the_handler_with_the_effects_error() {
    let mut tasklet = Tasklet::new(async |mut io: Io| -> Result<i64> { Ok(number(io.sql("select", ()).await?)) });
    let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
    let error = SqlError::new(SqlErrorKind::Busy, Happened::No, "the table is locked");
    tasklet.answer(ticket, StandardOutcome::Sql(Err(error.clone()))).unwrap();
    let Step::Done(Err(end)) = tasklet.step() else { panic!() };
    assert_eq!(end.cause::<SqlError>(), Some(&error));
    assert_eq!(end.public().1, "Internal Server Error");
    assert_eq!(end.to_string(), "the table is locked");
}

#[test]
fn a_streamed_response_goes_head_pieces_end() {
    let (end, log) = run(
        Tasklet::new(async |mut io: Io| -> Result<Response> {
            let mut out = io.respond(ResponseHead::new(201)).await?;
            out.write(&mut io, "one").await?;
            // One lane may write while another does something else.
            let (written, got) =
                io.join2(async |io| out.write(io, "two").await, async |io| io.http_get("http://x/").await).await;
            written?;
            got?;
            Ok(out.end())
        }),
        oldest,
    );
    assert_eq!(end.done().unwrap().into_whole(), None);
    assert_eq!(log, ["respond 201", "write one", "write two", "get http://x/"]);
}

#[test]
fn a_body_is_read_under_a_limit() {
    for (limit, expected) in [(6, Ok("abcdef")), (5, Err("the request's body is longer than 5 bytes"))] {
        let mut tasklet = Tasklet::new(async move |mut io: Io| {
            let mut request = Request::post("/");
            request.body.text(&mut io, limit).await
        });
        let mut chunks = ["abc", "def"].into_iter();
        let end = loop {
            match tasklet.step() {
                Step::Perform(ticket, Standard::ReadBody(_)) => {
                    let chunk = chunks.next().map(|chunk| Chunk(chunk.into()));
                    tasklet.answer(ticket, StandardOutcome::ReadBody(Ok(chunk))).unwrap();
                }
                Step::Done(end) => break end,
                step => panic!("{step:?}"),
            }
        };
        assert_eq!(end.as_deref().map_err(|error| &*error.message), expected);
    }
}

#[test]
fn a_dropped_subscription_is_told() {
    let (_, log) = run(
        Tasklet::new(async |mut io: Io| {
            let mut room = io.chat_subscribe("room").await.unwrap();
            let heard = room.recv(&mut io).await.unwrap();
            drop(room);
            io.chat_send("other", heard).await.unwrap();
        }),
        oldest,
    );
    assert_eq!(log, ["subscribe room", "recv room", "tell unsubscribe", "say hello room"]);
}

#[test]
fn a_subscription_refused_by_a_stop_is_not_ended() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        io.chat_subscribe("room").await.unwrap_err();
    };
    let (_, log) = run(Tasklet::new(handler), stop_at(0));
    assert_eq!(log, ["now", "STOP", "abandon now"]);
}

#[test]
fn random_ranges() {
    let (_, log) = run(
        Tasklet::new(async |mut io: Io| {
            for _ in 0..1 {
                let _ = io.random(3..7).await;
                let _ = io.random(3..=7).await;
                let _ = io.random(..).await;
                #[expect(clippy::reversed_empty_ranges, reason = "what comes of it is tested")]
                let _ = io.random(7..3).await;
            }
        }),
        oldest,
    );
    assert_eq!(log, ["random 3..=6", "random 3..=7", "random 0..=18446744073709551615", "random 7..=7"]);
}

/// The same handler, answered in two orders: each trace tells its own run, and the names in it are the same.
#[test]
fn a_trace_names_places_by_structure() {
    async fn handler(mut io: Io) {
        let (_, _) = io.join2(async |io| io.http_get("a").await, async |io| io.sleep(Duration::ZERO).await).await;
        let _ = io.race2(async |io| io.chat_recv("r").await, async |io| io.now().await).await;
        let _ = io.transaction(async |tx| Ok(number(tx.sql("x", ()).await?))).await;
    }
    let record = |last_first: bool| -> Trace<Standard> {
        let mut tasklet = Tasklet::new(handler).record();
        let mut pending = Vec::new();
        loop {
            match tasklet.step() {
                Step::Perform(ticket, effect) => pending.push((ticket, effect)),
                Step::Abandon(ticket) => pending.retain(|(pending, _)| *pending != ticket),
                Step::Waiting => {
                    let (ticket, effect) = pending.remove(if last_first { pending.len() - 1 } else { 0 });
                    tasklet.answer(ticket, crate::driver::success(&effect)).unwrap();
                }
                Step::Done(()) => return tasklet.take_trace().unwrap(),
                step => panic!("{step:?}"),
            }
        }
    };
    let asked = |trace: &Trace<Standard>| -> Vec<String> {
        let asked = trace.entries.iter().filter_map(|entry| match entry {
            Entry::Asked { path, effect } => Some(format!("{path} {effect:?}")),
            _ => None,
        });
        let mut asked: Vec<_> = asked.collect();
        asked.sort();
        asked
    };
    let (first, second) = (record(false), record(true));
    assert_ne!(first, second, "the orders differ");
    assert_eq!(asked(&first), asked(&second));
    assert!(asked(&first).iter().any(|line| line.starts_with("0#1 Transaction")), "{:?}", asked(&first));
    assert!(asked(&first).iter().any(|line| line.starts_with("0.2:0#1 ChatRecv")));
}

#[test]
fn nothing_is_recorded_without_asking() {
    let tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    assert_eq!(tasklet.trace(), None);
    assert!(matches!(run(tasklet, oldest).0, End::Done(Ok(_))));
}

#[test]
fn an_aborted_handler_tells_what_it_leaves() {
    let handler = async |mut io: Io| {
        let _room = io.chat_subscribe("room").await;
        io.transaction(async |tx| Ok(number(tx.sql("slow", ()).await?))).await
    };
    let (end, log) = run(Tasklet::new(handler), crate::driver::instead_of(2, || Choice::Abort));
    assert!(matches!(end, End::Dead));
    assert_eq!(log[3..], ["ABORT", "abandon tx slow", "tell rollback", "tell unsubscribe"]);
}

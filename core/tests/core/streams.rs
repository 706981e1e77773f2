//! A stream of rows is read in batches, and closed exactly once if it is not read to its end.

use std::time::Duration;

use segno_core::{
    Happened, Io, Result, Rows, SqlError, SqlErrorKind, Standard, StandardOutcome, Step, StopReason, Tasklet, rows,
};

use crate::driver::{Choice, instead_of, number, oldest, prefer, run, show, stop_at};

async fn all(mut io: Io) -> Result<i64> {
    let (mut sum, mut rows) = (0, io.sql_stream("numbers", ()).await?);
    while let Some(batch) = rows.next(&mut io).await? {
        sum += sum_of(&batch)?;
        io.sql("between", ()).await?;
    }
    assert_eq!(rows.next(&mut io).await?, None, "the end stays the end");
    io.sql("after", ()).await?;
    Ok(sum)
}

async fn some(mut io: Io) -> Result<i64> {
    let mut rows = io.sql_stream("numbers", ()).await?;
    let batch = rows.next(&mut io).await?.expect("the driver gives one");
    drop(rows);
    io.sql("after", ()).await?;
    sum_of(&batch)
}

async fn in_a_transaction(mut io: Io) -> Result<i64> {
    io.transaction(async |tx| {
        let mut sum = 0;
        let mut rows = tx.sql_stream_by(7, "numbers", ()).await?;
        while let Some(batch) = rows.next().await? {
            sum += sum_of(&batch)?;
        }
        Ok(sum + number(tx.sql("after", ()).await?))
    })
    .await
}

async fn left_in_a_transaction(mut io: Io) -> Result<i64> {
    io.transaction(async |tx| {
        let mut rows = tx.sql_stream("numbers", ()).await?;
        Ok(rows.next().await?.map_or(0, |batch| batch.len() as i64))
    })
    .await
}

async fn in_a_race(mut io: Io) -> Result<i64> {
    let read = io.timeout(Duration::from_secs(1), async |io| {
        let mut rows = io.sql_stream("numbers", ()).await?;
        while rows.next(io).await?.is_some() {}
        Ok(1)
    });
    read.await.unwrap_or(Ok(0))
}

fn sum_of(rows: &Rows) -> Result<i64> {
    Ok(rows.iter().map(|row| row.get::<i64>("n")).sum::<Result<_, SqlError>>()?)
}

#[test]
fn the_batches_come_one_after_the_other_and_an_end_needs_no_close() {
    let (end, log) = run(Tasklet::new(all), oldest);
    assert_eq!(end.done().unwrap(), 3);
    assert_eq!(log, ["open numbers", "sql between", "fetch", "sql after"]);
    let (end, log) = run(Tasklet::new(in_a_transaction), oldest);
    assert_eq!(end.done().unwrap(), 4);
    assert_eq!(log, ["begin", "open numbers", "fetch", "tx after", "commit"]);
}

#[test]
fn what_is_not_read_to_its_end_is_closed_at_once() {
    let (end, log) = run(Tasklet::new(some), oldest);
    assert_eq!(end.done().unwrap(), 3);
    assert_eq!(log, ["open numbers", "tell close", "sql after"]);
    let (end, log) = run(Tasklet::new(left_in_a_transaction), oldest);
    assert_eq!(end.done().unwrap(), 2);
    assert_eq!(log, ["begin", "open numbers", "tell close", "commit"]);
}

type Handler = fn(Io) -> std::pin::Pin<Box<dyn Future<Output = Result<i64>> + Send>>;

const HANDLERS: [(&str, Handler); 5] = [
    ("all", |io| Box::pin(all(io))),
    ("some", |io| Box::pin(some(io))),
    ("in a transaction", |io| Box::pin(in_a_transaction(io))),
    ("left in a transaction", |io| Box::pin(left_in_a_transaction(io))),
    ("in a race", |io| Box::pin(in_a_race(io))),
];

/// The driver ends a stream by the first batch that it fetches.
#[test]
fn on_every_path_a_stream_ends_once() {
    for (name, handler) in HANDLERS {
        let waits = run(Tasklet::new(handler), oldest).1.len();
        for number in 0..=waits {
            for (what, choice) in [("stop", stop as fn() -> Choice), ("abort", || Choice::Abort)] {
                for first in ["", "sleep 1s"] {
                    let (mut first, mut then) = (prefer(first), instead_of(number, choice));
                    let (_, log) = run(Tasklet::new(handler), |pending| match then(pending) {
                        Choice::Answer(_) => first(pending),
                        choice => choice,
                    });
                    let count = |step: &str| log.iter().filter(|logged| *logged == step).count();
                    let ended = count("tell close") + count("fetch") - count("abandon fetch");
                    assert_eq!(count("open numbers"), ended, "{name}, {what} at {number}: {log:?}");
                }
            }
        }
    }
}

fn stop() -> Choice {
    Choice::Stop(StopReason::Disconnected)
}

#[test]
fn what_is_asked_after_a_stop_opens_nothing_and_closes_nothing() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        let refused = io.sql_stream("numbers", ()).await.err().map(|error| error.happened);
        let mut io = io.cleanup();
        let kept = io.sql_stream("kept", ()).await.is_ok();
        (refused, kept)
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(0));
    assert_eq!(end.done(), (Some(Happened::No), true));
    assert_eq!(log, ["now", "STOP", "abandon now", "open kept", "tell close"]);
}

/// Answers the effects in order, and says what was told and asked.
fn answered(handler: Handler, answers: Vec<StandardOutcome>) -> (Result<i64>, Vec<String>) {
    let (mut tasklet, mut log) = (Tasklet::new(handler), Vec::new());
    let mut answers = answers.into_iter();
    let mut pending = None;
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                log.push(show(&effect));
                pending = Some(ticket);
            }
            Step::Tell(effect) => log.push(format!("tell {}", show(&effect))),
            Step::Waiting => tasklet.answer(pending.take().unwrap(), answers.next().unwrap()).unwrap(),
            Step::Done(end) => return (end, log),
            step => panic!("{step:?}"),
        }
    }
}

#[test]
fn a_stream_that_never_began_is_not_closed_and_one_that_may_have_is() {
    for (happened, told) in [(Happened::No, 0), (Happened::Unknown, 1)] {
        let error = SqlError::new(SqlErrorKind::ConnectionLost, happened, "lost");
        let (end, log) = answered(HANDLERS[0].1, vec![StandardOutcome::SqlOpen(Err(error.clone()))]);
        assert_eq!(end.unwrap_err().cause::<SqlError>(), Some(&error));
        assert_eq!(log.iter().filter(|step| *step == "tell close").count(), told, "{log:?}");
    }
}

#[test]
fn an_answer_without_rows_is_the_end_at_once() {
    let (end, log) = answered(
        HANDLERS[0].1,
        vec![StandardOutcome::SqlOpen(Ok(rows!["n"])), StandardOutcome::Sql(Ok(Rows::written(0, None)))],
    );
    assert_eq!((end.unwrap(), log), (0, vec!["open numbers".to_owned(), "sql after".to_owned()]));
}

#[test]
fn an_error_half_way_comes_after_the_batches_before_it() {
    let error = SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, "lost");
    let handler: Handler = |mut io| {
        Box::pin(async move {
            let mut rows = io.sql_stream("numbers", ()).await?;
            let first = rows.next(&mut io).await?.map_or(0, |batch| batch.len() as i64);
            let failed = rows.next(&mut io).await.expect_err("the connection is lost");
            assert_eq!(failed.kind, SqlErrorKind::ConnectionLost);
            let over = rows.next(&mut io).await.expect_err("nobody takes it for the end");
            assert_eq!(over.kind, SqlErrorKind::NoCursor);
            Ok(first)
        })
    };
    let over = SqlError::new(SqlErrorKind::NoCursor, Happened::No, "over");
    let (end, _) = answered(
        handler,
        vec![
            StandardOutcome::SqlOpen(Ok(rows!["n"; [1], [2], [3]])),
            StandardOutcome::SqlFetch(Err(error)),
            StandardOutcome::SqlFetch(Err(over)),
        ],
    );
    assert_eq!(end.unwrap(), 3);
}

#[test]
fn a_batch_has_its_size_within_limits() {
    for (asked, rows) in [(0, 1), (1, 1), (7, 7), (u32::MAX, 10_000)] {
        let mut tasklet = Tasklet::new(move |mut io: Io| async move { io.sql_stream_by(asked, "numbers", ()).await });
        let Step::Perform(_, Standard::SqlOpen(open)) = tasklet.step() else { panic!() };
        assert_eq!((open.batch, open.rows_at_once()), (asked, rows));
    }
}

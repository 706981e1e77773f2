//! A transaction runs again when the database has undone it for the sake of others, and only then.

use std::{
    sync::atomic::{AtomicI64, Ordering::Relaxed},
    time::Duration,
};

use segno_core::{
    EffectSet, Error, Happened, Io, Isolation, Random, Result, SqlError, SqlErrorKind, Standard, StandardOutcome, Step,
    StopReason, Stopped, Tasklet, Transaction, TransactionAct,
};

use crate::driver::{number, show, success};

/// An attempt goes well, or fails like this at its statement or its commit.
#[derive(Clone, Copy)]
enum Attempt {
    Succeeds,
    Statement(SqlErrorKind, Happened),
    Commit(SqlErrorKind, Happened),
}

use Attempt::{Commit, Statement, Succeeds};

async fn count(mut io: Io) -> Result<i64> {
    let attempts = AtomicI64::new(0);
    let counted = io.retry_transaction(Isolation::Serializable, 4, async |tx| {
        attempts.fetch_add(1, Relaxed);
        Ok(number(tx.sql("count", ()).await?))
    });
    Ok(counted.await? * 100 + attempts.load(Relaxed))
}

/// What became of it: its end, what it asked for, and how long each pause might have been.
fn drive(attempts: &[Attempt]) -> (Result<i64>, Vec<String>, Vec<u64>) {
    let (mut log, mut pauses) = (Vec::new(), Vec::new());
    let mut attempts = attempts.iter().copied();
    let mut attempt = Succeeds;
    let mut tasklet = Tasklet::new(count);
    let mut pending = None;
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                log.push(show(&effect));
                pending = Some((ticket, effect));
            }
            Step::Waiting => {
                let (ticket, effect) = pending.take().unwrap();
                let outcome = match (&effect, attempt) {
                    (Standard::Transaction(Transaction { act: TransactionAct::Begin, .. }), _) => {
                        attempt = attempts.next().expect("no more attempts were foreseen");
                        success(&effect)
                    }
                    (Standard::Sql(_), Statement(kind, happened)) => {
                        StandardOutcome::Sql(Err(SqlError::new(kind, happened, "as the test says")))
                    }
                    (
                        Standard::Transaction(Transaction { act: TransactionAct::Commit, .. }),
                        Commit(kind, happened),
                    ) => StandardOutcome::Transaction(Err(SqlError::new(kind, happened, "as the test says"))),
                    (Standard::Random(Random { high, .. }), _) => {
                        pauses.push(*high);
                        StandardOutcome::Random(Ok(*high))
                    }
                    _ => success(&effect),
                };
                tasklet.answer(ticket, outcome).unwrap();
            }
            Step::Done(end) => {
                assert!(attempts.next().is_none(), "an attempt was not made: {log:?}");
                return (end, log, pauses);
            }
            step => panic!("{step:?}"),
        }
    }
}

fn kind(end: Result<i64>) -> SqlErrorKind {
    end.unwrap_err().cause::<SqlError>().expect("the database's error is kept").kind
}

#[test]
fn one_that_succeeds_runs_once() {
    let (end, log, _) = drive(&[Succeeds]);
    assert_eq!(end.unwrap(), 101);
    assert_eq!(log, ["begin", "tx count", "commit"]);
}

#[test]
fn one_that_was_undone_for_others_runs_again_after_a_pause() {
    let (end, log, pauses) = drive(&[
        Statement(SqlErrorKind::Deadlock, Happened::No),
        Commit(SqlErrorKind::Serialization, Happened::No),
        Succeeds,
    ]);
    assert_eq!(end.unwrap(), 103);
    let expected = [
        "begin",
        "tx count",
        "rollback",
        "random 0..=20",
        "sleep 20ms", //
        "begin",
        "tx count",
        "commit",
        "random 0..=40",
        "sleep 40ms", //
        "begin",
        "tx count",
        "commit",
    ];
    assert_eq!((log, pauses), (expected.map(str::to_owned).to_vec(), vec![20, 40]));
}

#[test]
fn the_last_attempt_says_why_it_failed() {
    let undone = Commit(SqlErrorKind::Serialization, Happened::No);
    let (end, log, pauses) = drive(&[undone; 4]);
    assert_eq!(kind(end), SqlErrorKind::Serialization);
    assert_eq!(log.iter().filter(|step| *step == "begin").count(), 4);
    assert_eq!(pauses, [20, 40, 80]);
}

#[test]
fn whatever_else_fails_is_not_repeated() {
    let cases = [
        Commit(SqlErrorKind::ConnectionLost, Happened::Unknown),
        Commit(SqlErrorKind::Serialization, Happened::Unknown),
        Statement(SqlErrorKind::Deadlock, Happened::Unknown),
        Statement(SqlErrorKind::Busy, Happened::No),
        Statement(SqlErrorKind::Unique, Happened::No),
    ];
    for attempt in cases {
        let (end, log, pauses) = drive(&[attempt]);
        assert!(end.is_err() && pauses.is_empty(), "{log:?}");
    }
}

#[test]
fn each_attempt_is_a_transaction_of_its_own_of_the_same_kind() {
    let mut tasklet = Tasklet::new(count);
    let mut begun = Vec::new();
    while begun.len() < 2 {
        let Step::Perform(ticket, effect) = tasklet.step() else { continue };
        let mut outcome = success(&effect);
        if let Standard::Transaction(Transaction { id, act, options }) = &effect {
            assert_eq!(*options, Isolation::Serializable.into());
            match act {
                TransactionAct::Begin => begun.push(id.to_string()),
                _ => outcome = StandardOutcome::Transaction(Err(undone())),
            }
        }
        while !matches!(tasklet.step(), Step::Waiting) {}
        tasklet.answer(ticket, outcome).unwrap();
    }
    assert_ne!(begun[0], begun[1]);
}

fn undone() -> SqlError {
    SqlError::new(SqlErrorKind::Serialization, Happened::No, "as the test says")
}

#[test]
fn a_stop_ends_the_pause() {
    let mut tasklet = Tasklet::new(async |mut io: Io| {
        io.retry_transaction(Isolation::Serializable, 5, async |_| Err::<(), _>(Error::from(undone()))).await
    });
    let end = loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                while !matches!(tasklet.step(), Step::Waiting) {}
                if effect.name() == "sleep" {
                    tasklet.stop(StopReason::Shutdown);
                } else {
                    tasklet.answer(ticket, success(&effect)).unwrap();
                }
            }
            Step::Abandon(_) => {}
            Step::Done(end) => break end,
            step => panic!("{step:?}"),
        }
    };
    let stopped = Stopped { reason: StopReason::Shutdown, happened: Happened::Unknown };
    assert_eq!(end.unwrap_err().cause::<Stopped>(), Some(&stopped));
}

#[test]
fn no_pause_is_longer_than_a_second() {
    let mut tasklet = Tasklet::new(async |mut io: Io| {
        io.retry_transaction(Isolation::Serializable, 10, async |_| Err::<(), _>(Error::from(undone()))).await
    });
    let mut pauses = Vec::new();
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                while !matches!(tasklet.step(), Step::Waiting) {}
                let outcome = match &effect {
                    Standard::Random(Random { high, .. }) => StandardOutcome::Random(Ok(*high)),
                    effect => success(effect),
                };
                if let Standard::Sleep(sleep) = effect {
                    pauses.push(sleep.0);
                }
                tasklet.answer(ticket, outcome).unwrap();
            }
            Step::Done(_) => break,
            step => panic!("{step:?}"),
        }
    }
    assert_eq!((pauses.len(), pauses.iter().max()), (9, Some(&Duration::from_secs(1))));
}

//! A transaction closes exactly once, whatever comes.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use segno_core::{Error, Happened, Io, Result, SqlError, SqlErrorKind, StandardOutcome, Step, Tasklet};

use crate::driver::{Choice, End, instead_of, number, oldest, prefer, run, show, stop_at};

async fn nested(mut io: Io) -> Result<i64> {
    io.transaction(async |tx| {
        let n = number(tx.sql("outer", ()).await?);
        let inner: Result<()> = tx
            .transaction(async |tx| {
                tx.sql("inner", ()).await?;
                Err(Error::status(409, "taken"))
            })
            .await;
        assert!(inner.is_err());
        tx.now().await?;
        tx.transaction(async |tx| Ok(number(tx.sql("kept", ()).await?))).await?;
        Ok(n)
    })
    .await
}

async fn loser(mut io: Io) -> Result<i64> {
    io.race2(
        async |io| io.transaction(async |tx| Ok(number(tx.sql("slow", ()).await?))).await,
        async |io| io.sleep(Duration::from_secs(1)).await,
    )
    .await;
    Ok(number(io.sql("after", ()).await?))
}

async fn side_by_side(mut io: Io) -> Result<i64> {
    let (a, b) = io
        .join2(
            async |io| io.transaction(async |tx| Ok(number(tx.sql("left", ()).await?))).await,
            async |io| io.transaction(async |tx| Ok(number(tx.sql("right", ()).await?))).await,
        )
        .await;
    Ok(a? + b?)
}

async fn failing(mut io: Io) -> Result<i64> {
    io.transaction(async |tx| {
        tx.sql("write", ()).await?;
        Err(Error::status(409, "taken"))
    })
    .await
}

async fn in_a_timeout(mut io: Io) -> Result<i64> {
    let limit = Duration::from_secs(1);
    io.timeout(limit, async |io| io.transaction(async |tx| Ok(number(tx.sql("slow", ()).await?))).await).await?
}

type Handler = fn(Io) -> std::pin::Pin<Box<dyn Future<Output = Result<i64>> + Send>>;

const HANDLERS: [(&str, Handler); 5] = [
    ("nested", |io| Box::pin(nested(io))),
    ("loser", |io| Box::pin(loser(io))),
    ("side by side", |io| Box::pin(side_by_side(io))),
    ("failing", |io| Box::pin(failing(io))),
    ("in a timeout", |io| Box::pin(in_a_timeout(io))),
];

/// Every transaction that began is closed once: by a commit or a rollback that was asked or told.
#[track_caller]
fn closes(case: &str, log: &[String]) {
    let count = |steps: &[&str]| log.iter().filter(|step| steps.contains(&step.as_str())).count();
    let (opened, closed) = (count(&["begin"]), count(&["commit", "rollback", "tell rollback"]));
    assert_eq!(opened, closed, "{case}: {log:?}");
    assert!(opened > 0, "{case}: {log:?}");
    let savepoints = count(&["savepoint 1"]);
    let ended = count(&["release 1", "rollback to 1", "tell rollback to 1"]);
    assert_eq!(savepoints, ended, "{case}: {log:?}");
}

#[test]
fn on_every_path() {
    for (name, handler) in HANDLERS {
        let waits = run(Tasklet::new(handler), oldest).1.len();
        for number in 0..=waits {
            for (what, choice) in [("stop", stop as fn() -> Choice), ("abort", || Choice::Abort)] {
                for answered in ["", "sleep 1s", "begin", "commit"] {
                    let case = format!("{name}, {what} at {number}, {answered} first");
                    let (mut first, mut then) = (prefer(leak(answered)), instead_of(number, choice));
                    let (_, log) = run(Tasklet::new(handler), |pending| match then(pending) {
                        Choice::Answer(_) => first(pending),
                        choice => choice,
                    });
                    closes(&case, &log);
                }
            }
        }
    }
}

fn stop() -> Choice {
    Choice::Stop(segno_core::StopReason::Disconnected)
}

fn leak(text: &str) -> &'static str {
    ["", "sleep 1s", "begin", "commit"].into_iter().find(|known| *known == text).unwrap_or_default()
}

#[test]
fn commits_what_is_returned_and_rolls_back_what_fails() {
    let (end, log) = run(Tasklet::new(nested), oldest);
    assert_eq!(end.done().unwrap(), 1);
    assert_eq!(
        log,
        [
            "begin",
            "tx outer",
            "savepoint 1",
            "tx inner",
            "rollback to 1",
            "now",
            "savepoint 1",
            "tx kept",
            "release 1",
            "commit",
        ]
    );
    let (end, log) = run(Tasklet::new(failing), oldest);
    assert_eq!(end.done().unwrap_err().public().0, 409);
    assert_eq!(log, ["begin", "tx write", "rollback"]);
}

#[test]
fn a_stop_waits_for_a_commit() {
    let handler = async |mut io: Io| -> (Result<i64>, bool) {
        let kept = io.transaction(async |tx| Ok(number(tx.sql("write", ()).await?))).await;
        (kept, io.now().await.is_err())
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(2));
    let (kept, stopped) = end.done();
    assert_eq!((kept.unwrap(), stopped), (1, true));
    assert_eq!(log, ["begin", "tx write", "commit", "STOP"]);
}

#[test]
fn a_stop_in_the_scope_rolls_back() {
    let (end, log) = run(Tasklet::new(nested), stop_at(1));
    let error = end.done().unwrap_err();
    assert_eq!(error.cause::<SqlError>().unwrap().happened, Happened::Unknown);
    assert_eq!(log, ["begin", "tx outer", "STOP", "abandon tx outer", "rollback"]);
}

/// A scope that swallows the stop is not committed all the same.
#[test]
fn a_scope_that_ignores_a_stop_is_rolled_back() {
    let handler = async |mut io: Io| {
        io.transaction(async |tx| {
            let _ = tx.sql("write", ()).await;
            Ok(())
        })
        .await
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(1));
    assert_eq!(end.done().unwrap_err().cause::<SqlError>().unwrap().happened, Happened::No);
    assert_eq!(log.last().unwrap(), "rollback");
}

#[test]
fn a_losing_commit_is_finished() {
    let (_, log) = run(Tasklet::new(loser), |pending| {
        // Begin and statement are answered; then the sleep wins while the commit is on its way.
        let first = pending.iter().position(|pending| ["begin", "tx slow"].contains(&&*show(&pending.effect)));
        Choice::Answer(first.unwrap_or_default())
    });
    let commit = log.iter().position(|step| step == "commit").expect("a commit is asked");
    assert_eq!(log[commit..], ["commit", "detach commit", "sql after"]);
}

#[test]
fn a_savepoint_that_was_refused_is_not_undone() {
    let handler = async |mut io: Io| {
        io.transaction(async |tx| {
            let _ = tx.sql("write", ()).await;
            let _: Result<()> = tx.transaction(async |tx| tx.now().await.map(|_| ()).map_err(Into::into)).await;
            Ok(())
        })
        .await
    };
    let (_, log) = run(Tasklet::new(handler), stop_at(1));
    assert_eq!(log, ["begin", "tx write", "STOP", "abandon tx write", "rollback"]);
}

#[test]
fn what_cleans_up_after_a_stop_is_kept() {
    let handler = async |mut io: Io| -> Result<()> {
        let _ = io.chat_recv("room").await;
        io.cleanup()
            .transaction(async |tx| {
                tx.sql("release", ()).await?;
                tx.transaction(async |tx| Ok(number(tx.sql("note", ()).await?))).await.map(|_| ())
            })
            .await
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(0));
    end.done().unwrap();
    let kept = ["begin", "tx release", "savepoint 1", "tx note", "release 1", "commit"];
    assert_eq!(log[log.len() - kept.len()..], kept, "{log:?}");
}

#[test]
fn a_rollback_is_beyond_the_cleanup_budget() {
    let handler = async |mut io: Io| -> Result<()> {
        io.cleanup()
            .transaction(async |tx| {
                while tx.sql("again", ()).await.is_ok() {}
                Ok(())
            })
            .await
    };
    let (_, log) = run(Tasklet::new(handler), stop_at(1));
    assert_eq!(log.iter().filter(|step| *step == "tx again").count(), 17, "the budget and the one before");
    assert_eq!(log.last().unwrap(), "rollback");
}

#[test]
fn a_transaction_that_did_not_begin_is_not_closed() {
    for (happened, told) in [(Happened::No, false), (Happened::Unknown, true)] {
        let mut tasklet = Tasklet::new(failing);
        let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
        let error = SqlError::new(SqlErrorKind::PoolExhausted, happened, "no connection");
        tasklet.answer(ticket, StandardOutcome::Transaction(Err(error))).unwrap();
        assert_eq!(matches!(tasklet.step(), Step::Tell(_)), told);
    }
}

#[test]
fn a_panic_in_a_scope_is_told() {
    async fn panicking(mut io: Io) -> Result<()> {
        let (a, _) = io
            .join2(
                async |io| {
                    io.transaction(async |tx| {
                        let n = number(tx.sql("write", ()).await?);
                        assert_eq!(n, 2, "planted");
                        Ok(())
                    })
                    .await
                },
                async |io| io.chat_recv("room").await,
            )
            .await;
        a
    }
    let mut tasklet = Tasklet::new(panicking);
    let mut log = Vec::new();
    let mut pending = Vec::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        loop {
            match tasklet.step() {
                Step::Perform(ticket, effect) => {
                    log.push(show(&effect));
                    pending.push((ticket, effect));
                }
                Step::Waiting => {
                    let index = pending.iter().position(|(_, effect)| show(effect) != "recv room");
                    let (ticket, effect) = pending.remove(index.expect("the transaction goes on"));
                    tasklet.answer(ticket, crate::driver::success(&effect)).unwrap();
                }
                step => panic!("{step:?}"),
            }
        }
    }));
    assert!(panicked.is_err());
    assert!(tasklet.ended());
    let left: Vec<_> = std::iter::from_fn(|| match tasklet.step() {
        Step::Dead => None,
        step => Some(step),
    })
    .collect();
    assert!(matches!(&left[..], [Step::Tell(_), Step::Abandon(_)] | [Step::Abandon(_), Step::Tell(_)]), "{left:?}");
    assert!(matches!(tasklet.step(), Step::Dead), "and stays so");
    let error = tasklet.answer(pending[0].0, crate::driver::success(&pending[0].1)).unwrap_err();
    assert_eq!(error.kind, segno_core::AnswerErrorKind::Dead);
}

#[test]
fn names_do_not_depend_on_the_schedule() {
    let names = |choose: fn(&[crate::driver::Pending]) -> Choice| {
        let mut names = Vec::new();
        let handler = async |mut io: Io| {
            io.join2(async |io| io.now().await, async |io| io.now().await).await.0.unwrap();
            side_by_side(io).await
        };
        let (end, _) = run(Tasklet::new(handler), |pending| {
            names.extend(pending.iter().filter_map(|pending| match &pending.effect {
                segno_core::Standard::Transaction(transaction) => Some(transaction.id.to_string()),
                _ => None,
            }));
            choose(pending)
        });
        assert!(matches!(end, End::Done(Ok(2))));
        names.sort();
        names.dedup();
        names
    };
    assert_eq!(names(oldest), ["0.2:0#1", "0.2:1#1"]);
    assert_eq!(names(oldest), names(crate::driver::newest));
}

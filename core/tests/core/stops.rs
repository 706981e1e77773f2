//! Stops: a value at every pending effect, in path order; cleanups; runaways.

use std::time::Duration;

use segno_core::{Happened, Io, Step, StopReason, Stopped, Tasklet};

use crate::driver::{Choice, End, newest, oldest, run, stop_at};

#[test]
fn every_reason_arrives_as_a_value() {
    for reason in [StopReason::Disconnected, StopReason::Deadline, StopReason::Shutdown] {
        let handler = async |mut io: Io| (io.now().await, io.now().await, io.stopped());
        let (end, log) = run(Tasklet::new(handler), |_| Choice::Stop(reason));
        let was_pending = Stopped { reason, happened: Happened::Unknown };
        let was_refused = Stopped { reason, happened: Happened::No };
        assert_eq!(end.done(), (Err(was_pending), Err(was_refused), Some(was_refused)));
        assert_eq!(log, ["now", "STOP", "abandon now"]);
    }
}

#[test]
fn a_stop_comes_to_all_lanes_in_path_order() {
    let handler = async |mut io: Io| {
        // The places of the first two lanes are taken again in another order.
        io.join2(async |io| io.now().await, async |io| io.now().await).await.0.unwrap();
        let order = std::sync::Mutex::new(Vec::new());
        let note = |name: &'static str| order.lock().unwrap().push(name);
        io.join3(
            async |io| {
                io.chat_recv("a").await.unwrap_err();
                note("a");
            },
            async |io| {
                io.join2(
                    async |io| {
                        io.http_get("b").await.unwrap_err();
                        note("b");
                    },
                    async |io| {
                        io.sleep(Duration::ZERO).await.unwrap_err();
                        note("c");
                    },
                )
                .await
            },
            async |io| {
                io.sql("d", ()).await.unwrap_err();
                note("d");
            },
        )
        .await;
        order.into_inner().unwrap()
    };
    for answer in [oldest, newest] {
        let mut count = 0;
        let (end, log) = run(Tasklet::new(handler), |pending| {
            count += 1;
            if count == 3 { Choice::Stop(StopReason::Shutdown) } else { answer(pending) }
        });
        assert_eq!(end.done(), ["a", "b", "c", "d"]);
        assert_eq!(log[7..], ["abandon recv a", "abandon get b", "abandon sleep 0ns", "abandon sql d"]);
    }
}

#[test]
fn a_stop_before_the_first_step_refuses_everything() {
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    tasklet.stop(StopReason::Shutdown);
    assert!(matches!(tasklet.step(), Step::Done(Err(Stopped { happened: Happened::No, .. }))));
}

#[test]
fn the_first_stop_stays() {
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await.unwrap_err().reason);
    assert!(matches!(tasklet.step(), Step::Perform(..)));
    tasklet.stop(StopReason::Deadline);
    tasklet.stop(StopReason::Shutdown);
    assert!(matches!(tasklet.step(), Step::Abandon(_)));
    assert!(matches!(tasklet.step(), Step::Done(StopReason::Deadline)));
}

/// An answer that was given before the stop is not lost.
#[test]
fn a_stop_lets_an_answer_through() {
    let mut tasklet = Tasklet::new(async |mut io: Io| (io.random(7..).await, io.now().await.is_err()));
    let Step::Perform(ticket, effect) = tasklet.step() else { panic!() };
    tasklet.answer(ticket, crate::driver::success(&effect)).unwrap();
    tasklet.stop(StopReason::Deadline);
    assert!(matches!(tasklet.step(), Step::Done((Ok(7), true))));
}

#[test]
fn a_cleanup_has_a_budget_for_the_whole_tasklet() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        let mut performed = 0;
        while io.cleanup().sql("release", ()).await.is_ok() {
            performed += 1;
        }
        (performed, io.now().await.is_err())
    };
    let (end, _) = run(Tasklet::new(handler), stop_at(0));
    assert_eq!(end.done(), (16, true));
}

#[test]
fn a_stop_leaves_a_cleanup_that_has_begun() {
    let handler = async |mut io: Io| {
        let released = io.cleanup().sql("release", ()).await.is_ok();
        (released, io.now().await.is_err())
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(0));
    assert_eq!(end.done(), (true, true));
    assert_eq!(log, ["sql release", "STOP"]);
}

#[test]
fn lanes_of_a_cleanup_are_cleanups() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        io.cleanup().join2(async |io| io.sql("a", ()).await.is_ok(), async |io| io.sql("b", ()).await.is_ok()).await
    };
    assert_eq!(run(Tasklet::new(handler), stop_at(0)).0.done(), (true, true));
}

#[test]
fn an_endless_retry_is_a_runaway() {
    let handler = async |mut io: Io| {
        while io.http_get("http://down/").await.is_err() {
            let _ = io.sleep(Duration::from_secs(1)).await;
        }
        io.now().await.unwrap();
    };
    let (end, _) = run(Tasklet::new(handler), stop_at(0));
    let End::Runaway(place) = end else { panic!("{end:?}") };
    let (name, location) = place.last.unwrap();
    assert!(["http_get", "sleep"].contains(&name) && location.file().ends_with("stops.rs"), "{place}");
}

#[test]
fn what_a_runaway_never_asked_for_is_not_ended() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        io.join3(
            async |io| while io.now().await.is_err() {},
            async |io| io.transaction(async |tx| Ok(tx.now().await?)).await.unwrap(),
            async |io| drop(io.chat_subscribe("room").await),
        )
        .await;
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(0));
    assert!(matches!(end, End::Runaway(_)));
    assert_eq!(log, ["now", "STOP", "abandon now"]);
}

#[test]
fn a_runaway_in_a_transaction_is_rolled_back() {
    let handler = async |mut io: Io| {
        io.transaction(async |tx| {
            while tx.sql("retry", ()).await.is_err() {}
            Ok(())
        })
        .await
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(1));
    assert!(matches!(end, End::Runaway(_)));
    assert_eq!(log, ["begin", "tx retry", "STOP", "abandon tx retry", "tell rollback"]);
}

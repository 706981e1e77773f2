//! A foreign await is an error at the very step, wherever it hides; a driver's nonsense is an error to the driver.

use std::{
    future::{pending, poll_fn, ready},
    pin::{Pin, pin},
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use segno_core::{Io, Place, Tasklet};

use crate::driver::{End, newest, oldest, run};

/// A future that waits as a channel or a timer does: it keeps the waker.
#[derive(Clone, Default)]
struct Timer(Arc<Mutex<Option<Waker>>>);

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        *self.0.lock().unwrap() = Some(context.waker().clone());
        Poll::Pending
    }
}

/// A future that lets others go first: it calls the waker.
struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Polls both until one ends, as users' own `select` does.
async fn select(first: impl Future, second: impl Future) {
    let (mut first, mut second) = (pin!(first), pin!(second));
    poll_fn(|context| {
        let ended = first.as_mut().poll(context).is_ready() || second.as_mut().poll(context).is_ready();
        if ended { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[track_caller]
fn check(tasklet: Tasklet<()>, lane: &str, last: Option<&str>) {
    let place: Place = run(tasklet, newest).0.foreign();
    assert_eq!(place.lane.to_string(), lane, "{place}");
    assert_eq!(place.last.map(|(name, _)| name), last, "{place}");
    if let Some((_, location)) = place.last {
        assert!(location.file().ends_with("foreign.rs"), "{place}");
    }
}

#[test]
fn alone_in_the_root() {
    check(Tasklet::new(async |_| Timer::default().await), "0", None);
    check(Tasklet::new(async |_| pending().await), "0", None);
    check(Tasklet::new(async |_| YieldNow(false).await), "0", None);
    check(
        Tasklet::new(async |mut io: Io| {
            io.now().await.unwrap();
            pending().await
        }),
        "0",
        Some("now"),
    );
}

#[test]
fn beside_a_pending_effect() {
    check(Tasklet::new(async |mut io: Io| select(io.http_get("x"), Timer::default()).await), "0", Some("http_get"));
    check(Tasklet::new(async |mut io: Io| select(YieldNow(false), io.http_get("x")).await), "0", Some("http_get"));
}

#[test]
fn in_a_lane() {
    let alone = async |mut io: Io| {
        io.join2(async |io| io.http_get("x").await, async |_| pending::<()>().await).await;
    };
    check(Tasklet::new(alone), "0.1:1", Some("http_get"));
    let later = async |mut io: Io| {
        io.join2(
            async |io| io.http_get("x").await,
            async |io| {
                io.now().await.unwrap();
                ready(()).await;
                pending::<()>().await
            },
        )
        .await;
    };
    check(Tasklet::new(later), "0.1:1", Some("now"));
    let beside = async |mut io: Io| {
        io.join2(async |io| io.now().await, async |io| select(Timer::default(), io.http_get("x")).await).await;
    };
    let place = run(Tasklet::new(beside), newest).0.foreign();
    assert_eq!(place.last.map(|(name, _)| name), Some("http_get"));
    let deep = async |mut io: Io| {
        io.join2(
            async |io| io.now().await.is_ok(),
            async |io| {
                io.race2(async |io| io.now().await.is_ok(), async |_| pending::<bool>().await).await;
                true
            },
        )
        .await;
    };
    check(Tasklet::new(deep), "0.1:1.1:1", Some("now"));
}

/// A mutex that another task holds: the handler would wait for something that no driver knows.
#[test]
fn a_mutex_that_is_held() {
    let mutex = Arc::new(async_lock::Mutex::new(()));
    let held = mutex.try_lock_arc().unwrap();
    let clone = mutex.clone();
    check(Tasklet::new(async move |_| drop(clone.lock().await)), "0", None);
    drop(held);
    // What no pure core can see: a foreign future that is ready at once.
    let (end, _) = run(Tasklet::new(async move |_| drop(mutex.lock().await)), oldest);
    assert!(matches!(end, End::Done(())));
}

#[test]
fn an_answer_that_is_left_lying() {
    let handler = async |mut io: Io| {
        let mut ask = pin!(io.now());
        poll_fn(|context| {
            let _ = ask.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
        // The ask is pending and healthy; what is awaited is not.
        pending::<()>().await;
    };
    check(Tasklet::new(handler), "0", Some("now"));
}

/// What a handler leaves behind comes before the error, and the driver is not left hanging.
#[test]
fn what_was_pending_is_abandoned_first() {
    let handler = async |mut io: Io| {
        io.transaction(async |tx| {
            tx.sql("write", ()).await?;
            pending::<()>().await;
            Ok(())
        })
        .await
        .unwrap();
    };
    let (end, log) = run(Tasklet::new(handler), oldest);
    end.foreign();
    assert_eq!(log, ["begin", "tx write", "tell rollback"]);
    let handler = async |mut io: Io| {
        io.join2(async |io| io.http_get("x").await, async |_| pending::<()>().await).await;
    };
    let (end, log) = run(Tasklet::new(handler), oldest);
    assert_eq!(
        end.foreign().to_string().split(" asked at ").next(),
        Some("in lane 0.1:1, after the effect `http_get`")
    );
    assert_eq!(log, ["get x", "abandon get x"]);
}

/// Polled once and dropped, as every `select` does with the loser: abandoned, and the next ask is a new one.
#[test]
fn an_ask_that_is_dropped_is_abandoned() {
    let handler = async |mut io: Io| {
        select(io.http_get("dropped"), ready(())).await;
        io.now().await.unwrap();
    };
    let (end, log) = run(Tasklet::new(handler), oldest);
    end.done();
    assert_eq!(log, ["get dropped", "abandon get dropped", "now"]);
}

#[test]
fn an_ask_that_is_not_awaited_is_not_asked() {
    let handler = async |mut io: Io| {
        drop(io.http_get("never"));
        io.now().await.unwrap();
    };
    assert_eq!(run(Tasklet::new(handler), oldest).1, ["now"]);
}

//! Virtual time: it stands still until everybody waits for it.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Poll, Waker},
    time::Duration,
};

use segno_core::Timestamp;

/// The clock of a [`World`](super::World). Clones show the same time.
///
/// Its time is virtual: it jumps to the next moment that somebody waits for, when nothing else can happen.
#[derive(Clone, Debug, Default)]
pub struct Clock(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    time: Mutex<Time>,
    /// Whether anybody waits: to be asked for at every effect, without the lock.
    waited: AtomicBool,
}

#[derive(Debug, Default)]
struct Time {
    now: Duration,
    /// Who waits for which moment, in the order in which they began to wait.
    timers: BTreeMap<(Duration, u64), Waker>,
    next: u64,
}

impl Clock {
    /// The time now.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.time().now)
    }

    /// Waits; for fakes that take their time.
    pub fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send + use<> {
        let mut timer = Timer { clock: self.clone(), key: None };
        let until = self.time().now.saturating_add(time);
        poll_fn(move |context| {
            let mut time = timer.clock.time();
            if time.now >= until {
                return Poll::Ready(());
            }
            let key = timer.key.unwrap_or((until, time.next));
            if timer.key.is_none() {
                time.next += 1;
            }
            time.timers.insert(key, context.waker().clone());
            timer.clock.0.waited.store(true, Ordering::Relaxed);
            drop(time);
            timer.key = Some(key);
            Poll::Pending
        })
    }

    /// Sets the time, before anybody waits for it.
    pub(super) fn set(&self, now: Timestamp) {
        self.time().now = now.unix();
    }

    /// The next moment that somebody waits for.
    pub(in crate::testing) fn next(&self) -> Option<Duration> {
        if !self.0.waited.load(Ordering::Relaxed) {
            return None;
        }
        let first = self.time().timers.first_key_value().map(|((moment, _), _)| *moment);
        self.0.waited.store(first.is_some(), Ordering::Relaxed);
        first
    }

    /// Jumps to this moment, and wakes those who waited for it or for an earlier one.
    pub(in crate::testing) fn jump(&self, moment: Duration) {
        loop {
            let mut time = self.time();
            time.now = time.now.max(moment);
            let due = time.timers.first_entry().filter(|timer| timer.key().0 <= moment).map(|timer| timer.remove());
            drop(time);
            match due {
                Some(waker) => waker.wake(),
                None => return,
            }
        }
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        // No code that may panic runs under this lock.
        self.0.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait that is over when it is dropped.
struct Timer {
    clock: Clock,
    key: Option<(Duration, u64)>,
}

impl Drop for Timer {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.clock.time().timers.remove(&key);
        }
    }
}

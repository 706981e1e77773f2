//! One time limit for many statements: a task sleeps for all of them, so that a statement costs no timer of the runtime.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use crate::task::{LONGEST_WAIT, sleep, spawn};

/// Alarms that each ring after the same time.
pub(super) struct Timer {
    time: Duration,
    alarms: Arc<Alarms>,
}

impl Timer {
    pub(super) fn new(time: Duration) -> Self {
        Self { time: time.min(LONGEST_WAIT), alarms: Arc::default() }
    }

    /// How long until an alarm rings.
    pub(super) fn time(&self) -> Duration {
        self.time
    }

    /// An alarm, which is set when it is first polled.
    pub(super) fn alarm(&self) -> Alarm<'_> {
        Alarm { timer: self, number: None }
    }
}

/// Ends when the time is over.
pub(super) struct Alarm<'a> {
    timer: &'a Timer,
    number: Option<u64>,
}

impl Future for Alarm<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut set = self.timer.alarms.lock();
        match self.number {
            Some(number) => match set.wakers.get_mut(&number) {
                Some((_, waker)) => waker.clone_from(context.waker()),
                None => return Poll::Ready(()),
            },
            None => {
                let number = set.next;
                set.next += 1;
                set.wakers.insert(number, (Instant::now() + self.timer.time, context.waker().clone()));
                if !std::mem::replace(&mut set.watched, true) {
                    spawn(watch(self.timer.alarms.clone()));
                }
                drop(set);
                self.number = Some(number);
            }
        }
        Poll::Pending
    }
}

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // The waker is dropped when the lock is free.
            let _waker = self.timer.alarms.lock().wakers.remove(&number);
        }
    }
}

/// The alarms that are set.
#[derive(Default)]
struct Alarms(Mutex<Set>);

#[derive(Default)]
struct Set {
    /// By their number: those that were set first ring first.
    wakers: BTreeMap<u64, (Instant, Waker)>,
    next: u64,
    /// Whether a task looks after them.
    watched: bool,
}

impl Alarms {
    fn lock(&self) -> MutexGuard<'_, Set> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Rings the alarms, until none is set.
async fn watch(alarms: Arc<Alarms>) {
    loop {
        let now = Instant::now();
        let (due, wait) = {
            let mut set = alarms.lock();
            let mut due = Vec::new();
            while let Some(first) = set.wakers.first_entry().filter(|first| first.get().0 <= now) {
                due.push(first.remove().1);
            }
            let wait = set.wakers.first_key_value().map(|(_, (at, _))| at.saturating_duration_since(now));
            set.watched = wait.is_some();
            (due, wait)
        };
        due.into_iter().for_each(Waker::wake);
        match wait {
            Some(wait) => sleep(wait).await,
            None => return,
        }
    }
}

//! Wakers that put what they wake into a queue.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
};

use super::event::Event;

/// What was woken and has not been looked at yet, in order.
#[derive(Debug, Default)]
pub(super) struct Woken {
    any: AtomicBool,
    events: Mutex<Vec<Event>>,
}

impl Woken {
    /// Moves what was woken to the end of `ready`.
    pub(super) fn drain(&self, ready: &mut impl Extend<Event>) {
        if self.any.swap(false, Ordering::Relaxed) {
            ready.extend(self.events.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
        }
    }

    /// A waker that puts this event here once.
    pub(super) fn waker(self: &Arc<Self>, event: Event) -> Waker {
        Waker::from(Arc::new(Alarm { event, rung: AtomicBool::new(false), woken: self.clone() }))
    }
}

#[derive(Debug)]
struct Alarm {
    event: Event,
    rung: AtomicBool,
    woken: Arc<Woken>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::Relaxed) {
            self.woken.events.lock().unwrap_or_else(PoisonError::into_inner).push(self.event);
            self.woken.any.store(true, Ordering::Relaxed);
        }
    }
}

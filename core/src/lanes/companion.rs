//! A lane that goes on beside another one until that has ended, but is never left in the middle of something.

use core::{
    future::Future,
    ops::ControlFlow::{Break, Continue},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Poll, ready},
};

use super::{CLOSED, Fork, Race2};
use crate::{effect::EffectSet, io::Io};

impl<S: EffectSet> Io<S> {
    /// Runs a lane, and beside it another one: a race, but when the lane ends while the other is busy, that is waited for,
    /// and wins if it ends with it.
    pub(crate) async fn accompany<T, U>(
        &mut self,
        companion: &Companion,
        lane: impl AsyncFnOnce(&mut Self) -> T,
        other: impl AsyncFnOnce(&mut Self) -> U,
    ) -> Race2<T, U> {
        let mut end = None;
        let mut fork = Fork::new(self, [CLOSED; 2]);
        let mut ios = (fork.io(0), fork.io(1));
        {
            let mut lane = pin!(lane(&mut ios.0));
            let mut other = pin!(other(&mut ios.1));
            fork.run(|number, context| {
                if number == 0 {
                    end = Some(Race2::A(ready!(lane.as_mut().poll(context))));
                    companion.alone.store(true, Ordering::Relaxed);
                } else if let Poll::Ready(value) = other.as_mut().poll(context) {
                    end = Some(Race2::B(value));
                }
                match (&end, companion.busy.load(Ordering::Relaxed)) {
                    (Some(_), false) => Poll::Ready(Break(())),
                    (Some(_), true) if number == 0 => Poll::Ready(Continue(())),
                    (Some(_), true) | (None, _) => Poll::Pending,
                }
            })
            .await;
        }
        match end {
            Some(end) => end,
            None => unreachable!("it ends when one of its lanes has ended"),
        }
    }
}

/// What a lane and the one that [accompanies](Io::accompany) it know of each other.
#[derive(Debug, Default)]
pub(crate) struct Companion {
    /// The one that accompanies is in the middle of something.
    busy: AtomicBool,
    /// The other lane has ended.
    alone: AtomicBool,
}

impl Companion {
    /// Does what must not be left half-way.
    pub(crate) async fn busy<T>(&self, work: impl Future<Output = T>) -> T {
        self.busy.store(true, Ordering::Relaxed);
        let done = work.await;
        self.busy.store(false, Ordering::Relaxed);
        done
    }

    pub(crate) fn is_alone(&self) -> bool {
        self.alone.load(Ordering::Relaxed)
    }
}

//! The generator that a handler runs in: the one module that names `genawaiter`.
//!
//! It yields what the driver is to be told, and is resumed with the driver's answer. Each time it is resumed it polls the
//! handler until nothing more can run; `genawaiter` never sees the handler's own futures.

use alloc::{boxed::Box, sync::Arc, task::Wake};
use core::{
    fmt,
    future::Future,
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll, Waker},
};

use genawaiter::{GeneratorState, sync::Gen};

use crate::{
    effect::EffectSet,
    slot::{Shared, Turn, Yield},
};

pub(crate) struct Generator<S: EffectSet, T>(Gen<Yield<S>, Resume<S>, Boxed<T>>);

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What the generator is resumed with.
#[derive(Debug)]
pub(crate) enum Resume<S: EffectSet> {
    /// Run: for the first time, or after a stop.
    Run,
    /// The answer to the effect that the driver has chosen.
    Answer(S::Outcome),
}

pub(crate) enum Resumed<S, T> {
    Yielded(Yield<S>),
    Ended(T),
}

impl<S: EffectSet, T: 'static> Generator<S, T> {
    pub(crate) fn new<F>(slot: Shared<S>, mut handler: Pin<Box<F>>) -> Self
    where
        F: Future<Output = T> + Send + ?Sized + 'static,
    {
        Self(Gen::new(|co| -> Boxed<T> {
            Box::pin(async move {
                let spy = Arc::new(Spy(AtomicBool::new(false)));
                let waker = Waker::from(spy.clone());
                loop {
                    if let Poll::Ready(end) = handler.as_mut().poll(&mut Context::from_waker(&waker)) {
                        return end;
                    }
                    let resumed = match slot.lock().turn(spy.saw_foreign()) {
                        Turn::Again => continue,
                        Turn::Yield(yielded) => co.yield_(yielded),
                    };
                    match resumed.await {
                        Resume::Answer(outcome) => slot.lock().accept(outcome),
                        Resume::Run => {
                            slot.lock().wake();
                        }
                    }
                }
            })
        }))
    }

    pub(crate) fn resume(&mut self, with: Resume<S>) -> Resumed<S, T> {
        match self.0.resume_with(with) {
            GeneratorState::Yielded(yielded) => Resumed::Yielded(yielded),
            GeneratorState::Complete(end) => Resumed::Ended(end),
        }
    }
}

impl<S: EffectSet, T> fmt::Debug for Generator<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Generator")
    }
}

/// A waker that notices whether anybody calls or keeps it. An ask does neither; a future that waits for anything else
/// must do one of them, so this is how a foreign await is seen at the very step, even beside a pending effect.
struct Spy(AtomicBool);

impl Spy {
    fn saw_foreign(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > OWN_REFERENCES || self.0.load(Ordering::Relaxed)
    }
}

impl Wake for Spy {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The generator's own references to its spy: the one that it looks through, and the waker.
const OWN_REFERENCES: usize = 2;

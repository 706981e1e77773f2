//! Effects performed on a world by hand, without a runtime.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use segno_core::PerformedBy;

use super::Session;

/// An effect that is performed.
pub(in crate::testing) type Boxed<O> = Pin<Box<dyn Future<Output = O> + Send>>;

/// The effect as a future that owns all it needs.
pub(in crate::testing) fn perform<S, X>(effect: S, session: &Arc<Session<X>>) -> Boxed<S::Outcome>
where
    S: PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
{
    let session = session.clone();
    Box::pin(async move { effect.perform_on(&*session).await })
}

/// Polls a future, and once more with a real waker if it has to wait: most effects do not.
pub(in crate::testing) fn poll<O>(future: &mut Boxed<O>, waker: impl FnOnce() -> Waker) -> Option<O> {
    let ready = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let ready = match ready {
        Poll::Ready(_) => ready,
        Poll::Pending => future.as_mut().poll(&mut Context::from_waker(&waker())),
    };
    match ready {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    }
}

/// Performs an effect to its end, however long that takes by the world's clock; nothing if it waits for something else.
pub(in crate::testing) fn perform_at_once<S, X>(effect: S, session: &Arc<Session<X>>) -> Option<S::Outcome>
where
    S: PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
{
    let mut future = perform(effect, session);
    loop {
        if let Some(outcome) = poll(&mut future, || Waker::noop().clone()) {
            return Some(outcome);
        }
        let clock = session.world().clock();
        clock.jump(clock.next()?);
    }
}

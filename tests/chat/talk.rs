//! Chat as handlers have it: effects, performed by a session.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use segno::{
    ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSession, ChatSubscribe, ChatUnsubscribe, Happened,
    Perform, SubscriptionId,
};
use smol::{
    Timer,
    future::{block_on, or, poll_once},
};

pub(crate) type Received = Result<Arc<str>, ChatError>;

/// What a subscription is called in its tasklet.
pub(crate) fn id(number: usize) -> SubscriptionId {
    SubscriptionId::new(format!("0#{number}").parse().unwrap())
}

/// Waits, but not for ever.
#[track_caller]
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> T {
    let late = async {
        Timer::after(PATIENCE).await;
        None
    };
    block_on(or(async { Some(future.await) }, late)).expect("nothing came, however long it was waited for")
}

#[track_caller]
pub(crate) fn send(session: &ChatSession, room: &str, message: &str) -> Result<u64, ChatError> {
    soon(session.perform(ChatSend { room: room.to_owned().into(), message: message.into() }))
}

#[track_caller]
pub(crate) fn balance(session: &ChatSession, room: &str) -> u64 {
    soon(session.perform(ChatBalance { room: room.to_owned().into() })).unwrap()
}

#[track_caller]
pub(crate) fn subscribe(session: &ChatSession, room: &str, number: usize) -> Result<(), ChatError> {
    soon(session.perform(ChatSubscribe { room: room.to_owned().into(), id: id(number) }))
}

#[track_caller]
pub(crate) fn unsubscribe(session: &ChatSession, number: usize) {
    soon(session.perform(ChatUnsubscribe { id: id(number) })).unwrap();
}

/// Waits for what is said next.
pub(crate) fn receive(session: &ChatSession, room: &str) -> impl Future<Output = Received> {
    session.perform(ChatRecv { room: room.to_owned().into(), subscription: None })
}

/// Waits for what comes next to a subscription.
pub(crate) fn next(session: &ChatSession, number: usize) -> impl Future<Output = Received> {
    session.perform(ChatRecv { room: "room".into(), subscription: Some(id(number)) })
}

/// The next message of a subscription, however long it takes.
#[track_caller]
pub(crate) fn hear(session: &ChatSession, number: usize) -> String {
    soon(next(session, number)).unwrap().to_string()
}

/// Whether nothing is there to be heard yet.
pub(crate) fn is_silent(session: &ChatSession, number: usize) -> bool {
    block_on(poll_once(next(session, number))).is_none()
}

/// Fails unless the next thing that a subscription hears is a gap of unknown length.
#[track_caller]
pub(crate) fn hear_a_gap(session: &ChatSession, number: usize) {
    let gap = soon(next(session, number)).unwrap_err();
    assert_eq!(gap.kind, ChatErrorKind::Lagged(1), "{}", gap.message);
    assert!(gap.message.contains("connection"), "{}", gap.message);
}

/// Fails unless this was not done since there was no connection; gives what it says to people.
#[track_caller]
pub(crate) fn lost<T: std::fmt::Debug>(result: Result<T, ChatError>, happened: Happened) -> String {
    let error = result.unwrap_err();
    assert_eq!((error.kind, error.happened), (ChatErrorKind::ConnectionLost, happened), "{}", error.message);
    error.message.into()
}

/// Waits for all of these at once.
pub(crate) fn all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    let every = pin!(poll_fn(|context| {
        let mut ready = true;
        for (future, answer) in &mut pending {
            if answer.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *answer = Some(value);
            }
            ready &= answer.is_some();
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    }));
    soon(every);
    pending.into_iter().filter_map(|(_, answer)| answer).collect()
}

/// Longer than anything takes on a machine that is busy with other tests.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

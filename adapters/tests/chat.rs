//! What rooms promise, through the sessions that handlers get.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

use std::{pin::pin, sync::Arc};

use segno::{
    Chat, ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSession, ChatSubscribe, ChatUnsubscribe,
    Perform, SubscriptionId,
};
use smol::future::{block_on, poll_once};

fn id(path: &str) -> SubscriptionId {
    SubscriptionId::new(path.parse().unwrap())
}

fn send(session: &ChatSession, room: &'static str, message: &str) -> Result<u64, ChatError> {
    block_on(session.perform(ChatSend { room: room.into(), message: message.into() }))
}

fn balance(session: &ChatSession, room: &'static str) -> u64 {
    block_on(session.perform(ChatBalance { room: room.into() })).unwrap()
}

fn subscribe(session: &ChatSession, room: &'static str, path: &str) -> Result<(), ChatError> {
    block_on(session.perform(ChatSubscribe { room: room.into(), id: id(path) }))
}

fn recv(session: &ChatSession, room: &'static str, path: Option<&str>) -> Option<Result<Arc<str>, ChatError>> {
    let recv = ChatRecv { room: room.into(), subscription: path.map(id) };
    block_on(poll_once(session.perform(recv)))
}

#[test]
fn a_message_reaches_all_who_wait_in_its_room() {
    let chat = Chat::new();
    let (speaker, listeners) = (chat.session(), [chat.session(), chat.session(), chat.session()]);
    assert_eq!(send(&speaker, "room", "nobody hears this").unwrap(), 0);
    let mut receives: Vec<_> = ["room", "room", "other"]
        .into_iter()
        .zip(&listeners)
        .map(|(room, session)| Box::pin(session.perform(ChatRecv { room: room.into(), subscription: None })))
        .collect();
    for receive in &mut receives {
        assert!(block_on(poll_once(receive)).is_none());
    }
    assert_eq!((balance(&speaker, "room"), balance(&speaker, "other")), (2, 1));
    assert_eq!(send(&speaker, "room", "hello").unwrap(), 2);
    for receive in &mut receives[..2] {
        assert_eq!(&*block_on(receive).unwrap(), "hello");
    }
    assert!(block_on(poll_once(&mut receives[2])).is_none());
    assert_eq!((balance(&speaker, "room"), balance(&speaker, "other")), (0, 1));
    drop(receives);
    assert_eq!(balance(&speaker, "other"), 0);
}

/// It hears what is said while it waits: the first message, and no second one.
#[test]
fn a_receive_takes_one_message() {
    let session = Chat::new().session();
    let mut receive = pin!(session.perform(ChatRecv { room: "room".into(), subscription: None }));
    assert!(block_on(poll_once(receive.as_mut())).is_none());
    assert_eq!(send(&session, "room", "first").unwrap(), 1);
    assert_eq!(send(&session, "room", "second").unwrap(), 0);
    assert_eq!(&*block_on(receive).unwrap(), "first");
}

#[test]
fn a_subscription_hears_all_in_order_also_between_receives() {
    let session = Chat::new().session();
    subscribe(&session, "room", "0#1").unwrap();
    for message in ["a", "b"] {
        assert_eq!(send(&session, "room", message).unwrap(), 1);
    }
    for message in ["a", "b"] {
        assert_eq!(&*recv(&session, "room", Some("0#1")).unwrap().unwrap(), message);
    }
    assert!(recv(&session, "room", Some("0#1")).is_none());
    // A receive that was dropped, as in a race that it lost, has taken nothing.
    send(&session, "room", "c").unwrap();
    assert_eq!(&*recv(&session, "room", Some("0#1")).unwrap().unwrap(), "c");
}

#[test]
fn a_slow_subscription_says_what_it_lost() {
    let session = Chat::new().session();
    subscribe(&session, "room", "0#1").unwrap();
    for number in 0..300 {
        send(&session, "room", &number.to_string()).unwrap();
    }
    let lagged = recv(&session, "room", Some("0#1")).unwrap().unwrap_err();
    assert_eq!(lagged.kind, ChatErrorKind::Lagged(44));
    for number in 44..300 {
        assert_eq!(*recv(&session, "room", Some("0#1")).unwrap().unwrap(), *number.to_string());
    }
}

#[test]
fn subscriptions_end_with_their_handle_or_their_session() {
    let chat = Chat::new();
    let (watcher, session) = (chat.session(), chat.session());
    subscribe(&session, "room", "0#1").unwrap();
    subscribe(&session, "room", "0#2").unwrap();
    assert_eq!(balance(&watcher, "room"), 2);
    block_on(session.perform(ChatUnsubscribe { id: id("0#1") })).unwrap();
    block_on(session.perform(ChatUnsubscribe { id: id("0#1") })).unwrap();
    assert_eq!(balance(&watcher, "room"), 1);
    let gone = recv(&session, "room", Some("0#1")).unwrap().unwrap_err();
    assert_eq!(gone.kind, ChatErrorKind::NoSubscription);
    drop(session);
    assert_eq!(balance(&watcher, "room"), 0);
}

#[test]
fn everything_has_a_limit() {
    let session = Chat::new().session();
    let long = send(&session, "room", &"x".repeat(64 * 1024 + 1)).unwrap_err();
    assert_eq!(long.kind, ChatErrorKind::Limit);
    let name: &'static str = Box::leak("x".repeat(257).into_boxed_str());
    assert_eq!(recv(&session, name, None).unwrap().unwrap_err().kind, ChatErrorKind::Limit);
    for number in 0..64 {
        subscribe(&session, "room", &format!("0#{}", number + 1)).unwrap();
    }
    assert_eq!(subscribe(&session, "room", "0#65").unwrap_err().kind, ChatErrorKind::Limit);
}

/// Nothing is left behind by those who came and went.
#[test]
fn ten_thousand_come_and_go() {
    let chat = Chat::new();
    let speaker = chat.session();
    let sessions: Vec<_> = (0..10_000).map(|_| chat.session()).collect();
    let mut receives: Vec<_> = sessions
        .iter()
        .map(|session| Box::pin(session.perform(ChatRecv { room: "room".into(), subscription: None })))
        .collect();
    for receive in &mut receives {
        assert!(block_on(poll_once(receive)).is_none());
    }
    receives.truncate(5_000);
    assert_eq!(balance(&speaker, "room"), 5_000);
    assert_eq!(send(&speaker, "room", "hello").unwrap(), 5_000);
    for receive in receives {
        assert_eq!(&*block_on(receive).unwrap(), "hello");
    }
    assert_eq!(balance(&speaker, "room"), 0);
}

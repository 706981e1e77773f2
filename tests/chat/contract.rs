//! What every chat promises.

use std::pin::pin;

use segno::{Chat, ChatErrorKind, Io, smol::Backend};
use smol::future::{block_on, poll_once};

use crate::{
    Test,
    talk::{all, balance, hear, is_silent, next, receive, send, soon, subscribe, unsubscribe},
    tests,
};

pub(crate) const TESTS: &[Test<Chat>] = tests![
    a_message_reaches_all_who_wait_in_its_room,
    a_receive_takes_one_message,
    a_subscription_hears_all_in_order_also_between_receives,
    a_subscription_hears_what_is_said_once_it_is_there,
    a_slow_subscription_says_what_it_lost,
    subscriptions_end_with_their_handle_or_their_session,
    everything_has_a_limit,
    any_text_arrives_as_it_was_said,
    the_longest_message_arrives,
    all_who_speak_at_once_are_heard_in_one_order,
    ten_thousand_come_and_go,
    handlers_talk_to_each_other,
];

fn a_message_reaches_all_who_wait_in_its_room(chat: &Chat) {
    let (speaker, listeners) = (chat.session(), [chat.session(), chat.session(), chat.session()]);
    assert_eq!(send(&speaker, "room", "nobody hears this").unwrap(), 0);
    let mut receives: Vec<_> = ["room", "room", "other"]
        .into_iter()
        .zip(&listeners)
        .map(|(room, session)| Box::pin(receive(session, room)))
        .collect();
    for receive in &mut receives {
        assert!(block_on(poll_once(receive)).is_none());
    }
    assert_eq!((balance(&speaker, "room"), balance(&speaker, "other")), (2, 1));
    assert_eq!(send(&speaker, "room", "hello").unwrap(), 2);
    for receive in &mut receives[..2] {
        assert_eq!(&*soon(receive).unwrap(), "hello");
    }
    assert!(block_on(poll_once(&mut receives[2])).is_none());
    assert_eq!((balance(&speaker, "room"), balance(&speaker, "other")), (0, 1));
    drop(receives);
    assert_eq!(balance(&speaker, "other"), 0);
}

/// It hears what is said while it waits: the first message, and no second one.
fn a_receive_takes_one_message(chat: &Chat) {
    let session = chat.session();
    let mut receive = pin!(receive(&session, "room"));
    assert!(block_on(poll_once(receive.as_mut())).is_none());
    assert_eq!(send(&session, "room", "first").unwrap(), 1);
    assert_eq!(send(&session, "room", "second").unwrap(), 0);
    assert_eq!(&*soon(receive).unwrap(), "first");
}

fn a_subscription_hears_all_in_order_also_between_receives(chat: &Chat) {
    let session = chat.session();
    subscribe(&session, "room", 1).unwrap();
    for message in ["a", "b"] {
        assert_eq!(send(&session, "room", message).unwrap(), 1);
    }
    for message in ["a", "b"] {
        assert_eq!(hear(&session, 1), message);
    }
    assert!(is_silent(&session, 1));
    // A receive that was dropped, as in a race that it lost, has taken nothing.
    send(&session, "room", "c").unwrap();
    assert_eq!(hear(&session, 1), "c");
}

fn a_subscription_hears_what_is_said_once_it_is_there(chat: &Chat) {
    let (speaker, listener) = (chat.session(), chat.session());
    for round in 0..20 {
        assert_eq!(send(&speaker, "room", "before").unwrap(), 0);
        subscribe(&listener, "room", 1).unwrap();
        assert_eq!(send(&speaker, "room", &round.to_string()).unwrap(), 1);
        assert_eq!(hear(&listener, 1), round.to_string());
        unsubscribe(&listener, 1);
    }
}

fn a_slow_subscription_says_what_it_lost(chat: &Chat) {
    let session = chat.session();
    subscribe(&session, "room", 1).unwrap();
    for number in 0..300 {
        send(&session, "room", &number.to_string()).unwrap();
    }
    assert_eq!(soon(next(&session, 1)).unwrap_err().kind, ChatErrorKind::Lagged(44));
    for number in 44..300 {
        assert_eq!(hear(&session, 1), number.to_string());
    }
}

fn subscriptions_end_with_their_handle_or_their_session(chat: &Chat) {
    let (watcher, session) = (chat.session(), chat.session());
    subscribe(&session, "room", 1).unwrap();
    subscribe(&session, "room", 2).unwrap();
    assert_eq!(balance(&watcher, "room"), 2);
    unsubscribe(&session, 1);
    unsubscribe(&session, 1);
    assert_eq!(balance(&watcher, "room"), 1);
    assert_eq!(soon(next(&session, 1)).unwrap_err().kind, ChatErrorKind::NoSubscription);
    drop(session);
    assert_eq!(balance(&watcher, "room"), 0);
}

fn everything_has_a_limit(chat: &Chat) {
    let session = chat.session();
    let long = send(&session, "room", &"x".repeat(LONGEST + 1)).unwrap_err();
    assert_eq!(long.kind, ChatErrorKind::Limit);
    let name = "x".repeat(257);
    assert_eq!(soon(receive(&session, &name)).unwrap_err().kind, ChatErrorKind::Limit);
    assert_eq!(subscribe(&session, &name, 1).unwrap_err().kind, ChatErrorKind::Limit);
    assert_eq!(send(&session, &name, "nobody can be there").unwrap(), 0);
    for number in 0..64 {
        subscribe(&session, "room", number + 1).unwrap();
    }
    assert_eq!(subscribe(&session, "room", 65).unwrap_err().kind, ChatErrorKind::Limit);
}

fn any_text_arrives_as_it_was_said(chat: &Chat) {
    let session = chat.session();
    let texts = ["", " ", "\0", "a\0b\0", "\u{1}\n\r\t", "'; --", "\\x00 \\ \\\\", "ß€𝄋", "\u{feff}\u{202e}\u{10ffff}"];
    for room in texts {
        subscribe(&session, room, 1).unwrap();
        for message in texts {
            assert_eq!(send(&session, room, message).unwrap(), 1);
            assert_eq!(hear(&session, 1), message, "in {room:?}");
        }
        unsubscribe(&session, 1);
    }
}

fn the_longest_message_arrives(chat: &Chat) {
    let session = chat.session();
    let room = "ä".repeat(128);
    subscribe(&session, &room, 1).unwrap();
    for piece in ["x", "\0", "ß", "𝄋"] {
        let message = piece.repeat(LONGEST / piece.len());
        assert_eq!(send(&session, &room, &message).unwrap(), 1);
        assert!(hear(&session, 1) == message, "of {piece:?}");
    }
}

fn all_who_speak_at_once_are_heard_in_one_order(chat: &Chat) {
    let (one, other, speakers) = (chat.session(), chat.session(), [(); 200].map(|()| chat.session()));
    subscribe(&one, "room", 1).unwrap();
    subscribe(&other, "room", 1).unwrap();
    let sends = speakers.iter().enumerate().map(|(number, speaker)| {
        let message = number.to_string().into();
        segno::Perform::perform(speaker, segno::ChatSend { room: "room".into(), message })
    });
    assert!(all(sends).into_iter().all(|reached| reached.unwrap() == 2));
    let mut heard: Vec<String> = (0..200).map(|_| hear(&one, 1)).collect();
    assert_eq!(heard, (0..200).map(|_| hear(&other, 1)).collect::<Vec<_>>());
    heard.sort_unstable();
    heard.dedup();
    assert_eq!(heard.len(), 200);
}

/// Nothing is left behind by those who came and went.
fn ten_thousand_come_and_go(chat: &Chat) {
    let speaker = chat.session();
    let sessions: Vec<_> = (0..10_000).map(|_| chat.session()).collect();
    let mut receives: Vec<_> = sessions.iter().map(|session| Box::pin(receive(session, "room"))).collect();
    for receive in &mut receives {
        assert!(block_on(poll_once(receive)).is_none());
    }
    receives.truncate(5_000);
    assert_eq!(balance(&speaker, "room"), 5_000);
    assert_eq!(send(&speaker, "room", "hello").unwrap(), 5_000);
    for receive in receives {
        assert_eq!(&*soon(receive).unwrap(), "hello");
    }
    assert_eq!(balance(&speaker, "room"), 0);
}

fn handlers_talk_to_each_other(chat: &Chat) {
    let backend = Backend::new().chat(chat.clone());
    let speaks = async |mut io: Io| {
        let mut room = io.chat_subscribe("room").await?;
        let mut reached = vec![io.chat_send("room", "hello").await?];
        let (heard, answered) =
            io.join2(async |io| room.recv(io).await, async |io| io.chat_balance("room").await).await;
        reached.push(answered?);
        Ok((heard?.to_string(), reached))
    };
    assert_eq!(backend.run(speaks).unwrap(), ("hello".to_owned(), vec![1, 1]));
    assert_eq!(balance(&chat.session(), "room"), 0);
}

/// How long a message may be.
const LONGEST: usize = 64 * 1024;

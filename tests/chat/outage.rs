//! Databases that go away, and come back.

use std::{pin::pin, time::Duration};

use segno::{Chat, ChatErrorKind, ChatSend, ChatSession, Happened, Perform, PostgresChatOptions};
use smol::future::{block_on, poll_once};

use crate::{
    Test,
    database::Server,
    proxy::{Mode, Proxy},
    talk::{hear, hear_a_gap, is_silent, lost, next, receive, send, soon, subscribe},
    tests,
};

pub(crate) const TESTS: &[Test<Server>] = tests![
    a_lost_connection_is_heard_in_its_place,
    a_database_may_be_away_for_long,
    who_listens_first_may_come_before_the_database,
    a_message_that_got_no_answer_may_have_been_heard,
    a_send_that_nobody_waits_for_is_withdrawn,
    a_silent_connection_is_left,
    a_database_that_is_silent_from_the_start_is_tried_again,
    the_connection_ends_with_the_last_who_could_use_it,
];

fn a_lost_connection_is_heard_in_its_place(server: &Server) {
    let (here, there) = (server.chat().session(), server.chat().session());
    subscribe(&here, "room", 1).unwrap();
    subscribe(&here, "room", 2).unwrap();
    assert_eq!(send(&there, "room", "before").unwrap(), 0);
    // It was given to the first of them first.
    assert_eq!(hear(&here, 2), "before");
    let (mut waits, mut subscribed) = (pin!(receive(&here, "room")), pin!(next(&here, 2)));
    assert!(block_on(poll_once(waits.as_mut())).is_none());
    assert!(block_on(poll_once(subscribed.as_mut())).is_none());
    server.end_connections();
    assert!(soon(subscribed).unwrap_err().message.contains("connection"));
    // Who has just come has missed nothing.
    subscribe(&here, "room", 3).unwrap();
    assert_eq!(send(&here, "room", "after").unwrap(), 4);
    assert_eq!(hear(&here, 1), "before");
    hear_a_gap(&here, 1);
    for number in 1..=3 {
        assert_eq!(hear(&here, number), "after");
        assert!(is_silent(&here, number));
    }
    // Who waits for one message was not disturbed.
    assert_eq!(&*soon(waits).unwrap(), "after");
}

fn a_database_may_be_away_for_long(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Open);
    let (near, far) = (server.chat().session(), patient(&server.behind(proxy.port)).session());
    subscribe(&far, "room", 1).unwrap();
    let mut waits = pin!(receive(&far, "room"));
    assert!(block_on(poll_once(waits.as_mut())).is_none());
    proxy.set(Mode::Closed);
    proxy.cut();
    proxy.wait_until_unused();
    // It may be on its way when the connection is seen to be lost; from then on, nothing is.
    assert_eq!(send(&far, "room", "nobody hears this").unwrap_err().kind, ChatErrorKind::ConnectionLost);
    for _ in 0..3 {
        lost(send(&far, "room", "nobody hears this"), Happened::No);
        lost(subscribe(&far, "room", 2), Happened::No);
    }
    send(&near, "room", "missed").unwrap();
    assert!(is_silent(&far, 1));
    proxy.set(Mode::Open);
    hear_a_gap(&far, 1);
    send(&near, "room", "after").unwrap();
    assert_eq!(hear(&far, 1), "after");
    assert_eq!(&*soon(waits).unwrap(), "after");
    assert!(is_silent(&far, 1));
    assert_eq!(send(&far, "room", "as before").unwrap(), 1);
}

/// A receive waits for the connection and then for a message.
fn who_listens_first_may_come_before_the_database(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Closed);
    let session = patient(&server.behind(proxy.port)).session();
    let mut waits = pin!(receive(&session, "room"));
    assert!(block_on(poll_once(waits.as_mut())).is_none());
    lost(subscribe(&session, "room", 1), Happened::No);
    proxy.set(Mode::Open);
    let subscribed = (0..100).any(|_| subscribe(&session, "room", 1).is_ok());
    assert!(subscribed, "the database is there, and nobody connects to it");
    assert_eq!(send(&session, "room", "hello").unwrap(), 2);
    assert_eq!(&*soon(waits).unwrap(), "hello");
    assert_eq!(hear(&session, 1), "hello");
}

fn a_message_that_got_no_answer_may_have_been_heard(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Open);
    let (near, far) = (server.chat().session(), patient(&server.behind(proxy.port)).session());
    subscribe(&near, "room", 1).unwrap();
    // The first one prepares the statement.
    assert_eq!(send(&far, "room", "hello").unwrap(), 0);
    assert_eq!(hear(&near, 1), "hello");
    subscribe(&far, "room", 1).unwrap();
    proxy.silence();
    lost(send(&far, "room", "did anybody hear this?"), Happened::Unknown);
    assert_eq!(hear(&near, 1), "did anybody hear this?");
    hear_a_gap(&far, 1);
    send(&near, "room", "yes").unwrap();
    assert_eq!(hear(&far, 1), "yes");
}

fn a_send_that_nobody_waits_for_is_withdrawn(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Closed);
    let (near, far) = (server.chat().session(), patient(&server.behind(proxy.port)).session());
    subscribe(&near, "room", 1).unwrap();
    let withdrawn = ChatSend { room: "room".into(), message: "withdrawn".into() };
    assert!(block_on(poll_once(far.perform(withdrawn))).is_none());
    proxy.set(Mode::Open);
    say_until_it_is_said(&far, "hello");
    assert_eq!(hear(&near, 1), "hello");
}

/// Nobody speaks, and the other end has vanished without a word.
fn a_silent_connection_is_left(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Open);
    let (near, far) = (server.chat().session(), patient(&server.behind(proxy.port)).session());
    subscribe(&far, "room", 1).unwrap();
    proxy.silence();
    send(&near, "room", "missed").unwrap();
    hear_a_gap(&far, 1);
    send(&near, "room", "after").unwrap();
    assert_eq!(hear(&far, 1), "after");
}

/// Its first connection never comes about, and is given up in time.
fn a_database_that_is_silent_from_the_start_is_tried_again(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Silent);
    let session = patient(&server.behind(proxy.port)).session();
    lost(send(&session, "room", "nobody hears this"), Happened::No);
    proxy.set(Mode::Open);
    say_until_it_is_said(&session, "hello");
}

fn the_connection_ends_with_the_last_who_could_use_it(server: &Server) {
    let proxy = Proxy::new(server.address(), Mode::Open);
    let chat = server.behind(proxy.port).chat();
    let session = chat.session();
    subscribe(&session, "room", 1).unwrap();
    drop(chat);
    assert_eq!(send(&session, "room", "hello").unwrap(), 1);
    drop(session);
    proxy.wait_until_unused();
    // One that cannot connect ends as well.
    proxy.set(Mode::Closed);
    let session = patient(&server.behind(proxy.port)).session();
    lost(subscribe(&session, "room", 1), Happened::No);
    drop(session);
    proxy.set(Mode::Open);
    proxy.wait_until_unused();
}

/// Says it again as long as it surely was not said.
fn say_until_it_is_said(session: &ChatSession, message: &str) {
    let said = (0..100).any(|_| match send(session, "room", message) {
        Ok(_) => true,
        error => {
            lost(error, Happened::No);
            false
        }
    });
    assert!(said, "the database is there, and nobody connects to it");
}

/// As another process would have it, with less patience.
fn patient(server: &Server) -> Chat {
    let options = PostgresChatOptions { time_limit: Duration::from_millis(300), ..server.chat_options() };
    Chat::postgres_with(&server.url(), &options).unwrap()
}

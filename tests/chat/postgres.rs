//! What only a chat over PostgreSQL has to keep: several processes, for which several chats stand here.

use std::{pin::pin, thread};

use segno::{Chat, Happened, PostgresChatOptions};
use smol::future::{block_on, poll_once};

use crate::{
    Test,
    database::{Scratch, Server, unique_name},
    talk::{balance, hear, hear_a_gap, is_silent, lost, receive, send, soon, subscribe},
    tests,
};

pub(crate) const TESTS: &[Test<Server>] = tests![
    processes_hear_each_other,
    any_text_and_any_length_reach_another_process,
    all_processes_hear_the_same_order,
    a_thousand_listen_elsewhere,
    databases_and_channels_are_apart,
    what_other_programs_send_on_the_channel_is_passed_over,
    a_database_of_another_encoding_carries_all_text,
    what_the_database_refuses_was_not_said,
];

fn processes_hear_each_other(server: &Server) {
    let (here, there) = (server.chat().session(), server.chat().session());
    subscribe(&here, "room", 1).unwrap();
    // Only who listens in the speaker's process is counted.
    assert_eq!((balance(&here, "room"), balance(&there, "room")), (1, 0));
    assert_eq!(send(&there, "room", "hello").unwrap(), 0);
    assert_eq!(hear(&here, 1), "hello");
    subscribe(&there, "room", 1).unwrap();
    assert_eq!(send(&here, "room", "and hello").unwrap(), 1);
    assert_eq!((hear(&here, 1), hear(&there, 1)), ("and hello".into(), "and hello".into()));
    let mut receive = pin!(receive(&there, "other"));
    assert!(block_on(poll_once(receive.as_mut())).is_none());
    assert_eq!(send(&here, "other", "who waits hears it").unwrap(), 0);
    assert_eq!(&*soon(receive).unwrap(), "who waits hears it");
}

fn any_text_and_any_length_reach_another_process(server: &Server) {
    let (here, there) = (server.chat().session(), server.chat().session());
    let room = "\0".repeat(256);
    subscribe(&there, &room, 1).unwrap();
    // Around the lengths at which there is one part more; and the same again, which PostgreSQL would say once.
    let lengths =
        (0..=64 * 1024).step_by(5_900).flat_map(|whole| [-257_i64, -256, -255, -1, 0, 1].map(|near| whole + near));
    let lengths = lengths.filter(|length| (0..=64 * 1024).contains(length)).chain([64 * 1024, 64 * 1024]);
    for length in lengths {
        let length = usize::try_from(length).unwrap();
        let message: String =
            "\0a€".chars().cycle().take(length / 5 * 3).chain("x".chars().cycle().take(length % 5)).collect();
        assert_eq!(message.len(), length);
        send(&here, &room, &message).unwrap();
        assert!(hear(&there, 1) == message, "of {length} bytes");
    }
}

fn all_processes_hear_the_same_order(server: &Server) {
    let chats = [(); 3].map(|()| server.chat());
    let listeners = chats.each_ref().map(Chat::session);
    for listener in &listeners {
        subscribe(listener, "room", 1).unwrap();
    }
    thread::scope(|scope| {
        for (process, chat) in chats.iter().enumerate() {
            for thread in 0..4 {
                scope.spawn(move || {
                    let speaker = chat.session();
                    for number in 0..20 {
                        assert_eq!(send(&speaker, "room", &format!("{process} {thread} {number:02}")).unwrap(), 1);
                    }
                });
            }
        }
    });
    let [first, others @ ..] = listeners.map(|listener| (0..240).map(|_| hear(&listener, 1)).collect::<Vec<_>>());
    assert!(others.iter().all(|other| *other == first), "{first:?}\n{others:?}");
    // Each is heard in the order in which it spoke.
    for process in 0..3 {
        for thread in 0..4 {
            let speaker = format!("{process} {thread} ");
            let heard =
                first.iter().filter_map(|message| message.strip_prefix(&speaker)).map(|text| text.parse().unwrap());
            assert_eq!(heard.collect::<Vec<u32>>(), (0..20).collect::<Vec<_>>());
        }
    }
}

fn a_thousand_listen_elsewhere(server: &Server) {
    let (speaker, chat) = (server.chat().session(), server.chat());
    let listeners: Vec<_> = (0..1_000).map(|_| chat.session()).collect();
    for (number, listener) in listeners.iter().enumerate() {
        subscribe(listener, &format!("room {}", number % 10), 1).unwrap();
    }
    for room in 0..10 {
        send(&speaker, &format!("room {room}"), &room.to_string()).unwrap();
    }
    for (number, listener) in listeners.iter().enumerate() {
        assert_eq!(hear(listener, 1), (number % 10).to_string());
        assert!(is_silent(listener, 1));
    }
}

fn databases_and_channels_are_apart(server: &Server) {
    let scratch = Scratch::new(server, "");
    let channel = unique_name();
    let options = PostgresChatOptions { channel, ..server.chat_options() };
    let all = [server.chat(), scratch.server.chat(), Chat::postgres_with(&server.url(), &options).unwrap()];
    let sessions = all.each_ref().map(Chat::session);
    for session in &sessions {
        subscribe(session, "room", 1).unwrap();
    }
    for (number, session) in sessions.iter().enumerate() {
        assert_eq!(send(session, "room", &number.to_string()).unwrap(), 1);
    }
    for (number, session) in sessions.iter().enumerate() {
        // What was said later in the same room would come after what was said elsewhere before.
        assert_eq!(hear(session, 1), number.to_string());
        assert!(is_silent(session, 1));
    }
}

fn what_other_programs_send_on_the_channel_is_passed_over(server: &Server) {
    let session = server.chat().session();
    subscribe(&session, "room", 1).unwrap();
    for payload in ["''", "'hello'", "'segno1 1 0 1 4 !'", "'segno1 1 0 2 4 cm9vbWhlbGxv'", "repeat('x', 7999)"] {
        server.notify(payload);
    }
    assert_eq!(send(&session, "room", "a").unwrap(), 1);
    assert_eq!(hear(&session, 1), "a");
    // As documented in the code, but by hand: the room's name has four bytes, and the rest is the message.
    server.notify("'segno1 1 0 1 4 cm9vbWhlbGxv'");
    assert_eq!(hear(&session, 1), "hello");
}

fn a_database_of_another_encoding_carries_all_text(server: &Server) {
    for encoding in ["SQL_ASCII", "LATIN1"] {
        let scratch = Scratch::new(server, &format!("encoding '{encoding}' locale 'C' template template0"));
        let session = scratch.server.chat().session();
        subscribe(&session, "räum", 1).unwrap();
        if encoding == "SQL_ASCII" {
            // The server itself cannot say this to its client, and ends the connection.
            scratch.server.notify("E'\\xff'");
            hear_a_gap(&session, 1);
        }
        assert_eq!(send(&session, "räum", "ß€𝄋\0").unwrap(), 1);
        assert_eq!(hear(&session, 1), "ß€𝄋\0");
    }
}

/// The connection is as good as before, and nobody who listens has missed anything.
fn what_the_database_refuses_was_not_said(server: &Server) {
    let (scratch, role) = (Scratch::new(server, ""), unique_name());
    let inside = &scratch.server;
    inside.run(&[
        &format!("create role {role} login password 'a secret of the test'"),
        "revoke execute on function pg_notify(text, text) from public",
    ]);
    let session = inside.of_user(&role, "a secret of the test").chat().session();
    subscribe(&session, "room", 1).unwrap();
    let message = lost(send(&session, "room", "nobody hears this"), Happened::No);
    assert!(message.contains("permission denied"), "{message}");
    inside.run(&[&format!("grant execute on function pg_notify(text, text) to {role}")]);
    assert_eq!(send(&session, "room", "hello").unwrap(), 1);
    assert_eq!(hear(&session, 1), "hello");
    drop(session);
    drop(scratch);
    server.run(&[&format!("drop role {role}")]);
}

//! What a chat over PostgreSQL says of itself and of what it cannot do, without a server.

use std::{net::TcpListener, time::Duration};

use segno::{Chat, ChatErrorKind, Happened, PostgresChatOptions};

use crate::{
    Test,
    talk::{lost, send, subscribe},
    tests,
};

pub(crate) const TESTS: &[Test<()>] = tests![
    a_url_that_cannot_be_understood_is_not_quoted,
    a_channel_has_a_name_that_postgresql_keeps,
    who_cannot_connect_says_so_in_time_and_tells_no_secret,
];

fn a_url_that_cannot_be_understood_is_not_quoted((): &()) {
    let urls = [
        "",
        "hunter2",
        "mysql://ada:hunter2@localhost/shop",
        "sqlite:hunter2",
        "postgres://ada:hunter2@localhost:port/hunter2",
        "postgres://ada:hunter2@[/hunter2",
        "postgres://ada:hunter2@localhost/shop?sslmode=hunter2",
        "postgres://ada:%ff@localhost/hunter2",
        // The driver would pass it over, and write its value into the log.
        "postgres://ada@localhost/shop?passwrod=hunter2",
    ];
    for url in urls {
        let message = lost(Chat::postgres(url), Happened::No);
        assert!(message.contains("URL") && !message.contains("hunter2"), "{url}: {message}");
    }
}

fn a_channel_has_a_name_that_postgresql_keeps((): &()) {
    for channel in [String::new(), "x".repeat(64), "ä".repeat(32), "a\0b".into()] {
        let options = PostgresChatOptions { channel, ..PostgresChatOptions::default() };
        let error = Chat::postgres_with("postgres://localhost/shop", &options).unwrap_err();
        assert_eq!((error.kind, error.happened), (ChatErrorKind::Limit, Happened::No), "{options:?}");
    }
}

fn who_cannot_connect_says_so_in_time_and_tells_no_secret((): &()) {
    // One who never answers, and nobody.
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let nobody = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    for port in [listener.local_addr().unwrap().port(), nobody] {
        let options = PostgresChatOptions { time_limit: Duration::from_millis(100), ..PostgresChatOptions::default() };
        let chat = Chat::postgres_with(&format!("postgres://ada:hunter2@127.0.0.1:{port}/shop"), &options).unwrap();
        let session = chat.session();
        let said = [
            lost(send(&session, "room", "hello"), Happened::No),
            lost(subscribe(&session, "room", 1), Happened::No),
            format!("{chat:?} {session:?}"),
        ];
        assert!(said.iter().all(|text| !text.contains("hunter2")), "{said:?}");
    }
}

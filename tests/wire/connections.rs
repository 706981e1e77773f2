//! How long a connection lives, and what HTTP/1.0 makes of it.

use crate::case::{Case, bad, fields, get, good};

fn old(fields: &str) -> String {
    format!("GET / HTTP/1.0\r\n{fields}\r\n")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("HTTP/1.0 and a second request", "9112 9.3", old("") + &get("/next"), &["GET / -"]).closes(),
        good("HTTP/1.0 that wants to go on", "9112 9.3", old("Connection: keep-alive\r\n"), &["GET / -"]),
        good(
            "HTTP/1.0 that wants to go on, and a second request",
            "9112 9.3",
            old("Connection: Keep-Alive\r\n") + &old("Connection: foo, keep-alive\r\n") + &old(""),
            &["GET / -", "GET / -", "GET / -"],
        )
        .closes(),
        good(
            "HTTP/1.0 that wants both",
            "9112 9.3",
            old("Connection: keep-alive, close\r\n") + &get("/next"),
            &["GET / -"],
        )
        .closes(),
        good("HTTP/1.0 and Keep-Alive without Connection", "9112 9.3", old("Keep-Alive: timeout=5\r\n"), &["GET / -"])
            .closes(),
        good(
            "a body of HTTP/1.0 that wants to go on",
            "9112 9.3",
            "POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi".to_owned() + &get("/next"),
            &["POST / - hi", "GET /next x"],
        ),
        good(
            "a stream to HTTP/1.0 ends with the connection",
            "9112 9.3",
            "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            &[],
        )
        .gets(200)
        .closes(),
        bad("HTTP/1.0 with Transfer-Encoding", "9112 6.1", old("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n", 400),
        good("garbage after the wish to close", "9112 9.6", fields("Connection: close") + "\0\r\n", &["GET / x"])
            .closes(),
    ];
    cases.extend(CLOSES.iter().map(|(name, text)| {
        good(name, "9112 9.6", fields(&format!("Connection: {text}")) + &get("/next"), &["GET / x"]).closes()
    }));
    cases.extend(KEEPS.iter().map(|(name, text)| {
        good(name, "9112 9.3", fields(&format!("Connection: {text}")) + &get("/next"), &["GET / x", "GET /next x"])
    }));
    cases
}

const CLOSES: &[(&str, &str)] = &[
    ("close", "close"),
    ("close in upper case", "CLOSE"),
    ("close in a list", "foo, close"),
    ("close in a list without a space", "foo,close,bar"),
    ("close between tabs", "\tclose\t"),
    ("close on the second line", "foo\r\nConnection: close"),
    ("close and keep-alive", "close, keep-alive"),
    ("keep-alive and close", "keep-alive, close"),
    ("close and keep-alive on two lines", "close\r\nConnection: keep-alive"),
    ("close after an empty member", ",, close"),
];

const KEEPS: &[(&str, &str)] = &[
    ("keep-alive", "keep-alive"),
    ("keep-alive and TE", "keep-alive, TE"),
    ("a token that begins like close", "closed"),
    ("an option of one's own", "foo"),
    ("an empty Connection", ""),
    ("close in quotes is another token", "\"close\""),
];

#[test]
fn connections_go_on_where_both_sides_want_it() {
    crate::check(&cases());
}

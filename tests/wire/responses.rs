//! Responses whose framing is not the plain one: what follows them must be found.

use std::{
    io::{Read, Write},
    time::Duration,
};

use segno::smol::ServerOptions;

use crate::{
    case::{Case, SMUGGLED, get, good},
    wire::Running,
};

pub(crate) fn cases() -> Vec<Case> {
    let head = |path: &str| format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    let then = |name, section, path: &str, status| good(name, section, get(path), &[]).gets(status);
    vec![
        good("HEAD", "9112 6.3", head("/"), &[]).gets(200).without_bodies(),
        good("HEAD twice", "9112 6.3", head("/a") + &head("/b"), &[]).gets(200).gets(200).without_bodies(),
        good("HEAD of a stream", "9112 6.3", head("/stream"), &[]).gets(200).without_bodies(),
        good("HEAD of an error", "9112 6.3", head("/error"), &[]).gets(500).without_bodies(),
        good("HEAD of a body that is too short", "9112 6.3", head("/short"), &[]).gets(200).without_bodies(),
        then("a stream", "9112 7.1", "/stream", 200),
        then("a status without a body", "9110 15.3.5", "/204", 204),
        then("a status that is the client's copy", "9110 15.4.5", "/304", 304),
        then("a line end in a response's field", "9110 5.5", "/injection", 500),
        then("a handler that fails", "9110 15.6.1", "/error", 500),
        then("a handler that panics", "9110 15.6.1", "/panic", 500),
        then("a body that is shorter than its length", "9112 6.3", "/short", 200).closes(),
    ]
}

#[test]
fn responses_end_where_they_say() {
    crate::check(&cases());
}

#[test]
fn a_response_to_a_body_that_is_not_read_to_its_end_is_the_last() {
    let server = Running::new(ServerOptions { body_time: Duration::from_millis(100), ..ServerOptions::default() });
    let post = |path: &str, fields: &str| format!("POST {path} HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n");
    let rows = [
        ("a wrong one", post("/caught", "Transfer-Encoding: chunked") + "x\r\n" + SMUGGLED),
        ("one that stops", post("/caught", "Content-Length: 5") + "he"),
        ("a long one", post("/unread", "Content-Length: 100000")),
        ("one that is waited for", post("/unread", "Expect: 100-continue\r\nContent-Length: 5")),
    ];
    for (name, request) in rows {
        let mut stream = server.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{name}: {answer}");
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.contains("\r\nconnection: close\r\n"),
            "{name}: {answer}"
        );
    }
}

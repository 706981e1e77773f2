//! Heads that are long, and too long.

use std::io::{Read, Write};

use segno::smol::ServerOptions;

use crate::{
    case::{Case, bad, fields, get, good},
    wire::Running,
};

pub(crate) fn cases() -> Vec<Case> {
    let path = |length: usize| "/".to_owned() + &"x".repeat(length - 1);
    let seen = |length: usize| format!("GET {} x", path(length));
    let many =
        |count: usize| fields(&(1..count).map(|number| format!("X-{number}: y")).collect::<Vec<_>>().join("\r\n"));
    let one = |length: usize| fields(&format!("A: {}", "x".repeat(length)));
    let far = format!("GET {} HTTP/1.1\r\nHost: {}\r\n\r\n", path(8_000), "h".repeat(200));
    vec![
        good("a target of 8,000 bytes", "9112 3", get(&path(8_000)), &[&seen(8_000)]),
        good("a long target and a long host", "9112 3", far, &[&format!("GET {} {}", path(8_000), "h".repeat(200))]),
        good("the longest request line", "9110 15.5.15", get(&path(8_115)), &[&seen(8_115)]),
        bad("a request line with one byte more", "9110 15.5.15", get(&path(8_116)), 414),
        bad("a target of 9,000 bytes", "9110 15.5.15", get(&path(9_000)), 414),
        bad("a target of 100,000 bytes", "9110 15.5.15", get(&path(100_000)), 414),
        bad("a request line without an end", "9110 15.5.15", "GET /".to_owned() + &"x".repeat(9_000), 414),
        bad("a method without an end", "9110 15.5.15", "A".repeat(9_000), 414),
        good("9 KB in one field", "6585 5", one(9_000), &["GET / x"]),
        good("the longest head", "6585 5", one(32 * 1024 - 32), &["GET / x"]),
        bad("a head with one byte more", "6585 5", one(32 * 1024 - 31), 431),
        bad("100 KB in one field", "6585 5", one(100_000), 431),
        bad("100 KB of fields without an end", "6585 5", "GET / HTTP/1.1\r\n".to_owned() + &"A: b".repeat(25_000), 431),
        bad("a name of 100 KB", "6585 5", fields(&("A".repeat(100_000) + ": b")), 431),
        good("100 fields", "6585 5", many(100), &["GET / x"]),
        bad("101 fields", "6585 5", many(101), 431),
        bad("1,000 fields", "6585 5", many(1_000), 431),
    ]
}

#[test]
fn heads_have_limits() {
    crate::check(&cases());
}

#[test]
fn a_request_line_of_64_mb_is_refused_before_it_is_read() {
    let server = Running::new(ServerOptions::default());
    let mut stream = server.connect();
    // The answer is looked for while the line is sent, as a client does that wants it.
    let mut answers = stream.try_clone().unwrap();
    let answer = std::thread::spawn(move || {
        let mut status = [0; 12];
        answers.read_exact(&mut status).map(|()| status)
    });
    stream.write_all(b"GET /").unwrap();
    let piece = vec![b'x'; 1 << 20];
    let taken = (0..64).take_while(|_| stream.write_all(&piece).is_ok()).count();
    assert_eq!(&answer.join().unwrap().unwrap(), b"HTTP/1.1 414");
    assert!(taken < MOST_TAKEN, "{taken} MB were taken");
}

/// What the buffers of two sockets hold, and what the server takes until the client has seen its answer.
const MOST_TAKEN: usize = 16;

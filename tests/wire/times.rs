//! Requests that stop coming.

use std::{
    io::{Read, Write},
    net::Shutdown,
    time::{Duration, Instant},
};

use segno::smol::ServerOptions;

use crate::{
    case::{chunked, get, post},
    wire::Running,
};

/// What is sent, whether nothing more can come after it, and the statuses of what comes.
type Row = (&'static str, String, End, &'static [u16]);

#[derive(Clone, Copy, PartialEq)]
enum End {
    /// The client waits.
    Stalls,
    /// The client has ended its sending half.
    Ends,
}

fn server() -> Running {
    Running::new(ServerOptions { head_time: LIMIT, body_time: LIMIT, idle_time: LIMIT, ..ServerOptions::default() })
}

/// Sends, waits for the end of the connection, and gives the statuses that came.
fn statuses(server: &Running, bytes: &str, end: End) -> Vec<u16> {
    let mut stream = server.connect();
    stream.write_all(bytes.as_bytes()).unwrap();
    if end == End::Ends {
        stream.shutdown(Shutdown::Write).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
}

#[test]
fn what_stops_coming_is_given_up() {
    let server = server();
    let rows: Vec<Row> = vec![
        ("nothing", String::new(), End::Stalls, &[]),
        ("an empty line", "\r\n".into(), End::Stalls, &[]),
        ("a method", "GET".into(), End::Stalls, &[408]),
        ("a request line", "GET / HTTP/1.1\r\n".into(), End::Stalls, &[408]),
        ("a request line and a CR", "GET / HTTP/1.1\r".into(), End::Stalls, &[408]),
        ("a head without its end", "GET / HTTP/1.1\r\nHost: x\r\n".into(), End::Stalls, &[408]),
        ("a request", get("/"), End::Stalls, &[200]),
        ("a request and half of one", get("/") + "GET", End::Stalls, &[200, 408]),
        ("a request and an empty line", get("/") + "\r\n", End::Stalls, &[200]),
        ("no body", post("Content-Length: 5", ""), End::Stalls, &[408]),
        ("half a body", post("Content-Length: 5", "he"), End::Stalls, &[408]),
        ("no chunk", chunked(""), End::Stalls, &[408]),
        ("half a chunk", chunked("5\r\nhe"), End::Stalls, &[408]),
        ("no last chunk", chunked("5\r\nhello\r\n"), End::Stalls, &[408]),
        ("no end after the last chunk", chunked("5\r\nhello\r\n0\r\n"), End::Stalls, &[408]),
        ("trailers without an end", chunked("0\r\nA: b\r\n"), End::Stalls, &[408]),
        ("a body that is waited for", post("Expect: 100-continue\r\nContent-Length: 5", ""), End::Stalls, &[100, 408]),
        ("half a head and the end", "GET / HTTP/1.1\r\n".into(), End::Ends, &[]),
        ("a request and the end", get("/"), End::Ends, &[200]),
        ("half a body and the end", post("Content-Length: 10", "hello"), End::Ends, &[400]),
        ("half a chunk and the end", chunked("5\r\nhe"), End::Ends, &[400]),
        ("the end after the last chunk's size", chunked("5\r\nhello\r\n0\r\n"), End::Ends, &[400]),
        ("two requests and the end", get("/") + &get("/"), End::Ends, &[200, 200]),
    ];
    for (name, bytes, end, expected) in rows {
        let begun = Instant::now();
        assert_eq!(statuses(&server, &bytes, end), expected, "{name}");
        if end == End::Stalls {
            assert!(begun.elapsed() >= LIMIT, "{name}: it was given up too early");
        }
    }
}

#[test]
fn a_head_that_comes_slowly_is_read() {
    let server = Running::new(ServerOptions::default());
    let mut stream = server.connect();
    for byte in get("/").bytes() {
        stream.write_all(&[byte]).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}

/// How long a client of these tests may stall.
const LIMIT: Duration = Duration::from_millis(100);

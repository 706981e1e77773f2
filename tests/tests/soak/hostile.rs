//! Clients that nobody wants. Each attacks once, and may fail at it.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    thread,
    time::Duration,
};

use crate::{PATIENCE, server::LONGEST};

/// The ways to attack.
pub(crate) const ALL: &[fn(SocketAddr)] =
    &[trickles, vanishes, talks_nonsense, asks_too_much, is_refused, does_not_read];

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Heads and bodies byte by byte, until the server has enough of it.
fn trickles(address: SocketAddr) {
    let begins = [
        "",
        "GET / HTTP/1.1\r\nHost: test\r\nX: ",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 99999\r\n\r\n",
    ];
    let mut streams: Vec<_> = (0..20).map(|_| connect(address)).collect();
    for (stream, begin) in streams.iter_mut().zip(begins.iter().cycle()) {
        // The server may have had enough of it already.
        let _ = stream.write_all(begin.as_bytes());
    }
    while !streams.is_empty() {
        streams.retain_mut(|stream| stream.write_all(b"x").is_ok());
        thread::sleep(Duration::from_millis(20));
    }
}

/// In the middle of a head, a body, or an answer; in order, or torn.
fn vanishes(address: SocketAddr) {
    let begins = [
        "GET /hello HT",
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe",
        "GET /flood HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /stream HTTP/1.1\r\nHost: test\r\n\r\nGET /stream HTTP/1.1\r\n",
    ];
    for begin in begins {
        let mut stream = connect(address);
        // The server may have had enough of it already.
        let _ = stream.write_all(begin.as_bytes());
        let answered = begin.starts_with("GET /flood");
        if answered {
            // Some of it has come, and the rest will find nobody.
            let _ = stream.read(&mut [0; 100]);
        }
        if fastrand::bool() {
            let _ = stream.shutdown(Shutdown::Write);
        }
    }
}

fn talks_nonsense(address: SocketAddr) {
    for _ in 0..20 {
        let mut stream = connect(address);
        let nonsense: Vec<u8> = (0..fastrand::usize(1..2_000)).map(|_| fastrand::u8(..)).collect();
        // It may be refused before it was sent.
        let _ = stream.write_all(&nonsense).and_then(|()| stream.write_all(b"\r\n\r\n"));
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        if stream.read_to_end(&mut answer).is_ok() && !answer.is_empty() {
            assert!(answer.starts_with(b"HTTP/1.1 4") || answer.starts_with(b"HTTP/1.1 5"), "nonsense is understood");
        }
    }
}

/// Heads, lines and numbers of fields beyond the limits.
fn asks_too_much(address: SocketAddr) {
    let long = "x".repeat(100_000);
    let many: String = (0..1_000).map(|number| format!("X-{number}: x\r\n")).collect();
    let requests = [
        format!("GET /{long} HTTP/1.1\r\nHost: test\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: test\r\nX: {long}\r\n\r\n"),
        format!("GET / HTTP/1.1\r\nHost: test\r\n{many}\r\n"),
        "POST /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000000000\r\n\r\n".into(),
    ];
    for request in requests {
        is_answered_with_4(address, request.as_bytes());
    }
}

/// Framing that two readers could understand in two ways.
fn is_refused(address: SocketAddr) {
    let fields = [
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 5\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked, identity",
        "Content-Length: +5",
        "Content-Length : 5",
        "X: a\r\n b",
        "Host: other",
    ];
    for field in fields {
        let request = format!("POST /echo HTTP/1.1\r\nHost: test\r\n{field}\r\n\r\nhello");
        is_answered_with_4(address, request.as_bytes());
    }
}

fn is_answered_with_4(address: SocketAddr, request: &[u8]) {
    let mut stream = connect(address);
    // It may be refused before it was sent, and the answer lost with the connection.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    if stream.read_to_end(&mut answer).is_ok() && !answer.is_empty() {
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
}

/// Readers that take nothing until the server has enough of it.
fn does_not_read(address: SocketAddr) {
    let mut streams: Vec<_> = (0..5).map(|_| connect(address)).collect();
    for stream in &mut streams {
        let _ = stream.write_all(b"GET /flood HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    }
    thread::sleep(LONGEST);
    for mut stream in streams {
        // What had come by then, and how it ends.
        let _ = io::copy(&mut stream, &mut io::sink());
    }
}

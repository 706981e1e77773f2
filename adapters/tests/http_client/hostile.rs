//! Servers that never end: what they send is bounded, and so is the time that they take.

use std::{
    io::Write,
    net::TcpStream,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use segno::{Happened, HttpErrorKind, HttpRequest};

use crate::{
    OK, PATIENCE, client_with, get, send,
    server::{Server, drain, read_request},
    soon,
};

/// A server that sends this start, and then `repeated` until the client goes; it tells how many bytes it has sent.
fn endless(start: &'static str, repeated: &'static str, pause: Duration) -> (Server, mpsc::Receiver<usize>) {
    let (gone, seen) = mpsc::channel();
    let server = Server::start(move |_, mut stream: TcpStream| {
        stream.set_nodelay(true).unwrap();
        read_request(&mut stream);
        let mut sent = 0;
        let mut piece = start;
        while stream.write_all(piece.as_bytes()).is_ok() {
            sent += piece.len();
            piece = repeated;
            thread::sleep(pause);
        }
        gone.send(sent).unwrap();
    });
    (server, seen)
}

#[test]
fn what_has_no_end_is_given_up_at_a_limit() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (start, repeated, kind, happened) in [
        ("HTTP/1.1 200 OK", " and so on", HttpErrorKind::TooLarge, Happened::Unknown),
        ("HTTP/1.1 200 OK\r\n", "x: y\r\n", HttpErrorKind::TooLarge, Happened::Unknown),
        ("HTTP/1.1 200 OK\r\nx: ", "y", HttpErrorKind::TooLarge, Happened::Unknown),
        ("", "HTTP/1.1 100 Continue\r\n\r\n", HttpErrorKind::TooLarge, Happened::Unknown),
        ("", "HTTP/1.1 103 Hints\r\nlink: x\r\n\r\n", HttpErrorKind::TooLarge, Happened::Unknown),
        ("HTTP/1.1 200 OK\r\n\r\n", "body", HttpErrorKind::TooLarge, Happened::Yes),
        (chunked, "1\r\nx\r\n", HttpErrorKind::TooLarge, Happened::Yes),
        (chunked, "1;note\r\nx\r\n", HttpErrorKind::Protocol, Happened::Yes),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;", "x", HttpErrorKind::Protocol, Happened::Yes),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n",
            "x: y\r\n",
            HttpErrorKind::Protocol,
            Happened::Yes,
        ),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "0", HttpErrorKind::Protocol, Happened::Yes),
        ("", "\r\n", HttpErrorKind::Protocol, Happened::Unknown),
        ("220 smtp.example ESMTP\r\n", "220 and so on\r\n", HttpErrorKind::Protocol, Happened::Unknown),
    ] {
        let (server, sent) = endless(start, repeated, Duration::ZERO);
        let client = client_with(|options| (options.max_body, options.max_head) = (20_000, 20_000));
        let error = get(&client, server.url("/?secret")).unwrap_err();
        assert_eq!((error.kind, error.happened), (kind, happened), "{start:?} {repeated:?}: {error}");
        soon(&sent);
    }
}

#[test]
fn a_trickle_is_given_up_in_time() {
    for (start, repeated) in [
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nx: ", "y"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\n\r\n", "x"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "1\r\nx\r\n"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n", "x: y\r\n"),
    ] {
        let (server, sent) = endless(start, repeated, Duration::from_millis(50));
        let limit = Duration::from_millis(400);
        let client = client_with(|options| options.time_limit = limit);
        let begin = Instant::now();
        let error = get(&client, server.url("/?secret")).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Timeout, Happened::Unknown), "{error}");
        assert!(begin.elapsed() >= limit && begin.elapsed() < PATIENCE / 2);
        assert!(soon(&sent) > 0);
    }
}

#[test]
fn a_reader_who_takes_nothing_is_given_up_in_time() {
    let (closed, seen) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let released = Mutex::new(released);
    let server = Server::start(move |_, mut stream| {
        soon(&released.lock().unwrap());
        drain(&mut stream);
        closed.send(()).unwrap();
    });
    let client = client_with(|options| options.time_limit = Duration::from_millis(300));
    let request = HttpRequest::post(server.url("/?secret")).body(vec![0; 32 << 20]);
    let error = send(&client, request).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Timeout, Happened::Unknown), "{error}");
    release.send(()).unwrap();
    soon(&seen);
}

#[test]
fn a_connection_with_a_doubtful_reply_is_not_used_again() {
    for reply in [
        // Larger than the limit, malformed in the head and in the body.
        "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nb\r\nhello hello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nx : y\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
    ] {
        let server = Server::start(move |number, mut stream| {
            while read_request(&mut stream).is_some() {
                if stream.write_all(if number == 0 { reply } else { OK }.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let client = client_with(|options| options.max_body = 10);
        assert!(get(&client, server.url("/")).is_err());
        assert_eq!(get(&client, server.url("/")).unwrap().text(), "ok");
        assert_eq!(server.accepted(), 2, "{reply:?}");
    }
}

#[test]
fn a_connection_with_half_a_request_is_not_used_again() {
    let server = Server::start(move |number, mut stream| {
        if number == 0 {
            stream.write_all(OK.as_bytes()).unwrap();
            drain(&mut stream);
        } else {
            read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client_with(|_| {});
    let half = HttpRequest::post(server.url("/")).body(vec![b'x'; 32 << 20]);
    assert_eq!(send(&client, half).unwrap().text(), "ok");
    assert_eq!(get(&client, server.url("/")).unwrap().text(), "ok");
    assert_eq!(server.accepted(), 2);
}

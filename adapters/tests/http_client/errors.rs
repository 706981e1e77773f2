//! Each kind of failure, and whether the request happened all the same.

use std::{
    io::Write,
    net::TcpListener,
    sync::{Mutex, mpsc},
    time::{Duration, Instant},
};

use http::Method;
use segno::{Happened, HttpError, HttpErrorKind, HttpRequest};

use crate::{
    OK, PATIENCE, client, client_with, get, send,
    server::{Server, is_closed, read_request},
    soon,
};

#[track_caller]
fn check(error: &HttpError, kind: HttpErrorKind, happened: Happened) {
    assert_eq!((error.kind, error.happened), (kind, happened), "{error}");
    assert!(!error.message.contains("secret"), "{error}");
}

#[test]
fn requests_that_cannot_be_sent_do_not_happen() {
    let server = Server::repeating(OK);
    let url = |path: &str| server.url(path);
    for request in [
        HttpRequest::get(""),
        HttpRequest::get("/relative?secret"),
        HttpRequest::get("http://"),
        HttpRequest::get("http://secret host/"),
        HttpRequest::get("http://host:99999/secret"),
        HttpRequest::get("ftp://127.0.0.1/secret"),
        HttpRequest::get("file:///secret"),
        HttpRequest::get(url("/secret\r\nx: y")),
        HttpRequest::get(url("/secret\0")),
        HttpRequest::get(url("/").replace("//", "//user:secret@")),
        HttpRequest::get(url("/").replace("//", "//secret@")),
        HttpRequest::new(Method::CONNECT, url("/secret")),
        HttpRequest::get(url("/")).header("host", "secret").unwrap(),
        HttpRequest::post(url("/")).header("Content-Length", "0").unwrap(),
        HttpRequest::post(url("/")).header("transfer-encoding", "chunked").unwrap(),
        HttpRequest::get(url("/")).header("te", "gzip").unwrap(),
        HttpRequest::get(url("/")).header("upgrade", "websocket").unwrap(),
    ] {
        let error = send(&client(), request).unwrap_err();
        check(&error, HttpErrorKind::Request, Happened::No);
    }
    assert_eq!(server.accepted(), 0);
    for (name, value) in [("x", "a\r\nb: secret"), ("not a name", "x")] {
        let error = HttpRequest::get(url("/")).header(name, value).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}

#[test]
fn without_a_connection_nothing_happens() {
    let url = "http://name.invalid/secret?secret".to_owned();
    check(&get(&client(), url).unwrap_err(), HttpErrorKind::Resolve, Happened::No);

    let refused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{refused}/secret?secret");
    check(&get(&client(), url).unwrap_err(), HttpErrorKind::Connect, Happened::No);
}

#[test]
fn a_reply_cut_anywhere_is_no_reply() {
    for reply in [
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nx: y\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a\r\nok\r\n0\r\nx: y\r\n\r\n",
    ] {
        for cut in 0..reply.len() {
            let server = Server::once(&reply[..cut]);
            let error = get(&client(), server.url("/?secret")).unwrap_err();
            check(&error, HttpErrorKind::ConnectionLost, Happened::Unknown);
            assert_eq!(server.accepted(), 1, "a fresh connection is no reason to try again");
        }
    }
}

#[test]
fn a_malformed_reply_says_that_the_server_replied_once_it_surely_did() {
    for (reply, happened) in [
        ("SSH-2.0-OpenSSH_9.9\r\n", Happened::Unknown),
        ("HTTP/2.0 200 OK\r\n\r\n", Happened::Unknown),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Happened::Unknown),
        // The first frame of a server that speaks HTTP/2.
        ("\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", Happened::Unknown),
        ("\0", Happened::Unknown),
        ("HTTP/1.1 200 OK\n\n", Happened::Unknown),
        ("HTTP/1.1 000 No\r\n\r\n", Happened::Unknown),
        ("HTTP/1.1 200 OK\r\nx : y\r\n\r\n", Happened::Unknown),
        ("HTTP/1.1 200 OK\r\nx: y\r\n z\r\n\r\n", Happened::Unknown),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", Happened::Unknown),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nok", Happened::Yes),
        ("HTTP/1.1 200 OK\r\ncontent-length: 0x2\r\n\r\nok", Happened::Yes),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", Happened::Yes),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\nok\n0\n\n", Happened::Yes),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n11111111111111111\r\nok", Happened::Yes),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\nno trailer\r\n\r\n", Happened::Yes),
    ] {
        // The connection stays open: the error comes from the bytes.
        let server = Server::repeating(reply);
        let error = get(&client(), server.url("/?secret")).unwrap_err();
        check(&error, HttpErrorKind::Protocol, happened);
    }
}

#[test]
fn a_reply_beyond_a_limit_is_not_read_on() {
    let ok = "HTTP/1.1 200 OK\r\n";
    for (reply, happened) in [
        (format!("{ok}content-length: 11\r\n\r\n"), Happened::Yes),
        (format!("{ok}content-length: 18446744073709551616\r\n\r\n"), Happened::Yes),
        (format!("{ok}transfer-encoding: chunked\r\n\r\nffffffffffffffff\r\n01234567890"), Happened::Yes),
        (format!("{ok}\r\n01234567890"), Happened::Yes),
        (format!("{ok}x: {}", "y".repeat(10_000)), Happened::Unknown),
        (format!("{ok}{}\r\n", "x: y\r\n".repeat(129)), Happened::Unknown),
        ("HTTP/1.1 103 Hints\r\n\r\n".repeat(50), Happened::Unknown),
    ] {
        let server = Server::repeating(reply);
        let client = client_with(|options| (options.max_body, options.max_head) = (10, 10_000));
        let error = get(&client, server.url("/?secret")).unwrap_err();
        check(&error, HttpErrorKind::TooLarge, happened);
    }
}

#[test]
fn nobody_can_tell_after_the_time_limit() {
    for reply in ["", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok"] {
        let (closed, seen) = mpsc::channel();
        let server = Server::start(move |_, mut stream| {
            read_request(&mut stream);
            stream.write_all(reply.as_bytes()).unwrap();
            closed.send(is_closed(&mut stream)).unwrap();
        });
        // Long enough for a connection on a busy machine.
        let limit = Duration::from_millis(500);
        let asked = HttpRequest::get(server.url("/?secret")).time_limit(limit);
        let long = HttpRequest::get(server.url("/?secret")).time_limit(Duration::MAX);
        let strict = client_with(|options| options.time_limit = limit);
        for (client, request) in [(client(), asked), (strict, long)] {
            let start = Instant::now();
            let error = send(&client, request).unwrap_err();
            check(&error, HttpErrorKind::Timeout, Happened::Unknown);
            assert!(start.elapsed() >= limit && start.elapsed() < PATIENCE / 2);
            assert!(soon(&seen));
        }
    }
}

#[test]
fn time_spent_before_the_request_is_sent_makes_nothing_happen() {
    // A server that does not shake hands.
    let server = Server::start(|_, mut stream| while !is_closed(&mut stream) {});
    let impatient = client_with(|options| options.connect_time_limit = Duration::from_millis(60));
    let start = Instant::now();
    let error = get(&impatient, server.url("/?secret").replace("http", "https")).unwrap_err();
    assert!(start.elapsed() < PATIENCE / 2);
    check(&error, HttpErrorKind::Timeout, Happened::No);

    // No connection is free.
    let (arrived, waiting) = smol::channel::bounded(1);
    let (finish, finished) = mpsc::channel();
    let finished = Mutex::new(finished);
    let server = Server::start(move |_, mut stream| {
        read_request(&mut stream);
        arrived.send_blocking(()).unwrap();
        soon(&finished.lock().unwrap());
        stream.write_all(OK.as_bytes()).unwrap();
    });
    let client = client_with(|options| options.max_connections = 1);
    let first = async { client.send(HttpRequest::get(server.url("/"))).await };
    let second = async {
        waiting.recv().await.unwrap();
        let limited = HttpRequest::get(server.url("/?secret")).time_limit(Duration::from_millis(60));
        let error = client.send(limited).await.unwrap_err();
        finish.send(()).unwrap();
        error
    };
    let (first, second) = smol::block_on(smol::future::zip(first, second));
    assert_eq!(first.unwrap().text(), "ok");
    check(&second, HttpErrorKind::Timeout, Happened::No);
    assert_eq!(server.accepted(), 1);
}

//! What goes out, and what comes in.

use std::{
    io::Write,
    sync::{Mutex, mpsc},
};

use http::{HeaderMap, HeaderValue, Method};
use segno::HttpRequest;

use crate::{
    OK, client, client_with, get, send,
    server::{Server, drain, read_head, read_request},
    soon,
};

#[test]
fn requests_are_written_as_they_are() {
    let (requests, received) = mpsc::channel();
    let server = Server::start(move |_, mut stream| {
        while let Some(request) = read_request(&mut stream) {
            requests.send(String::from_utf8_lossy(&request).into_owned()).unwrap();
            stream.write_all(OK.as_bytes()).unwrap();
        }
    });
    let client = client_with(|options| options.user_agent = None);
    let (host, url) = (server.address, |path| server.url(path));
    let keep = "connection: keep-alive\r\n";
    for (request, expected) in [
        (HttpRequest::get(url("")), format!("GET / HTTP/1.1\r\nhost: {host}\r\n{keep}\r\n")),
        (
            HttpRequest::get(url("/a b/\u{e4}?q=1 2#fragment"))
                .header("x", "1")
                .unwrap()
                .header("x", "2")
                .unwrap()
                .header("Y", "z")
                .unwrap(),
            format!("GET /a%20b/%C3%A4?q=1%202 HTTP/1.1\r\nhost: {host}\r\n{keep}x: 1\r\nx: 2\r\ny: z\r\n\r\n"),
        ),
        (HttpRequest::post(url("/")), format!("POST / HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\n{keep}\r\n")),
        (
            HttpRequest::put(url("/")).body("hello"),
            format!("PUT / HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\n{keep}\r\nhello"),
        ),
        (
            HttpRequest::new(Method::from_bytes(b"Query-it").unwrap(), url("/?x")),
            format!("Query-it /?x HTTP/1.1\r\nhost: {host}\r\n{keep}\r\n"),
        ),
        (
            HttpRequest::delete(url("/")).header("connection", "close").unwrap(),
            format!("DELETE / HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"),
        ),
    ] {
        assert_eq!(send(&client, request).unwrap().text(), "ok");
        assert_eq!(soon(&received), expected);
    }
}

#[test]
fn a_request_says_who_sends_it_unless_it_says_so_itself() {
    let (requests, received) = mpsc::channel();
    let server = Server::start(move |_, mut stream| {
        requests.send(String::from_utf8(read_request(&mut stream).unwrap()).unwrap()).unwrap();
        stream.write_all(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
    });
    let own = client_with(|options| options.user_agent = Some(HeaderValue::from_static("reader/2")));
    let silent = client_with(|options| options.user_agent = None);
    let version = concat!("segno/", env!("CARGO_PKG_VERSION"));
    for (client, field, expected) in [
        (&client(), None, Some(version)),
        (&own, None, Some("reader/2")),
        (&own, Some("mine"), Some("mine")),
        (&silent, None, None),
    ] {
        let mut request = HttpRequest::get(server.url("/"));
        if let Some(value) = field {
            request = request.header("User-Agent", value).unwrap();
        }
        send(client, request).unwrap();
        let sent = soon(&received);
        let agents: Vec<_> = sent.lines().filter_map(|line| line.strip_prefix("user-agent: ")).collect();
        assert_eq!(agents, expected.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn values_beyond_ascii_travel_both_ways() {
    let (requests, received) = mpsc::channel();
    let server = Server::start(move |_, mut stream| {
        requests.send(read_request(&mut stream).unwrap()).unwrap();
        stream.write_all("HTTP/1.1 200 OK\r\nx: \u{e4}\r\nX:  y \r\ncontent-length: 0\r\n\r\n".as_bytes()).unwrap();
    });
    let mut request = HttpRequest::get(server.url("/"));
    request.headers.insert("x", HeaderValue::from_bytes(b"\xff\xe4").unwrap());
    let reply = send(&client(), request).unwrap();
    assert!(soon(&received).windows(5).any(|part| part == b"x: \xff\xe4"));
    let values: Vec<_> = reply.headers.get_all("x").iter().map(HeaderValue::as_bytes).collect();
    assert_eq!(values, ["\u{e4}".as_bytes(), b"y"]);
}

#[test]
fn odd_but_legal_replies_arrive_whole() {
    for (reply, status, body) in [
        ("HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok"),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0;c\r\nx: y\r\n\r\n", 200, "ok"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: a\r\n\r\nHTTP/1.1 201 Made\r\n\r\nit", 201, "it"),
        ("HTTP/1.0 200 OK\r\n\r\nold", 200, "old"),
        ("HTTP/1.1 200\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nok", 200, "ok"),
        ("HTTP/1.1 299 Odd\r\ncontent-length: 2\r\n\r\nok", 299, "ok"),
        ("HTTP/1.1 799 Odder\r\ncontent-length: 2\r\n\r\nok", 799, "ok"),
        ("HTTP/1.1 302 Found\r\ncontent-length: 2\r\n\r\nno", 302, "no"),
        ("HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno", 500, "no"),
    ] {
        // Byte by byte, which each is sent on its own.
        let server = Server::start(move |_, mut stream| {
            stream.set_nodelay(true).unwrap();
            read_request(&mut stream);
            reply.bytes().for_each(|byte| stream.write_all(&[byte]).unwrap());
        });
        let got = get(&client(), server.url("/")).unwrap();
        assert_eq!((got.status.as_u16(), &*got.text()), (status, body), "{reply:?}");
        assert_eq!(server.accepted(), 1);
    }
}

#[test]
fn large_heads_arrive_whole() {
    let fields: String = (0..127).map(|n| format!("x-{n}: {}\r\n", "v".repeat(400))).collect();
    let server = Server::once(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 0\r\n\r\n"));
    let reply = get(&client(), server.url("/")).unwrap();
    assert_eq!(HeaderMap::len(&reply.headers), 128);
    assert_eq!(reply.headers["x-126"].len(), 400);
}

#[test]
fn replies_without_a_body_do_not_wait_for_one() {
    for (method, reply) in [
        (Method::HEAD, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"),
        (Method::HEAD, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        (Method::GET, "HTTP/1.1 204 None\r\ncontent-length: 5\r\n\r\n"),
        (Method::GET, "HTTP/1.1 304 Same\r\ncontent-length: 5\r\n\r\n"),
    ] {
        let server = Server::repeating(reply);
        let got = send(&client(), HttpRequest::new(method, server.url("/"))).unwrap();
        assert_eq!(got.body, "", "{reply:?}");
    }
}

#[test]
fn an_answer_may_come_before_the_request_was_taken() {
    let (closed, seen) = mpsc::channel();
    let (answered, taken) = mpsc::channel();
    let taken = Mutex::new(taken);
    let server = Server::start(move |_, mut stream| {
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 413 Too Large\r\ncontent-length: 2\r\n\r\nno").unwrap();
        // Not a byte of the body is taken before the client has its answer.
        soon(&taken.lock().unwrap());
        drain(&mut stream);
        closed.send(()).unwrap();
    });
    let client = client();
    let reply = send(&client, HttpRequest::post(server.url("/")).body(vec![0; 32 << 20])).unwrap();
    assert_eq!((reply.status.as_u16(), &*reply.text()), (413, "no"));
    answered.send(()).unwrap();
    soon(&seen);
}

#[test]
fn large_bodies_go_and_come() {
    let server = Server::start(|_, mut stream| {
        let request = read_request(&mut stream).unwrap();
        let body = &request[request.len() - BODY..];
        // Read and written at once by both sides: neither may wait for the other to be done.
        write!(stream, "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").unwrap();
        for chunk in body.chunks(70_000) {
            write!(stream, "{:x}\r\n", chunk.len()).unwrap();
            stream.write_all(chunk).unwrap();
            write!(stream, "\r\n").unwrap();
        }
        write!(stream, "0\r\n\r\n").unwrap();
    });
    let body: Vec<u8> = (0..BODY).map(|n| (n % 251) as u8).collect();
    let reply = send(&client(), HttpRequest::put(server.url("/")).body(body.clone())).unwrap();
    assert!(reply.body == body);
}

const BODY: usize = 5_000_000;

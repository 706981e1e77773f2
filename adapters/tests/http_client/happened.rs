//! "Did it happen all the same?", for a failure at each point of an exchange.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};

use http::Method;
use rustix::net::listen;
use segno::{
    Effect, Happened, HttpErrorKind, HttpRequest, HttpSend, Replay,
    smol::{HttpClient, HttpClientOptions},
};

use crate::{
    OK, client, client_with, get, send,
    server::{Server, drain, read_head, read_request},
};

/// Where a server fails, of the second request that it gets over its first connection or of the first over any other.
#[derive(Clone, Copy, Debug)]
enum Fails {
    /// It closes the connection without having read anything.
    Unread,
    /// It closes the connection with a part of the request unread, which resets it.
    InRequest,
    AfterRequest,
    /// It sends these bytes and closes the connection.
    After(&'static str),
    /// It sends these bytes and leaves it at that.
    StopsAfter(&'static str),
}

impl Fails {
    fn run(self, mut stream: TcpStream) {
        match self {
            Self::Unread => {}
            Self::InRequest => drop(stream.read_exact(&mut [0; 10])),
            Self::AfterRequest => drop(read_request(&mut stream)),
            Self::After(reply) => {
                read_request(&mut stream);
                stream.write_all(reply.as_bytes()).unwrap();
            }
            Self::StopsAfter(reply) => {
                read_request(&mut stream);
                stream.write_all(reply.as_bytes()).ok();
                drain(&mut stream);
            }
        }
    }
}

/// The rows of the table in the documentation of [`HttpClient`] that come after a connection, with a request that may
/// be repeated and with one that may not.
#[test]
fn each_failure_says_what_surely_holds() {
    use HttpErrorKind::{ConnectionLost, Protocol, Timeout, TooLarge};
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    for (fails, kind, happened) in [
        (Fails::Unread, ConnectionLost, Happened::Unknown),
        (Fails::InRequest, ConnectionLost, Happened::Unknown),
        (Fails::AfterRequest, ConnectionLost, Happened::Unknown),
        (Fails::After("HTTP/1.1 100 Continue\r\n\r\n"), ConnectionLost, Happened::Unknown),
        (Fails::After("HTTP/1.1 200 O"), ConnectionLost, Happened::Unknown),
        (Fails::After(head), ConnectionLost, Happened::Unknown),
        (Fails::After("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell"), ConnectionLost, Happened::Unknown),
        (Fails::StopsAfter(""), Timeout, Happened::Unknown),
        (Fails::StopsAfter("HTTP/1.1 100 Continue\r\n\r\n"), Timeout, Happened::Unknown),
        (Fails::StopsAfter("HTTP/1.1 200 O"), Timeout, Happened::Unknown),
        (Fails::StopsAfter(head), Timeout, Happened::Unknown),
        (Fails::StopsAfter("HTTP/1.1 200 OK\r\n\r\nhell"), Timeout, Happened::Unknown),
        (Fails::StopsAfter("SSH-2.0-x\r\n"), Protocol, Happened::Unknown),
        (Fails::StopsAfter("HTTP/1.1 200 OK\r\ntransfer-encoding: x\r\n\r\n"), Protocol, Happened::Yes),
        (Fails::StopsAfter("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx"), Protocol, Happened::Yes),
        (Fails::StopsAfter("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"), TooLarge, Happened::Yes),
        (Fails::StopsAfter("HTTP/1.1 200 OK\r\n\r\n0123456789a"), TooLarge, Happened::Yes),
    ] {
        let server = Server::start(move |_, stream| fails.run(stream));
        for method in [Method::GET, Method::POST] {
            let limits = client_with(|options| {
                options.max_body = 10;
                if kind == Timeout {
                    options.time_limit = Duration::from_millis(400);
                }
            });
            let request = HttpRequest::new(method.clone(), server.url("/?secret"));
            let error = send(&limits, request).unwrap_err();
            assert_eq!((error.kind, error.happened), (kind, happened), "{method} {fails:?}: {error}");
            assert!(error.message.starts_with(&server.url("")) && !error.message.contains("secret"), "{error}");
        }
        assert_eq!(server.accepted(), 2, "{fails:?}: a fresh connection is no reason to try again");
    }
}

/// A reply that came before the whole request was taken is none to the whole request.
#[test]
fn a_bad_reply_to_half_a_request_says_nothing_of_the_whole() {
    for (reply, kind) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n", HttpErrorKind::TooLarge),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx", HttpErrorKind::Protocol),
    ] {
        let server = Server::start(move |_, mut stream| {
            read_head(&mut stream);
            stream.write_all(reply.as_bytes()).unwrap();
            drain(&mut stream);
        });
        let client = client_with(|options| options.max_body = 10);
        let error = send(&client, HttpRequest::post(server.url("/")).body(vec![0; 32 << 20])).unwrap_err();
        assert_eq!((error.kind, error.happened), (kind, Happened::Unknown), "{error}");
    }
}

/// An idle connection that fails: what may be repeated is, over a fresh one.
#[test]
fn a_stale_connection_is_not_held_against_what_may_be_repeated() {
    let keyed = |url| HttpRequest::post(url).header("idempotency-key", "7").unwrap();
    let requests: [fn(String) -> HttpRequest; 4] = [HttpRequest::get, HttpRequest::put, HttpRequest::post, keyed];
    for (fails, unanswered) in [
        (Fails::InRequest, true),
        (Fails::AfterRequest, true),
        // Some reply came: the server had the request.
        (Fails::After("H"), false),
        (Fails::After("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell"), false),
    ] {
        for request in requests {
            let server = Server::start(move |number, mut stream| {
                read_request(&mut stream);
                stream.write_all(OK.as_bytes()).unwrap();
                if number == 0 {
                    fails.run(stream);
                }
            });
            let client = client();
            get(&client, server.url("/")).unwrap();
            let request = HttpSend(Box::new(request(server.url("/?secret"))));
            let result = send(&client, (*request.0).clone());
            if unanswered && request.replay() != Replay::Once {
                assert_eq!(result.unwrap().text(), "ok", "{request:?} {fails:?}");
                assert_eq!(server.accepted(), 2);
            } else {
                let error = result.unwrap_err();
                let expected = (HttpErrorKind::ConnectionLost, Happened::Unknown);
                assert_eq!((error.kind, error.happened), expected, "{request:?} {fails:?}: {error}");
                assert_eq!(server.accepted(), 1);
            }
        }
    }
}

/// A connection that is closed while it is idle is seen to be, before anything is sent over it.
#[test]
fn what_was_not_sent_over_a_closed_connection_did_not_happen() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/?secret", listener.local_addr().unwrap());
    let client = client();
    let (first, ()) = smol::block_on(smol::future::zip(
        client.send(HttpRequest::get(url.clone())),
        smol::unblock(move || {
            let (mut stream, _) = listener.accept().unwrap();
            read_request(&mut stream);
            stream.write_all(OK.as_bytes()).unwrap();
            drop((stream, listener));
        }),
    ));
    assert_eq!(first.unwrap().text(), "ok");
    let error = send(&client, HttpRequest::post(url)).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Connect, Happened::No), "{error}");
}

#[test]
fn without_a_connection_nothing_happened() {
    let connecting = |client: &HttpClient, url: String| {
        let error = send(client, HttpRequest::post(url)).unwrap_err();
        assert!(!error.message.contains("secret"), "{error}");
        (error.kind, error.happened)
    };
    let refused = format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    assert_eq!(connecting(&client(), refused.clone()), (HttpErrorKind::Connect, Happened::No));
    let refused = refused.replace("http", "https");
    assert_eq!(connecting(&client(), refused), (HttpErrorKind::Connect, Happened::No));
    let unknown = String::from("http://name.invalid/?secret");
    assert_eq!(connecting(&client(), unknown), (HttpErrorKind::Resolve, Happened::No));

    // A server that does not shake hands, or stops in the middle of it.
    for hello in [&b""[..], b"\x16\x03\x03\0\x7a"] {
        let server = Server::start(move |_, mut stream| {
            stream.write_all(hello).unwrap();
            drain(&mut stream);
        });
        let url = server.url("/?secret").replace("http", "https");
        let impatient = client_with(|options| options.connect_time_limit = Duration::from_millis(100));
        assert_eq!(connecting(&impatient, url.clone()), (HttpErrorKind::Timeout, Happened::No));
        let impatient = client_with(|options| options.time_limit = Duration::from_millis(100));
        assert_eq!(connecting(&impatient, url), (HttpErrorKind::Timeout, Happened::No));
    }
    for hello in [&b""[..], b"\x16\x03\x03\0\x7a", b"\0\0\0\0\0\0\0"] {
        let server = Server::start(move |_, mut stream| {
            // All that came is read, so that the connection ends without a reset.
            drop(stream.read(&mut [0; 4_096]));
            stream.write_all(hello).unwrap();
        });
        let url = server.url("/?secret").replace("http", "https");
        assert_eq!(connecting(&client(), url), (HttpErrorKind::Tls, Happened::No));
    }
}

/// A server whose queue of connections is full answers no further one at all.
#[cfg(target_os = "linux")]
#[test]
fn a_server_that_takes_no_connection_gets_no_request() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listen(&listener, 0).unwrap();
    let address = listener.local_addr().unwrap();
    let soon = Duration::from_millis(100);
    let queued: Vec<_> = std::iter::from_fn(|| TcpStream::connect_timeout(&address, soon).ok()).take(100).collect();
    assert!(queued.len() < 100, "the queue is not full");
    let limits: [fn(&mut HttpClientOptions); 2] = [
        |options| options.connect_time_limit = Duration::from_millis(100),
        |options| options.time_limit = Duration::from_millis(100),
    ];
    for limit in limits {
        let error = get(&client_with(limit), format!("http://{address}/?secret")).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::Timeout, Happened::No), "{error}");
    }
}

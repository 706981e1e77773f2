//! Which connections are used again, how many there are, and when a request is sent again.

use std::{
    io::Write,
    net::TcpListener,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use segno::{
    Happened, HttpErrorKind, HttpRequest,
    smol::{HttpClient, HttpClientOptions},
};

use crate::{
    OK, client, client_with, get, send,
    server::{Server, is_closed, read_request},
    soon,
};

#[test]
fn only_a_reply_with_a_clear_end_leaves_a_connection() {
    let reused =
        [OK, "HTTP/1.1 204 None\r\n\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"];
    let closed = [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nConnection: Foo, Close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
        "HTTP/1.1 204 None\r\ncontent-length: 4\r\n\r\nevil",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    ];
    let replies = reused.iter().map(|reply| (reply, 1)).chain(closed.iter().map(|reply| (reply, 5)));
    for (reply, connections) in replies {
        let (server, client) = (Server::repeating(*reply), client());
        for _ in 0..5 {
            assert_ne!(get(&client, server.url("/")).unwrap().text(), "evil");
        }
        assert_eq!(server.accepted(), connections, "{reply:?}");
    }
}

#[test]
fn a_request_with_a_connection_field_of_its_own_leaves_none() {
    let (server, client) = (Server::repeating(OK), client());
    for _ in 0..3 {
        send(&client, HttpRequest::get(server.url("/")).header("connection", "close").unwrap()).unwrap();
    }
    assert_eq!(server.accepted(), 3);
}

#[test]
fn what_comes_unasked_is_nobodys_reply() {
    let (say, told) = mpsc::channel();
    let (done, said) = mpsc::channel();
    let told = Mutex::new(told);
    let server = Server::start(move |_, mut stream| {
        while read_request(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
            if told.lock().unwrap().recv().is_ok() {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil").unwrap();
                done.send(()).unwrap();
            }
        }
    });
    let client = client();
    for connections in 1..=3 {
        assert_eq!(get(&client, server.url("/")).unwrap().text(), "ok");
        assert_eq!(server.accepted(), connections);
        say.send(()).unwrap();
        soon(&said);
    }
}

/// A server that answers the first request of its first connection, and closes that at the second without a word.
fn forgetful() -> Server {
    Server::start(|number, mut stream| {
        while read_request(&mut stream).is_some() {
            if number > 0 {
                return;
            }
            stream.write_all(OK.as_bytes()).unwrap();
            if read_request(&mut stream).is_some() {
                return;
            }
        }
    })
}

#[test]
fn what_may_be_repeated_is_sent_once_more() {
    let request = |server: &Server, method: &str| match method {
        "put" => HttpRequest::put(server.url("/")).body("hello"),
        "post with a key" => HttpRequest::post(server.url("/")).header("idempotency-key", "7").unwrap(),
        "post" => HttpRequest::post(server.url("/")),
        _ => HttpRequest::get(server.url("/")),
    };
    for (method, connections) in [("get", 2), ("put", 2), ("post with a key", 2), ("post", 1)] {
        let (server, client) = (forgetful(), client());
        get(&client, server.url("/")).unwrap();
        let error = send(&client, request(&server, method)).unwrap_err();
        assert_eq!((error.kind, error.happened), (HttpErrorKind::ConnectionLost, Happened::Unknown), "{method}");
        assert_eq!(server.accepted(), connections, "{method}");
    }

    let server = Server::start(|_, mut stream| {
        read_request(&mut stream);
        stream.write_all(OK.as_bytes()).unwrap();
        read_request(&mut stream);
    });
    let client = client();
    for connections in 1..=4 {
        assert_eq!(get(&client, server.url("/")).unwrap().text(), "ok");
        assert_eq!(server.accepted(), connections);
    }
}

#[test]
fn a_reply_that_has_begun_is_not_asked_for_again() {
    let server = Server::start(|_, mut stream| {
        read_request(&mut stream);
        stream.write_all(OK.as_bytes()).unwrap();
        read_request(&mut stream);
        stream.write_all(b"H").unwrap();
    });
    let client = client();
    get(&client, server.url("/")).unwrap();
    let error = get(&client, server.url("/")).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::ConnectionLost, Happened::Unknown));
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_second_attempt_that_cannot_connect_does_not_undo_the_first() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        stream.write_all(OK.as_bytes()).unwrap();
        read_request(&mut stream);
        drop(listener);
    });
    let client = client();
    get(&client, url.clone()).unwrap();
    let error = get(&client, url).unwrap_err();
    assert_eq!((error.kind, error.happened), (HttpErrorKind::Connect, Happened::Unknown));
}

#[test]
fn an_abandoned_request_closes_its_connection() {
    for reply in ["", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok"] {
        let (arrived, waiting) = smol::channel::bounded(1);
        let (closed, seen) = mpsc::channel();
        let server = Server::start(move |number, mut stream| {
            while read_request(&mut stream).is_some() {
                if number == 1 {
                    stream.write_all(OK.as_bytes()).unwrap();
                } else {
                    stream.write_all(reply.as_bytes()).unwrap();
                    arrived.send_blocking(()).unwrap();
                    closed.send(is_closed(&mut stream)).unwrap();
                }
            }
        });
        let client = client();
        let abandoned = smol::future::or(async { Some(client.send(HttpRequest::get(server.url("/"))).await) }, async {
            waiting.recv().await.map(|()| None).unwrap()
        });
        assert!(smol::block_on(abandoned).is_none());
        assert!(soon(&seen));
        assert_eq!(get(&client, server.url("/")).unwrap().text(), "ok");
        assert_eq!(server.accepted(), 2);
    }
}

#[test]
fn many_requests_share_few_connections() {
    let open = Arc::new((AtomicUsize::new(0), AtomicUsize::new(0)));
    let counted = Arc::clone(&open);
    let server = Server::start(move |_, mut stream| {
        let (now, most) = &*counted;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        while let Some(request) = read_request(&mut stream) {
            let path = String::from_utf8(request).unwrap().split(' ').nth(1).unwrap().to_owned();
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{path}", path.len()).unwrap();
        }
        now.fetch_sub(1, Ordering::SeqCst);
    });
    let client = client_with(|options| options.max_connections = 8);
    let tasks: Vec<_> = (0..100)
        .map(|n| (client.clone(), HttpRequest::get(server.url(&format!("/{n}")))))
        .map(|(client, request)| smol::spawn(async move { client.send(request).await }))
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(smol::block_on(task).unwrap().text(), format!("/{n}"));
    }
    assert!(open.1.load(Ordering::SeqCst) <= 8);
    assert!(server.accepted() <= 8);
}

/// A server that keeps its connections, and tells when one of them is closed.
fn watched() -> (Server, mpsc::Receiver<usize>) {
    let (closed, seen) = mpsc::channel();
    let server = Server::start(move |number, mut stream| {
        while read_request(&mut stream).is_some() {
            stream.write_all(OK.as_bytes()).unwrap();
        }
        closed.send(number).unwrap();
    });
    (server, seen)
}

#[test]
fn idle_connections_are_closed_in_time() {
    let (server, closed) = watched();
    let idle_time = Duration::from_millis(60);
    let client = client_with(|options| options.idle_time = idle_time);
    let start = Instant::now();
    get(&client, server.url("/")).unwrap();
    assert_eq!(soon(&closed), 0);
    assert!(start.elapsed() >= idle_time);
    get(&client, server.url("/")).unwrap();
    assert_eq!(soon(&closed), 1);
}

#[test]
fn idle_connections_are_bounded() {
    let fetch_two = |client: &HttpClient, server: &Server| {
        let request = || async { client.send(HttpRequest::get(server.url("/"))).await.unwrap() };
        smol::block_on(smol::future::zip(request(), request()));
    };
    // None at all.
    let (server, closed) = watched();
    fetch_two(&client_with(|options| options.max_idle = 0), &server);
    assert_eq!(soon(&closed) + soon(&closed), 1);

    // One to each origin.
    let (server, closed) = watched();
    let (other, other_closed) = watched();
    let client = client_with(|options| options.max_idle_per_origin = 1);
    fetch_two(&client, &server);
    fetch_two(&client, &other);
    soon(&closed);
    soon(&other_closed);
    assert!(closed.try_recv().is_err() && other_closed.try_recv().is_err());

    // One in all, and one open at all: an idle one makes room for another origin.
    let limits = [
        |options: &mut HttpClientOptions| options.max_idle = 1,
        |options: &mut HttpClientOptions| options.max_connections = 1,
    ];
    for limit in limits {
        let (server, closed) = watched();
        let (other, _other_closed) = watched();
        let client = client_with(limit);
        get(&client, server.url("/")).unwrap();
        get(&client, other.url("/")).unwrap();
        assert_eq!(soon(&closed), 0);
        get(&client, other.url("/")).unwrap();
        assert_eq!((server.accepted(), other.accepted()), (1, 1));
    }
}

#[test]
fn a_dropped_client_closes_its_connections() {
    let (server, closed) = watched();
    let client = client();
    get(&client.clone(), server.url("/")).unwrap();
    drop(client);
    assert_eq!(soon(&closed), 0);
}

//! Redirects: where they lead, with what, and what is known when they fail.

use std::{
    io::Write,
    net::TcpListener,
    sync::{Mutex, mpsc},
    thread,
    time::{Duration, Instant},
};

use http::Method;
use segno::{Happened, HttpError, HttpErrorKind, HttpRequest};

use crate::{
    OK, PATIENCE, client, client_with, get, send,
    server::{Server, read_request},
    soon,
};

/// A server that answers each request by its target, and tells what it was asked.
fn telling(answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Server, mpsc::Receiver<String>) {
    let (requests, received) = mpsc::channel();
    let server = Server::start(move |_, mut stream| {
        while let Some(request) = read_request(&mut stream) {
            let request = String::from_utf8(request).unwrap();
            let target = request.split(' ').nth(1).unwrap().to_owned();
            let bodiless = request.starts_with("HEAD");
            requests.send(request).unwrap();
            let reply = answer(&target);
            let end = if bodiless { reply.find("\r\n\r\n").unwrap() + 4 } else { reply.len() };
            stream.write_all(&reply.as_bytes()[..end]).unwrap();
        }
    });
    (server, received)
}

fn redirect(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Elsewhere\r\nlocation: {location}\r\ncontent-length: 4\r\n\r\nmove")
}

/// A server whose `/from` leads to this place, and whose other targets are there.
fn leading(status: u16, location: impl Into<String>) -> (Server, mpsc::Receiver<String>) {
    let location = location.into();
    telling(move |target| if target == "/from" { redirect(status, &location) } else { OK.to_owned() })
}

#[track_caller]
fn check(error: &HttpError, kind: HttpErrorKind, happened: Happened) {
    assert_eq!((error.kind, error.happened), (kind, happened), "{error}");
    assert!(!error.message.contains("secret"), "{error}");
}

#[test]
fn the_status_says_what_is_sent_on() {
    let cases = |status| match status {
        301 | 302 => ["GET", "HEAD", "GET", "PUT", "DELETE"],
        303 => ["GET", "HEAD", "GET", "GET", "GET"],
        _ => ["GET", "HEAD", "POST", "PUT", "DELETE"],
    };
    for status in [301, 302, 303, 307, 308] {
        for (method, expected) in ["GET", "HEAD", "POST", "PUT", "DELETE"].into_iter().zip(cases(status)) {
            let (server, received) = leading(status, "/to");
            let request = HttpRequest::new(method.parse().unwrap(), server.url("/from"))
                .header("content-type", "text/plain")
                .unwrap()
                .header("x-other", "stays")
                .unwrap()
                .body("hello");
            assert_eq!(send(&client(), request).unwrap().status, 200, "{method} {status}");
            let sent = [soon(&received), soon(&received)];
            assert!(sent[0].starts_with(&format!("{method} /from ")) && sent[0].ends_with("\r\n\r\nhello"));
            assert!(sent[1].starts_with(&format!("{expected} /to ")), "{method} {status}: {}", sent[1]);
            let same = method == expected;
            assert_eq!(sent[1].ends_with("\r\n\r\nhello"), same, "{method} {status}: {}", sent[1]);
            assert_eq!(sent[1].contains("\r\ncontent-"), same, "{method} {status}: {}", sent[1]);
            assert!(sent[1].contains("\r\nx-other: stays\r\n"));
            assert_eq!(server.accepted(), 1, "the connection is used again");
        }
    }
}

#[test]
fn locations_are_relative_to_where_they_come_from() {
    let there = Server::repeating(OK);
    for (location, expected) in [
        ("to", "/a/to"),
        ("./to?x#y", "/a/to?x"),
        ("../to", "/to"),
        ("../../../to", "/to"),
        ("/to", "/to"),
        ("?x", "/a/from?x"),
        ("/to/../b c", "/b%20c"),
        ("/\u{e4}", "/%C3%A4"),
        ("\\to", "/to"),
    ] {
        let (server, received) =
            telling(move |target| if target == "/a/from?q" { redirect(302, location) } else { OK.to_owned() });
        assert_eq!(get(&client(), server.url("/a/from?q")).unwrap().text(), "ok", "{location}");
        soon(&received);
        assert!(soon(&received).starts_with(&format!("GET {expected} HTTP/1.1\r\n")), "{location}");
        assert!(received.try_recv().is_err());
    }
    for (number, location) in [format!("//{}/to", there.address), there.url("/to#x")].into_iter().enumerate() {
        let (server, _received) = leading(302, location);
        assert_eq!(get(&client(), server.url("/from")).unwrap().text(), "ok");
        assert_eq!(there.accepted(), number + 1);
    }
}

#[test]
fn what_is_not_followed_is_the_reply() {
    for status in [300, 304, 305, 306, 399, 201] {
        let (server, received) = leading(status, "/to");
        assert_eq!(get(&client(), server.url("/from")).unwrap().status, status);
        soon(&received);
        assert!(received.try_recv().is_err());
    }
    let (server, received) = telling(|_| "HTTP/1.1 302 Nowhere\r\ncontent-length: 0\r\n\r\n".to_owned());
    assert_eq!(get(&client(), server.url("/from")).unwrap().status, 302);
    soon(&received);

    let (server, received) = leading(307, "/to");
    let unwilling = client_with(|options| options.max_redirects = 0);
    for (client, request) in [
        (&unwilling, HttpRequest::get(server.url("/from"))),
        (&unwilling, HttpRequest::get(server.url("/from")).max_redirects(5)),
        (&client(), HttpRequest::post(server.url("/from")).max_redirects(0)),
    ] {
        let reply = send(client, request).unwrap();
        assert_eq!((reply.status.as_u16(), reply.header("location"), &*reply.text()), (307, Some("/to"), "move"));
        assert!(soon(&received).contains(" /from "));
        assert!(received.try_recv().is_err());
    }
}

#[test]
fn the_number_of_redirects_is_bounded() {
    let (server, received) = telling(|target| redirect(302, &format!("{target}x")));
    let three = client_with(|options| options.max_redirects = 3);
    for (client, request, followed) in [
        (&client(), HttpRequest::get(server.url("/?secret")), 10),
        (&three, HttpRequest::get(server.url("/?secret")), 3),
        (&three, HttpRequest::get(server.url("/?secret")).max_redirects(7), 3),
        (&three, HttpRequest::get(server.url("/?secret")).max_redirects(1), 1),
    ] {
        let error = send(client, request).unwrap_err();
        check(&error, HttpErrorKind::Redirect, Happened::Unknown);
        assert!(error.message.contains("one too many"), "{error}");
        assert_eq!(received.try_iter().count(), followed + 1);
    }
    // A page that leads to itself.
    let (server, _received) = leading(302, "/from");
    check(&get(&client(), server.url("/from")).unwrap_err(), HttpErrorKind::Redirect, Happened::Unknown);
    // As many as are allowed are no error.
    let (server, _received) = leading(302, "/to");
    assert_eq!(send(&client(), HttpRequest::get(server.url("/from")).max_redirects(1)).unwrap().text(), "ok");
}

#[test]
fn a_redirect_to_where_no_request_can_go_is_an_error() {
    for location in [
        "ftp://127.0.0.1/secret",
        "file:///secret",
        "javascript:secret",
        "data:,secret",
        "gopher://127.0.0.1:1/secret",
        "https://",
        "http://127.0.0.1:99999/secret",
        "http://user:secret@127.0.0.1/",
        "http://a secret/",
        "//secret@127.0.0.1/",
        "/sec\tret",
        "/a\r\nlocation: /b",
    ] {
        let (server, received) = leading(301, location);
        let error = get(&client(), server.url("/from")).unwrap_err();
        check(&error, HttpErrorKind::Redirect, Happened::Unknown);
        assert!(error.message.starts_with(&server.url("")), "{error}");
        soon(&received);
        assert!(received.try_recv().is_err());
    }
    let server = Server::once(b"HTTP/1.1 301 Gone\r\nlocation: /\xff\r\n\r\n");
    check(&get(&client(), server.url("/")).unwrap_err(), HttpErrorKind::Redirect, Happened::Unknown);
}

#[test]
fn credentials_stay_with_their_origin() {
    let (elsewhere, away) = mpsc::channel::<String>();
    let away = Mutex::new(away);
    let (server, received) = telling(move |target| match target {
        "/same" => redirect(307, "/here"),
        "/away" => redirect(307, &soon(&away.lock().unwrap())),
        _ => OK.to_owned(),
    });
    let home = server.url("/here");
    let (other, other_received) =
        telling(move |target| if target == "/back" { redirect(307, &home) } else { OK.to_owned() });
    let request = |path| {
        ["authorization", "cookie", "proxy-authorization", "x-other"]
            .iter()
            .fold(HttpRequest::get(server.url(path)), |request, name| request.header(name, "of-mine").unwrap())
    };
    let sent = |request: &str| request.matches(": of-mine\r\n").count();

    send(&client(), request("/same")).unwrap();
    assert_eq!((sent(&soon(&received)), sent(&soon(&received))), (4, 4));
    elsewhere.send(other.url("/there")).unwrap();
    send(&client(), request("/away")).unwrap();
    assert_eq!((sent(&soon(&received)), sent(&soon(&other_received))), (4, 1));
    // Another one may have chosen where they come back to.
    elsewhere.send(other.url("/back")).unwrap();
    send(&client(), request("/away")).unwrap();
    assert_eq!((sent(&soon(&received)), sent(&soon(&other_received)), sent(&soon(&received))), (4, 1, 1));
}

#[test]
fn the_time_limit_is_that_of_the_whole_chain() {
    let step = Duration::from_millis(100);
    let (server, _received) = telling(move |target| {
        thread::sleep(step);
        redirect(302, &format!("{target}x"))
    });
    let limit = step * 5;
    let client = client_with(|options| options.max_redirects = u32::MAX);
    let start = Instant::now();
    let error = send(&client, HttpRequest::get(server.url("/?secret")).time_limit(limit)).unwrap_err();
    check(&error, HttpErrorKind::Timeout, Happened::Unknown);
    assert!(start.elapsed() >= limit && start.elapsed() < PATIENCE / 2);
}

#[test]
fn an_error_after_a_redirect_says_what_became_of_the_first_request() {
    let nobody = format!("http://{}/", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let cutting = Server::once("");
    let too_large = Server::repeating("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n");
    let client = client_with(|options| options.max_body = 10);
    let failures = [
        (nobody.as_str(), HttpErrorKind::Connect, Happened::Unknown),
        (&cutting.url("/"), HttpErrorKind::ConnectionLost, Happened::Unknown),
        (&too_large.url("/"), HttpErrorKind::TooLarge, Happened::Yes),
        ("ftp://x/", HttpErrorKind::Redirect, Happened::Unknown),
    ];
    for (location, kind, sent_on) in failures {
        for (status, method, happened) in [
            (307, Method::POST, sent_on),
            (308, Method::GET, sent_on),
            (302, Method::GET, sent_on),
            (303, Method::HEAD, sent_on),
            (301, Method::PUT, sent_on),
            // What comes of the GET says nothing about the POST.
            (301, Method::POST, Happened::Unknown),
            (302, Method::POST, Happened::Unknown),
            (303, Method::POST, Happened::Yes),
            (303, Method::DELETE, Happened::Yes),
        ] {
            if method == Method::HEAD && kind == HttpErrorKind::TooLarge {
                continue;
            }
            let (server, _received) = leading(status, location);
            let error = send(&client, HttpRequest::new(method.clone(), server.url("/from"))).unwrap_err();
            assert_eq!((error.kind, error.happened), (kind, happened), "{method} {status} {error}");
            assert_eq!(error.message.ends_with(", after a redirect"), kind != HttpErrorKind::Redirect, "{error}");
        }
    }
}

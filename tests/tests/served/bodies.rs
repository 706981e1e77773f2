//! Request bodies: under limits, never whole when they are not, and no trouble when nobody reads them.

use std::{
    sync::mpsc::{self, Receiver},
    time::Duration,
};

use segno::{BodyErrorKind, Io, Request, Response, ResponseHead, Result, Router, join, smol::ServerOptions};

use crate::{
    client::{After, Client, PATIENCE, get, post, post_chunked},
    server::{Running, options},
};

/// Reads a body of at most 100 bytes.
async fn read(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.bytes(&mut io, 100).await?))
}

/// The server takes 1,000 bytes.
fn server() -> Running {
    let router = Router::new().post("/read", read).post("/unread", async |_, _| Ok(Response::text("unread")));
    let router = router.get("/", async |_, _| Ok(Response::text("still here")));
    Running::with(router, segno::smol::Backend::new(), ServerOptions { max_body: 1_000, ..options() })
}

#[track_caller]
fn refused(client: &mut Client, status: u16) {
    assert_eq!(client.reply().status, status);
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn a_body_at_the_limit_is_taken() {
    let server = server();
    let mut client = server.client();
    let body = "x".repeat(100);
    client.send(post("/read", &body) + &post_chunked("/read", &[&body[..1], &body[..99]]));
    assert_eq!((client.reply().text(), client.reply().text()), (body.clone(), body));
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_body_above_the_handler_s_limit_is_refused() {
    let server = server();
    let body = "x".repeat(101);
    for request in [post("/read", &body), post_chunked("/read", &[&body]), post_chunked("/read", &[&body[..100], "x"])]
    {
        let mut client = server.client();
        client.send(request);
        refused(&mut client, 413);
    }
}

#[test]
fn a_length_above_the_server_s_limit_is_refused_before_the_body_comes() {
    let server = server();
    for length in ["1001", "1000000000000000", "9223372036854775808", "18446744073709551615"] {
        for path in ["/read", "/unread"] {
            let mut client = server.client();
            client.send(format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {length}\r\n\r\n"));
            assert_eq!(client.reply().status, 413);
            assert_eq!(client.ends(), After::Close);
        }
    }
}

#[test]
fn chunks_above_the_server_s_limit_are_refused() {
    let router = Router::new().post("/", async |mut io: Io, mut request: Request| {
        let error = request.body.bytes(&mut io, 1 << 20).await.unwrap_err();
        assert_eq!(error.kind, BodyErrorKind::TooLarge);
        Err(error.into())
    });
    let server = Running::with(router, segno::smol::Backend::new(), ServerOptions { max_body: 1_000, ..options() });
    for request in [post_chunked("/", &["x".repeat(1_001).as_str()]), post_chunked("/", &["0123456789"; 101])] {
        let mut client = server.client();
        client.send(request);
        refused(&mut client, 413);
    }
}

/// A server whose handler tells what it thinks of the body.
fn judge() -> (Running, Receiver<Result<usize, BodyErrorKind>>) {
    let (send, judged) = mpsc::channel();
    let server = Running::new(Router::new().post("/", move |mut io: Io, mut request: Request| {
        let send = send.clone();
        async move {
            let body = request.body.bytes(&mut io, 1 << 20).await;
            send.send(body.as_ref().map(|body| body.len()).map_err(|error| error.kind)).unwrap();
            body?;
            Ok(Response::text("whole"))
        }
    }));
    (server, judged)
}

#[test]
fn a_torn_upload_never_seems_whole() {
    let (server, judged) = judge();
    let whole = [post("/", "0123456789"), post_chunked("/", &["01234", "56789"])];
    for request in &whole {
        let body = request.find("\r\n\r\n").unwrap() + 4;
        for cut in body..request.len() {
            let mut client = server.client();
            client.send(&request[..cut]);
            client.end_sending();
            assert_eq!(judged.recv_timeout(PATIENCE).unwrap(), Err(BodyErrorKind::Incomplete), "{}", &request[..cut]);
            refused(&mut client, 400);
        }
        let mut client = server.client();
        client.send(request);
        client.end_sending();
        assert_eq!(judged.recv_timeout(PATIENCE).unwrap(), Ok(10));
        assert_eq!(client.reply().text(), "whole");
    }
}

#[test]
fn a_body_that_is_no_chunked_body_is_refused() {
    let (server, judged) = judge();
    for body in ["x\r\n", "5\r\nhello!\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "\r\nhello\r\n"] {
        let mut client = server.client();
        client.send(format!("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n{body}"));
        assert_eq!(judged.recv_timeout(PATIENCE).unwrap(), Err(BodyErrorKind::Protocol), "{body}");
        refused(&mut client, 400);
    }
}

#[test]
fn a_body_that_stops_coming_is_given_up() {
    let router = Router::new().post("/", read);
    let options = ServerOptions { body_idle_time: Duration::from_millis(50), ..options() };
    let server = Running::with(router, segno::smol::Backend::new(), options);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nab");
    refused(&mut client, 408);
}

#[test]
fn an_unread_body_does_not_become_a_request() {
    let server = server();
    let smuggled = get("/smuggled");
    for request in [post("/unread", &smuggled), post_chunked("/unread", &[&smuggled])] {
        let mut client = server.client();
        client.send(request + &get("/"));
        assert_eq!((client.reply().text(), client.reply().text()), ("unread".into(), "still here".into()));
        assert_eq!(client.after(), After::Keep);
    }
}

#[test]
fn an_unread_body_may_come_after_the_answer() {
    let server = server();
    let mut client = server.client();
    let (request, next) = (post("/unread", "some body"), get("/"));
    let (first, second) = request.split_at(request.len() - 4);
    client.send(first);
    assert_eq!(client.reply().text(), "unread");
    client.send(second.to_owned() + &next);
    assert_eq!(client.reply().text(), "still here");
}

#[test]
fn an_unread_body_that_is_long_ends_the_connection() {
    let router: Router = Router::new().post("/", async |_, _| Ok(Response::text("unread")));
    let server = Running::with(router, segno::smol::Backend::new(), ServerOptions { max_body: 1 << 30, ..options() });
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1000000000\r\n\r\n");
    assert_eq!(client.reply().text(), "unread");
    let piece = vec![b'x'; 1 << 20];
    let sent = (0..1_000).take_while(|_| client.try_send(&piece).is_ok()).count();
    assert!(sent < 100, "{sent} MB were taken");
}

const EXPECTS: &str = "Host: test\r\nExpect: 100-continue\r\n";

#[test]
fn the_client_is_told_to_go_on_when_the_body_is_wanted() {
    let server = server();
    for expect in ["100-continue", "100-Continue"] {
        let mut client = server.client();
        client.send(format!("POST /read HTTP/1.1\r\nHost: test\r\nExpect: {expect}\r\nContent-Length: 5\r\n\r\n"));
        assert_eq!(client.reply().status, 100);
        client.send("hello");
        assert_eq!(client.reply().text(), "hello");
        assert_eq!(client.get("/").text(), "still here");
    }
}

#[test]
fn the_client_is_not_told_to_go_on_when_it_has_gone_on() {
    let server = server();
    let mut client = server.client();
    client.send(format!("POST /read HTTP/1.1\r\n{EXPECTS}Content-Length: 5\r\n\r\nhello{}", get("/")));
    assert_eq!((client.reply().text(), client.reply().text()), ("hello".into(), "still here".into()));
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn the_client_is_not_told_to_go_on_when_nobody_reads() {
    let server = server();
    let mut client = server.client();
    client.send(format!("POST /unread HTTP/1.1\r\n{EXPECTS}Content-Length: 5\r\n\r\n"));
    refused(&mut client, 200);
    // HTTP/1.0 knows no such thing, and there is no body to wait for.
    let mut client = server.client();
    client.send(format!("POST /read HTTP/1.1\r\n{EXPECTS}Content-Length: 0\r\n\r\n"));
    assert_eq!(client.reply().status, 200);
    client.send(format!("POST /read HTTP/1.0\r\n{EXPECTS}Content-Length: 5\r\n\r\nhello"));
    assert_eq!(client.reply().text(), "hello");
}

#[test]
fn the_client_is_not_told_to_go_on_between_head_and_body() {
    let router = Router::new().post("/", async |mut io: Io, mut request: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        let body = request.body.bytes(&mut io, 100).await?;
        out.write(&mut io, body).await?;
        Ok(out.end())
    });
    let server = Running::new(router);
    let mut client = server.client();
    client.send(format!("POST / HTTP/1.1\r\n{EXPECTS}Content-Length: 5\r\n\r\n"));
    assert_eq!(client.head().unwrap().status, 200);
    client.send("hello");
    assert_eq!((client.chunk().unwrap(), client.chunk().unwrap()), (b"hello".to_vec(), Vec::new()));
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_body_is_read_while_the_response_is_written() {
    let router = Router::new().post("/", async |mut io: Io, mut request: Request| {
        let mut out = io.respond(ResponseHead::text()).await?;
        while let Some(piece) = request.body.chunk(&mut io).await? {
            let (written, now) = join!(io: out.write(io, piece).await, io.now().await);
            written?;
            now?;
        }
        Ok(out.end())
    });
    let server = Running::new(router);
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.head().unwrap();
    for piece in ["one", "two", "three"] {
        client.send(format!("{:x}\r\n{piece}\r\n", piece.len()));
        assert_eq!(client.chunk().unwrap(), piece.as_bytes());
    }
    client.send("0\r\n\r\n");
    assert_eq!(client.chunk().unwrap(), b"");
    assert_eq!(client.after(), After::Keep);
}

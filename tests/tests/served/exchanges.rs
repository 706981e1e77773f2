//! Requests and responses on one connection: each request is answered once, and in order.

use segno::{Io, Request, Response, ResponseHead, Result, Router};

use crate::{
    client::{After, Client, get, post, post_chunked},
    server::Running,
};

/// Says what it got.
async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    let body = request.body.text(&mut io, 1 << 20).await?;
    Ok(Response::text(format!("{} {} [{body}]", request.method, request.uri)))
}

async fn stream(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    for number in 0..5 {
        out.write(&mut io, format!("piece {number};")).await?;
        out.write(&mut io, "").await?;
    }
    Ok(out.end())
}

fn router() -> Router {
    Router::new()
        .get("/{*path}", echo)
        .post("/{*path}", echo)
        .post("/unread", async |_, _| Ok(Response::text("unread")))
        .get("/stream", stream)
}

const STREAMED: &str = "piece 0;piece 1;piece 2;piece 3;piece 4;";

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let server = Running::new(router());
    let mut client = server.client();
    for number in 0..50 {
        let reply = client.get(&format!("/{number}"));
        assert_eq!((reply.status, reply.text()), (200, format!("GET /{number} []")));
        assert_eq!(reply.header("connection"), None);
        assert!(reply.header("date").is_some());
    }
    assert_eq!(client.after(), After::Keep);
}

/// Requests of every kind in one stream of bytes, and what each is answered with.
fn pipeline() -> (String, Vec<String>) {
    let requests = [
        (get("/1"), "GET /1 []".to_owned()),
        (post("/2", "hello"), "POST /2 [hello]".to_owned()),
        (get("/stream"), STREAMED.to_owned()),
        (post_chunked("/3", &["he", "l", "lo"]), "POST /3 [hello]".to_owned()),
        (format!("\r\n{}", get("/4")), "GET /4 []".to_owned()),
        (post("/unread", "some"), "unread".to_owned()),
        (post_chunked("/unread", &["some"]), "unread".to_owned()),
        (post("/5", ""), "POST /5 []".to_owned()),
        (post_chunked("/6", &[]), "POST /6 []".to_owned()),
        (get("/7"), "GET /7 []".to_owned()),
    ];
    let bytes = requests.iter().map(|(request, _)| &**request).collect();
    (bytes, requests.into_iter().map(|(_, answer)| answer).collect())
}

#[track_caller]
fn answers(client: &mut Client, expected: &[String]) {
    for answer in expected {
        let reply = client.reply();
        assert_eq!((reply.status, &reply.text()), (200, answer));
    }
}

#[test]
fn pipelined_requests_are_answered_once_each_and_in_order() {
    let server = Running::new(router());
    let (bytes, expected) = pipeline();
    let mut client = server.client();
    client.send(&bytes);
    answers(&mut client, &expected);
    assert_eq!(client.after(), After::Keep);
    // The connection is as good as new.
    client.send(&bytes);
    answers(&mut client, &expected);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_hundred_pipelined_requests_are_answered() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send((0..100).map(|number| get(&format!("/{number}"))).collect::<String>());
    let expected: Vec<_> = (0..100).map(|number| format!("GET /{number} []")).collect();
    answers(&mut client, &expected);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn it_does_not_matter_how_the_bytes_are_cut() {
    let server = Running::new(router());
    let (bytes, expected) = pipeline();
    // One connection after the other, so that every cut is a packet of its own.
    for cut in 1..bytes.len() {
        let mut client = server.client();
        client.send(&bytes[..cut]);
        client.send(&bytes[cut..]);
        answers(&mut client, &expected);
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let server = Running::new(router());
    let (bytes, expected) = pipeline();
    let mut client = server.client();
    for byte in bytes.bytes() {
        client.send([byte]);
    }
    answers(&mut client, &expected);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn head_is_answered_without_a_body() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send("HEAD /x HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.reply_to_head();
    client.send(get("/x"));
    let whole = client.reply();
    assert_eq!((head.status, head.header("content-length")), (200, Some("10")));
    assert_eq!(whole.header("content-length"), Some("9"), "HEAD has one letter more than GET");
    client.send("HEAD /stream HTTP/1.1\r\nHost: test\r\n\r\n");
    let head = client.reply_to_head();
    assert_eq!((head.status, head.header("content-length")), (200, None));
    assert_eq!(client.get("/x").status, 200);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn an_endless_stream_is_no_trouble_for_head() {
    let endless = async |mut io: Io, _: Request| -> Result<Response> {
        let mut out = io.respond(ResponseHead::text()).await?;
        loop {
            out.write(&mut io, "more").await?;
        }
    };
    let server = Running::new(Router::new().get("/", endless).get("/x", echo));
    let mut client = server.client();
    client.send("HEAD / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.reply_to_head().status, 200);
    assert_eq!(client.get("/x").status, 200);
}

#[test]
fn http_1_0_gets_one_answer_and_the_end() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send("GET /x HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.status, &*reply.text(), reply.header("connection")), (200, "GET /x []", Some("close")));
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn http_1_0_is_told_that_the_connection_goes_on_if_it_asks() {
    let server = Running::new(router());
    let mut client = server.client();
    for request in ["GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"; 2] {
        client.send(request);
        let reply = client.reply();
        assert_eq!((&*reply.text(), reply.header("connection")), ("GET /x []", Some("keep-alive")));
        assert_eq!(reply.header("content-length"), Some("9"));
    }
    client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let reply = client.reply();
    assert_eq!((&*reply.text(), reply.header("connection")), (STREAMED, Some("close")));
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn http_1_0_gets_a_stream_up_to_the_end_of_the_connection() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send("GET /stream HTTP/1.0\r\n\r\n");
    let reply = client.reply();
    assert_eq!((reply.header("transfer-encoding"), reply.header("content-length")), (None, None));
    assert_eq!(reply.text(), STREAMED);
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn a_stream_comes_in_chunks() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send(get("/stream"));
    let head = client.head().unwrap();
    assert_eq!((head.header("transfer-encoding"), head.header("content-length")), (Some("chunked"), None));
    let chunks: Vec<_> = (0..6).map(|_| String::from_utf8(client.chunk().unwrap()).unwrap()).collect();
    assert_eq!(chunks, ["piece 0;", "piece 1;", "piece 2;", "piece 3;", "piece 4;", ""]);
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn a_client_that_wants_the_end_gets_it() {
    let server = Running::new(router());
    for wish in ["close", "CLOSE", "foo, close", "close\r\nConnection: keep-alive"] {
        let mut client = server.client();
        client.send(format!("GET /x HTTP/1.1\r\nHost: test\r\nConnection: {wish}\r\n\r\n{}", get("/y")));
        let reply = client.reply();
        assert_eq!((reply.status, &*reply.text(), reply.header("connection")), (200, "GET /x []", Some("close")));
        assert_eq!(client.ends(), After::Close, "{wish}");
    }
}

#[test]
fn a_client_that_has_ended_its_sending_gets_its_answers() {
    let server = Running::new(router());
    let mut client = server.client();
    client.send(get("/1") + &post("/2", "hello"));
    client.end_sending();
    assert_eq!(client.reply().text(), "GET /1 []");
    assert_eq!(client.reply().text(), "POST /2 [hello]");
    assert_eq!(client.ends(), After::Close);
}

#[test]
fn a_body_comes_whole_whatever_its_size() {
    const SIZES: [usize; 6] = [0, 1, 16 * 1024, 16 * 1024 + 1, 1 << 20, 20 << 20];
    // No two places of a body look alike.
    let body = |size: usize| (0..size).map(|at| (at ^ (at >> 8) ^ (at >> 16)) as u8).collect::<Vec<_>>();
    let answers =
        move |_: Io, request: Request| async move { Ok(Response::text(body(request.query("size")?.unwrap_or(0)))) };
    let server = Running::new(Router::new().get("/", answers));
    let mut client = server.client();
    for size in SIZES {
        assert!(client.get(&format!("/?size={size}")).body == body(size), "{size} bytes are not what was sent");
    }
}

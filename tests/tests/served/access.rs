//! The access log.

use segno::{Io, Request, Response, ResponseHead, Result, Router};

use crate::{
    client::post,
    logs,
    server::{Running, eventually},
};

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    Ok(Response::text(request.body.text(&mut io, 1 << 20).await?))
}

async fn torn(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, "begun").await?;
    Err(segno::Error::status(500, "Internal Server Error"))
}

fn server() -> Running {
    logs::collect();
    Running::new(Router::new().post("/access/{what}", echo).get("/access/{what}", torn))
}

#[test]
fn a_request_is_one_line_that_says_all() {
    let server = server();
    let mut client = server.client();
    let fields = "User-Agent: curl\t\"8\" \u{e9} status=500\r\nX-Request-Id: access-log-1\r\nHost";
    client.send(post("/access/whole?password=secret", "body").replace("Host", fields));
    assert_eq!(client.reply().text(), "body");
    let line = logs::line_with(&["segno::access", "access-log-1"]);
    let peer = format!("peer={}", client.stream.local_addr().unwrap());
    for part in [
        "INFO segno::access:",
        "method=\"POST\"",
        "path=\"/access/whole\"",
        "version=\"HTTP/1.1\"",
        "status=200",
        "whole=true",
        "micros=",
        &peer,
        "request_id=\"access-log-1\"",
        r#"user_agent="curl\t\"8\" é status=500""#,
    ] {
        assert!(line.contains(part), "{part} is missing: {line}");
    }
    assert!(!line.contains("secret") && !line.contains("refused"), "{line}");
    let bytes: u64 = line.split("bytes=").nth(1).and_then(|rest| rest.split(' ').next()?.parse().ok()).unwrap();
    assert!((100..400).contains(&bytes), "head and body have {bytes}?");
    // Each line stands for itself: it is in no span.
    assert!(!line.contains("request{"), "{line}");
    let lines = || logs::count_with(&["segno::access", "access-log-1"]);
    assert_eq!(lines(), 1);
}

#[test]
fn what_is_not_whole_is_said_to_be_so() {
    let server = server();
    let mut client = server.client();
    client.send("GET /access/torn HTTP/1.1\r\nHost: test\r\nX-Request-Id: access-log-2\r\n\r\n");
    client.head().unwrap();
    assert_eq!(client.chunks_until("begun"), "begun");
    let line = logs::line_with(&["segno::access", "access-log-2"]);
    assert!(line.contains("status=200") && line.contains("whole=false"), "{line}");
}

#[test]
fn a_body_that_is_shorter_than_announced_is_an_error_in_the_log() {
    logs::collect();
    let server = Running::new(Router::new().get("/", async |mut io: Io, _: Request| {
        let mut out = io.respond(ResponseHead::text().header("content-length", "4711")?).await?;
        out.write(&mut io, "abc").await?;
        Ok(out.end())
    }));
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    assert_eq!(client.head().unwrap().header("content-length"), Some("4711"));
    logs::line_with(&["ERROR", "less than its Content-Length says", "left=4708"]);
}

#[test]
fn a_request_that_is_refused_is_there_too() {
    let server = server();
    let mut client = server.client();
    client.send("GET /access/refused HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    let reply = client.reply();
    let id = reply.header("x-request-id").unwrap();
    let line = logs::line_with(&["segno::access", id]);
    for part in ["status=400", "whole=true", "refused=\"there are two Host fields\"", "method=\"-\""] {
        assert!(line.contains(part), "{part} is missing: {line}");
    }
}

#[test]
fn what_a_handler_logs_has_the_id() {
    let server = server();
    let mut client = server.client();
    client.send("GET /access/torn HTTP/1.1\r\nHost: test\r\nX-Request-Id: access-log-3\r\n\r\n");
    client.head().unwrap();
    eventually("the failure is logged in the request's span", || {
        logs::count_with(&["ERROR request{", "request_id=\"access-log-3\"", "a handler has failed"]) == 1
    });
}

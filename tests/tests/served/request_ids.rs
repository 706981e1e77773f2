//! Ids of requests: in the request, in the response, and in the log.

use segno::{
    Io, Request, Response, ResponseHead, Result, Router,
    http::{HeaderName, HeaderValue},
    smol::{Backend, ServerOptions},
};

use crate::{
    client::Reply,
    server::{Running, options},
};

/// Tells the id that the handler sees.
async fn id(_: Io, request: Request) -> Result<Response> {
    Ok(Response::text(request.header("x-request-id").unwrap_or("none").to_owned()))
}

async fn stream(mut io: Io, request: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, request.header("x-request-id").unwrap_or("none").to_owned()).await?;
    Ok(out.end())
}

/// Answers as somebody else did.
async fn forwards(_: Io, request: Request) -> Result<Response> {
    let id = request.header("x-request-id").unwrap_or("none").to_owned();
    Ok(Response::text(id).header("x-request-id", "of-somebody-else")?)
}

fn server() -> Running {
    Running::new(Router::new().get("/", id).get("/stream", stream).get("/forwards", forwards))
}

fn ask(server: &Running, path: &str, fields: &str) -> Reply {
    let mut client = server.client();
    client.send(format!("GET {path} HTTP/1.1\r\nHost: test\r\n{fields}\r\n"));
    client.reply()
}

#[track_caller]
fn is_made(id: &str) {
    let is_hexadecimal = id.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    assert!(id.len() == 32 && is_hexadecimal, "{id}");
}

#[test]
fn a_request_without_an_id_gets_one() {
    let server = server();
    let ids = ["/", "/stream", "/forwards"].map(|path| {
        let reply = ask(&server, path, "");
        assert_eq!(reply.header("x-request-id"), Some(&*reply.text()), "handler and client see the same");
        is_made(&reply.text());
        reply.text()
    });
    assert!(ids[0] != ids[1] && ids[1] != ids[2], "{ids:?}");
}

#[test]
fn a_valid_id_of_the_client_is_taken_and_no_other() {
    let server = server();
    for id in ["7", "3f1c0f6e-6a6d-4c0e-9a6e-1c2b3d4e5f60", "Root=1-67891233;Self=!~", &"x".repeat(128)] {
        let reply = ask(&server, "/", &format!("X-Request-Id: {id}\r\n"));
        assert_eq!((&*reply.text(), reply.header("x-request-id")), (id, Some(id)));
    }
    let long = "x".repeat(129);
    for fields in ["", "two words", "caf\u{e9}", "a\tb", &long, "one\r\nX-Request-Id: two"] {
        let reply = ask(&server, "/", &format!("X-Request-Id: {fields}\r\n"));
        assert_eq!(reply.header("x-request-id"), Some(&*reply.text()), "{fields}");
        is_made(&reply.text());
    }
}

#[test]
fn what_the_server_answers_for_itself_has_an_id_too() {
    let server = server();
    let reply = ask(&server, "/nothing", "X-Request-Id: mine\r\n");
    assert_eq!((reply.status, reply.header("x-request-id")), (404, Some("mine")));
    let reply = ask(&server, "/", "Host: two\r\n");
    assert_eq!(reply.status, 400);
    is_made(reply.header("x-request-id").unwrap());
}

#[test]
fn the_field_may_be_another_one_or_none() {
    let router = || Router::new().get("/", id);
    let other = ServerOptions { request_id: Some(HeaderName::from_static("x-trace")), ..options() };
    let server = Running::with(router(), Backend::new(), other);
    let reply = ask(&server, "/", "X-Request-Id: mine\r\n");
    assert_eq!((&*reply.text(), reply.header("x-request-id")), ("mine", None));
    is_made(reply.header("x-trace").unwrap());
    let server = Running::with(router(), Backend::new(), ServerOptions { request_id: None, ..options() });
    let reply = ask(&server, "/", "");
    assert_eq!((&*reply.text(), reply.header("x-request-id")), ("none", None));
}

#[test]
fn every_response_has_the_server_s_fields_unless_it_says_otherwise() {
    let fields = [("x-frame-options", "DENY"), ("x-request-id", "never"), ("content-type", "text/x-never")];
    let headers =
        fields.into_iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    let options = ServerOptions { headers: headers.collect(), ..options() };
    let own = async |_: Io, _: Request| Ok(Response::text("").header("x-frame-options", "SAMEORIGIN")?);
    let server =
        Running::with(Router::new().get("/", id).get("/stream", stream).get("/own", own), Backend::new(), options);
    for (path, fields, frame) in [
        ("/", "", "DENY"),
        ("/stream", "", "DENY"),
        ("/own", "", "SAMEORIGIN"),
        ("/nothing", "", "DENY"),
        ("/", "Host: two\r\n", "DENY"),
    ] {
        let reply = ask(&server, path, fields);
        assert_eq!(reply.header("x-frame-options"), Some(frame), "{path} {fields}");
        assert_eq!(reply.headers.iter().filter(|(name, _)| name == "x-frame-options").count(), 1);
        assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
        assert_ne!(reply.header("x-request-id"), Some("never"));
    }
}

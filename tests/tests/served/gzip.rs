//! Compressed responses, as clients understand them that others wrote.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use segno::{
    Io, Request, Response, ResponseHead, Result, Router,
    smol::{Backend, ServerOptions},
};

use crate::{
    client::{After, Client, Reply},
    programs::{is_here, output},
    server::{Running, options},
};

fn page() -> String {
    (0..400).map(|number| format!("line {number} of the page\n")).collect()
}

/// Longer than what is compressed at once.
fn book() -> String {
    (0..40_000).map(|number| format!("line {number} of the book\n")).collect()
}

/// A response with these fields, which the target's query tells: `?content-type=text/css&status=200`.
async fn as_told(_: Io, request: Request) -> Result<Response> {
    let mut response = Response::new(request.query("status")?.unwrap_or(200), page());
    for name in ["content-type", "content-encoding", "content-range", "cache-control", "etag", "vary"] {
        if let Some(value) = request.query::<String>(name)? {
            response = response.header(name, &value)?;
        }
    }
    Ok(response)
}

/// Three pieces; each after the first waits for a message.
async fn events(mut io: Io, _: Request) -> Result<Response> {
    let mut room = io.chat_subscribe("room").await?;
    let mut out = io.respond(ResponseHead::new(200).header("content-type", "text/event-stream")?).await?;
    out.write(&mut io, "data: begin\n\n").await?;
    for _ in 0..2 {
        let message = room.recv(&mut io).await?;
        out.write(&mut io, format!("data: {message}\n\n")).await?;
    }
    Ok(out.end())
}

/// A stream that says how long it is, and is as long as the query says.
async fn announced(mut io: Io, request: Request) -> Result<Response> {
    let written: usize = request.query("written")?.unwrap_or(5_000);
    let mut out = io.respond(ResponseHead::text().header("content-length", "5000")?).await?;
    for piece in vec![b'x'; written].chunks(1_000) {
        out.write(&mut io, piece.to_vec()).await?;
    }
    Ok(out.end())
}

/// A long piece, and a short one.
async fn streamed(mut io: Io, _: Request) -> Result<Response> {
    let mut out = io.respond(ResponseHead::text()).await?;
    out.write(&mut io, book()).await?;
    out.write(&mut io, "the end").await?;
    Ok(out.end())
}

async fn say(mut io: Io, request: Request) -> Result<Response> {
    io.chat_send("room", request.param::<String>("text")?).await?;
    Ok(Response::text(""))
}

fn server() -> Running {
    let router: Router = Router::new()
        .get("/page", async |_, _| Ok(Response::html(page())))
        .get("/book", async |_, _| Ok(Response::text(book())))
        .get("/short", async |_, _| Ok(Response::text("short")))
        .get("/told", as_told)
        .get("/events", events)
        .get("/announced", announced)
        .get("/streamed", streamed)
        .get("/say/{text}", say);
    Running::with(router, Backend::new(), ServerOptions { gzip: true, ..options() })
}

fn ask(client: &mut Client, target: &str, accepts: &str) -> Reply {
    client.send(format!("GET {target} HTTP/1.1\r\nHost: test\r\nAccept-Encoding: {accepts}\r\n\r\n"));
    client.reply()
}

/// What Python's own gzip makes of it.
fn unzipped(body: &[u8]) -> Vec<u8> {
    let script = "import sys, gzip; sys.stdout.buffer.write(gzip.decompress(sys.stdin.buffer.read()))";
    let mut python = Command::new("python3");
    let mut python = python.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(body).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    output.stdout
}

#[test]
fn what_is_compressed_is_what_was_written() {
    if is_here(&["python3"]).is_none() {
        return;
    }
    let server = server();
    let mut client = server.client();
    let streamed = book() + "the end";
    let texts = [("/page", page()), ("/book", book()), ("/announced", "x".repeat(5_000)), ("/streamed", streamed)];
    for (target, text) in texts {
        let reply = ask(&mut client, target, "gzip");
        assert_eq!((reply.status, reply.header("content-encoding")), (200, Some("gzip")), "{target}");
        assert_eq!(reply.header("vary"), Some("accept-encoding"));
        assert!(reply.body.len() < text.len() / 3, "{target}");
        assert!(unzipped(&reply.body) == text.as_bytes(), "{target}");
    }
    assert_eq!(client.after(), After::Keep);
}

#[test]
fn curl_asks_for_it_and_understands_it() {
    if is_here(&["curl"]).is_none() {
        return;
    }
    let server = server();
    let curl = |arguments: &[&str], path: &str| {
        let url = format!("http://{}{path}", server.address);
        output(Command::new("curl").args(["-sS", "-m", "20", "--noproxy", "*"]).args(arguments).arg(url))
    };
    for version in ["-0", "--http1.1"] {
        assert!(curl(&[version, "--compressed"], "/page") == page());
        assert!(curl(&[version, "--compressed"], "/book") == book());
        assert!(curl(&[version, "--compressed"], "/streamed") == book() + "the end");
        assert!(curl(&[version], "/book") == book());
    }
    let size = ["-o", "/dev/null", "-w", "%{size_download}", "--compressed"];
    assert!(curl(&size, "/book").parse::<usize>().unwrap() < book().len() / 3);
}

/// Of RFC 9110, section 12.5.3.
#[test]
fn a_client_gets_what_it_accepts() {
    let server = server();
    let mut client = server.client();
    let yes = [
        "gzip",
        "GZIP",
        "x-gzip",
        "deflate, gzip",
        "gzip;q=1.0, identity;q=0.5",
        "gzip;q=0.001",
        "*",
        "*;q=0.5",
        "br;q=1.0, gzip;q=0.8, *;q=0.1",
        "gzip ; q=0.5",
        "identity;q=0, *",
        "identity;q=0.5, gzip;q=0.5",
        "gzip;Q=1",
    ];
    let no = [
        "",
        "identity",
        "gzip;q=0",
        "gzip;q=0.0",
        "gzip;q=0.000",
        "deflate",
        "br",
        "*;q=0",
        "gzip;q=0, *",
        "gzip;q=x",
        "gzip;q=2",
        "gzip;q=0.1, identity;q=0.2",
        "gzip;x=1",
        "gzip;q=-1",
        "gzip;q=0.0001",
        "gzipped",
        "not gzip",
    ];
    for (accepts, wanted) in yes.map(|accepts| (accepts, Some("gzip"))).into_iter().chain(no.map(|no| (no, None))) {
        let reply = ask(&mut client, "/page", accepts);
        assert_eq!(reply.header("content-encoding"), wanted, "{accepts}");
        assert_eq!(reply.header("vary"), Some("accept-encoding"), "{accepts}");
    }
    let reply = client.get("/page");
    assert_eq!((reply.header("content-encoding"), reply.header("vary")), (None, Some("accept-encoding")));
    // Two fields are one list.
    client.send("GET /page HTTP/1.1\r\nHost: test\r\nAccept-Encoding: br\r\nAccept-Encoding: gzip\r\n\r\n");
    assert_eq!(client.reply().header("content-encoding"), Some("gzip"));
}

#[test]
fn only_what_gains_by_it_and_allows_it_is_compressed() {
    let server = server();
    let mut client = server.client();
    let cases = [
        ("content-type=text/css", true),
        ("content-type=TEXT/HTML;charset=utf-8", true),
        ("content-type=application/json", true),
        ("content-type=application/problem%2Bjson", true),
        ("content-type=image/svg%2Bxml", true),
        ("content-type=text/javascript", true),
        ("content-type=application/wasm", true),
        ("content-type=text/plain&status=404", true),
        ("content-type=text/plain&status=500", true),
        ("content-type=text/plain&cache-control=max-age=9", true),
        ("content-type=image/png", false),
        ("content-type=application/zip", false),
        ("content-type=application/octet-stream", false),
        ("", false),
        ("content-type=text/plain&content-encoding=br", false),
        ("content-type=text/plain&content-encoding=identity", false),
        ("content-type=text/plain&cache-control=no-transform", false),
        ("content-type=text/plain&cache-control=public,%20No-Transform", false),
    ];
    for (query, wanted) in cases {
        let reply = ask(&mut client, &format!("/told?{query}"), "gzip");
        assert_eq!(reply.header("content-encoding") == Some("gzip"), wanted, "{query}");
        assert_eq!(reply.header("vary").is_some(), wanted, "{query}");
        assert_eq!(reply.body.len() < page().len(), wanted, "{query}");
    }
    let short = ask(&mut client, "/short", "gzip");
    assert_eq!((short.header("content-encoding"), &*short.text()), (None, "short"));
    for status in [204, 304] {
        let reply = ask(&mut client, &format!("/told?content-type=text/plain&status={status}"), "gzip");
        assert_eq!((reply.status, reply.header("content-encoding"), reply.body.len()), (status, None, 0));
        assert_eq!(reply.header("vary").is_some(), status == 304);
    }
}

#[test]
fn fields_tell_that_it_is_another_encoding_of_the_same() {
    let server = server();
    let mut client = server.client();
    let told = |fields: &str| format!("/told?content-type=text/plain&{fields}");
    assert_eq!(ask(&mut client, &told("etag=%22a%22"), "gzip").header("etag"), Some("W/\"a\""));
    assert_eq!(ask(&mut client, &told("etag=W/%22a%22"), "gzip").header("etag"), Some("W/\"a\""));
    assert_eq!(ask(&mut client, &told("etag=%22a%22"), "br").header("etag"), Some("\"a\""));
    let known = told("etag=%22a%22&status=304");
    assert_eq!(ask(&mut client, &known, "gzip").header("etag"), Some("W/\"a\""), "it stands for the compressed one");
    assert_eq!(ask(&mut client, &known, "br").header("etag"), Some("\"a\""));
    for vary in ["*", "Accept-Encoding", "cookie,%20accept-encoding"] {
        let reply = ask(&mut client, &told(&format!("vary={vary}")), "gzip");
        assert_eq!(reply.headers.iter().filter(|(name, _)| name == "vary").count(), 1, "{vary}");
    }
    let reply = ask(&mut client, &told("vary=cookie"), "gzip");
    let names: Vec<_> = reply.headers.iter().filter(|(name, _)| name == "vary").map(|(_, value)| &**value).collect();
    assert_eq!(names, ["cookie", "accept-encoding"]);
}

/// What a cache knows of the whole holds for its parts (RFC 9110, section 15.3.7).
#[test]
fn a_part_varies_as_the_whole_does() {
    let server = server();
    let mut client = server.client();
    for part in ["content-range=bytes%200-9/10", "status=206"] {
        let reply = ask(&mut client, &format!("/told?content-type=text/plain&{part}"), "gzip");
        assert_eq!((reply.header("vary"), reply.header("content-encoding")), (Some("accept-encoding"), None), "{part}");
    }
    let image = ask(&mut client, "/told?status=206&content-type=image/png", "gzip");
    assert_eq!(image.header("vary"), None);
}

#[test]
fn head_is_answered_as_get_would_be() {
    let server = server();
    let mut client = server.client();
    for target in ["/page", "/book", "/short", "/announced"] {
        let get = ask(&mut client, target, "gzip");
        client.send(format!("HEAD {target} HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n"));
        let head = client.reply_to_head();
        let fields = |reply: &Reply| {
            let mut fields = reply.headers.clone();
            fields.retain(|(name, _)| name != "date" && name != "x-request-id");
            fields
        };
        assert_eq!(fields(&head), fields(&get), "{target}");
    }
    assert_eq!(client.after(), After::Keep);
}

const READER: &str = r#"
import socket, sys, zlib
host, port = sys.argv[1].rsplit(":", 1)
stream = socket.create_connection((host, int(port)), timeout=20)
stream.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
file = stream.makefile("rb")
fields = b"".join(iter(file.readline, b"\r\n")).lower()
assert b"content-encoding: gzip" in fields and b"chunked" in fields, fields
gunzip, text = zlib.decompressobj(31), b""
def until(end):
    global text
    while not text.endswith(end):
        size = int(file.readline(), 16)
        assert size, "the body has ended"
        text += gunzip.decompress(file.read(size))
        file.readline()
def say(word):
    other = socket.create_connection((host, int(port)), timeout=20)
    other.sendall(b"GET /say/" + word + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert other.makefile("rb").readline().startswith(b"HTTP/1.1 200")
until(b"begin\n\n")
for word in b"one", b"two":
    say(word)
    until(word + b"\n\n")
while size := int(file.readline(), 16):
    text += gunzip.decompress(file.read(size))
    file.readline()
assert gunzip.eof, "the end is missing"
print(text.decode())
"#;

/// Each event is understood before the next one is asked for: else this would wait for ever.
#[test]
fn a_piece_of_a_stream_can_be_read_when_it_is_written() {
    if is_here(&["python3"]).is_none() {
        return;
    }
    let server = server();
    let text = output(Command::new("python3").args(["-c", READER, &server.address.to_string()]));
    assert_eq!(text, "data: begin\n\ndata: one\n\ndata: two\n\n\n");
}

#[test]
fn a_stream_that_is_not_as_long_as_it_said_is_torn() {
    let server = server();
    for written in [4_999, 5_001] {
        let mut client = server.client();
        let target = format!("/announced?written={written}");
        client.send(format!("GET {target} HTTP/1.1\r\nHost: test\r\nAccept-Encoding: gzip\r\n\r\n"));
        client.try_reply(false).unwrap_err();
    }
}

#[test]
fn without_the_option_nothing_is_compressed() {
    let server = Running::new(Router::new().get("/page", async |_, _| Ok(Response::html(page()))));
    let reply = ask(&mut server.client(), "/page", "gzip");
    assert_eq!((reply.header("content-encoding"), reply.header("vary"), reply.text()), (None, None, page()));
}

//! Requests of every kind, good, doubtful and bad: each gets the answer that RFC 9112 wants, once, and the connection goes
//! on only where it is clear where the next request begins.

use std::time::Duration;

use segno::{
    Io, Request, Response, Result, Router,
    smol::{Backend, ServerOptions},
};

use crate::{
    client::{
        After::{self, Close, Keep},
        get,
    },
    server::{Running, options},
};

/// What is sent, the statuses that come, and what becomes of the connection.
type Row = (&'static str, Vec<u8>, &'static [u16], After);

async fn echo(mut io: Io, mut request: Request) -> Result<Response> {
    let body = request.body.bytes(&mut io, 1 << 20).await?;
    Ok(Response::text(format!("{} {} {}", request.method, request.uri, body.len())))
}

fn server() -> Running {
    let options = ServerOptions {
        head_time: Duration::from_millis(150),
        body_idle_time: Duration::from_millis(150),
        idle_time: Duration::from_secs(60),
        ..options()
    };
    Running::with(Router::new().fallback(echo), Backend::new(), options)
}

#[track_caller]
fn all(rows: Vec<Row>) {
    let server = server();
    for (name, request, statuses, after) in rows {
        let mut client = server.client();
        // What is refused may be refused before it was sent.
        let _ = client.try_send(&request);
        for status in statuses {
            let reply = client.try_reply(false).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(reply.status, *status, "{name}: {}", reply.text());
        }
        match after {
            Keep => {
                assert_eq!(client.after(), Keep, "{name}");
                assert_eq!(client.get("/next").text(), "GET /next 0", "{name}");
            }
            Close | After::Reset => assert_ne!(client.ends(), Keep, "{name}"),
        }
    }
    assert_eq!(server.client().get("/").status, 200, "the server is alive");
}

fn row(name: &'static str, request: impl Into<Vec<u8>>, statuses: &'static [u16], after: After) -> Row {
    (name, request.into(), statuses, after)
}

/// A GET request with these lines after its first.
fn lines(lines: &str) -> String {
    format!("GET /echo HTTP/1.1\r\n{lines}\r\n\r\n")
}

/// A GET request with these fields beside `Host`.
fn fields(fields: &str) -> String {
    lines(&format!("Host: x\r\n{fields}"))
}

/// A POST request with these fields, a body, and a GET request after it.
fn body(fields: &str, body: &str) -> String {
    format!("POST /echo HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n{body}")
}

/// A request for this target.
fn target(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n")
}

/// A chunked body of these bytes.
fn chunked(bytes: &str) -> String {
    body("Transfer-Encoding: chunked", bytes)
}

#[test]
fn request_lines() {
    let line = |line: &str| format!("{line}\r\nHost: x\r\n\r\n");
    all(vec![
        row("a plain request", line("GET / HTTP/1.1"), &[200], Keep),
        row("an empty line before it", "\r\n".to_owned() + &line("GET / HTTP/1.1"), &[200], Keep),
        row("two empty lines before it", "\r\n\r\n".to_owned() + &line("GET / HTTP/1.1"), &[200], Keep),
        row("garbage", line("garbage"), &[400], Close),
        row("two spaces", line("GET  / HTTP/1.1"), &[400], Close),
        row("a space before it", line(" GET / HTTP/1.1"), &[400], Close),
        row("a space after it", line("GET / HTTP/1.1 "), &[400], Close),
        row("no version", line("GET /"), &[400], Close),
        row("no target", line("GET HTTP/1.1"), &[400], Close),
        row("a TLS hello", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n".to_vec(), &[400], Close),
        row("a TLS hello without a line end", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[408], Close),
        row("HTTP/1.0", line("GET / HTTP/1.0"), &[200], Close),
        row("HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", &[200], Close),
        row("HTTP/2.0", line("GET / HTTP/2.0"), &[505], Close),
        row("HTTP/9.9", line("GET / HTTP/9.9"), &[505], Close),
        row("a lower-case version", line("GET / http/1.1"), &[400], Close),
        row("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[505], Close),
        row("an unknown method", line("BREW / HTTP/1.1"), &[501], Close),
        row("a lower-case method", line("get / HTTP/1.1"), &[501], Close),
        row("a method that is no token", line("G{T / HTTP/1.1"), &[400], Close),
        row("CONNECT", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", &[501], Close),
        row("a bare LF everywhere", "GET / HTTP/1.1\nHost: x\n\n", &[400], Close),
        row("a bare CR as line end", "GET / HTTP/1.1\rHost: x\r\r", &[408], Close),
        row("no end", "GET / HTTP/1.1\r\nHost: x\r\n", &[408], Close),
    ]);
}

#[test]
fn targets() {
    let long = |length: usize| target(&format!("/{}", "x".repeat(length - 1)));
    let far = |length: usize| format!("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", "x".repeat(length - 1), "h".repeat(200));
    all(vec![
        row("absolute", target("http://other/echo"), &[200], Keep),
        row("absolute without a path", target("http://other"), &[200], Keep),
        row("absolute with a user", target("http://a@other/echo"), &[400], Close),
        row("another scheme", target("ftp://other/echo"), &[400], Close),
        row("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", &[204], Keep),
        row("GET *", target("*"), &[400], Close),
        row("no slash", target("echo"), &[400], Close),
        row("two slashes", target("//evil/echo"), &[200], Keep),
        row("dots", target("/a/../echo"), &[200], Keep),
        row("encoded dots", target("/a/%2e%2e/echo"), &[200], Keep),
        row("a backslash", target("/a\\..\\echo"), &[400], Close),
        row("a fragment", target("/echo#x"), &[400], Close),
        row("a tab", target("/a\tb"), &[400], Close),
        row("NUL", target("/a\0b"), &[400], Close),
        row("not ASCII", target("/é"), &[400], Close),
        row("8,000 bytes", long(8_000), &[200], Keep),
        row("8,000 bytes and a long host", far(8_000), &[200], Keep),
        row("8,100 bytes", long(8_100), &[200], Keep),
        row("8,200 bytes", long(8_200), &[414], Close),
        row("9,000 bytes", long(9_000), &[414], Close),
        row("100,000 bytes", long(100_000), &[414], Close),
    ]);
    // What a handler sees is what was sent.
    let server = server();
    let mut client = server.client();
    for path in ["//evil/echo", "/a/../echo", "/a/%2e%2e/echo", "/?a=b&c=%00"] {
        assert_eq!(client.get(path).text(), format!("GET {path} 0"));
    }
}

#[test]
fn hosts_and_fields() {
    let many = |count: usize| fields(&(1..count).map(|n| format!("X-{n}: y")).collect::<Vec<_>>().join("\r\n"));
    all(vec![
        row("no Host", lines("X: y"), &[400], Close),
        row("two Hosts", fields("Host: x"), &[400], Close),
        row("an empty Host", lines("Host:"), &[400], Close),
        row("a Host with a path", lines("Host: x/admin?"), &[400], Close),
        row("a Host with a user", lines("Host: a@b"), &[400], Close),
        row("a Host with a space", lines("Host: a b"), &[400], Close),
        row("a Host with a port", lines("Host: x:8080"), &[200], Keep),
        row("a Host with a strange port", lines("Host: x:8o"), &[400], Close),
        row("an address", lines("Host: [::1]:80"), &[200], Keep),
        row("a folded field", fields("A: b\r\n c: d"), &[400], Close),
        row("a first field that is folded", lines(" Host: x"), &[400], Close),
        row("a bare LF in one field", fields("A: b\nC: d"), &[400], Close),
        row("a bare CR in a value", fields("A: b\rC: d"), &[400], Close),
        row("a space before the colon", fields("A : b"), &[400], Close),
        row("no colon", fields("A"), &[400], Close),
        row("an empty name", fields(": v"), &[400], Close),
        row("a name with a parenthesis", fields("A(: v"), &[400], Close),
        row("NUL in a value", fields("A: \0"), &[400], Close),
        row("NUL in a name", fields("A\0: b"), &[400], Close),
        row("a byte that is not ASCII", b"GET / HTTP/1.1\r\nHost: x\r\nA: \xff\r\n\r\n".to_vec(), &[200], Keep),
        row("UTF-8", fields("A: é"), &[200], Keep),
        row("9 KB in one field", fields(&format!("A: {}", "x".repeat(9_000))), &[200], Keep),
        row("100 KB in one field", fields(&format!("A: {}", "x".repeat(100_000))), &[431], Close),
        row("100 fields", many(100), &[200], Keep),
        row("101 fields", many(101), &[431], Close),
        row("1,000 fields", many(1_000), &[431], Close),
        row("an upgrade", fields("Upgrade: h2c\r\nConnection: upgrade"), &[200], Keep),
        row("Connection with a list", fields("Connection: keep-alive, TE"), &[200], Keep),
        row("a second request after close", fields("Connection: close") + &get("/"), &[200], Close),
        row("an unknown expectation", fields("Expect: miracles"), &[417], Close),
    ]);
}

#[test]
fn lengths() {
    let length = |length: &str| body(&format!("Content-Length: {length}"), "hello");
    let coding = |coding: &str| body(&format!("Transfer-Encoding: {coding}"), "5\r\nhello\r\n0\r\n\r\n");
    let smuggled = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
    all(vec![
        row("a length", length("5"), &[200], Keep),
        row("a length with leading zeros", length("0005"), &[200], Keep),
        row("a length with space around it", length(" \t5 \t"), &[200], Keep),
        row("a length twice", length("5\r\nContent-Length: 5"), &[400], Close),
        row("two lengths", length("5\r\nContent-Length: 10"), &[400], Close),
        row("two lengths, the longer first", length("10\r\nContent-Length: 5"), &[400], Close),
        row("a list", length("5, 5"), &[400], Close),
        row("a sign", length("+5"), &[400], Close),
        row("a negative length", length("-5"), &[400], Close),
        row("two numbers", length("5 5"), &[400], Close),
        row("hexadecimal", length("0x5"), &[400], Close),
        row("an empty length", length(""), &[400], Close),
        row("a word", length("abc"), &[400], Close),
        row("more than 64 bits", length("18446744073709551616"), &[413], Close),
        row("2^63", length("9223372036854775808"), &[413], Close),
        row("10^15", length("1000000000000000"), &[413], Close),
        row("a space before the colon", body("Content-Length : 5", "hello"), &[400], Close),
        row("a length and a coding", body("Content-Length: 5\r\nTransfer-Encoding: chunked", smuggled), &[400], Close),
        row("gzip and chunked", coding("gzip, chunked"), &[501], Close),
        row("chunked and gzip", coding("chunked, gzip"), &[400], Close),
        row("an unknown coding", coding("xchunked"), &[501], Close),
        row("a request in an unknown coding", body("Transfer-Encoding: xchunked", smuggled), &[501], Close),
        row("identity", coding("identity"), &[501], Close),
        row("identity and a length", body("Transfer-Encoding: identity\r\nContent-Length: 5", "hello"), &[400], Close),
        row("chunked twice", coding("chunked\r\nTransfer-Encoding: chunked"), &[400], Close),
        row("chunked, chunked", coding("chunked, chunked"), &[400], Close),
        row("chunked and identity", coding("chunked\r\nTransfer-Encoding: identity"), &[400], Close),
        row("another case", coding("Chunked"), &[200], Keep),
        row("a tab", coding("\tchunked\t"), &[200], Keep),
        row("a vertical tab", coding("\x0bchunked"), &[400], Close),
        row("chunked in HTTP/1.0", coding("chunked").replace("HTTP/1.1", "HTTP/1.0"), &[400], Close),
    ]);
}

#[test]
fn chunks() {
    let trailers = |count: usize, value: &str| {
        let trailers: String = (0..count).map(|n| format!("X-{n}: {value}\r\n")).collect();
        chunked(&format!("5\r\nhello\r\n0\r\n{trailers}\r\n"))
    };
    all(vec![
        row("a chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), &[200], Keep),
        row("an extension", chunked("5;a=b\r\nhello\r\n0\r\n\r\n"), &[200], Keep),
        row("64 KB of extension", chunked(&format!("5;{}\r\nhello\r\n0\r\n\r\n", "a".repeat(65_536))), &[400], Close),
        row("a size of 17 digits", chunked("fffffffffffffffff\r\nhello"), &[400], Close),
        row("the greatest size", chunked("ffffffffffffffff\r\nhello"), &[413], Close),
        row("100 leading zeros", chunked(&format!("{}5\r\nhello\r\n0\r\n\r\n", "0".repeat(100))), &[400], Close),
        row("0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("a negative size", chunked("-5\r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("a space before the size", chunked(" 5\r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("a space after the size", chunked("5 \r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("no size", chunked("\r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("a bare LF", chunked("5\nhello\n0\n\n"), &[400], Close),
        row("data that is longer than its size", chunked("5\r\nhello!\r\n0\r\n\r\n"), &[400], Close),
        row("data that is shorter than its size", chunked("6\r\nhello\r\n0\r\n\r\n"), &[400], Close),
        row("no last chunk", chunked("5\r\nhello\r\n"), &[408], Close),
        row("no end after the last chunk", chunked("5\r\nhello\r\n0\r\n"), &[408], Close),
        row("trailers", trailers(2, "y"), &[200], Keep),
        row("20 trailers", trailers(20, "y"), &[200], Keep),
        row("9 KB of trailers", trailers(1, &"y".repeat(9_000)), &[400], Close),
        row("trailers that are none", chunked("5\r\nhello\r\n0\r\nno trailer\r\n\r\n"), &[400], Close),
        row("a body that stops", body("Content-Length: 5", "he"), &[408], Close),
        row("a body and a request", body("Content-Length: 5", "hello") + &get("/"), &[200, 200], Keep),
        row("chunks and a request", chunked("5\r\nhello\r\n0\r\n\r\n") + &get("/"), &[200, 200], Keep),
        row("three requests", get("/1") + &get("/2") + &get("/3"), &[200, 200, 200], Keep),
        row("a request and nonsense", get("/1") + "nonsense\r\n\r\n", &[200, 400], Close),
    ]);
}

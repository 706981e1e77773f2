//! The first line: method, target, version, and what comes instead of one.

use crate::case::{Case, bad, get, good};

fn line(line: &str) -> String {
    format!("{line}\r\nHost: x\r\n\r\n")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("a plain request", "9112 2.1", line("GET / HTTP/1.1"), &["GET / x"]),
        good(
            "three requests at once",
            "9112 9.3.2",
            get("/1") + &get("/2") + &get("/3"),
            &["GET /1 x", "GET /2 x", "GET /3 x"],
        ),
        good("an empty line before the request", "9112 2.2", "\r\n".to_owned() + &get("/a"), &["GET /a x"]),
        good("two empty lines before the request", "9112 2.2", "\r\n\r\n".to_owned() + &get("/a"), &["GET /a x"]),
        good("eight empty lines", "9112 2.2", "\r\n".repeat(8) + &get("/a"), &["GET /a x"]),
        bad("nine empty lines", "9112 2.2", "\r\n".repeat(9) + &get("/a"), 400),
        good("empty lines between requests", "9112 2.2", get("/1") + "\r\n" + &get("/2"), &["GET /1 x", "GET /2 x"]),
        bad("empty lines for ever", "9112 2.2", "\r\n".repeat(400), 400),
        bad("a bare LF before the request", "9112 2.2", "\n".to_owned() + &get("/"), 400),
        bad("a bare CR before the request", "9112 2.2", "\r".to_owned() + &get("/"), 400),
        bad("two CRs before the request", "9112 2.2", "\r\r\n".to_owned() + &get("/"), 400),
        good("a request and nonsense", "9112 3", get("/1") + "nonsense\r\n\r\n", &["GET /1 x"]).refuses(400),
        good("a request and a line of HTTP/0.9", "9112 3", get("/1") + "GET /\r\n", &["GET /1 x"]).refuses(400),
    ];
    cases.extend(methods());
    cases.extend(lines_that_are_none());
    cases.extend(versions());
    cases.extend(other_protocols());
    cases
}

fn methods() -> Vec<Case> {
    let mut cases = vec![
        bad("a method that is no token", "9110 9.1", line("G{T / HTTP/1.1"), 400),
        bad("a method with a colon", "9110 9.1", line("GET: / HTTP/1.1"), 400),
        bad("a method with a slash", "9110 9.1", line("GE/T / HTTP/1.1"), 400),
        bad("a method with quotes", "9110 9.1", line("\"GET\" / HTTP/1.1"), 400),
        bad("CONNECT", "9110 9.3.6", "CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n", 501),
        bad("CONNECT with a path", "9110 9.3.6", line("CONNECT / HTTP/1.1"), 400),
        bad("CONNECT with an empty port", "9110 9.3.6", line("CONNECT x: HTTP/1.1"), 400),
        bad("CONNECT without a port", "9110 9.3.6", line("CONNECT x HTTP/1.1"), 400),
        bad("CONNECT with a port that is too large", "9110 9.3.6", line("CONNECT x:65536 HTTP/1.1"), 400),
        bad("CONNECT with a target for a proxy", "9110 9.3.6", line("CONNECT http://x:80/ HTTP/1.1"), 400),
        bad("CONNECT and a request inside", "9110 9.3.6", line("CONNECT x:80 HTTP/1.1") + &get("/inside"), 501),
    ];
    let methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PURGE", "BREW", "get", "Get"];
    let names = [
        "POST without a body",
        "PUT without a body",
        "PATCH without a body",
        "DELETE",
        "OPTIONS",
        "TRACE",
        "a newer method",
        "a method of caches",
        "a method of one's own",
        "a lower-case method is another one",
        "a method in two cases is another one",
    ];
    for (method, name) in methods.into_iter().zip(names) {
        cases.push(good(name, "9110 9.1", line(&format!("{method} /m HTTP/1.1")), &[&format!("{method} /m x")]));
    }
    cases.push(good(
        "a method of odd characters",
        "9110 5.6.2",
        line("!#$%&'*+-.^_`|~09 / HTTP/1.1"),
        &["!#$%&'*+-.^_`|~09 / x"],
    ));
    cases
}

fn lines_that_are_none() -> Vec<Case> {
    let rows = [
        ("garbage", "garbage"),
        ("two spaces after the method", "GET  / HTTP/1.1"),
        ("two spaces after the target", "GET /  HTTP/1.1"),
        ("a tab after the method", "GET\t/ HTTP/1.1"),
        ("a tab after the target", "GET /\tHTTP/1.1"),
        ("a vertical tab after the method", "GET\x0b/ HTTP/1.1"),
        ("a space before the method", " GET / HTTP/1.1"),
        ("a tab before the method", "\tGET / HTTP/1.1"),
        ("a space after the version", "GET / HTTP/1.1 "),
        ("no target", "GET HTTP/1.1"),
        ("an empty target", "GET  HTTP/1.1"),
        ("no method", "/ HTTP/1.1"),
        ("four words", "GET / x HTTP/1.1"),
        ("a request line of HTTP/0.9", "GET /"),
        ("HTTP/0.9 with a space", "GET / "),
        ("a method alone", "GET"),
        ("a field in the place of the line", "Host: y"),
        ("NUL in the line", "GET /\0 HTTP/1.1"),
        ("DEL in the line", "GET /\x7f HTTP/1.1"),
        ("an escape in the line", "GET /\x1b[1m HTTP/1.1"),
    ];
    rows.into_iter().map(|(name, text)| bad(name, "9112 3", line(text), 400)).collect()
}

fn versions() -> Vec<Case> {
    let mut cases = vec![good("HTTP/1.0", "9112 2.3", line("GET / HTTP/1.0"), &["GET / x"]).closes()];
    for (name, version) in [
        ("HTTP/1.2, which a server need not take for HTTP/1.1", "HTTP/1.2"),
        ("HTTP/2.0", "HTTP/2.0"),
        ("HTTP/9.9", "HTTP/9.9"),
        ("HTTP/0.9 by its name", "HTTP/0.9"),
    ] {
        cases.push(bad(name, "9110 15.6.6", line(&format!("GET / {version}")), 505));
    }
    for (name, version) in [
        ("a lower-case version", "http/1.1"),
        ("a version in two cases", "Http/1.1"),
        ("a version without a minor", "HTTP/1"),
        ("a version with a point and no minor", "HTTP/1."),
        ("a version of two digits", "HTTP/1.10"),
        ("a version with a zero before it", "HTTP/01.1"),
        ("a version with a sign", "HTTP/+1.1"),
        ("a version with a comma", "HTTP/1,1"),
        ("another protocol's version", "HTTPS/1.1"),
        ("SIP", "SIP/2.0"),
        ("a version that is no number", "HTTP/x.y"),
    ] {
        cases.push(bad(name, "9112 2.3", line(&format!("GET / {version}")), 400));
    }
    cases
}

fn other_protocols() -> Vec<Case> {
    vec![
        bad("a TLS hello", "9112 2.2", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n".to_vec(), 400),
        bad(
            "a TLS hello without a line end",
            "9112 2.2",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
            400,
        ),
        bad("binary garbage without a line end", "9112 2.2", b"\x80\x00\xff\xfe".to_vec(), 400),
        bad("a byte order mark", "9112 2.2", "\u{feff}".to_owned() + &get("/"), 400),
        bad("the preface of HTTP/2", "9113 3.4", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        bad("the greeting of SSH", "9112 3", "SSH-2.0-OpenSSH_9.9\r\n", 400),
        bad("the greeting of SMTP", "9112 3", "EHLO x\r\nMAIL FROM:<a@b>\r\n", 400),
        bad("a proxy's first line", "9112 3", "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n".to_owned() + &get("/"), 400),
        bad("a bare LF everywhere", "9112 2.2", "GET / HTTP/1.1\nHost: x\n\n", 400),
        bad("a bare CR as line end", "9112 2.2", "GET / HTTP/1.1\rHost: x\r\r", 400),
        bad("a bare LF after the line", "9112 2.2", "GET / HTTP/1.1\nHost: x\r\n\r\n", 400),
        bad("a CR before the line end", "9112 2.2", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n", 400),
    ]
}

#[test]
fn request_lines_are_read_strictly() {
    crate::check(&cases());
}

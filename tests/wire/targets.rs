//! What a request is for. What a handler sees of it is what was sent.

use crate::case::{Case, bad, get, good};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("OPTIONS *", "9112 3.2.4", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", &["OPTIONS * x"]),
        good(
            "OPTIONS of a host",
            "9112 3.2.4",
            "OPTIONS http://y:8001 HTTP/1.1\r\nHost: x\r\n\r\n",
            &["OPTIONS http://y:8001/ y:8001"],
        ),
        bad("POST *", "9112 3.2.4", "POST * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        bad("OPTIONS **", "9112 3.2.4", "OPTIONS ** HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        bad("a byte that is not UTF-8", "9112 3.2", b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n".to_vec(), 400),
    ];
    let kept = [
        ("two slashes", "//evil/echo"),
        ("only slashes", "///"),
        ("dots", "/a/../echo"),
        ("dots at the root", "/.."),
        ("encoded dots", "/a/%2e%2e/echo"),
        ("an encoded slash", "/a%2Fb"),
        ("an encoded NUL", "/?a=b&c=%00"),
        ("a query", "/a?b=c&d"),
        ("an empty query", "/a?"),
        ("a query with a question mark", "/a?b?c"),
        ("a semicolon", "/a;b=c/d"),
        ("all that a path may hold", "/-._~!$&'()*+,;=:@"),
        ("what browsers send in paths", "/a[1]|b"),
        ("what browsers send in queries", "/?a[]={b}|c^d`e\\f%"),
    ];
    cases.extend(kept.map(|(name, target)| good(name, "9112 3.2.1", get(target), &[&format!("GET {target} x")])));
    let refused = [
        ("GET *", "*"),
        ("no slash", "echo"),
        ("a query alone", "?a=b"),
        ("dots without a slash", "../echo"),
        ("an authority", "x:80"),
        ("a backslash", "/a\\..\\echo"),
        ("a backslash first", "\\a"),
        ("a fragment", "/echo#x"),
        ("a fragment in a query", "/echo?a#x"),
        ("a fragment alone", "#x"),
        ("a tab in the target", "/a\tb"),
        ("NUL in the target", "/a\0b"),
        ("a vertical tab in the target", "/a\x0bb"),
        ("not ASCII", "/\u{e9}"),
        ("not ASCII in the query", "/?\u{e9}"),
        ("a quote", "/\"a\""),
        ("an angle bracket", "/<a>"),
        ("an angle bracket in the query", "/?<a>"),
        ("a brace in the path", "/{a}"),
        ("a caret in the path", "/a^b"),
        ("a percent sign alone", "/a%"),
        ("a percent sign with one digit", "/a%2"),
        ("a percent sign with letters", "/%zz"),
        ("a percent sign in Unicode", "/%u002e"),
    ];
    cases.extend(refused.map(|(name, target)| bad(name, "9112 3.2", get(target), 400)));
    cases.extend(absolute());
    cases
}

fn absolute() -> Vec<Case> {
    let mut cases = vec![
        good(
            "HTTP/1.0 with a host in the target",
            "9112 3.2.2",
            "GET http://y/a HTTP/1.0\r\n\r\n",
            &["GET http://y/a y"],
        )
        .closes(),
        bad("absolute without a Host", "9112 3.2", "GET http://y/a HTTP/1.1\r\n\r\n", 400),
        bad("absolute with a bad Host", "9112 3.2", "GET http://y/a HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
        bad("absolute with two Hosts", "9112 3.2", "GET http://y/a HTTP/1.1\r\nHost: y\r\nHost: y\r\n\r\n", 400),
    ];
    let seen = [
        ("absolute", "http://other/echo", "http://other/echo other"),
        ("absolute with a port", "http://other:81/echo", "http://other:81/echo other:81"),
        ("absolute by https", "https://other/echo", "https://other/echo other"),
        ("absolute in upper case", "HTTP://OTHER/echo", "http://OTHER/echo OTHER"),
        ("absolute without a path", "http://other", "http://other/ other"),
        ("absolute with a query and no path", "http://other?a=b", "http://other/?a=b other"),
        ("absolute with an address", "http://[::1]:80/a", "http://[::1]:80/a [::1]:80"),
        ("absolute with two slashes", "http://other//a", "http://other//a other"),
    ];
    cases.extend(seen.map(|(name, target, seen)| good(name, "9112 3.2.2", get(target), &[&format!("GET {seen}")])));
    let refused = [
        ("absolute with a user", "http://a@other/echo"),
        ("absolute with a user and a password", "http://a:b@other/echo"),
        ("absolute with no host", "http:///echo"),
        ("absolute with a port and no host", "http://:80/echo"),
        ("absolute with nothing", "http://"),
        ("absolute with a query alone", "http://?a"),
        ("absolute with a port that is none", "http://other:8o/"),
        ("absolute with a port that is too large", "http://other:65536/"),
        ("absolute with a signed port", "http://other:+80/"),
        ("absolute with a backslash", "http://other\\@evil/"),
        ("absolute with a fragment", "http://other/#a"),
        ("absolute with an address that is none", "http://[::g]/"),
        ("absolute with an open bracket", "http://[::1/"),
        ("another scheme", "ftp://other/echo"),
        ("a scheme with one slash", "http:/other"),
        ("a scheme without slashes", "http:other"),
        ("a scheme of JavaScript", "javascript:alert(1)"),
        ("a scheme of files", "file:///etc/passwd"),
    ];
    cases.extend(refused.map(|(name, target)| bad(name, "9112 3.2.2", get(target), 400)));
    cases
}

#[test]
fn targets_are_kept_or_refused() {
    crate::check(&cases());
}

//! The field `Host`: there is one, and it is a host.

use crate::case::{Case, bad, good, lines};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        bad("no Host", "9112 3.2", lines("X: y"), 400),
        bad("no field at all", "9112 3.2", "GET / HTTP/1.1\r\n\r\n", 400),
        bad("two Hosts", "9112 3.2", lines("Host: x\r\nHost: x"), 400),
        bad("two Hosts that differ", "9112 3.2", lines("Host: x\r\nHost: y"), 400),
        bad("two Hosts in two cases", "9112 3.2", lines("Host: x\r\nA: b\r\nhOST: y"), 400),
        bad("two Hosts and HTTP/1.0", "9112 3.2", "GET / HTTP/1.0\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        good("HTTP/1.0 without Host", "9112 3.2", "GET / HTTP/1.0\r\n\r\n", &["GET / -"]).closes(),
        bad("HTTP/1.0 with a bad Host", "9112 3.2", "GET / HTTP/1.0\r\nHost: a/b\r\n\r\n", 400),
        bad("a Host that is not ASCII", "9110 7.2", b"GET / HTTP/1.1\r\nHost: \xe9\r\n\r\n".to_vec(), 400),
    ];
    let seen = [
        ("a Host with a port", "x:8080"),
        ("a Host with an empty port", "x:"),
        ("a Host with the greatest port", "x:65535"),
        ("a name with points", "a.example.org"),
        ("a name with a point at its end", "a."),
        ("a name in upper case", "X"),
        ("a name with an underscore", "a_b"),
        ("an encoded name", "%C3%A9"),
        ("an IPv4 address", "127.0.0.1:80"),
        ("an IPv6 address", "[::1]"),
        ("an IPv6 address and a port", "[2001:db8::1]:80"),
        ("an IPv6 address with IPv4 in it", "[::ffff:127.0.0.1]"),
    ];
    cases.extend(
        seen.map(|(name, host)| good(name, "9110 7.2", lines(&format!("Host: {host}")), &[&format!("GET / {host}")])),
    );
    let refused = [
        ("an empty Host", ""),
        ("a Host with a path", "x/admin?"),
        ("a Host with a query", "x?a"),
        ("a Host with a fragment", "x#a"),
        ("a Host with a user", "a@b"),
        ("a Host with a scheme", "http://x"),
        ("a Host with a space", "a b"),
        ("a Host with a tab", "a\tb"),
        ("a Host with a backslash", "a\\b"),
        ("a Host with a quote", "a\"b"),
        ("a Host with a bracket", "[x]"),
        ("a Host with two ports", "x:80:81"),
        ("a Host with a strange port", "x:8o"),
        ("a Host with a negative port", "x:-1"),
        ("a Host with a signed port", "x:+80"),
        ("a Host with a port that is too large", "x:65536"),
        ("a Host with a very large port", "x:99999999999"),
        ("a port alone", ":80"),
        ("an IPv6 address without brackets", "::1"),
        ("an IPv6 address with a zone", "[fe80::1%25eth0]"),
        ("an IPv6 address that goes on", "[::1]x"),
        ("an address of the future", "[v1.x]"),
        ("an encoded name that is none", "%zz"),
    ];
    cases.extend(refused.map(|(name, host)| bad(name, "9110 7.2", lines(&format!("Host: {host}")), 400)));
    cases
}

#[test]
fn there_is_one_host_and_it_is_valid() {
    crate::check(&cases());
}

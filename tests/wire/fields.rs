//! Header fields: their names, their values, and what comes between them.

use crate::case::{Case, bad, fields, good, lines};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        bad("a first field that is folded", "9112 2.2", lines(" Host: x"), 400),
        bad("a first field behind a tab", "9112 2.2", lines("\tHost: x"), 400),
        bad("a line of spaces before the fields", "9112 2.2", lines("   \r\nHost: x"), 400),
        bad("a line of spaces as the end", "9112 2.2", "GET / HTTP/1.1\r\nHost: x\r\n \r\n\r\n", 400),
        bad("a NUL and no end", "9112 2.2", "GET / HTTP/1.1\r\nHost: x\r\nA: \0", 400),
        bad("a bare CR and no end", "9112 2.2", "GET / HTTP/1.1\r\nHost: x\rA", 400),
        bad("a fold and no end", "9112 5.2", "GET / HTTP/1.1\r\nHost: x\r\n ", 400),
        good(
            "a byte that is not ASCII",
            "9110 5.5",
            b"GET / HTTP/1.1\r\nHost: x\r\nA: \xff\r\n\r\n".to_vec(),
            &["GET / x"],
        ),
    ];
    cases.extend(READ.iter().map(|(name, text)| good(name, "9110 5.5", fields(text), &["GET / x"])));
    cases.extend(REFUSED.iter().map(|(name, text)| bad(name, "9112 5", fields(text), 400)));
    cases
}

const READ: &[(&str, &str)] = &[
    ("a field without a space", "A:b"),
    ("a field with spaces around it", "A: \t b \t "),
    ("an empty value", "A:"),
    ("a value of spaces", "A:   "),
    ("a colon in a value", "A: b:c"),
    ("a tab in a value", "A: b\tc"),
    ("quotes in a value", "A: \"b"),
    ("UTF-8", "A: \u{e9}"),
    ("a name of odd characters", "!#$%&'*+-.^_`|~0: b"),
    ("a field twice", "A: b\r\na: c"),
    ("an upgrade", "Upgrade: h2c\r\nConnection: upgrade"),
    ("an upgrade to a web socket", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13"),
    ("a TE field", "TE: trailers, chunked\r\nConnection: TE"),
    ("a Trailer field", "Trailer: A"),
];

const REFUSED: &[(&str, &str)] = &[
    ("a folded field", "A: b\r\n c: d"),
    ("a field that is folded by a tab", "A: b\r\n\tc"),
    ("an empty field that is folded", "A:\r\n b"),
    ("a bare LF in one field", "A: b\nC: d"),
    ("a bare LF at the end of a field", "A: b\n"),
    ("a bare CR in a value", "A: b\rC: d"),
    ("a bare CR at the end of a value", "A: b\r"),
    ("a bare CR in a name", "A\rB: c"),
    ("a space before the colon", "A : b"),
    ("a tab before the colon", "A\t: b"),
    ("a space in a name", "A B: c"),
    ("no colon", "A"),
    ("an empty name", ": v"),
    ("a name with a parenthesis", "A(: v"),
    ("a name with a quote", "A\": v"),
    ("a name with a slash", "A/B: v"),
    ("a name with a comma", "A,B: v"),
    ("a name that is not ASCII", "\u{e9}: v"),
    ("NUL in a value", "A: \0"),
    ("NUL at the end of a value", "A: b\0"),
    ("NUL in a name", "A\0: b"),
    ("DEL in a value", "A: \x7f"),
    ("a backspace in a value", "A: b\x08c"),
    ("a vertical tab in a value", "A: b\x0bc"),
    ("a form feed in a value", "A: b\x0cc"),
    ("an escape in a value", "A: \x1b[2J"),
];

#[test]
fn fields_are_names_and_values() {
    crate::check(&cases());
}

//! `Transfer-Encoding`: there is one coding, and it is `chunked`.

use crate::case::{Case, SMUGGLED, bad, good, post};

fn coding(coding: &str) -> String {
    post(&format!("Transfer-Encoding: {coding}"), "5\r\nhello\r\n0\r\n\r\n")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    cases.extend(READ.iter().map(|(name, text)| good(name, "9112 6.1", coding(text), &["POST / x hello"])));
    cases.extend(UNKNOWN.iter().map(|(name, text)| bad(name, "9112 6.1", coding(text), 501)));
    cases.extend(REFUSED.iter().map(|(name, text)| bad(name, "9112 6.3", coding(text), 400)));
    cases.extend([
        bad("chunked in HTTP/1.0", "9112 6.1", coding("chunked").replace("HTTP/1.1", "HTTP/1.0"), 400),
        bad(
            "a request in an unknown coding",
            "9112 11.2",
            post("Transfer-Encoding: xchunked", &format!("0\r\n\r\n{SMUGGLED}")),
            400,
        ),
        bad("a coding and a space before the colon", "9112 5.1", post("Transfer-Encoding : chunked", "0\r\n\r\n"), 400),
        bad("a coding and a tab before the colon", "9112 5.1", post("Transfer-Encoding\t: chunked", "0\r\n\r\n"), 400),
        bad("a coding after a bare CR", "9112 2.2", post("A: b\rTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        bad("a coding after a bare LF", "9112 2.2", post("A: b\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400),
        good(
            "a coding by another name is none",
            "9110 5.1",
            post("X-Transfer-Encoding: chunked", SMUGGLED),
            &["POST / x", "GET /smuggled x"],
        ),
        good(
            "a GET with chunks",
            "9112 6.1",
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
            &["GET / x hi"],
        ),
    ]);
    cases
}

const READ: &[(&str, &str)] = &[
    ("chunked", "chunked"),
    ("chunked in another case", "Chunked"),
    ("chunked in upper case", "CHUNKED"),
    ("chunked between tabs", "\tchunked\t"),
    ("chunked between many spaces", "    chunked    "),
];

const UNKNOWN: &[(&str, &str)] = &[
    ("gzip and chunked", "gzip, chunked"),
    ("identity and chunked", "identity, chunked"),
    ("two unknown codings and chunked", "a, b, chunked"),
    ("identity and chunked on two lines", "identity\r\nTransfer-Encoding: chunked"),
    ("gzip and chunked without a space", "gzip,chunked"),
];

const REFUSED: &[(&str, &str)] = &[
    ("chunked is not the last coding", "chunked, gzip"),
    ("an unknown coding alone", "xchunked"),
    ("a coding that begins like chunked", "chunkedx"),
    ("identity alone", "identity"),
    ("gzip alone", "gzip"),
    ("chunked on two lines", "chunked\r\nTransfer-Encoding: chunked"),
    ("chunked twice", "chunked, chunked"),
    ("chunked twice without a space", "chunked,chunked"),
    ("gzip and chunked twice", "chunked, gzip, chunked"),
    ("chunked and identity", "chunked\r\nTransfer-Encoding: identity"),
    ("chunked and another line that is empty", "chunked\r\nTransfer-Encoding:"),
    ("an empty line and chunked", "\r\nTransfer-Encoding: chunked"),
    ("no coding", ""),
    ("a comma alone", ","),
    ("an empty member first", ", chunked"),
    ("an empty member last", "chunked,"),
    ("an empty member between", "gzip,, chunked"),
    ("chunked with a parameter", "chunked;q=1"),
    ("chunked with an empty parameter", "chunked;"),
    ("chunked in a parameter", "x;chunked"),
    ("a quoted chunked", "\"chunked\""),
    ("chunked in single quotes", "'chunked'"),
    ("chunked in a quoted parameter", "x;a=\"b, chunked"),
    ("two codings with a space between", "gzip chunked"),
    ("two codings with a semicolon between", "gzip; chunked"),
    ("chunked with a colon before it", ": chunked"),
    ("a vertical tab before chunked", "\x0bchunked"),
    ("a form feed after chunked", "chunked\x0c"),
    ("NUL after chunked", "chunked\0"),
    ("a bare CR after chunked", "chunked\r"),
    ("a bare LF before chunked", "\nchunked"),
    ("a coding that is not ASCII", "chun\u{212a}ed"),
    ("a no-break space before chunked", "\u{a0}chunked"),
    ("a folded line with chunked", "\r\n chunked"),
    ("a coding with a parenthesis", "chunked(1)"),
    ("no chunks but a name of them", "chun"),
];

#[test]
fn chunked_is_the_only_coding() {
    crate::check(&cases());
}

//! Bodies whose length is declared.

use crate::case::{Case, SMUGGLED, bad, chunked, get, good, post};

fn length(length: &str) -> String {
    post(&format!("Content-Length: {length}"), "hello")
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = vec![
        good("a length", "9112 6.3", length("5"), &["POST / x hello"]),
        good("a length with zeros before it", "9110 8.6", length("0005"), &["POST / x hello"]),
        good("a length with 31 zeros before it", "9110 8.6", length(&("0".repeat(31) + "5")), &["POST / x hello"]),
        bad("a length with 32 zeros before it", "9110 8.6", length(&("0".repeat(32) + "5")), 400),
        good("a length with space around it", "9110 5.5", length(" \t5 \t"), &["POST / x hello"]),
        good("a length of zero", "9112 6.3", post("Content-Length: 0", ""), &["POST / x"]),
        good("no length is a length of zero", "9112 6.3", post("A: b", &get("/next")), &["POST / x", "GET /next x"]),
        good(
            "a GET with a body",
            "9110 9.3.1",
            "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
            &["GET / x hi"],
        ),
        good("a body and a request", "9112 9.3.2", length("5") + &get("/next"), &["POST / x hello", "GET /next x"]),
        good(
            "a body that looks like a request",
            "9112 6.3",
            post("Content-Length: 35", SMUGGLED),
            &["POST / x GET /smuggled HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"],
        ),
        good(
            "a body that nobody reads, and a request",
            "9112 9.3",
            "POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello".to_owned() + &get("/next"),
            &[],
        )
        .gets(200)
        .sees("GET /next x"),
        good(
            "an HTTP/1.0 POST with a length",
            "9112 6.3",
            length("5").replace("HTTP/1.1", "HTTP/1.0"),
            &["POST / x hello"],
        )
        .closes(),
    ];
    cases.extend(refused());
    cases.extend(REFUSED.iter().map(|(name, text)| bad(name, "9110 8.6", length(text), 400)));
    cases.extend(LARGE.iter().map(|(name, text)| bad(name, "9110 15.5.14", length(text), 413)));
    cases.extend(
        BOTH.iter().map(|(name, text)| bad(name, "9112 6.3", post(text, &format!("0\r\n\r\n{SMUGGLED}")), 400)),
    );
    cases.push(good(
        "chunks and a length after each other",
        "9112 6.3",
        chunked("0\r\n\r\n") + &length("5"),
        &["POST / x", "POST / x hello"],
    ));
    cases
}

fn refused() -> Vec<Case> {
    let huge = "1".repeat(33);
    vec![
        bad("an HTTP/1.0 POST without a length", "9110 15.5.12", "POST / HTTP/1.0\r\n\r\nhello", 411),
        bad("an HTTP/1.0 PUT without a length", "9110 15.5.12", "PUT / HTTP/1.0\r\n\r\nhello", 411),
        bad("a length of 33 digits", "9110 8.6", length(&huge), 400),
        bad("a length twice", "9112 6.3", length("5\r\nContent-Length: 5"), 400),
        bad("two lengths", "9112 6.3", length("5\r\nContent-Length: 10"), 400),
        bad(
            "two lengths and a request in the longer",
            "9112 11.2",
            post("Content-Length: 40\r\nContent-Length: 5", &format!("hello{SMUGGLED}")),
            400,
        ),
        bad("a length and an empty one", "9112 6.3", length("5\r\nContent-Length:"), 400),
        bad(
            "a length in HTTP/1.0 twice",
            "9112 6.3",
            length("5\r\nContent-Length: 5").replace("HTTP/1.1", "HTTP/1.0"),
            400,
        ),
        bad("a length before a folded line", "9112 5.2", post("Content-Length: 5\r\n 0", "hello"), 400),
        bad("a length in a folded line", "9112 5.2", post("Content-Length:\r\n 5", "hello"), 400),
        bad("a length and a space before the colon", "9112 5.1", post("Content-Length : 5", "hello"), 400),
        good(
            "a length by an underscore is none",
            "9110 5.1",
            post("Content_Length: 35", SMUGGLED),
            &["POST / x", "GET /smuggled x"],
        ),
    ]
}

const REFUSED: &[(&str, &str)] = &[
    ("a list", "5, 5"),
    ("a list with a comma at its end", "5,"),
    ("a sign", "+5"),
    ("a negative length", "-5"),
    ("a negative zero", "-0"),
    ("an octal length", "0o5"),
    ("two numbers", "5 5"),
    ("hexadecimal", "0x5"),
    ("a fraction", "5.0"),
    ("an exponent", "5e0"),
    ("a suffix", "5b"),
    ("quotes", "\"5\""),
    ("an empty length", ""),
    ("a word", "abc"),
    ("a separator of thousands", "1_000"),
    ("a vertical tab before the length", "\x0b5"),
    ("NUL after the length", "5\0"),
    ("digits that are not ASCII", "\u{665}"),
    ("more than 64 bits", "18446744073709551616"),
    ("2^64 and five, which might be five", "18446744073709551621"),
];

const LARGE: &[(&str, &str)] =
    &[("2^63", "9223372036854775808"), ("10^15", "1000000000000000"), ("one byte more than the limit", "2097153")];

const BOTH: &[(&str, &str)] = &[
    ("a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked"),
    ("chunks and a length", "Transfer-Encoding: chunked\r\nContent-Length: 5"),
    ("a length and chunks in odd cases", "content-LENGTH: 5\r\ntransfer-ENCODING: CHUNKED"),
    ("a length and an unknown coding", "Content-Length: 5\r\nTransfer-Encoding: xchunked"),
    ("a length of zero and chunks", "Content-Length: 0\r\nTransfer-Encoding: chunked"),
    ("a length and no coding", "Content-Length: 5\r\nTransfer-Encoding:"),
];

#[test]
fn lengths_are_numbers() {
    crate::check(&cases());
}

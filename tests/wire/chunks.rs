//! Bodies in chunks, their extensions and their trailers.

use crate::{
    case::{Case, SMUGGLED, bad, chunked, get, good},
    decoder::{Decoded, decode},
};

const HELLO: &str = "POST / x hello";

pub(crate) fn cases() -> Vec<Case> {
    let zeros = "0".repeat(100);
    let mut cases = vec![
        good("a chunk", "9112 7.1", chunked("5\r\nhello\r\n0\r\n\r\n") + "\r\n", &[HELLO]),
        good("three chunks", "9112 7.1", chunked("2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n"), &[HELLO]),
        good(
            "chunks and a request",
            "9112 9.3.2",
            chunked("5\r\nhello\r\n0\r\n\r\n") + &get("/next"),
            &[HELLO, "GET /next x"],
        ),
        good("no chunk but the last", "9112 7.1", chunked("0\r\n\r\n"), &["POST / x"]),
        good("a last chunk of many zeros", "9112 7.1", chunked("5\r\nhello\r\n0000\r\n\r\n"), &[HELLO]),
        good("a size in upper case", "9112 7.1", chunked("A\r\n0123456789\r\n0\r\n\r\n"), &["POST / x 0123456789"]),
        good("a size in lower case", "9112 7.1", chunked("a\r\n0123456789\r\n0\r\n\r\n"), &["POST / x 0123456789"]),
        good("a size with zeros before it", "9112 7.1", chunked("0000000000000005\r\nhello\r\n0\r\n\r\n"), &[HELLO]),
        good("line ends in the data", "9112 7.1", chunked("4\r\n\r\n\r\n\r\n0\r\n\r\n"), &["POST / x \\r\\n\\r\\n"]),
        good(
            "a last chunk in the data",
            "9112 7.1",
            chunked("5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            &["POST / x 0\\r\\n\\r\\n"],
        ),
        good(
            "a request in the data",
            "9112 7.1",
            chunked(&format!("23\r\n{SMUGGLED}\r\n0\r\n\r\n")),
            &["POST / x GET /smuggled HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"],
        ),
        good(
            "chunks that nobody reads, and a request",
            "9112 9.3",
            chunked("5\r\nhello\r\n0\r\n\r\n").replace("POST /", "POST /unread") + &get("/next"),
            &[],
        )
        .gets(200)
        .sees("GET /next x"),
        bad("100 zeros before the size", "9112 7.1", chunked(&format!("{zeros}5\r\nhello\r\n0\r\n\r\n")), 400),
        bad("the greatest size", "9110 15.5.14", chunked("ffffffffffffffff\r\nhello"), 413),
        bad("a chunk beyond the limit", "9110 15.5.14", chunked("200001\r\nhello"), 413),
        bad("a wrong chunk and a request", "9112 11.2", chunked(&format!("x\r\n{SMUGGLED}")), 400),
        good("garbage after the last chunk", "9112 7.1", chunked("0\r\n\r\n") + "\0", &["POST / x"]).refuses(400),
    ];
    cases.extend(WRONG.iter().map(|(name, chunks)| bad(name, "9112 7.1", chunked(chunks), 400)));
    cases.extend(
        SIZES.iter().map(|(name, size)| bad(name, "9112 7.1", chunked(&format!("{size}\r\nhello\r\n0\r\n\r\n")), 400)),
    );
    cases.extend(extensions());
    cases.extend(trailers());
    cases
}

fn extensions() -> Vec<Case> {
    let body = |extension: &str| chunked(&format!("5;{extension}\r\nhello\r\n0\r\n\r\n"));
    let mut cases = vec![
        good("an extension on the last chunk", "9112 7.1.1", chunked("5\r\nhello\r\n0;a=b\r\n\r\n"), &[HELLO]),
        good("4,000 bytes of extension", "9112 7.1.1", body(&"a".repeat(4_000)), &[HELLO]),
        bad("64 KB of extension", "9112 7.1.1", body(&"a".repeat(65_536)), 400),
        bad(
            "many chunks with more extension than data",
            "9112 7.1.1",
            chunked(&"1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\nx\r\n".repeat(200)),
            400,
        ),
        bad("a space before an extension", "9112 7.1.1", chunked("5 ;a=b\r\nhello\r\n0\r\n\r\n"), 400),
        bad("an extension and no size", "9112 7.1.1", chunked(";a=b\r\nhello\r\n0\r\n\r\n"), 400),
        bad("an extension that ends with LF", "9112 7.1.1", chunked("5;a\nhello\r\n0\r\n\r\n"), 400),
        bad("a size behind an extension's LF", "9112 7.1.1", chunked("2;\n23\r\nxx\r\n0\r\n\r\n"), 400),
    ];
    let read = [
        ("an extension", "a=b"),
        ("an extension without a value", "a"),
        ("three extensions", "a;b=c;d=\"e\""),
        ("a quoted extension", "a=\"b c; d=e\""),
        ("a quoted line end that is none", "a=\"\\\\r\\\\n\""),
        ("a quote within an extension", "a=\"\\\"\""),
        ("an empty quoted extension", "a=\"\""),
        ("an extension that is not ASCII", "a=\"\u{e9}\""),
    ];
    cases.extend(read.map(|(name, extension)| good(name, "9112 7.1.1", body(extension), &[HELLO])));
    let refused = [
        ("an empty extension", ""),
        ("an empty extension at the end", "a;"),
        ("an extension without a name", "=b"),
        ("an extension with an empty value", "a="),
        ("a space before an extension's name", " a=b"),
        ("a space after an extension's name", "a =b"),
        ("a space before an extension's value", "a= b"),
        ("a space after an extension's value", "a=b "),
        ("an open quote", "a=\"b"),
        ("text after a quote", "a=\"b\"c"),
        ("two equals signs", "a=b=c"),
        ("an extension with a parenthesis", "a=(b)"),
        ("NUL in an extension", "a=\0"),
        ("DEL in a quoted extension", "a=\"\x7f\""),
        ("a bare CR in an extension", "a\rb"),
        ("a bare LF in a quoted extension", "a=\"\n\""),
        ("a line end in a quoted extension", "a=\"\r\n\""),
    ];
    cases.extend(refused.map(|(name, extension)| bad(name, "9112 7.1.1", body(extension), 400)));
    cases
}

fn with_trailers(trailers: &str) -> String {
    chunked(&format!("5\r\nhello\r\n0\r\n{trailers}\r\n"))
}

fn trailers() -> Vec<Case> {
    let many = |count: usize| (0..count).map(|number| format!("X-{number}: y\r\n")).collect::<String>();
    let mut cases = vec![
        good("a trailer", "9112 7.1.2", with_trailers("Digest: a\r\n"), &[HELLO]),
        good(
            "a trailer and a request",
            "9112 7.1.2",
            with_trailers("A: b\r\n") + &get("/next"),
            &[HELLO, "GET /next x"],
        ),
        good(
            "a trailer that nobody reads, and a request",
            "9112 7.1.2",
            with_trailers("A: b\r\n").replace("POST /", "POST /unread") + &get("/next"),
            &[],
        )
        .gets(200)
        .sees("GET /next x"),
        good("20 trailers", "9112 7.1.2", with_trailers(&many(20)), &[HELLO]),
        good("100 trailers", "9112 7.1.2", with_trailers(&many(100)), &[HELLO]),
        bad("101 trailers", "9112 7.1.2", with_trailers(&many(101)), 400),
        bad("9 KB of trailers", "9112 7.1.2", with_trailers(&format!("A: {}\r\n", "y".repeat(9_000))), 400),
        bad("trailers without an end", "9112 7.1.2", with_trailers(&"A: b\r\n".repeat(10_000)), 400),
        good("an empty trailer", "9112 7.1.2", with_trailers("A:\r\n"), &[HELLO]),
        good("a trailer that is not ASCII", "9112 7.1.2", with_trailers("A: \u{e9}\r\n"), &[HELLO]),
        good(
            "a length in the trailers",
            "9110 6.5.1",
            with_trailers("Content-Length: 35\r\n") + &get("/next"),
            &[HELLO, "GET /next x"],
        ),
        good(
            "a coding in the trailers",
            "9110 6.5.1",
            with_trailers("Transfer-Encoding: chunked\r\n") + &get("/next"),
            &[HELLO, "GET /next x"],
        ),
        good("a Host in the trailers", "9110 6.5.1", with_trailers("Host: y\r\n"), &[HELLO]),
        good("a wish to close in the trailers", "9110 6.5.1", with_trailers("Connection: close\r\n"), &[HELLO]),
    ];
    let refused = [
        ("trailers that are none", "no trailer\r\n"),
        ("a trailer without a colon", "trailer\r\n"),
        ("a trailer without a name", ": a\r\n"),
        ("a space before a trailer's colon", "A : b\r\n"),
        ("a folded trailer", "A: b\r\n c\r\n"),
        ("a first trailer that is folded", " A: b\r\n"),
        ("NUL in a trailer", "A: \0\r\n"),
        ("a bare LF in a trailer", "A: b\nC: d\r\n"),
        ("a bare CR in a trailer", "A: b\rC: d\r\n"),
        ("a request in the trailers", "GET / HTTP/1.1\r\nHost: x\r\n"),
    ];
    cases.extend(refused.map(|(name, trailers)| bad(name, "9112 7.1.2", with_trailers(trailers), 400)));
    cases
}

const WRONG: &[(&str, &str)] = &[
    ("a size of 17 digits", "fffffffffffffffff\r\nhello"),
    ("data that is longer than its size", "5\r\nhello!\r\n0\r\n\r\n"),
    ("data that is shorter than its size", "6\r\nhello\r\n0\r\n\r\n"),
    ("a bare LF after the size", "5\nhello\r\n0\r\n\r\n"),
    ("a bare LF after the data", "5\r\nhello\n0\r\n\r\n"),
    ("a bare LF after the last chunk", "5\r\nhello\r\n0\n\r\n"),
    ("a bare LF as the end", "5\r\nhello\r\n0\r\n\n"),
    ("bare LFs", "5\nhello\n0\n\n"),
    ("a bare CR after the size", "5\rhello\r\n0\r\n\r\n"),
    ("two CRs after the size", "5\r\r\nhello\r\n0\r\n\r\n"),
    ("two CRs after the data", "5\r\nhello\r\r\n0\r\n\r\n"),
    ("a size of 17 digits that might be five", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
];

const SIZES: &[(&str, &str)] = &[
    ("hexadecimal with its prefix", "0x5"),
    ("a signed size", "+5"),
    ("a negative size", "-5"),
    ("a space before the size", " 5"),
    ("a space after the size", "5 "),
    ("a tab after the size", "5\t"),
    ("an underscore in the size", "0_5"),
    ("a letter after the size", "5g"),
    ("no size", ""),
    ("a comma after the size", "5,"),
    ("NUL after the size", "5\0"),
    ("a digit that is not ASCII", "\u{665}"),
];

#[test]
fn chunks_are_exact() {
    crate::check(&cases());
}

#[test]
fn trailers_are_delivered_unless_they_are_about_the_message() {
    let bytes =
        with_trailers("Digest: a\r\nTransfer-Encoding: x\r\nHost: y\r\nX: \u{e9}\r\ndigest: b\r\nSet-Cookie: c\r\n");
    let decoded = decode(&[bytes.as_bytes()]);
    let [Decoded::Request { trailers, is_whole: true, .. }] = decoded.as_slice() else { panic!("{decoded:?}") };
    let expected = [("digest", "a".as_bytes()), ("digest", b"b"), ("x", "\u{e9}".as_bytes())];
    assert_eq!(*trailers, expected.map(|(name, value)| (name.to_owned(), value.to_vec())));
}

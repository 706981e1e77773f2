use super::{Chunked, ChunkedDecoder, ChunkedError};

/// Decodes `input`, given in pieces of this many bytes; tells the body and what follows it (`None` if it has no end).
fn decode(input: &[u8], piece: usize) -> Result<(Vec<u8>, Option<Vec<u8>>), ChunkedError> {
    let mut decoder = ChunkedDecoder::default();
    let (mut body, mut rest) = (Vec::new(), None::<Vec<u8>>);
    for mut piece in input.chunks(piece) {
        loop {
            match decoder.decode(&mut piece)? {
                Chunked::Data(data) => body.extend_from_slice(data),
                Chunked::NeedsMore => break,
                Chunked::End => {
                    rest.get_or_insert_default().extend_from_slice(piece);
                    break;
                }
            }
        }
    }
    Ok((body, rest))
}

#[track_caller]
fn check(input: impl AsRef<[u8]>, expected: Result<(&str, Option<&str>), ChunkedError>) {
    let input = input.as_ref();
    let expected = expected.map(|(body, rest)| (body.as_bytes().to_vec(), rest.map(|rest| rest.as_bytes().to_vec())));
    for piece in [1, 2, 3, 5, 7, input.len().max(1)] {
        assert_eq!(decode(input, piece), expected, "in pieces of {piece}: {}", input.escape_ascii());
    }
}

#[test]
fn reads_bodies_however_they_are_cut() {
    check("0\r\n\r\n", Ok(("", Some(""))));
    check("5\r\nhello\r\n0\r\n\r\n", Ok(("hello", Some(""))));
    check("5\r\nhello\r\n1\r\n!\r\n0\r\n\r\nHTTP/1.1", Ok(("hello!", Some("HTTP/1.1"))));
    check("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", Ok(("01234567890123456789", Some(""))));
    check("0000000000000005\r\nhello\r\n000\r\n\r\n", Ok(("hello", Some(""))));
    check("2\r\n\r\n\r\n0\r\n\r\n", Ok(("\r\n", Some(""))));
    check("5;name=\"a b\";x\r\nhello\r\n0;last\r\n\r\n", Ok(("hello", Some(""))));
    check("1\r\nx\r\n0\r\nDigest: a, \u{fc}\r\nx-empty:\r\n\r\nrest", Ok(("x", Some("rest"))));
}

#[test]
fn waits_for_the_rest() {
    for input in ["", "5", "5\r", "5\r\n", "0\r\n", "0\r\n\r", "0\r\na: b\r\n"] {
        check(input, Ok(("", None)));
    }
    check("5\r\nhello", Ok(("hello", None)));
    check("ffffffffffffffff\r\nhello", Ok(("hello", None)));
}

#[test]
fn refuses_what_is_not_exact() {
    for input in ["\r\n", " 5\r\n", "5 \r\n", "5\t;x\r\n", "g\r\n", "-5\r\n", "+5\r\n", "0x5\r\n", ";x\r\n", "5\n"] {
        check(input, Err(ChunkedError::Size));
    }
    check("00000000000000005\r\nhello\r\n", Err(ChunkedError::Size));
    check("10000000000000000\r\n", Err(ChunkedError::Size));
    check("5\r\nhello\r\n\r\n", Err(ChunkedError::Size));
    for input in [
        "5;a\nhello",
        "5;a\0\r\nhello",
        "5;\x7f\r\n",
        "5;\r\n",
        "5;a;\r\n",
        "5;a=\r\n",
        "5;=b\r\n",
        "5; a\r\n",
        "5;a =b\r\n",
        "5;a= b\r\n",
        "5;a=\"b\r\n",
        "5;a=\"b\\\"\r\n",
        "5;a=\"b\"c\r\n",
        "5;a=\"\n\"\r\n",
    ] {
        check(input, Err(ChunkedError::Extension));
    }
    for input in ["5\rhello", "5;a\rhello", "5\r\nhello0", "5\r\nhello\n", "5\r\nhello\r0"] {
        check(input, Err(ChunkedError::LineEnd));
    }
}

#[test]
fn refuses_trailers_that_are_no_fields() {
    let refused = [
        ("0\r\n\r\r", "a CR stands without LF"),
        ("0\r\na:b\rc", "a CR stands without LF"),
        ("0\r\n\n", "a line ends without CR"),
        ("0\r\na: b\nc", "a line ends without CR"),
        ("0\r\n folded: x\r\n", "a line of the header begins with a space"),
        ("0\r\na: b\r\n\tfolded\r\n", "a line of the header begins with a space"),
        ("0\r\na: \0", "there is a character that no line of a head may hold"),
        ("0\r\na b: c\r\n\r\n", "a header field's name is not valid"),
        ("0\r\n: c\r\n\r\n", "a header field's name is not valid"),
        ("0\r\na\r\n\r\n", "a header field's name is not valid"),
    ];
    for (input, reason) in refused {
        check(input, Err(ChunkedError::Trailer(reason)));
    }
}

#[test]
fn keeps_the_trailers_that_say_nothing_of_the_message() {
    let mut decoder = ChunkedDecoder::default();
    let input = "0\r\nDigest: a\r\nContent-Length: 5\r\nHost: y\r\ndigest: b\r\nSet-Cookie: c\r\n\r\nrest";
    assert_eq!(decoder.decode(&mut input.as_bytes()), Ok(Chunked::End));
    let trailers = decoder.into_trailers();
    let fields: Vec<_> = trailers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    assert_eq!(fields, [("digest", &b"a"[..]), ("digest", &b"b"[..])]);
}

#[test]
fn bounds_what_is_no_body() {
    let extension = |length: usize| format!("1;{}\r\nx\r\n0\r\n\r\n", "e".repeat(length));
    check(extension(4_000), Ok(("x", Some(""))));
    check(extension(5_000), Err(ChunkedError::ExtensionsTooLong));
    check("1;eeeeeeeeeeeeeeeeeeee\r\nx\r\n".repeat(1_000), Err(ChunkedError::ExtensionsTooLong));
    let trailers =
        |count: usize, value: usize| format!("0\r\n{}\r\n", format!("name: {}\r\n", "v".repeat(value)).repeat(count));
    check(trailers(100, 70), Ok(("", Some(""))));
    check(trailers(100, 80), Err(ChunkedError::TrailersTooLong));
    check(trailers(101, 1), Err(ChunkedError::Trailer("there are too many header fields")));
}

#[test]
fn fails_for_good() {
    let mut decoder = ChunkedDecoder::default();
    assert_eq!(decoder.decode(&mut b"x".as_slice()), Err(ChunkedError::Size));
    assert_eq!(decoder.decode(&mut b"5\r\nhello".as_slice()), Err(ChunkedError::Size));
}

use super::{ChunkedError, Reply, ReplyDecoder, ReplyError, ReplyLimits};

/// The reply, fed in pieces that end at these places; the connection ends after the last one.
fn decode(bodiless: bool, pieces: &[&[u8]]) -> Result<Reply, ReplyError> {
    let mut decoder = ReplyDecoder::new(ReplyLimits { max_head: 200, max_body: 20 }, bodiless);
    for piece in pieces {
        if decoder.receive(piece)? {
            return Ok(decoder.into_reply());
        }
    }
    decoder.end()?;
    Ok(decoder.into_reply())
}

/// Feeds the input whole, byte by byte, and cut in two at every byte.
#[track_caller]
fn check(input: &str, expected: &Result<(u16, &str), ReplyError>) {
    let bytes = input.as_bytes();
    let mut ways: Vec<Vec<&[u8]>> = vec![bytes.chunks(1).collect()];
    ways.extend((0..=bytes.len()).map(|cut| vec![&bytes[..cut], &bytes[cut..]]));
    for pieces in ways {
        let reply = decode(false, &pieces);
        let reply = reply.map(|reply| (reply.status.as_u16(), String::from_utf8_lossy(&reply.body).into_owned()));
        let reply = reply.as_ref().map(|(status, body)| (*status, body.as_str())).map_err(Clone::clone);
        assert_eq!(&reply, expected, "{input:?} as {pieces:?}");
    }
}

#[test]
fn reads_replies_however_they_are_cut() {
    for (input, status, body) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", 200, "hello"),
        ("HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", 200, ""),
        ("HTTP/1.1 299 Odd\r\nContent-Length: 2, 2\r\ncontent-length:2\r\n\r\nok", 299, "ok"),
        ("HTTP/1.1 799 \r\ncontent-length: 00\r\n\r\n", 799, ""),
        ("HTTP/1.0 404 No\r\n\r\nuntil the end", 404, "until the end"),
        ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nlink: x\r\n\r\nHTTP/1.1 204 None\r\n\r\n", 204, ""),
        ("HTTP/1.1 304 Not Modified\r\ncontent-length: 9999\r\n\r\n", 304, ""),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n5;x=y\r\nhello\r\n0\r\na: b\r\n\r\n", 200, "hello"),
        ("HTTP/1.1 200 OK\r\nx: \u{e4}\u{f6}\r\n\r\n", 200, ""),
    ] {
        check(input, &Ok((status, body)));
    }
}

#[test]
fn refuses_what_is_no_reply() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for input in [
        "SSH-2.0-OpenSSH\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\n\n",
        "HTTP/1.1 200 OK\r\na: b\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 20 Short\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\na : b\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: \0\r\n\r\n",
        "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1,\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding:\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n",
    ] {
        for pieces in [input.as_bytes().chunks(1).collect(), vec![input.as_bytes()]] {
            assert!(matches!(decode(false, &pieces), Err(ReplyError::Malformed(_))), "{input:?}");
        }
    }
    check(&format!("{chunked}5\nhello"), &Err(ReplyError::Chunked(ChunkedError::Size)));
}

#[test]
fn bounds_everything() {
    let body = || Err(ReplyError::TooLarge("body is", 20));
    check("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n01234567890123456789", &Ok((200, "01234567890123456789")));
    check("HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n", &body());
    check("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\n", &body());
    check("HTTP/1.1 200 OK\r\n\r\n012345678901234567890", &body());
    check("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n15\r\n012345678901234567890", &body());
    let head = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(200));
    check(&head, &Err(ReplyError::TooLarge("head is", 200)));
    let interims = "HTTP/1.1 103 Hints\r\n\r\n".repeat(17);
    check(&interims, &Err(ReplyError::TooLarge("number of interim replies is", 16)));
}

#[test]
fn says_where_the_connection_was_cut() {
    let whole = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let head = whole.len() - 2;
    for cut in 0..whole.len() {
        let place = match cut {
            0 => "without a reply",
            cut if cut < head => "in the head of its reply",
            _ => "in the body of its reply",
        };
        assert_eq!(decode(false, &[&whole.as_bytes()[..cut]]).unwrap_err(), ReplyError::Cut(place));
    }
}

#[test]
fn knows_which_connection_may_be_used_again() {
    for (input, bodiless, reusable) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false, true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok!", false, false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: x, Close\r\n\r\nok", false, false),
        ("HTTP/1.0 200 OK\r\ncontent-length: 2\r\nconnection: keep-alive\r\n\r\nok", false, false),
        ("HTTP/1.1 200 OK\r\n\r\nok", false, false),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", false, true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n!", false, false),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", false, false),
        ("HTTP/1.1 204 None\r\n\r\n", false, true),
        ("HTTP/1.1 204 None\r\ncontent-length: 2\r\n\r\n", false, false),
        ("HTTP/1.1 304 Same\r\ncontent-length: 2\r\n\r\n", false, true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n", true, true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", true, false),
    ] {
        assert_eq!(decode(bodiless, &[input.as_bytes()]).unwrap().reusable, reusable, "{input:?}");
    }
}

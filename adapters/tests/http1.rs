//! The pure reader of requests, as an adapter uses it.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use bytes::BytesMut;
use http::{Method, Version};
use segno::adapter::http1::{Framing, RequestDecoder, RequestEvent, RequestHead, RequestLimits};

const POST: &str = "POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

fn decoder() -> RequestDecoder {
    RequestDecoder::new(RequestLimits::default())
}

#[track_caller]
fn head(decoder: &mut RequestDecoder, buffer: &mut BytesMut) -> RequestHead {
    let RequestEvent::Head(head) = decoder.decode(buffer) else { panic!("the head is not whole") };
    *head
}

/// The status that these bytes are refused with under these limits; 0 if they are not.
#[track_caller]
fn status(limits: RequestLimits, bytes: &str) -> u16 {
    let (mut decoder, mut buffer) = (RequestDecoder::new(limits), BytesMut::from(bytes));
    for _ in 0..=bytes.len() {
        match decoder.decode(&mut buffer) {
            RequestEvent::Refused(refusal) => return refusal.status.as_u16(),
            RequestEvent::NeedsMore => return 0,
            RequestEvent::Head(_) | RequestEvent::Data(_) | RequestEvent::Trailers(_) | RequestEvent::End => {}
        }
    }
    panic!("there are more events than bytes")
}

#[test]
fn a_head_tells_what_a_server_must_know() {
    let head = head(&mut decoder(), &mut BytesMut::from(POST));
    assert_eq!((head.method, head.version, head.framing), (Method::POST, Version::HTTP_11, Framing::Length(5)));
    assert_eq!((head.uri.path(), head.uri.query()), ("/a", Some("b")));
    assert_eq!((head.headers["host"].to_str().unwrap(), head.keep_alive, head.expects_continue), ("x", true, false));
}

#[test]
fn what_belongs_to_the_next_request_stays_in_the_buffer() {
    let mut decoder = decoder();
    let mut buffer = BytesMut::from(format!("{POST}GET /next").as_str());
    assert!(decoder.is_between_requests());
    head(&mut decoder, &mut buffer);
    assert!(!decoder.is_between_requests());
    assert_eq!((decoder.declared_left(), &buffer[..]), (Some(5), &b"helloGET /next"[..]));
    assert!(matches!(decoder.decode(&mut buffer), RequestEvent::Data(data) if data == "hello"));
    assert!(matches!(decoder.decode(&mut buffer), RequestEvent::End));
    assert_eq!((decoder.declared_left(), decoder.is_between_requests()), (Some(0), true));
    assert!(matches!(decoder.decode(&mut buffer), RequestEvent::NeedsMore));
    assert_eq!(buffer, "GET /next");
    buffer.extend_from_slice(b" HTTP/1.1\r\nHost: y\r\n\r\n");
    assert_eq!(head(&mut decoder, &mut buffer).uri, "/next");
}

#[test]
fn a_large_piece_of_a_body_is_not_copied() {
    let mut decoder = decoder();
    let mut buffer = BytesMut::from("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    head(&mut decoder, &mut buffer);
    buffer.extend_from_slice(&[b'x'; 100_000]);
    let place = buffer.as_ptr();
    let RequestEvent::Data(data) = decoder.decode(&mut buffer) else { panic!("there is data") };
    assert_eq!((data.len(), data.as_ptr()), (100_000, place));
}

#[test]
fn a_small_piece_of_a_body_does_not_keep_its_buffer() {
    let mut decoder = decoder();
    let mut buffer = BytesMut::with_capacity(64 * 1024);
    buffer.extend_from_slice(POST.as_bytes());
    head(&mut decoder, &mut buffer);
    let place = buffer.as_ptr();
    let RequestEvent::Data(data) = decoder.decode(&mut buffer) else { panic!("there is data") };
    assert_eq!(data, "hello");
    assert_ne!(data.as_ptr(), place);
}

#[test]
fn small_chunks_come_in_few_pieces() {
    let mut decoder = decoder();
    let mut buffer = BytesMut::from("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    head(&mut decoder, &mut buffer);
    buffer.extend_from_slice("1\r\nx\r\n".repeat(100_000).as_bytes());
    buffer.extend_from_slice(b"0\r\nA: b\r\n\r\n");
    let mut pieces = Vec::new();
    let trailers = loop {
        match decoder.decode(&mut buffer) {
            RequestEvent::Data(data) => pieces.push(data.len()),
            RequestEvent::Trailers(trailers) => break trailers,
            other
            @ (RequestEvent::Head(_) | RequestEvent::End | RequestEvent::NeedsMore | RequestEvent::Refused(_)) => {
                panic!("{other:?}")
            }
        }
    };
    assert_eq!((pieces.iter().sum::<usize>(), trailers.len()), (100_000, 1));
    assert!(pieces.len() < 10, "{pieces:?}");
    assert!(matches!(decoder.decode(&mut buffer), RequestEvent::End));
}

#[test]
fn what_came_before_a_mistake_is_handed_on() {
    for (rest, status) in [("x\r\n", 400), ("200000\r\n", 413)] {
        let mut decoder = decoder();
        let bytes =
            format!("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n1\r\ny\r\n{rest}");
        let mut buffer = BytesMut::with_capacity(4096);
        buffer.extend_from_slice(bytes.as_bytes());
        head(&mut decoder, &mut buffer);
        assert!(matches!(decoder.decode(&mut buffer), RequestEvent::Data(data) if data == "hey"));
        for _ in 0..2 {
            let RequestEvent::Refused(refusal) = decoder.decode(&mut buffer) else { panic!("it is refused: {rest}") };
            assert_eq!(refusal.status, status);
        }
    }
}

#[test]
fn a_refusal_is_for_good() {
    let (mut decoder, mut buffer) = (decoder(), BytesMut::from("nonsense\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    for _ in 0..3 {
        let RequestEvent::Refused(refusal) = decoder.decode(&mut buffer) else { panic!("it is nonsense") };
        assert_eq!(refusal.to_string(), "400: the request line is not valid");
        assert!(buffer.is_empty(), "nothing is kept");
        assert!(!decoder.is_between_requests());
        buffer.extend_from_slice(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    }
}

#[test]
fn each_limit_holds_exactly() {
    let limits = RequestLimits::default;
    let fields = "Host: x\r\nContent-Length: 5\r\n\r\n";
    let head = POST.find("hello").unwrap();
    let rows = [
        ("the request line", RequestLimits { max_request_line: 18, ..limits() }, 0),
        ("the request line, by one", RequestLimits { max_request_line: 17, ..limits() }, 414),
        ("the head", RequestLimits { max_head: head, ..limits() }, 0),
        ("the head, by one", RequestLimits { max_head: head - 1, ..limits() }, 431),
        ("the fields", RequestLimits { max_head: fields.len(), ..limits() }, 431),
        ("the head, by all", RequestLimits { max_head: 0, ..limits() }, 431),
        ("the number of fields", RequestLimits { max_headers: 2, ..limits() }, 0),
        ("the number of fields, by one", RequestLimits { max_headers: 1, ..limits() }, 431),
        ("the body", RequestLimits { max_body: 5, ..limits() }, 0),
        ("the body, by one", RequestLimits { max_body: 4, ..limits() }, 413),
    ];
    for (name, limits, expected) in rows {
        assert_eq!(status(limits, POST), expected, "{name}");
    }
    let chunks = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n";
    assert_eq!(status(RequestLimits { max_body: 5, ..limits() }, chunks), 0);
    assert_eq!(status(RequestLimits { max_body: 4, ..limits() }, chunks), 413);
}

#[test]
fn more_fields_than_can_be_held_are_refused_whatever_the_limit() {
    let limits = RequestLimits { max_headers: usize::MAX, max_head: usize::MAX, ..RequestLimits::default() };
    let bytes = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "a:b\r\n".repeat(40_000));
    assert_eq!(status(limits.clone(), &bytes), 431);
    let names: String = (0..40_000).map(|number| format!("a{number}:b\r\n")).collect();
    assert_eq!(status(limits, &format!("GET / HTTP/1.1\r\nhost: x\r\n{names}\r\n")), 431);
}

#[test]
fn many_fields_are_read() {
    let fields: String = (0..1_000).map(|number| format!("X-{number}: {number}\r\n")).collect();
    let mut decoder = RequestDecoder::new(RequestLimits { max_headers: 1_001, ..RequestLimits::default() });
    let head = head(&mut decoder, &mut BytesMut::from(format!("GET / HTTP/1.1\r\nHost: x\r\n{fields}\r\n").as_str()));
    assert_eq!((head.headers.len(), head.headers["x-999"].to_str().unwrap()), (1_001, "999"));
}

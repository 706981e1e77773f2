//! Requests, one after the other, out of the bytes of a connection.

use bytes::{Buf, Bytes, BytesMut};
use http::{HeaderMap, StatusCode};

use super::{
    chunked::{Chunked, ChunkedDecoder},
    framing::{Framing, TOO_LARGE},
    head::{RequestHead, RequestLine},
    lines::{FieldLines, Lines},
    refusal::Refusal,
    text::{Text, is_token_byte},
};

/// How large a request may be. Take the [default](Self::default) and change what you must.
#[derive(Clone, Debug)]
pub struct RequestLimits {
    /// How many bytes the request line may have, without its end. By default 8,128: RFC 9112 wants 8,000 at least;
    /// browsers send no more, and nginx and Apache take about as many.
    pub max_request_line: usize,

    /// How many bytes the head may have, with all its lines. By default 32 KiB, as much as node.js took for years, four
    /// times nginx: room for cookies, and nothing to fill a memory with.
    pub max_head: usize,

    /// How many fields the head may have. By default 100, as many as hyper and Apache take.
    pub max_headers: usize,

    /// How many bytes the body may have. By default 2 MiB, as axum's: more than forms and JSON need.
    pub max_body: u64,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self { max_request_line: 8 * 1024 - 64, max_head: 32 * 1024, max_headers: 100, max_body: 2 << 20 }
    }
}

/// What comes next on a connection.
#[derive(Clone, Debug)]
pub enum RequestEvent {
    /// A request begins.
    Head(Box<RequestHead>),
    /// A piece of its body, never empty.
    Data(Bytes),
    /// The fields after a chunked body, if there are any. What a trailer must not be is left out.
    Trailers(HeaderMap),
    /// The request is whole. What comes next is the head of another one.
    End,
    /// All that came was taken, or is the beginning of something.
    NeedsMore,
    /// The request is to be answered with this, and the connection closed. Nothing else comes from it.
    Refused(Refusal),
}

/// Reads requests strictly, by RFC 9112. It is a pure machine: bytes go in, however they were cut, and events come out.
///
/// What came is in a buffer of the caller's: the decoder takes from its front what an event is made of, and leaves the
/// rest. Pieces of a body are not copied, unless they are much smaller than the buffer.
///
/// ```
/// use bytes::BytesMut;
/// use segno::adapter::http1::{RequestDecoder, RequestEvent, RequestLimits};
///
/// let mut decoder = RequestDecoder::new(RequestLimits::default());
/// let mut buffer = BytesMut::from("POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhiGET");
/// let RequestEvent::Head(head) = decoder.decode(&mut buffer) else { panic!("it is whole") };
/// assert_eq!((head.method.as_str(), head.uri.path()), ("POST", "/a"));
/// assert!(matches!(decoder.decode(&mut buffer), RequestEvent::Data(data) if data == "hi"));
/// assert!(matches!(decoder.decode(&mut buffer), RequestEvent::End));
/// assert!(matches!(decoder.decode(&mut buffer), RequestEvent::NeedsMore));
/// assert_eq!(buffer, "GET");
/// ```
#[derive(Clone, Debug)]
pub struct RequestDecoder {
    limits: RequestLimits,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    Line { lines: Lines, empty_lines: usize },
    Fields { line: RequestLine, lines: FieldLines, max_length: usize },
    Length(u64),
    Chunked { decoder: Box<ChunkedDecoder>, left: u64 },
    End,
    Refused(Refusal),
}

impl State {
    const fn new() -> Self {
        Self::Line { lines: Lines::new(), empty_lines: 0 }
    }
}

impl RequestDecoder {
    /// A decoder for a new connection.
    pub fn new(limits: RequestLimits) -> Self {
        Self { limits, state: State::new() }
    }

    /// Whether no request has begun that is not at its end, so that the connection may end here. What lies in the buffer
    /// is not looked at.
    pub fn is_between_requests(&self) -> bool {
        matches!(self.state, State::Line { .. })
    }

    /// How much of the body is still to come, if that was declared; what lies in the buffer is part of it.
    pub fn declared_left(&self) -> Option<u64> {
        match &self.state {
            State::Length(left) => Some(*left),
            State::Line { .. } | State::End => Some(0),
            State::Fields { .. } | State::Chunked { .. } | State::Refused(_) => None,
        }
    }

    /// The next event.
    ///
    /// To be called until it [needs more](RequestEvent::NeedsMore); then again with more bytes behind those that it left
    /// in the buffer. After a [refusal](RequestEvent::Refused) it gives the same one for ever.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> RequestEvent {
        match self.next(buffer) {
            Ok(event) => event,
            Err(refusal) => {
                self.state = State::Refused(refusal);
                buffer.clear();
                RequestEvent::Refused(refusal)
            }
        }
    }

    fn next(&mut self, buffer: &mut BytesMut) -> Result<RequestEvent, Refusal> {
        loop {
            match &mut self.state {
                State::Line { lines, empty_lines } => {
                    let Some(line) = request_line(lines, empty_lines, buffer, &self.limits)? else {
                        return Ok(RequestEvent::NeedsMore);
                    };
                    self.state = line;
                }
                State::Fields { .. } => {
                    return Ok(self.head(buffer)?.map_or(RequestEvent::NeedsMore, RequestEvent::Head));
                }
                State::Length(0) => self.state = State::End,
                State::Length(_) if buffer.is_empty() => return Ok(RequestEvent::NeedsMore),
                State::Length(left) => {
                    let length = usize::try_from(*left).map_or(buffer.len(), |left| left.min(buffer.len()));
                    *left -= length as u64;
                    return Ok(RequestEvent::Data(take(buffer, length)));
                }
                State::Chunked { .. } => return self.chunk(buffer),
                State::End => {
                    self.state = State::new();
                    return Ok(RequestEvent::End);
                }
                State::Refused(refusal) => return Err(*refusal),
            }
        }
    }

    fn head(&mut self, buffer: &mut BytesMut) -> Result<Option<Box<RequestHead>>, Refusal> {
        let State::Fields { lines, max_length, .. } = &mut self.state else { return Ok(None) };
        let bytes = &buffer[..buffer.len().min(*max_length)];
        let Some(end) = lines.end(bytes, self.limits.max_headers)? else {
            return if bytes.len() < *max_length { Ok(None) } else { Err(HEAD_TOO_LONG) };
        };
        // What a head is made of is not copied: it is taken, and soon another state stands there.
        let State::Fields { line, lines, .. } = std::mem::replace(&mut self.state, State::End) else { return Ok(None) };
        let head = line.with_fields(&bytes[..end], lines.count(), self.limits.max_body)?;
        buffer.advance(end);
        self.state = match head.framing {
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::Chunked { decoder: Box::default(), left: self.limits.max_body },
        };
        Ok(Some(Box::new(head)))
    }

    fn chunk(&mut self, buffer: &mut BytesMut) -> Result<RequestEvent, Refusal> {
        let State::Chunked { decoder, left } = &mut self.state else { return Ok(RequestEvent::NeedsMore) };
        // A body of many small chunks is handed on in few pieces.
        let mut joined = Vec::new();
        let found = loop {
            match next_data(decoder, left, buffer) {
                Ok(Found::Data(length)) if joined.is_empty() && is_large(buffer, length) => {
                    return Ok(RequestEvent::Data(buffer.split_to(length).freeze()));
                }
                Ok(Found::Data(length)) => {
                    joined.extend_from_slice(&buffer[..length]);
                    buffer.advance(length);
                    if joined.len() >= MAX_JOINED {
                        return Ok(RequestEvent::Data(joined.into()));
                    }
                }
                found => break found,
            }
        };
        match found {
            Err(refusal) if !joined.is_empty() => self.state = State::Refused(refusal),
            Err(refusal) => return Err(refusal),
            Ok(Found::End) if joined.is_empty() => {
                let trailers = std::mem::take(&mut **decoder).into_trailers();
                self.state = State::End;
                return if trailers.is_empty() { self.next(buffer) } else { Ok(RequestEvent::Trailers(trailers)) };
            }
            Ok(Found::Nothing) if joined.is_empty() => return Ok(RequestEvent::NeedsMore),
            // What comes after the data is found again.
            Ok(Found::Nothing | Found::End | Found::Data(_)) => {}
        }
        Ok(RequestEvent::Data(joined.into()))
    }
}

/// What stands at the front of a buffer with chunks.
enum Found {
    Nothing,
    /// So many bytes of the body.
    Data(usize),
    End,
}

/// Takes from the buffer what is no data.
fn next_data(decoder: &mut ChunkedDecoder, left: &mut u64, buffer: &mut BytesMut) -> Result<Found, Refusal> {
    let mut rest = &buffer[..];
    let decoded = decoder.decode(&mut rest).map_err(|error| Refusal::bad(error.reason()))?;
    let (found, length) = match decoded {
        Chunked::Data(data) => (Found::Data(data.len()), data.len()),
        Chunked::NeedsMore => (Found::Nothing, 0),
        Chunked::End => (Found::End, 0),
    };
    // Nobody needs to wait for data that is too long by what its size says.
    if (length as u64).saturating_add(decoder.announced()) > *left {
        return Err(TOO_LARGE);
    }
    *left -= length as u64;
    // The data is the last that was taken.
    buffer.advance(buffer.len() - rest.len() - length);
    Ok(found)
}

/// Reads the first line of a request; gives the state after it.
fn request_line(
    lines: &mut Lines,
    empty_lines: &mut usize,
    buffer: &mut BytesMut,
    limits: &RequestLimits,
) -> Result<Option<State>, Refusal> {
    let max_length = limits.max_request_line.saturating_add(b"\r\n".len());
    loop {
        let bytes = &buffer[..buffer.len().min(max_length)];
        // Another protocol may never send the end of what would be a line.
        if bytes.first().is_some_and(|byte| !is_token_byte(*byte) && !b"\r\n".contains(byte)) {
            return Err(Refusal::bad("the request line is not valid"));
        }
        let Some(line) = lines.next(bytes, Text::Visible)? else {
            return if bytes.len() < max_length { Ok(None) } else { Err(LINE_TOO_LONG) };
        };
        let used = line.end + b"\r\n".len();
        *lines = Lines::new();
        if !line.is_empty() {
            let line = RequestLine::parse(&bytes[line])?;
            buffer.advance(used);
            let max_length = limits.max_head.saturating_sub(used);
            return Ok(Some(State::Fields { line, lines: FieldLines::default(), max_length }));
        }
        // An empty line or two before a request is left over from clients that end a body with one.
        *empty_lines += 1;
        if *empty_lines > MAX_EMPTY_LINES {
            return Err(Refusal::bad("there are too many empty lines before the request"));
        }
        buffer.advance(used);
    }
}

/// Takes so many bytes from the front.
fn take(buffer: &mut BytesMut, length: usize) -> Bytes {
    if is_large(buffer, length) {
        return buffer.split_to(length).freeze();
    }
    let copy = Bytes::copy_from_slice(&buffer[..length]);
    buffer.advance(length);
    copy
}

/// Whether a piece of this length may share the buffer's memory. What is much smaller is copied: to keep a few bytes must
/// not mean to keep all the memory that they came in.
fn is_large(buffer: &BytesMut, length: usize) -> bool {
    length >= buffer.capacity() / MAX_WASTE
}

const LINE_TOO_LONG: Refusal = Refusal::new(StatusCode::URI_TOO_LONG, "the request line is too long");

const HEAD_TOO_LONG: Refusal =
    Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the header fields are too long");

/// How many empty lines may stand before a request: RFC 9112 asks for one.
const MAX_EMPTY_LINES: usize = 8;

/// How long a piece of many small chunks may become: as much as one read of a socket mostly brings.
const MAX_JOINED: usize = 16 * 1024;

/// How much more memory than its length a piece of a body may keep: so much that large pieces are hardly ever copied.
const MAX_WASTE: usize = 4;

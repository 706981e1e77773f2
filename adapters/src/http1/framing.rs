//! How long the body of a request is, by RFC 9112, section 6. Nothing is guessed: of two lengths none is taken.

use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};

use super::{fields::members, refusal::Refusal, text::is_token};

/// How long a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes. A request that says nothing of a body has none: 0.
    Length(u64),
    /// It comes in chunks, and says itself where it ends.
    Chunked,
}

pub(super) fn framing(
    method: &Method,
    version: Version,
    headers: &HeaderMap,
    max_body: u64,
) -> Result<Framing, Refusal> {
    let coded = headers.contains_key(header::TRANSFER_ENCODING);
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    match (coded, lengths.next(), lengths.next()) {
        (true, Some(_), _) => Err(Refusal::bad("there are both Content-Length and Transfer-Encoding")),
        (true, None, _) if version == Version::HTTP_10 => Err(Refusal::bad("HTTP/1.0 has no Transfer-Encoding")),
        (true, None, _) => transfer_codings(headers),
        (false, Some(_), Some(_)) => Err(Refusal::bad("there are two Content-Length fields")),
        (false, Some(length), None) => content_length(length, max_body),
        // HTTP/1.1 says by this that there is no body; HTTP/1.0, where a request had no other way to end, says nothing.
        (false, None, _) if version == Version::HTTP_10 && WITH_BODY.contains(method) => Err(NO_LENGTH),
        (false, None, _) => Ok(Framing::Length(0)),
    }
}

fn content_length(value: &HeaderValue, max_body: u64) -> Result<Framing, Refusal> {
    let digits = value.as_bytes();
    if !(1..=MAX_LENGTH_DIGITS).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::bad("the Content-Length is not a number"));
    }
    match value.to_str().ok().and_then(|digits| digits.parse().ok()) {
        Some(length) if length <= max_body => Ok(Framing::Length(length)),
        Some(_) => Err(TOO_LARGE),
        // Some reader would take it for a smaller one.
        None => Err(Refusal::bad("the Content-Length is larger than any body")),
    }
}

/// An empty member of the list is refused, though a reader may pass over it: not every one does.
fn transfer_codings(headers: &HeaderMap) -> Result<Framing, Refusal> {
    let codings: Vec<_> = members(headers, &header::TRANSFER_ENCODING).collect();
    let is_chunked = |coding: &&[u8]| coding.eq_ignore_ascii_case(b"chunked");
    if !codings.iter().all(|coding| is_token(coding)) {
        return Err(Refusal::bad("a transfer coding is not valid"));
    }
    match codings.iter().position(is_chunked) {
        Some(0) if codings.len() == 1 => Ok(Framing::Chunked),
        Some(place) if place + 1 == codings.len() => {
            Err(Refusal::new(StatusCode::NOT_IMPLEMENTED, "this server knows no transfer coding but chunked"))
        }
        Some(_) | None => Err(Refusal::bad("chunked is not the last transfer coding")),
    }
}

/// Whether the client waits for `100 Continue` before it sends the body.
pub(super) fn expects_continue(headers: &HeaderMap, version: Version) -> Result<bool, Refusal> {
    let mut expectations = members(headers, &header::EXPECT);
    match (expectations.next(), expectations.next()) {
        // HTTP/1.0 knows no such thing, and a proxy may have passed it on unread.
        _ if version == Version::HTTP_10 => Ok(false),
        (None, _) => Ok(false),
        (Some(expectation), None) if expectation.eq_ignore_ascii_case(b"100-continue") => Ok(true),
        (Some(_), _) => {
            Err(Refusal::new(StatusCode::EXPECTATION_FAILED, "this server knows no expectation but 100-continue"))
        }
    }
}

/// The answer to a body that is longer than the server takes.
pub(super) const TOO_LARGE: Refusal = Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too long");

const NO_LENGTH: Refusal = Refusal::new(StatusCode::LENGTH_REQUIRED, "the Content-Length is missing");

/// The methods whose requests are about their body.
const WITH_BODY: [Method; 3] = [Method::POST, Method::PUT, Method::PATCH];

/// A `u64` has 20; some clients write zeros before them, and nobody so many as to pass by a limit.
const MAX_LENGTH_DIGITS: usize = 32;

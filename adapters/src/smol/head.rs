//! The guard: reads the head of a request strictly, by RFC 9112, and refuses what two readers could understand in two ways.
//!
//! It is pure: bytes go in, a [`Head`] or a [`Refusal`] comes out. Nothing doubtful gets past it to async-h1.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::codec;

/// The head of a request, checked.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) framing: Framing,
    /// HTTP/1.0: no chunks in the response, and no other request.
    pub(crate) old: bool,
    pub(crate) keep_alive: bool,
    /// The client waits for `100 Continue` before it sends the body.
    pub(crate) expects_continue: bool,
}

/// How long the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(u64),
    Chunked,
}

/// A request that gets an answer of the server's own, and no other on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) reason: &'static str,
}

const fn refusal(status: StatusCode, reason: &'static str) -> Refusal {
    Refusal { status, reason }
}

const fn bad(reason: &'static str) -> Refusal {
    refusal(StatusCode::BAD_REQUEST, reason)
}

/// Looks for the end of the head in what has come so far: its length, if it is whole.
///
/// `scanned` is how much of `bytes` was looked at before, so that a head that trickles in is not read again and again.
pub(crate) fn find_end(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, Refusal> {
    let mut at = *scanned;
    while let Some(found) = bytes[at..].iter().position(|byte| *byte == b'\n').map(|found| at + found) {
        if found == 0 || bytes[found - 1] != b'\r' {
            return Err(bad("a line ends without CR"));
        }
        at = found + 1;
        if bytes[..at].ends_with(b"\r\n\r\n") {
            return Ok(Some(at));
        }
    }
    *scanned = at;
    let first_line = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    if first_line > MAX_REQUEST_LINE {
        return Err(refusal(StatusCode::URI_TOO_LONG, "the request line is too long"));
    }
    if bytes.len() > MAX_HEAD {
        return Err(refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the header fields are too long"));
    }
    Ok(None)
}

/// Reads a whole head, as [`find_end`] has found it.
pub(crate) fn parse(bytes: &[u8], max_body: u64) -> Result<Head, Refusal> {
    if bytes.len() > MAX_HEAD {
        return Err(refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "the header fields are too long"));
    }
    if bytes.iter().position(|byte| *byte == b'\n').is_some_and(|end| end > MAX_REQUEST_LINE) {
        return Err(refusal(StatusCode::URI_TOO_LONG, "the request line is too long"));
    }
    let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
        Ok(_) => return Err(bad("the head is not valid")),
        Err(error) => return Err(not_parsed(error, bytes)),
    }
    let old = parsed.version == Some(0);
    let method = method(parsed.method.unwrap_or_default())?;
    let uri = target(&method, parsed.path.unwrap_or_default())?;
    let headers = header_map(parsed.headers)?;
    check_host(&uri, &headers, old)?;
    let framing = framing(&headers, old, max_body)?;
    let expects_continue = expects_continue(&headers, old)?;
    let keep_alive = !old && !has_token(&headers, &header::CONNECTION, "close");
    Ok(Head { method, uri, headers, framing, old, keep_alive, expects_continue })
}

fn not_parsed(error: httparse::Error, bytes: &[u8]) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => {
            refusal(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many header fields")
        }
        httparse::Error::Version if names_a_version(bytes) => {
            refusal(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "this server speaks HTTP/1.1")
        }
        httparse::Error::Version => bad("the version is not valid"),
        httparse::Error::HeaderName => bad("a header field's name is not valid"),
        httparse::Error::HeaderValue => bad("a header field's value is not valid"),
        httparse::Error::NewLine | httparse::Error::Status | httparse::Error::Token => {
            bad("the request line is not valid")
        }
    }
}

/// Whether the request line ends as one of another version of HTTP does.
fn names_a_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    match line.rsplit(|byte| *byte == b' ').next() {
        Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]) => major.is_ascii_digit() && minor.is_ascii_digit(),
        _ => false,
    }
}

fn method(text: &str) -> Result<Method, Refusal> {
    if text == "CONNECT" {
        return Err(refusal(StatusCode::NOT_IMPLEMENTED, "this server is no proxy"));
    }
    match text.parse() {
        Ok(method) if codec::knows(text) => Ok(method),
        Ok(_) => Err(refusal(StatusCode::NOT_IMPLEMENTED, "this server does not know the method")),
        Err(_) => Err(bad("the method is not valid")),
    }
}

fn target(method: &Method, text: &str) -> Result<Uri, Refusal> {
    let valid = match text.as_bytes() {
        b"*" => method == Method::OPTIONS,
        [b'/', ..] => true,
        _ => text.starts_with("http://") || text.starts_with("https://"),
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"#\\<>\"{}|^`".contains(&byte));
    match text.parse::<Uri>() {
        Ok(uri) if valid && plain => Ok(uri),
        _ => Err(bad("the target is not valid")),
    }
}

fn header_map(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::with_capacity(fields.len());
    for field in fields {
        let name =
            HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| bad("a header field's name is not valid"))?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| bad("a header field's value is not valid"))?;
        headers.append(name, value);
    }
    Ok(headers)
}

fn check_host(uri: &Uri, headers: &HeaderMap, old: bool) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(bad("there are two Host fields")),
        (None, None) if old => {}
        (None, None) => return Err(bad("the Host field is missing")),
        (Some(host), None) if host.to_str().is_ok_and(is_authority) => {}
        (Some(_), None) => return Err(bad("the Host is not valid")),
    }
    match uri.authority() {
        Some(authority) if !is_authority(authority.as_str()) => Err(bad("the target's host is not valid")),
        Some(_) | None => Ok(()),
    }
}

/// A name or an address, and perhaps a port; no user, and nothing that could be taken for a path.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_name =
        |host: &str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte));
    let is_address = |address: &str| address.bytes().all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte));
    let valid = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => is_address(address),
        None => is_name(host),
    };
    valid
        && !host.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<http::uri::Authority>().is_ok()
}

fn framing(headers: &HeaderMap, old: bool, max_body: u64) -> Result<Framing, Refusal> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    match (codings.next(), codings.next(), lengths.next(), lengths.next()) {
        (None, None, None, None) => Ok(Framing::Length(0)),
        (None, None, Some(length), None) => content_length(length, max_body),
        (None, None, ..) => Err(bad("there are two Content-Length fields")),
        (Some(_), _, Some(_), _) => Err(bad("there are both Content-Length and Transfer-Encoding")),
        (Some(_), ..) if old => Err(bad("HTTP/1.0 has no Transfer-Encoding")),
        (Some(coding), None, ..) => transfer_coding(coding),
        _ => Err(bad("there are two Transfer-Encoding fields")),
    }
}

fn content_length(value: &HeaderValue, max_body: u64) -> Result<Framing, Refusal> {
    let digits = value.as_bytes();
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(bad("the Content-Length is not a number"));
    }
    let length = value.to_str().ok().and_then(|digits| digits.parse().ok());
    length.filter(|length| *length <= max_body).map(Framing::Length).ok_or(TOO_LARGE)
}

fn transfer_coding(value: &HeaderValue) -> Result<Framing, Refusal> {
    let coding = value.as_bytes().trim_ascii().to_ascii_lowercase();
    let codings: Vec<_> = coding.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).collect();
    match codings.iter().position(|coding| *coding == b"chunked") {
        Some(0) if codings.len() == 1 => Ok(Framing::Chunked),
        Some(place) if place + 1 < codings.len() => Err(bad("chunked is not the last transfer coding")),
        Some(_) | None => Err(refusal(StatusCode::NOT_IMPLEMENTED, "this server knows no transfer coding but chunked")),
    }
}

fn expects_continue(headers: &HeaderMap, old: bool) -> Result<bool, Refusal> {
    match headers.get(header::EXPECT) {
        None => Ok(false),
        Some(value) if value.as_bytes().eq_ignore_ascii_case(b"100-continue") => Ok(!old),
        Some(_) => Err(refusal(StatusCode::EXPECTATION_FAILED, "this server knows no expectation but 100-continue")),
    }
}

/// Whether a list in these fields has this token, in any case.
fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).iter();
    let mut tokens = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The answer to a head that does not come to its end.
pub(crate) const TOO_SLOW: Refusal = refusal(StatusCode::REQUEST_TIMEOUT, "the head of the request took too long");

/// The answer to a client that sends line ends and no request.
pub(crate) const ONLY_EMPTY_LINES: Refusal = bad("there are too many empty lines before the request");

/// The answer to a body that is longer than the server takes.
pub(crate) const TOO_LARGE: Refusal = refusal(StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too long");

/// RFC 9112 wants 8,000 bytes at least; browsers send no more, and nginx and Apache take about as many. async-h1 takes heads
/// of less than 8 KiB, with a host beside this line.
const MAX_REQUEST_LINE: usize = 8 * 1024 - 64;

/// As much as node.js took for years, four times nginx: room for cookies, and nothing to fill a memory with.
const MAX_HEAD: usize = 32 * 1024;

/// As many as hyper and Apache take.
const MAX_HEADERS: usize = 100;

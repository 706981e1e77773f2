//! The head of a request, read strictly by RFC 9112: what two readers could understand in two ways is refused.

use http::{HeaderMap, Method, StatusCode, Uri, Version, header};

use super::{
    fields::{self, has_token},
    framing::{Framing, expects_continue, framing},
    refusal::Refusal,
    target::{no_tunnel, settle_host, target},
    text::is_token,
};

/// The head of a request, checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestHead {
    /// The method, which may be any token.
    pub method: Method,
    /// The target, as it was sent.
    pub uri: Uri,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The fields. `Host` is valid, the only one, and the same as in the target.
    pub headers: HeaderMap,
    /// How long the body is.
    pub framing: Framing,
    /// Whether another request may follow this one.
    pub keep_alive: bool,
    /// Whether the client waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
}

/// The first line of a head.
#[derive(Clone, Debug)]
pub(super) struct RequestLine {
    method: Method,
    uri: Uri,
    version: Version,
}

impl RequestLine {
    /// Reads the line, without its end.
    pub(super) fn parse(line: &[u8]) -> Result<Self, Refusal> {
        let mut words = line.split(|byte| *byte == b' ');
        let (Some(method), Some(target_text), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(Refusal::bad("the request line is not valid"));
        };
        if !is_token(method) {
            return Err(Refusal::bad("the method is not valid"));
        }
        let version = parse_version(version)?;
        let method = Method::from_bytes(method).map_err(|_| Refusal::bad("the method is not valid"))?;
        let target_text = str::from_utf8(target_text).map_err(|_| Refusal::bad("the target is not valid"))?;
        if method == Method::CONNECT {
            return Err(no_tunnel(target_text));
        }
        let uri = target(&method, target_text)?;
        Ok(Self { method, uri, version })
    }

    /// The head of this line and so many field lines, which come with the empty line after them.
    pub(super) fn with_fields(self, lines: &[u8], count: usize, max_body: u64) -> Result<RequestHead, Refusal> {
        let Self { method, uri, version } = self;
        let mut headers = fields::parse(lines, count)?;
        settle_host(&uri, &mut headers, version)?;
        let framing = framing(&method, version, &headers, max_body)?;
        let expects_continue = expects_continue(&headers, version)?;
        let keep_alive = !has_token(&headers, &header::CONNECTION, "close")
            && (version == Version::HTTP_11 || has_token(&headers, &header::CONNECTION, "keep-alive"));
        Ok(RequestHead { method, uri, version, headers, framing, keep_alive, expects_continue })
    }
}

fn parse_version(text: &[u8]) -> Result<Version, Refusal> {
    match text {
        b"HTTP/1.1" => Ok(Version::HTTP_11),
        b"HTTP/1.0" => Ok(Version::HTTP_10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] if major.is_ascii_digit() && minor.is_ascii_digit() => {
            Err(Refusal::new(StatusCode::HTTP_VERSION_NOT_SUPPORTED, "this server speaks HTTP/1.1"))
        }
        _ => Err(Refusal::bad("the version is not valid")),
    }
}

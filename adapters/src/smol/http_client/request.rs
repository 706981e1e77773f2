//! A request that is ready to be sent, and its head on the wire.

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use segno_core::{Happened, HttpError, HttpErrorKind};

use super::{origin::Origin, time_limit::TimeLimit};
use crate::http1::fields;

/// A request, addressed.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) origin: Origin,
    pub(super) method: Method,
    /// The path and the query.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) time_limit: TimeLimit,
    /// Whether only a public address may be talked to.
    pub(super) public_only: bool,
    /// Whether sending it twice has no further effect.
    pub(super) repeatable: bool,
}

impl Request {
    /// The request line and the header fields.
    ///
    /// # Errors
    ///
    /// If the request says what only the client can say, or would mean something else on the wire.
    pub(super) fn head(&self) -> Result<Vec<u8>, HttpError> {
        if self.method == Method::CONNECT {
            return Err(invalid("CONNECT makes a tunnel, and has no reply"));
        }
        if !self.target.starts_with('/') || !self.target.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(invalid("the URL's path is not valid"));
        }
        if let Some(name) = RESERVED.iter().find(|name| self.headers.contains_key(*name)) {
            return Err(invalid(format!("the header field `{name}` is not for the request to set")));
        }
        let mut head = Vec::with_capacity(TYPICAL_HEAD);
        let authority = self.origin.authority();
        for part in [self.method.as_str(), " ", &self.target, " HTTP/1.1\r\nhost: ", &authority, "\r\n"] {
            head.extend_from_slice(part.as_bytes());
        }
        if self.announces_length() {
            head.extend_from_slice(format!("content-length: {}\r\n", self.body.len()).as_bytes());
        }
        if !self.owns_connection() {
            head.extend_from_slice(b"connection: keep-alive\r\n");
        }
        for (name, value) in &self.headers {
            fields::write(&mut head, name.as_str(), value.as_bytes());
        }
        head.extend_from_slice(b"\r\n");
        Ok(head)
    }

    /// Whether the request has wishes of its own for the connection, which then is not used again.
    pub(super) fn owns_connection(&self) -> bool {
        self.headers.contains_key(header::CONNECTION)
    }

    /// Without a body, only the methods that usually have one say so (RFC 9110, section 8.6).
    fn announces_length(&self) -> bool {
        !self.body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(&self.method)
    }
}

/// The error of a request that cannot be sent as it is.
pub(super) fn invalid(message: impl Into<String>) -> HttpError {
    HttpError::new(HttpErrorKind::Request, Happened::No, message)
}

/// What the client itself says, or could not keep to: where a message ends, and who is asked.
const RESERVED: [header::HeaderName; 5] =
    [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::TE, header::UPGRADE];

/// Enough for most heads without a second allocation.
const TYPICAL_HEAD: usize = 512;

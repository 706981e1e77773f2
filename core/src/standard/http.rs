//! HTTP requests to others, and their replies.

use alloc::{borrow::Cow, boxed::Box, format, string::String};
use core::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};

use crate::{
    effect::{Effect, Menu, Replay, lost},
    error::{EffectError, Happened, StopReason},
};

/// Fetches a URL; asked by [`Io::http_get`](crate::Io::http_get).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HttpGet {
    /// The absolute URL, `http:` or `https:`.
    pub url: Cow<'static, str>,
}

impl Effect for HttpGet {
    type Output = HttpReply;
    type Error = HttpError;
    const NAME: &'static str = "http_get";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        exchange_faults(menu, Happened::No);
    }
}

/// Sends an [`HttpRequest`] of any kind; asked by [`Io::http_send`](crate::Io::http_send).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HttpSend(pub Box<HttpRequest>);

impl Effect for HttpSend {
    type Output = HttpReply;
    type Error = HttpError;
    const NAME: &'static str = "http_send";

    /// By RFC 9110: safe methods read, `PUT` and `DELETE` may be repeated, an `Idempotency-Key` says so for any other.
    fn replay(&self) -> Replay {
        let request = &*self.0;
        let key = request.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
        if request.method.is_safe() {
            Replay::Read
        } else if request.method.is_idempotent() {
            Replay::Idempotent(format!("{} {}", request.method, request.url).into())
        } else {
            key.map_or(Replay::Once, |key| Replay::Idempotent(Cow::Owned(String::from(key))))
        }
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        exchange_faults(menu, lost(self));
    }
}

fn exchange_faults<E>(menu: &mut Menu<'_, E>, lost: Happened)
where
    E: Effect<Output = HttpReply, Error = HttpError>,
{
    menu.kind("timeout", lost, HttpErrorKind::Timeout);
    menu.kind("connection refused", Happened::No, HttpErrorKind::Connect);
    menu.answers("503", lost, || HttpReply::new(503, "service unavailable"));
}

/// An HTTP request to another server.
///
/// ```
/// use core::time::Duration;
/// use segno_core::HttpRequest;
///
/// let request = HttpRequest::post("http://bank.internal/charge")
///     .header("idempotency-key", "cart-7")?
///     .body(r#"{"cents":1999}"#)
///     .time_limit(Duration::from_secs(3));
/// assert_eq!(request.method, "POST");
/// # Ok::<_, segno_core::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HttpRequest {
    /// The method.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial::text"))]
    pub method: Method,
    /// The absolute URL, `http:` or `https:`.
    pub url: Cow<'static, str>,
    /// The header fields; `Host` and the body's length are added on the wire.
    pub headers: Headers,
    /// The body.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial::bytes"))]
    pub body: Bytes,
    /// How long the whole exchange may take, redirects included; the backend's limit if it is absent or shorter.
    pub time_limit: Option<Duration>,
    /// How many redirects are followed; the backend's limit if it is absent or lower.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub max_redirects: Option<u32>,
    /// Whether only public addresses may be talked to.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "core::ops::Not::not"))]
    pub public_only: bool,
}

impl HttpRequest {
    /// A request by this method.
    pub fn new(method: Method, url: impl Into<Cow<'static, str>>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Headers::default(),
            body: Bytes::new(),
            time_limit: None,
            max_redirects: None,
            public_only: false,
        }
    }

    /// A GET request.
    pub fn get(url: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::GET, url)
    }

    /// A POST request.
    pub fn post(url: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::POST, url)
    }

    /// A PUT request.
    pub fn put(url: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::PUT, url)
    }

    /// A DELETE request.
    pub fn delete(url: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Method::DELETE, url)
    }

    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// If HTTP does not allow the name or the value.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidHeader> {
        self.headers.add(name, value)?;
        Ok(self)
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// Limits the time that the whole exchange may take.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Limits how many redirects are followed. With 0, a redirect is the reply.
    #[must_use]
    pub fn max_redirects(mut self, limit: u32) -> Self {
        self.max_redirects = Some(limit);
        self
    }

    /// Refuses every address that is not public: of this machine, of a private network, of a cloud's metadata service.
    /// For a URL that comes from outside; it holds for what the host's name resolves to, and for each redirect.
    ///
    /// ```
    /// use segno_core::{HttpReply, HttpRequest, Io, Request, Response, Result};
    ///
    /// async fn preview(mut io: Io, request: Request) -> Result<Response> {
    ///     let url: String = request.query("url")?.unwrap_or_default();
    ///     let page: HttpReply = io.http_send(HttpRequest::get(url).public_only()).await?;
    ///     Ok(Response::text(page.text().chars().take(200).collect::<String>()))
    /// }
    /// ```
    #[must_use]
    pub fn public_only(mut self) -> Self {
        self.public_only = true;
        self
    }
}

/// The reply to an HTTP request: any that came whole, whatever its status.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HttpReply {
    /// The status.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial::status"))]
    pub status: StatusCode,
    /// The header fields.
    pub headers: Headers,
    /// The body.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial::bytes"))]
    pub body: Bytes,
}

impl HttpReply {
    /// A reply with this status (500 if it is none) and body.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, headers: Headers::default(), body: body.into() }
    }

    /// The reply, if its status says success (2xx).
    ///
    /// # Errors
    ///
    /// [`HttpErrorKind::Status`] if it does not.
    pub fn success(self) -> Result<Self, HttpError> {
        if self.status.is_success() {
            return Ok(self);
        }
        let message = format!("the server answered {}", self.status);
        Err(HttpError::new(HttpErrorKind::Status(self.status.as_u16()), Happened::Unknown, message))
    }

    /// A header field's value as text, the first of its name; `None` also if it is not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }
}

/// The reply as a response, to be passed on: without the fields that were about the connection it came over.
impl From<HttpReply> for http::Response<Bytes> {
    fn from(reply: HttpReply) -> Self {
        let mut response = Self::new(reply.body);
        *response.status_mut() = reply.status;
        *response.headers_mut() = *reply.headers.0;
        for field in HOP_BY_HOP {
            response.headers_mut().remove(field);
        }
        response
    }
}

/// What RFC 9110, section 7.6.1, tells those who pass a message on to leave behind, and the length, which is the body's.
const HOP_BY_HOP: [&str; 8] =
    ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

/// Header fields: an `http::HeaderMap`, boxed since it is large.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Headers(#[cfg_attr(feature = "serde", serde(with = "boxed_headers"))] Box<HeaderMap>);

impl Headers {
    /// Adds a field, beside others of its name.
    ///
    /// # Errors
    ///
    /// If HTTP does not allow the name or the value.
    pub fn add(&mut self, name: &str, value: &str) -> Result<(), InvalidHeader> {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) => {
                self.append(name, value);
                Ok(())
            }
            _ => Err(InvalidHeader { name: name.into() }),
        }
    }
}

/// A header field that HTTP does not allow. The value is not shown: it may be a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the header field {name:?} has a name or a value that HTTP does not allow")]
pub struct InvalidHeader {
    name: Box<str>,
}

impl core::ops::Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        &self.0
    }
}

impl core::ops::DerefMut for Headers {
    fn deref_mut(&mut self) -> &mut HeaderMap {
        &mut self.0
    }
}

impl From<HeaderMap> for Headers {
    fn from(headers: HeaderMap) -> Self {
        Self(Box::new(headers))
    }
}

#[cfg(feature = "serde")]
mod boxed_headers {
    use super::{Box, HeaderMap};
    use crate::serial::headers;

    #[allow(clippy::borrowed_box, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: serde::Serializer>(headers: &Box<HeaderMap>, serializer: S) -> Result<S::Ok, S::Error> {
        headers::serialize(headers, serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Box<HeaderMap>, D::Error> {
        headers::deserialize(deserializer).map(Box::new)
    }
}

/// Why an HTTP exchange failed.
pub type HttpError = EffectError<HttpErrorKind>;

/// The kinds of [`HttpError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum HttpErrorKind {
    /// The request cannot be sent as it is: its URL or a header field is not valid.
    Request,
    /// The host's name could not be resolved.
    Resolve,
    /// No connection could be made.
    Connect,
    /// The TLS handshake failed: mostly a certificate that is not trusted.
    Tls,
    /// The time limit was over.
    Timeout,
    /// The reply is larger than the backend's limit.
    TooLarge,
    /// The reply is not HTTP/1.1.
    Protocol,
    /// The connection was closed before the reply was whole.
    ConnectionLost,
    /// A redirect cannot be followed: it is one too many, leads from `https:` to `http:`, or leads nowhere.
    Redirect,
    /// The host has no address that may be talked to: see [`HttpRequest::public_only`].
    Blocked,
    /// The status is not the success that [`HttpReply::success`] asked for.
    Status(u16),
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for HttpErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

//! Requests for tests.

use std::{collections::VecDeque, net::SocketAddr};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use segno_core::{BodyError, BodyErrorKind, Happened, Headers, Request};

/// A request for a test, with its body.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing by itself"]
pub struct TestRequest {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    params: Vec<(String, String)>,
    peer: Option<SocketAddr>,
    pub(super) body: TestBody,
}

/// The body of a request, as far as it was not read yet.
#[derive(Clone, Debug, Default)]
pub(super) struct TestBody {
    /// In which it comes.
    pieces: VecDeque<Bytes>,
    trailers: Headers,
    /// Whether its end was read.
    ended: bool,
}

impl TestBody {
    pub(super) fn read(&mut self) -> Option<Bytes> {
        let piece = self.pieces.pop_front();
        self.ended |= piece.is_none();
        piece
    }

    pub(super) fn trailers(&self) -> Result<Headers, BodyError> {
        // Where there is nothing to be read, the end is where it begins.
        if self.ended || self.pieces.is_empty() && self.trailers.is_empty() {
            return Ok(self.trailers.clone());
        }
        let message = "trailer fields come after the body: read it until it gives `None` first";
        Err(BodyError::new(BodyErrorKind::Order, Happened::No, message))
    }
}

/// A GET request.
pub fn get(target: &str) -> TestRequest {
    request(Method::GET, target)
}

/// A POST request.
pub fn post(target: &str) -> TestRequest {
    request(Method::POST, target)
}

/// A PUT request.
pub fn put(target: &str) -> TestRequest {
    request(Method::PUT, target)
}

/// A PATCH request.
pub fn patch(target: &str) -> TestRequest {
    request(Method::PATCH, target)
}

/// A DELETE request.
pub fn delete(target: &str) -> TestRequest {
    request(Method::DELETE, target)
}

/// A HEAD request.
pub fn head(target: &str) -> TestRequest {
    request(Method::HEAD, target)
}

/// A request by any method.
pub fn request(method: Method, target: &str) -> TestRequest {
    let (target, body) = (target.into(), TestBody::default());
    TestRequest { method, target, headers: Vec::new(), params: Vec::new(), peer: None, body }
}

impl TestRequest {
    /// Adds a header field.
    ///
    /// # Panics
    ///
    /// If HTTP does not allow the name or the value.
    #[track_caller]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (name.parse(), value.parse()) {
            (Ok(name), Ok(value)) => self.headers.push((name, value)),
            _ => panic!("HTTP does not allow the header field {name:?}: {value:?}"),
        }
        self
    }

    /// Sets a parameter of the route, for a handler that is tested without its router.
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Sets who is [connected](Request::peer), such as `203.0.113.7:4711`.
    ///
    /// # Panics
    ///
    /// If it is no address with a port.
    #[track_caller]
    pub fn peer(mut self, address: &str) -> Self {
        match address.parse() {
            Ok(address) => self.peer = Some(address),
            Err(error) => panic!("{address:?} is no address of a peer, such as 203.0.113.7:4711: {error}"),
        }
        self
    }

    /// Sets the body; it comes in one piece.
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.body_in_pieces([body])
    }

    /// Sets the body, which comes in these pieces: each is one answer to [`ReadBody`](crate::ReadBody). Empty ones are left
    /// out, since no server reads them.
    ///
    /// ```
    /// use segno::{Io, Request, Response, Result, testing::{put, script}};
    ///
    /// async fn count(mut io: Io, mut request: Request) -> Result<Response> {
    ///     let mut pieces = 0;
    ///     while request.body.chunk(&mut io).await?.is_some() {
    ///         pieces += 1;
    ///     }
    ///     Ok(Response::text(pieces.to_string()))
    /// }
    ///
    /// script(count, put("/").body_in_pieces(["one ", "two"])).responds(200).body("2");
    /// ```
    pub fn body_in_pieces(mut self, pieces: impl IntoIterator<Item: Into<Bytes>>) -> Self {
        self.body.pieces = pieces.into_iter().map(Into::into).filter(|piece| !piece.is_empty()).collect();
        self
    }

    /// Adds a trailer field, which comes after the body: for [`Body::trailers`](crate::Body::trailers).
    ///
    /// ```
    /// use segno::{Io, Request, Response, Result, testing::{post, script}};
    ///
    /// async fn checked(mut io: Io, mut request: Request) -> Result<Response> {
    ///     request.body.bytes(&mut io, 1_000).await?;
    ///     let trailers = request.body.trailers(&mut io).await?;
    ///     Ok(Response::text(format!("{:?}", trailers.get("x-digest"))))
    /// }
    ///
    /// script(checked, post("/").body("hello").trailer("x-digest", "2cf2")).responds(200).body("Some(\"2cf2\")");
    /// ```
    ///
    /// # Panics
    ///
    /// If HTTP does not allow the name or the value.
    #[track_caller]
    pub fn trailer(mut self, name: &str, value: &str) -> Self {
        if self.body.trailers.add(name, value).is_err() {
            panic!("HTTP does not allow the trailer field {name:?}: {value:?}");
        }
        self
    }

    /// Sets the body to an HTML form with these fields, and `Content-Type`.
    ///
    /// ```
    /// use segno::{Io, Request, Response, Result, testing::{post, script}};
    ///
    /// async fn sign(mut io: Io, mut request: Request) -> Result<Response> {
    ///     let name: Option<String> = request.body.form(&mut io, 1_000).await?.get("name")?;
    ///     Ok(Response::text(name.unwrap_or_default()))
    /// }
    ///
    /// script(sign, post("/").form(&[("name", "Ada & Grace")])).responds(200).body("Ada & Grace");
    /// ```
    pub fn form(self, fields: &[(&str, &str)]) -> Self {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.content("application/x-www-form-urlencoded", body)
    }

    /// Sets the body to this JSON text, and `Content-Type`.
    pub fn json(self, text: &str) -> Self {
        self.content("application/json", text.to_owned())
    }

    fn content(mut self, kind: &'static str, body: String) -> Self {
        self.headers.retain(|(name, _)| *name != CONTENT_TYPE);
        self.headers.push((CONTENT_TYPE, HeaderValue::from_static(kind)));
        self.body(body)
    }

    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(self.method.clone(), &self.target);
        request.headers.extend(self.headers.iter().cloned());
        for (name, value) in &self.params {
            request = request.with_param(name, value);
        }
        match self.peer {
            Some(peer) => request.with_peer(peer),
            None => request,
        }
    }
}

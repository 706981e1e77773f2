//! Requests for tests.

use std::collections::VecDeque;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, header::CONTENT_TYPE};
use segno_core::Request;

/// A request for a test, with its body.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing by itself"]
pub struct TestRequest {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    params: Vec<(String, String)>,
    /// In the pieces in which it comes.
    pub(super) body: VecDeque<Bytes>,
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
    TestRequest { method, target: target.into(), headers: Vec::new(), params: Vec::new(), body: VecDeque::new() }
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
        self.body = pieces.into_iter().map(Into::into).filter(|piece| !piece.is_empty()).collect();
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
        request
    }
}

//! Requests for tests.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use segno_core::Request;

/// A request for a test, with its body.
#[derive(Clone, Debug)]
#[must_use = "a request does nothing by itself"]
pub struct TestRequest {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    params: Vec<(String, String)>,
    pub(super) body: Bytes,
}

/// A GET request.
pub fn get(target: &str) -> TestRequest {
    request(Method::GET, target)
}

/// A POST request.
pub fn post(target: &str) -> TestRequest {
    request(Method::POST, target)
}

/// A request by any method.
pub fn request(method: Method, target: &str) -> TestRequest {
    TestRequest { method, target: target.into(), headers: Vec::new(), params: Vec::new(), body: Bytes::new() }
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

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
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

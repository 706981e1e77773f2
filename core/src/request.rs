//! The request that a handler gets.

use alloc::{borrow::Cow, boxed::Box, format, vec::Vec};
use core::{fmt::Display, net::SocketAddr, str::FromStr};

use http::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;

use crate::error::{Error, Result};

/// An HTTP request: its head as data, and a handle on its body.
///
/// ```
/// use segno_core::Request;
///
/// let request = Request::get("/author/7?lang=en");
/// assert_eq!(request.path(), "/author/7");
/// assert_eq!(request.query::<String>("lang").unwrap().as_deref(), Some("en"));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The target.
    pub uri: Uri,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, to be read by effects.
    pub body: Body,
    params: Vec<(Box<str>, Box<str>)>,
    peer: Option<SocketAddr>,
}

impl Request {
    /// A request for this target, for tests and for jobs without HTTP. What is not a target becomes `/`.
    pub fn new(method: Method, target: &str) -> Self {
        let uri = target.parse().unwrap_or_else(|_| Uri::from_static("/"));
        Self { method, uri, headers: HeaderMap::new(), body: Body::new(), params: Vec::new(), peer: None }
    }

    /// A GET request for this target.
    pub fn get(target: &str) -> Self {
        Self::new(Method::GET, target)
    }

    /// A POST request to this target. Its body is what the driver answers to [`ReadBody`](crate::ReadBody); in a script,
    /// `testing::post(…).body(…)` says it.
    pub fn post(target: &str) -> Self {
        Self::new(Method::POST, target)
    }

    /// Sets a parameter of the route, for a handler that runs without a router.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Sets who is connected: for servers, and for tests.
    #[must_use]
    pub fn with_peer(mut self, peer: SocketAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// The address of who is connected, as the server sees it: behind a proxy, the proxy's. `None` if it has none, as on a
    /// unix socket, and where nobody is connected.
    ///
    /// A recorder keeps it with the request, so that a handler that decides by it does the same when it is replayed;
    /// `Recorder::secret("peer")` leaves it out, and the replayed request has none.
    pub fn peer(&self) -> Option<SocketAddr> {
        self.peer
    }

    /// The path of the target, as it was sent.
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// A parameter of the route, such as `id` in `/author/{id}`, percent-decoded.
    ///
    /// # Errors
    ///
    /// 404 if the path holds no such thing as a `T`: `/author/x` where a number must stand. 500 if the route has no such
    /// parameter: that is the program's mistake, and not the client's.
    pub fn param<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T> {
        let (_, text) = self.params.iter().find(|(param, _)| **param == *name).ok_or_else(|| {
            Error::status(500, "Internal Server Error").because(format!("the route has no parameter `{name}`"))
        })?;
        text.parse().map_err(|error| Error::status(404, format!("`{name}` in the path: {error}")))
    }

    /// A parameter of the query, decoded; the first of its name.
    ///
    /// # Errors
    ///
    /// 400 if it is there, and no `T`.
    pub fn query<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>> {
        field(self.uri.query().unwrap_or_default().as_bytes(), name, "query")
    }

    /// A header field's value as text, the first of its name; `None` also if it is not visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Sets the route's parameters from their raw text; says no if one is not UTF-8 when decoded.
    pub(crate) fn set_params<'a>(&mut self, params: impl Iterator<Item = (&'a str, &'a str)>) -> Option<()> {
        self.params = params.map(|(name, raw)| Some((name.into(), decode(raw)?.into()))).collect::<Option<_>>()?;
        Some(())
    }
}

/// A field of a URL-encoded form or query.
pub(crate) fn field<T: FromStr<Err: Display>>(encoded: &[u8], name: &str, place: &str) -> Result<Option<T>> {
    fields(encoded, name, place).next().transpose()
}

/// All fields of this name.
pub(crate) fn fields<T: FromStr<Err: Display>>(
    encoded: &[u8],
    name: &str,
    place: &str,
) -> impl Iterator<Item = Result<T>> {
    form_urlencoded::parse(encoded).filter(move |(field, _)| field == name).map(move |(_, text)| {
        text.parse().map_err(|error| Error::status(400, format!("`{name}` in the {place}: {error}")))
    })
}

fn decode(raw: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(raw).decode_utf8().ok()
}

impl From<http::Request<()>> for Request {
    fn from(request: http::Request<()>) -> Self {
        let (head, ()) = request.into_parts();
        let http::request::Parts { method, uri, headers, .. } = head;
        Self { method, uri, headers, body: Body::new(), params: Vec::new(), peer: None }
    }
}

/// The body of a request: the right to read it. There is one for each request.
#[derive(Debug)]
pub struct Body(());

impl Body {
    fn new() -> Self {
        Self(())
    }
}

//! The response that a handler gives.

use alloc::string::String;
use core::fmt::{self, Display, Write as _};

use bytes::Bytes;
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};

use crate::standard::{Headers, InvalidHeader, ResponseHead};

/// An HTTP response: whole, or the end of one that was [streamed](crate::Io::respond).
///
/// ```
/// use segno_core::Response;
///
/// let response = Response::text("no such author").status(404).header("cache-control", "no-store")?;
/// let (head, body) = response.into_whole().unwrap();
/// assert_eq!((head.status.as_u16(), &body[..]), (404, &b"no such author"[..]));
/// # Ok::<_, segno_core::InvalidHeader>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    head: ResponseHead,
    /// `None` if head and body were sent before.
    body: Option<Bytes>,
}

impl Response {
    /// A response with this status (500 if it is none) and body, without a content type.
    pub fn new(status: u16, body: impl Into<Bytes>) -> Self {
        Self { head: ResponseHead::new(status), body: Some(body.into()) }
    }

    /// Plain text, status 200.
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self { head: ResponseHead::text(), body: Some(body.into()) }
    }

    /// An HTML page, status 200. What others wrote must be [escaped](Escaped) in it.
    pub fn html(body: impl Into<Bytes>) -> Self {
        Self { head: ResponseHead::html(), body: Some(body.into()) }
    }

    /// JSON that is text already, status 200.
    pub fn json(body: impl Into<Bytes>) -> Self {
        Self { head: ResponseHead::of_type("application/json"), body: Some(body.into()) }
    }

    /// Sends the client to another place by `GET` (status 303).
    ///
    /// # Errors
    ///
    /// If the place cannot stand in a header field.
    pub fn see_other(place: &str) -> Result<Self, InvalidHeader> {
        Self::new(303, Bytes::new()).header("location", place)
    }

    /// Sets the status (500 if it is none).
    #[must_use]
    pub fn status(mut self, status: u16) -> Self {
        self.head.status = checked(status);
        self
    }

    /// Adds a header field.
    ///
    /// # Errors
    ///
    /// If HTTP does not allow the name or the value: a line break in it, for instance.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidHeader> {
        self.head.headers.add(name, value)?;
        Ok(self)
    }

    /// Head and body, for the driver to send; `None` if they were sent piece by piece.
    pub fn into_whole(self) -> Option<(ResponseHead, Bytes)> {
        Some((self.head, self.body?))
    }
}

/// Head and body, as [`into_whole`](Response::into_whole) gives them.
impl<B: Into<Bytes>> From<(ResponseHead, B)> for Response {
    fn from((head, body): (ResponseHead, B)) -> Self {
        Self { head, body: Some(body.into()) }
    }
}

impl<B: Into<Bytes>> From<http::Response<B>> for Response {
    fn from(response: http::Response<B>) -> Self {
        let (parts, body) = response.into_parts();
        let head = ResponseHead { status: parts.status, headers: parts.headers.into() };
        Self { head, body: Some(body.into()) }
    }
}

impl ResponseHead {
    /// A head with this status (500 if it is none).
    pub fn new(status: u16) -> Self {
        Self { status: checked(status), headers: Headers::default() }
    }

    /// The head of plain text.
    pub fn text() -> Self {
        Self::of_type("text/plain; charset=utf-8")
    }

    /// The head of an HTML page.
    pub fn html() -> Self {
        Self::of_type("text/html; charset=utf-8")
    }

    /// The head of an [`EventStream`](crate::EventStream): no cache keeps it, and nginx does not hold its events back.
    pub fn events() -> Self {
        let mut head = Self::of_type("text/event-stream");
        head.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        head.headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        head
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

    fn of_type(content_type: &'static str) -> Self {
        let mut head = Self::new(200);
        head.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        head
    }
}

fn checked(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A response on its way: its head was sent, its body follows in pieces. See [`Io::respond`](crate::Io::respond).
///
/// If the handler fails before the [end](Self::end), the connection is cut, so that the client sees a torn body and never
/// a seemingly whole one.
#[derive(Debug)]
pub struct ResponseStream(());

impl ResponseStream {
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// Ends the body: what the handler returns.
    pub fn end(self) -> Response {
        Response { head: ResponseHead::new(200), body: None }
    }
}

/// A page that is written piece by piece and sent whole.
///
/// ```
/// use segno_core::{Escaped, Page, Response};
///
/// let mut page = Page::new();
/// page.write("<h1>Authors</h1>");
/// page.write(Escaped("Ada & Grace"));
/// let response: Response = page.into();
/// assert_eq!(&response.into_whole().unwrap().1[..], b"<h1>Authors</h1>Ada &amp; Grace");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page(String);

impl Page {
    /// An empty page.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a piece of HTML.
    pub fn write(&mut self, piece: impl Display) {
        // A string takes all that is written to it.
        let _ = write!(self.0, "{piece}");
    }
}

impl From<Page> for Response {
    fn from(page: Page) -> Self {
        Self::html(page.0)
    }
}

/// Shows a text in such a way that HTML takes it for text, also in an attribute.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<T>(pub T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Escaper(f), "{}", self.0)
    }
}

struct Escaper<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for Escaper<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.split_inclusive(['&', '<', '>', '"', '\'']) {
            let (plain, special) = match piece.char_indices().next_back() {
                Some((at, '&')) => (&piece[..at], "&amp;"),
                Some((at, '<')) => (&piece[..at], "&lt;"),
                Some((at, '>')) => (&piece[..at], "&gt;"),
                Some((at, '"')) => (&piece[..at], "&quot;"),
                Some((at, '\'')) => (&piece[..at], "&#39;"),
                Some(_) | None => (piece, ""),
            };
            self.0.write_str(plain)?;
            self.0.write_str(special)?;
        }
        Ok(())
    }
}

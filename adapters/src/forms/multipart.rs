//! Uploads: `multipart/form-data`, as browsers send a form with files.

use std::{
    convert::Infallible,
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use futures_lite::stream;
use http::header::CONTENT_TYPE;
use segno_core::{BodyErrorKind, Error, Has, Io, ReadBody, Request, Result};

/// The parts of a form with files, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct Multipart {
    /// The parts.
    pub parts: Vec<Part>,
}

/// One field of a form with files, or one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The name that the client's file has, if it is one. It is any text that the client likes, `../../etc/passwd` for
    /// example: show it, keep it as data, and never make a path of it. Browsers write a quote in it as `%22`.
    pub file_name: Option<String>,
    /// What the client says of the content's type. It is not checked against the content.
    pub content_type: Option<String>,
    /// The content.
    pub content: Bytes,
}

impl Multipart {
    /// The first part of this name.
    pub fn get(&self, name: &str) -> Option<&Part> {
        self.all(name).next()
    }

    /// All parts of this name, in their order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.name == name)
    }

    /// A field's text; the first of its name.
    ///
    /// # Errors
    ///
    /// 400 if it is there, and not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&str>> {
        let Some(part) = self.get(name) else { return Ok(None) };
        let text = str::from_utf8(&part.content);
        text.map(Some).map_err(|_| Error::status(400, format!("`{name}` in the form: it is not UTF-8")))
    }
}

/// Reads the request's body as a form with files (`multipart/form-data`), if it is not more than `limit` bytes in all.
///
/// The server has a limit of its own, of 2 MiB by default: for larger files raise `ServerOptions::max_body` as well.
///
/// The body is in memory, twice while it is taken apart; so `limit` is to be what your pages need.
///
/// # Errors
///
/// 413 if the body is longer, 415 if it is something else, 400 if it is not valid, or has more than 1,000 parts.
///
/// ```
/// use segno::{Io, Request, Response, Result, forms};
///
/// async fn upload(mut io: Io, mut request: Request) -> Result<Response> {
///     let form = forms::multipart(&mut io, &mut request, 8 << 20).await?;
///     let title = form.text("title")?.unwrap_or("no title").to_owned();
///     for photo in form.all("photo") {
///         io.sql("insert into photo (title, content) values (?1, ?2)", (&title, photo.content.to_vec())).await?;
///     }
///     Ok(Response::see_other("/photos")?)
/// }
/// ```
#[track_caller]
pub fn multipart<S: Has<ReadBody>>(
    io: &mut Io<S>,
    request: &mut Request,
    limit: usize,
) -> impl Future<Output = Result<Multipart>> {
    let boundary = boundary(request);
    let body = request.body.bytes(io, limit);
    async move {
        let boundary = boundary?;
        let body = body.await.map_err(|error| match error.kind == BodyErrorKind::TooLarge {
            true => Error::status(413, format!("the form is longer than {limit} bytes")).because(error),
            false => error.into(),
        })?;
        Ok(Multipart { parts: at_once(parts(body, boundary))?? })
    }
}

/// The text between the parts, as the request's head says it.
fn boundary(request: &Request) -> Result<String> {
    let no_form = |reason: String| Error::status(415, format!("expected `multipart/form-data`: {reason}"));
    let Some(field) = request.headers.get(CONTENT_TYPE).and_then(|field| field.to_str().ok()) else {
        return Err(no_form("the request does not say what its body is".into()));
    };
    let boundary = multer::parse_boundary(field).map_err(|error| no_form(error.to_string()))?;
    match (1..=LONGEST_BOUNDARY).contains(&boundary.len()) {
        true => Ok(boundary),
        false => Err(Error::status(400, format!("a boundary has between 1 and {LONGEST_BOUNDARY} characters"))),
    }
}

/// Takes a body apart. All of it is here, so that this future never waits.
async fn parts(body: Bytes, boundary: String) -> Result<Vec<Part>> {
    let mut multipart = multer::Multipart::new(stream::once(Ok::<_, Infallible>(body)), boundary);
    let mut parts = Vec::new();
    while let Some(field) = multipart.next_field().await.map_err(invalid)? {
        if parts.len() == MOST_PARTS {
            return Err(Error::status(400, format!("the form has more than {MOST_PARTS} parts")));
        }
        let Some(name) = field.name().map(str::to_owned) else {
            return Err(Error::status(400, format!("part {} of the form has no name", parts.len() + 1)));
        };
        let content_type = field.headers().get(CONTENT_TYPE);
        let content_type = content_type.map(|field| String::from_utf8_lossy(field.as_bytes()).into_owned());
        let file_name = field.file_name().map(str::to_owned);
        parts.push(Part { name, file_name, content_type, content: field.bytes().await.map_err(invalid)? });
    }
    Ok(parts)
}

fn invalid(error: multer::Error) -> Error {
    Error::status(400, format!("the form is not valid: {error}"))
}

/// The output of a future that has nothing to wait for.
fn at_once<T>(future: impl Future<Output = T>) -> Result<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Ok(output),
        Poll::Pending => Err(Error::status(500, "Internal Server Error").because("a form in memory was waited for")),
    }
}

/// RFC 2046, section 5.1.1.
const LONGEST_BOUNDARY: usize = 70;

/// More fields than any form has that people fill in; each costs some hundred bytes beside its content.
const MOST_PARTS: usize = 1_000;

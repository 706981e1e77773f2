//! async-h1's HTTP/1.1 codec, and all of `http-types`: the one file of the server that names them.
//!
//! Neither ever sees the socket. The decoder reads from memory a head that the guard has checked and written anew; the
//! encoder writes the head of a response, without a body, into memory. What their types cannot carry travels beside them:
//! other methods and statuses than the registered ones, and header fields, which they would copy and write anew.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, Method, StatusCode, Uri, header};
use http_types::headers;
use segno_core::{Request, ResponseHead};
use smol::io::{AsyncRead, AsyncReadExt, AsyncWrite};

use super::date;
use crate::http1::fields;

/// Decodes a checked head; `None` if async-h1 finds fault with it all the same.
pub(crate) async fn decode(method: Method, uri: Uri, headers: HeaderMap) -> Option<Request> {
    let path = if uri.path().starts_with('/') { uri.path() } else { "/" };
    let stand_in = if knows(&method) { method.as_str() } else { STAND_IN };
    // The path alone, and a host that is short and no matter: the decoder's URL type would change them, and what handlers
    // see is what was sent.
    let canonical = format!("{stand_in} {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
    let (decoded, _) =
        async_h1::server::decode(Memory { bytes: canonical.into_bytes().into(), read: 0 }).await.ok()??;
    (decoded.method().as_ref() == stand_in).then(|| request(method, uri, headers))
}

/// Whether async-h1 can decode a request with this method: it knows the registered ones alone.
fn knows(method: &Method) -> bool {
    method.as_str().parse::<http_types::Method>().is_ok_and(|known| known.as_ref() == method.as_str())
}

fn request(method: Method, uri: Uri, headers: HeaderMap) -> Request {
    let mut request = http::Request::new(());
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    *request.headers_mut() = headers;
    request.into()
}

/// How the body of a response is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delimiter {
    /// There can be none: 204, 304.
    None,
    Length(u64),
    Chunked,
    /// The connection's end: for HTTP/1.0.
    Close,
}

/// Encodes the head of a response. Its fields hold no framing; `connection` is what it says of the connection.
pub(crate) async fn encode(
    head: &ResponseHead,
    delimiter: Delimiter,
    connection: Option<&'static str>,
) -> io::Result<Vec<u8>> {
    let status = http_types::StatusCode::try_from(head.status.as_u16()).ok();
    let mut response = http_types::Response::new(status.unwrap_or(http_types::StatusCode::Ok));
    let length = match delimiter {
        Delimiter::Length(length) => usize::try_from(length).ok(),
        Delimiter::None | Delimiter::Chunked | Delimiter::Close => None,
    };
    // What the encoder would write by itself, for each response anew.
    response.insert_header(headers::DATE, date::now());
    let mut beside = Vec::with_capacity(TYPICAL_HEAD);
    for (name, value) in head.headers.iter() {
        match (name, value.to_str()) {
            (&header::DATE, Ok(text)) => drop(response.insert_header(headers::DATE, text)),
            (&header::CONTENT_TYPE, Ok(text)) => response.append_header(headers::CONTENT_TYPE, text),
            _ => fields::write(&mut beside, name.as_str(), value.as_bytes()),
        }
    }
    if let Some(connection) = connection {
        fields::write(&mut beside, "connection", connection.as_bytes());
    }
    let typed = response.header(headers::CONTENT_TYPE).is_some();
    response.set_body(http_types::Body::from_reader(smol::io::empty(), length));
    if !typed {
        // It came with the body.
        response.remove_header(headers::CONTENT_TYPE);
    }
    // A response to HEAD is a head: the encoder leaves the body to us.
    let mut bytes = Vec::with_capacity(TYPICAL_HEAD);
    async_h1::server::Encoder::new(response, http_types::Method::Head).read_to_end(&mut bytes).await?;
    if let Delimiter::None | Delimiter::Close = delimiter {
        remove(&mut bytes, b"\r\ntransfer-encoding: chunked");
    }
    if status.is_none() || head.status == StatusCode::NOT_MODIFIED {
        // http-types does not know the status, or calls it by another name.
        let end = bytes.iter().position(|byte| *byte == b'\r').unwrap_or_default();
        bytes.splice(..end, status_line(head.status).into_bytes());
    }
    bytes.truncate(bytes.len() - b"\r\n".len());
    bytes.extend_from_slice(&beside);
    bytes.extend_from_slice(b"\r\n");
    Ok(bytes)
}

/// An interim response as bytes. http-types knows few of their statuses, so all of it is written here.
pub(crate) fn interim(head: &ResponseHead) -> Vec<u8> {
    let mut bytes = status_line(head.status).into_bytes();
    bytes.extend_from_slice(b"\r\n");
    for (name, value) in head.headers.iter() {
        fields::write(&mut bytes, name.as_str(), value.as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// Without its end.
fn status_line(status: StatusCode) -> String {
    format!("HTTP/1.1 {} {}", status.as_str(), status.canonical_reason().unwrap_or_default())
}

fn remove(bytes: &mut Vec<u8>, line: &[u8]) {
    if let Some(start) = bytes.windows(line.len()).position(|window| window == line) {
        bytes.drain(start..start + line.len());
    }
}

/// A connection in memory, from which one head can be read. What is written to it is dropped.
#[derive(Clone)]
struct Memory {
    bytes: Arc<[u8]>,
    read: usize,
}

impl AsyncRead for Memory {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let rest = &self.bytes[self.read..];
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        self.read += length;
        Poll::Ready(Ok(length))
    }
}

impl AsyncWrite for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What async-h1 is told instead of a method that it does not know.
const STAND_IN: &str = "GET";

/// Most heads are no longer.
const TYPICAL_HEAD: usize = 256;

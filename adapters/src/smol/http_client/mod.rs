//! HTTP requests to others: a client on smol's sockets.
//!
//! Read from the top: [`HttpClient`] is what a backend holds; `surf` translates for it; `exchange` sends one request
//! and reads one reply, over a connection from the `pool` or a fresh one of `connection`; `request` writes the head,
//! `reply` reads the answer.

mod connection;
mod exchange;
mod options;
mod origin;
mod pool;
mod reply;
mod request;
mod surf;
mod time_limit;

use std::sync::Arc;

use segno_core::{HttpError, HttpReply, HttpRequest};

pub use options::HttpClientOptions;

/// An HTTP/1.1 client on smol, with TLS: what performs [`HttpGet`](segno_core::HttpGet) and
/// [`HttpSend`](segno_core::HttpSend).
///
/// It is cheap to clone; the clones share their connections. A reply is read as a whole, whatever its status: redirects
/// are *not* followed in this version, they are replies like others. Nothing is added to a request but `host`,
/// `content-length` and `connection: keep-alive`; a `connection` field of its own is sent instead, and that connection
/// is not used again.
///
/// A name with several addresses is connected to at the first one that answers. A certificate must be signed by a
/// public authority or one of [`HttpClientOptions::root_certificates`].
///
/// # Errors
///
/// Besides what failed, [`HttpError`] says whether the request happened all the same:
///
/// | kind | happened |
/// |---|---|
/// | `Request`, `Resolve`, `Connect` | no |
/// | `Tls`, `Timeout`, `ConnectionLost` before a byte of the request was sent | no |
/// | `Tls`, `Timeout`, `ConnectionLost` after that | nobody can tell |
/// | `TooLarge`, `Protocol` | yes: the server did reply |
///
/// A connection that is used again may be closed by the server just then. If no byte of a reply came over it, the
/// request is sent once more over a fresh one, provided that it [may be](segno_core::Replay) repeated; an error of that
/// second attempt never says "no" if the first may have arrived.
///
/// No message of an error holds the URL's path, query or user information.
///
/// ```
/// use segno::{HttpErrorKind, HttpRequest};
/// use segno::smol::{HttpClient, HttpClientOptions};
///
/// let client = HttpClient::new(HttpClientOptions::default()).unwrap();
/// let refused = smol::block_on(client.send(HttpRequest::get("http://127.0.0.1:1/"))).unwrap_err();
/// assert_eq!(refused.kind, HttpErrorKind::Connect);
/// ```
#[derive(Clone, Debug)]
pub struct HttpClient {
    surf: Arc<surf::Surf>,
}

impl HttpClient {
    /// A client with these limits.
    ///
    /// # Errors
    ///
    /// [`HttpErrorKind::Tls`](segno_core::HttpErrorKind::Tls) if a root certificate is not valid.
    pub fn new(options: HttpClientOptions) -> Result<Self, HttpError> {
        Ok(Self { surf: Arc::new(surf::Surf::new(&options)?) })
    }

    /// Sends a request and reads the whole reply.
    ///
    /// The future may be dropped at any time: the connection is then closed, and never used again.
    ///
    /// # Errors
    ///
    /// If the exchange failed, as [above](Self#errors).
    pub async fn send(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        self.surf.send(request).await
    }
}

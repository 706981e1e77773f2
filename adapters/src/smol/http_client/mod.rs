//! HTTP requests to others: a client on smol's sockets.
//!
//! Read from the top: [`HttpClient`] is what a backend holds; `surf` translates for it, and follows redirects as
//! `redirect` says; `exchange` sends one request and reads one reply, over a connection from the `pool` or a fresh one
//! of `connection` (to one of the `addresses` that are allowed, by `tls`); `request` writes the head, `reply` reads the
//! answer.

mod addresses;
mod connection;
mod exchange;
mod options;
mod origin;
mod pool;
mod redirect;
mod reply;
mod request;
mod surf;
mod time_limit;
mod tls;

use std::sync::Arc;

use segno_core::{HttpError, HttpReply, HttpRequest};

pub use addresses::Addresses;
pub use options::HttpClientOptions;

/// An HTTP/1.1 client on smol, with TLS: what performs [`HttpGet`](segno_core::HttpGet) and
/// [`HttpSend`](segno_core::HttpSend).
///
/// It is cheap to clone; the clones share their connections. A reply is read as a whole, whatever its status. Nothing is
/// added to a request but `host`, `content-length`, `connection: keep-alive` and
/// [`user-agent`](HttpClientOptions::user_agent); a `connection` field of its own is sent instead, and that connection
/// is not used again. No compressed reply is asked for, and none is unpacked: a body is what came, with its
/// `content-encoding`. The environment is not looked at, so that `HTTP_PROXY` has no effect: there are no proxies.
///
/// A name with several addresses is connected to at the first one that answers. A certificate must be signed by a
/// public authority or one of [`HttpClientOptions::root_certificates`].
///
/// # Redirects
///
/// Redirects are followed, up to [`HttpClientOptions::max_redirects`] or
/// [`HttpRequest::max_redirects`](segno_core::HttpRequest::max_redirects), within the time limit of the request. The
/// reply to one too many is an error; with a limit of 0, a redirect is the reply, and so it is without a `Location`. A
/// reply does not say where it came from at last: who must know follows by hand, with a limit of 0.
///
/// | status | the next request |
/// |---|---|
/// | 301, 302 | the same; after a POST, a GET without the body |
/// | 303 | a GET without the body, or a HEAD after a HEAD |
/// | 307, 308 | the same, with the body |
///
/// None is followed from `https` to `http`, to another scheme, or to a URL with a user's name. `authorization`, `cookie`
/// and `proxy-authorization` are not sent to another origin (scheme, host or port); all other fields are, so a secret in
/// a field of its own, or in a body, should go out with a limit of 0.
///
/// # Requests for strangers
///
/// A URL that comes from outside may lead to where only this machine can reach: `http://localhost/`, a cloud's metadata
/// at `http://169.254.169.254/`, or a name that resolves to these. Ask for it with
/// [`HttpRequest::public_only`](segno_core::HttpRequest::public_only), or give the whole client
/// [`HttpClientOptions::addresses`]. A stranger's server may take all the time that it is given: give it less by
/// [`HttpRequest::time_limit`](segno_core::HttpRequest::time_limit), since it holds one of the client's connections.
///
/// # Errors
///
/// Besides what failed, [`HttpError`] says whether the request happened all the same:
///
/// | kind | happened |
/// |---|---|
/// | `Request`, `Resolve`, `Connect`, `Blocked` | no |
/// | `Tls`, `Timeout`, `ConnectionLost` before a byte of the request was sent | no |
/// | `Tls`, `Timeout`, `ConnectionLost` after that | nobody can tell |
/// | `TooLarge`, `Protocol` once the request was sent and the status and fields of the reply came | yes |
/// | `TooLarge`, `Protocol` before that | nobody can tell |
/// | `Redirect`, and after a redirect any that would say "no" | nobody can tell |
/// | any, a `Redirect` too, once a redirect made a GET of another method | yes after a 303, else nobody can tell |
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

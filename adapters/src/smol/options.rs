//! What a server can be told, and what it does if it is told nothing.

use std::time::Duration;

use http::{HeaderMap, HeaderName};

use super::descriptors;
use crate::http1::RequestLimits;

/// Limits and times of a [`Server`](super::Server). Take the [default](Self::default) and change what you must:
///
/// ```
/// use segno::smol::ServerOptions;
///
/// let options = ServerOptions { max_body: 64 << 20, ..ServerOptions::default() };
/// ```
///
/// A client that is slower than a time here loses its connection and costs nobody else anything: none of them needs to be
/// long for the sake of good clients, but where a handler takes long bodies, [`body_time`](Self::body_time) is to fit
/// [`max_body`](Self::max_body).
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// How many threads run handlers. By default as many as the machine has processors.
    pub threads: usize,

    /// How many clients may be connected at a time. By default 25,000, which is some 60 MB while they are idle, but no more than three
    /// quarters of the descriptors that the process may open: the rest is for the database and other servers.
    ///
    /// At its start a server raises the process's limit of descriptors (`ulimit -Sn`) to the highest that the system lets it
    /// have (`ulimit -Hn`). Programs that it starts inherit that.
    ///
    /// When all places are taken, the next clients wait in the system's queue, and connections that wait for another
    /// request are ended to make room, mostly those first that wait longest. Who is being served is not slowed down.
    pub max_connections: usize,

    /// How many connections one address may have at a time; of IPv6 a /64 counts as one, since one user has all of it. By
    /// default half of [`max_connections`](Self::max_connections), so that no single address can take every place, and a proxy in front,
    /// which is one address too, has enough. Without a proxy 100 are plenty, but mind that offices and mobile networks share
    /// addresses.
    ///
    /// One more is told 503 with `Retry-After`, before it has sent anything, and its connection ends. Unix sockets have no
    /// addresses, and no such limit.
    pub max_connections_per_address: Option<usize>,

    /// How long the head of a request may be, in bytes: its first line and its fields. By default 32 KiB: four times what nginx
    /// takes, room for many cookies, and little beside what a connection may take otherwise. One that is longer gets 431.
    pub max_head: usize,

    /// How many fields the head of a request may have. By default 100, as hyper's and Apache's; browsers send about 20. One
    /// with more gets 431.
    pub max_headers: usize,

    /// How long a request's body may be, in bytes. By default 2 MiB, as axum's: more than forms and JSON need.
    pub max_body: u64,

    /// How long a new connection may wait before its first byte. By default 30 seconds: browsers open connections ahead of
    /// their requests, and open another one if they need it. It is closed without a word. No longer than
    /// [`idle_time`](Self::idle_time) in any case.
    pub first_byte_time: Duration,

    /// How long a client may take to send a head, from its first byte. By default 10 seconds: a head is a packet or two, and
    /// those may be lost and sent again a few times. After that it gets 408.
    pub head_time: Duration,

    /// How long a connection may wait for another request. By default 75 seconds, as nginx's: more than browsers keep one. It
    /// is closed without a word.
    pub idle_time: Duration,

    /// How long a client may send nothing of a body that the handler waits for. By default 30 seconds, as a bad network may
    /// need. After that the handler's read fails, which is 408 unless the handler says otherwise.
    pub body_idle_time: Duration,

    /// How long a client may take to send a body, counted while the handler waits for it. By default 5 minutes: 2 MiB, the longest
    /// body by default, over a modem. It ends as [`body_idle_time`](Self::body_idle_time) does.
    pub body_time: Duration,

    /// How long a client may take nothing of a response that waits for it. By default 30 seconds. After that its connection is
    /// cut.
    ///
    /// A socket takes more only when much of its buffer is free, on Linux a third. So a client that reads a byte now
    /// and then is cut as well: it has to take some ten KB within this time. How long a response may take in all is for
    /// [`deadline`](Self::deadline): an event stream or a long download may rightly go on for hours.
    pub write_time: Duration,

    /// How long the handler of a client that has ended its sending half goes on before it is stopped. By default half a second,
    /// so that a client that went away is noticed within one: until something is sent to it, the two look the same. Where
    /// clients end their half and wait for their answers, as `nc -N` does, make it longer.
    pub half_open_time: Duration,

    /// How long a request may take, from the end of its head, before its handler is stopped with
    /// [`Deadline`](crate::StopReason::Deadline). By default there is no such time: a chat may wait for hours, and a handler has
    /// [`Io::timeout`](crate::Io::timeout).
    ///
    /// A client that has not taken all of its response by then is cut off; it has [`cleanup_time`](Self::cleanup_time) for
    /// what the handler leaves at its end.
    pub deadline: Option<Duration>,

    /// The header field with a request's id. By default `x-request-id`, the usual one; with `None` there are no ids.
    ///
    /// A request has an id: the client's, if it sends one of at most 128 visible ASCII characters, or else 128 random bits. It is
    /// in the log, in the request's fields for the handler, and in the response.
    ///
    /// An id is there to find things again, and proves nothing: a client may send the same one twice, or somebody
    /// else's. Where that matters, let the proxy in front set the field, as nginx does with
    /// `proxy_set_header X-Request-Id $request_id`.
    pub request_id: Option<HeaderName>,

    /// Fields that every response has, unless it says something else there: pages, streams, errors, and what the server
    /// answers by itself. By default none. A handler [around others](crate::Handler::with) cannot add fields to a response that
    /// was streamed before it returns; this can.
    ///
    /// ```
    /// use segno::{http::{HeaderMap, HeaderValue, header}, smol::ServerOptions};
    ///
    /// let nosniff = (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    /// let options = ServerOptions { headers: HeaderMap::from_iter([nosniff]), ..ServerOptions::default() };
    /// ```
    pub headers: HeaderMap,

    /// How long a server goes on as before when its shutdown begins, but for its [health](super::Server::health) and for
    /// `Connection: close` in its answers. By default not at all. Behind a balancer, it should be as long as the balancer takes
    /// to notice, so that no client is sent to a server that listens no longer.
    pub drain_time: Duration,

    /// Whether bodies are compressed for clients that accept gzip: texts of at least 1 KiB, whole ones and streams; each
    /// piece of a stream can be read when it is written. By default not: it costs more time than most handlers do, a proxy
    /// may do it already, and a page that shows both a secret and what a stranger sent can be made to
    /// [tell the secret by its length](https://www.breachattack.com). A response is left out by its
    /// `Cache-Control: no-transform`.
    #[cfg(feature = "gzip")]
    pub gzip: bool,

    /// How long a shutdown lets running requests go on before their handlers are stopped. By default 10 seconds. An event
    /// stream is a running request: where pages listen, a shutdown takes this long.
    pub grace: Duration,

    /// How long a stopped handler may take to end before it is dropped. By default 5 seconds.
    pub cleanup_time: Duration,
}

impl ServerOptions {
    /// How large a request may be.
    pub(crate) fn request_limits(&self) -> RequestLimits {
        let Self { max_head, max_headers, max_body, .. } = *self;
        RequestLimits { max_head, max_headers, max_body, ..RequestLimits::default() }
    }

    /// How many connections one address may have.
    pub(crate) fn most_of_one_address(&self) -> usize {
        self.max_connections_per_address.unwrap_or_else(|| self.max_connections.div_ceil(2))
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_connections: MAX_CONNECTIONS.min(descriptors::most() / 4 * 3),
            max_connections_per_address: None,
            max_head: 32 << 10,
            max_headers: 100,
            max_body: 2 << 20,
            first_byte_time: Duration::from_secs(30),
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            body_idle_time: Duration::from_secs(30),
            body_time: Duration::from_secs(300),
            write_time: Duration::from_secs(30),
            half_open_time: Duration::from_millis(500),
            deadline: None,
            request_id: Some(HeaderName::from_static("x-request-id")),
            headers: HeaderMap::new(),
            drain_time: Duration::ZERO,
            #[cfg(feature = "gzip")]
            gzip: false,
            grace: Duration::from_secs(10),
            cleanup_time: Duration::from_secs(5),
        }
    }
}

/// More than one machine's handlers mostly need, and a memory that a small machine has.
const MAX_CONNECTIONS: usize = 25_000;

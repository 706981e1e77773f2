//! The limits of the client.

use std::time::Duration;

use http::HeaderValue;

use super::addresses::Addresses;

/// The limits of an [`HttpClient`](super::HttpClient), whom it talks to, and whom it trusts. Each is told with its default.
///
/// ```
/// use std::time::Duration;
/// use segno::smol::HttpClientOptions;
///
/// let options = HttpClientOptions { time_limit: Duration::from_secs(5), ..HttpClientOptions::default() };
/// assert_eq!(options.max_head, 65_536);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpClientOptions {
    /// How long a whole exchange may take, from the wait for a free connection to the last byte of the reply,
    /// redirects included: 30 seconds. A request may ask for less, never for more.
    pub time_limit: Duration,
    /// How long it may take to make a connection: to resolve the name, to connect and to shake hands: 10
    /// seconds.
    pub connect_time_limit: Duration,
    /// How many bytes the body of a reply may have: 8 MiB. All of it is held in memory.
    pub max_body: usize,
    /// How many bytes the status line and the header fields of a reply may have together: 64 KiB.
    pub max_head: usize,
    /// How many connections may be open at once, idle ones included: 256; at least 1. Further requests wait.
    pub max_connections: usize,
    /// How many connections are kept idle, to be used again: 64.
    pub max_idle: usize,
    /// How many of them to one origin, which is one scheme, host and port: 16.
    pub max_idle_per_origin: usize,
    /// How long a connection is kept idle: 30 seconds.
    pub idle_time: Duration,
    /// How many redirects of one request are followed: 10; with 0, a redirect is a reply like others. A request may ask for
    /// less, never for more.
    pub max_redirects: u32,
    /// Which addresses are connected to: any.
    pub addresses: Addresses,
    /// The `User-Agent` of requests that have none of their own, if they are to have one: `segno/` and the version.
    pub user_agent: Option<HeaderValue>,
    /// Certificates of authorities to trust beside the public ones, each in DER, or one or more in PEM.
    pub root_certificates: Vec<Vec<u8>>,
}

impl Default for HttpClientOptions {
    fn default() -> Self {
        Self {
            time_limit: TIME_LIMIT,
            connect_time_limit: CONNECT_TIME_LIMIT,
            max_body: MAX_BODY,
            max_head: MAX_HEAD,
            max_connections: MAX_CONNECTIONS,
            max_idle: MAX_IDLE,
            max_idle_per_origin: MAX_IDLE_PER_ORIGIN,
            idle_time: IDLE_TIME,
            max_redirects: MAX_REDIRECTS,
            addresses: Addresses::any(),
            user_agent: Some(HeaderValue::from_static(USER_AGENT)),
            root_certificates: Vec::new(),
        }
    }
}

/// As long as a person waits for a page: what takes longer has lost its reader.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Three lost SYN packets (sent again after 1, 2 and 4 seconds) may be survived.
const CONNECT_TIME_LIMIT: Duration = Duration::from_secs(10);

/// A reply is held in memory as one value, and is copied into traces: it is a document, not a download.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// What the larger servers allow themselves; most heads have less than 1 KiB, large cookies some 16.
const MAX_HEAD: usize = 64 * 1024;

/// A quarter of the 1,024 descriptors that a process usually may open: the server needs the others.
const MAX_CONNECTIONS: usize = 256;

/// Idle connections are worth little beyond the few origins that an application talks to.
const MAX_IDLE: usize = 64;

/// What a burst of parallel requests to one origin leaves behind for the next.
const MAX_IDLE_PER_ORIGIN: usize = 16;

/// Less than the 60 seconds after which most servers and balancers close an idle connection themselves.
const IDLE_TIME: Duration = Duration::from_secs(30);

/// As most clients have it (Go's, ureq, reqwest), so that a URL that works there works here. An honest chain has some
/// four: to `https`, to `www`, to a language, to a login.
const MAX_REDIRECTS: u32 = 10;

/// Some servers refuse requests that do not say who sends them.
const USER_AGENT: &str = concat!("segno/", env!("CARGO_PKG_VERSION"));

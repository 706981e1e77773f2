//! What a server can be told, and what it does if it is told nothing.

use std::time::Duration;

/// Limits and times of a [`Server`](super::Server). Take the [default](Self::default) and change what you must:
///
/// ```
/// use segno::smol::ServerOptions;
///
/// let options = ServerOptions { max_body: 64 << 20, ..ServerOptions::default() };
/// ```
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// How many threads run handlers. By default as many as the machine has processors.
    pub threads: usize,

    /// How many clients may be connected at a time; the others wait in the system's queue. By default 10,000: what fits
    /// into the descriptors that a system mostly gives, with some left for the database.
    pub max_connections: usize,

    /// How long a request's body may be, in bytes. By default 2 MiB, as axum's: more than forms and JSON need.
    pub max_body: u64,

    /// How long a client may take to send a head, from its first byte. By default 10 seconds.
    pub head_time: Duration,

    /// How long a connection may wait for a request. By default 75 seconds, as nginx's: more than browsers keep one.
    pub idle_time: Duration,

    /// How long a client may send nothing of a body that the handler waits for. By default 30 seconds.
    pub body_time: Duration,

    /// How long a client may take nothing of a response. By default 30 seconds.
    pub write_time: Duration,

    /// How long a request may take before its handler is stopped with [`Deadline`](crate::StopReason::Deadline). By default there
    /// is no such time: a chat may wait for hours, and a handler has [`Io::timeout`](crate::Io::timeout).
    pub deadline: Option<Duration>,

    /// How long a shutdown lets running requests go on before their handlers are stopped. By default 10 seconds.
    pub grace: Duration,

    /// How long a stopped handler may take to end before it is dropped. By default 5 seconds.
    pub cleanup_time: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            max_connections: 10_000,
            max_body: 2 << 20,
            head_time: Duration::from_secs(10),
            idle_time: Duration::from_secs(75),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            deadline: None,
            grace: Duration::from_secs(10),
            cleanup_time: Duration::from_secs(5),
        }
    }
}

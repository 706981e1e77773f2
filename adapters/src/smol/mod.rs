//! The adapter for smol: a server on async-h1's codec, and a backend on sqlx, surf and smol's timers.
//!
//! [`serve`] is all that most programs need: it listens, serves until SIGINT or SIGTERM, and ends in order. A [`Server`] is for
//! those who choose the [limits and times](ServerOptions), a free port, or the end themselves. What performs the effects
//! is a [`Backend`]; it is given a database, an HTTP client, and the state for effects of one's own.
//!
//! The server speaks HTTP/1.0 and HTTP/1.1 in the clear: TLS and HTTP/2 are for a proxy in front of it. Each request is a
//! `tracing` span, with an event for its response; at the level `debug` there is an event for each effect, with its time
//! and its error.

mod chunked;
mod codec;
mod connection;
mod date;
mod failure;
mod head;
#[cfg(feature = "http-client")]
mod http_client;
mod input;
mod options;
mod output;
mod presence;
#[cfg(feature = "record")]
mod recorded;
mod send_buffer;
mod server;
mod session;
mod shutdown;

#[cfg(feature = "http-client")]
pub use http_client::{Addresses, HttpClient, HttpClientOptions};
pub use options::ServerOptions;
#[cfg(feature = "record")]
pub use recorded::RecordedServer;
pub use server::{ServeError, Server, serve};
pub use session::{Backend, Session};

//! The adapter for smol: a server on async-h1's codec, and a backend on sqlx, surf and smol's timers.
//!
//! [`serve`] is all that most programs need: it listens, serves until SIGINT or SIGTERM, and ends in order. A [`Server`] is for
//! those who choose the [limits and times](ServerOptions), a free port, or the end themselves. What performs the effects
//! is a [`Backend`]; it is given a database, an HTTP client, and the state for effects of one's own.
//!
//! The server speaks HTTP/1.0 and HTTP/1.1 in the clear: TLS and HTTP/2 are for a proxy in front of it.
//!
//! # Logs
//!
//! What happens is told by `tracing`. Each request is a span with its method, path, peer and
//! [id](ServerOptions::request_id); at the level `debug` there is an event for each effect in it, with its time and its
//! error.
//!
//! When a request has ended there is one event with the target `segno::access`, at the level `info`, in no span: it says all
//! by itself. Refused requests are there as well.
//!
//! | field | |
//! |---|---|
//! | `method`, `path`, `version` | as asked, or `-` where the server refused the head, or the length that it declares. The query is left out: it may hold secrets |
//! | `status`, `bytes`, `whole` | what was sent, heads included, and whether it came to its end. 0 if nothing was sent; 499 if the client did not wait |
//! | `micros` | from the end of the request's head |
//! | `peer` | address and port, or `unix`. Behind a proxy it is the proxy's |
//! | `request_id`, `user_agent` | if there are any |
//! | `refused` | why the server did not even ask a handler |
//!
//! Clients that have too many connections, and are sent away before they ask, are told of at `debug`. So are errors that a
//! handler shows as 400 to 499, with their cause.
//!
//! With `tracing_subscriber`, the filter `segno::access=off` leaves these out, `segno::access=info` alone takes nothing else, and
//! a layer with such a filter of its own writes them to another place.

mod accept;
mod access;
mod client;
mod codec;
mod coding;
mod connection;
mod date;
mod descriptors;
mod failure;
mod files;
#[cfg(feature = "http-client")]
mod http_client;
mod input;
mod listener;
mod options;
mod output;
mod peer;
mod places;
mod presence;
#[cfg(feature = "record")]
mod recorded;
mod request_id;
mod send_buffer;
mod serve_error;
mod server;
mod server_fields;
mod session;
mod shutdown;
mod socket;
mod workers;

#[cfg(feature = "http-client")]
pub use http_client::{Addresses, HttpClient, HttpClientOptions};
pub use listener::Listener;
pub use options::ServerOptions;
#[cfg(feature = "record")]
pub use recorded::RecordedServer;
pub use serve_error::ServeError;
pub use server::{Server, serve};
pub use session::{Backend, Session};

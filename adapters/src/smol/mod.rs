//! The adapter for smol: a server on async-h1's codec, and a backend on sqlx, surf and smol's timers.

mod chunked;
mod codec;
mod connection;
mod failure;
mod head;
#[cfg(feature = "http-client")]
mod http_client;
mod input;
mod options;
mod output;
mod presence;
mod server;
mod session;
mod shutdown;

#[cfg(feature = "http-client")]
pub use http_client::{HttpClient, HttpClientOptions};
pub use options::ServerOptions;
pub use server::{IntoHandler, ServeError, Server, serve};
pub use session::{Backend, Session};

//! Serve HTTP with continuations: a handler reads like blocking code, stops at every SQL statement, HTTP request or
//! chat message that it asks for, and goes on when the answer is there.
//!
//! A handler is an `async fn(Io, Request) -> Result<Response>` that does no I/O. It asks its [`Io`] for *effects*,
//! which are plain data. A server on smol performs them for real; a test says what they gave. The handler is the same
//! in both.
//!
//! # In scope
//!
//! - handlers, effects, routes, lanes, transactions and streams: the [core](segno_core), which this crate re-exports;
//! - a [server](smol::Server) and a [backend](smol::Backend) on smol, with SQL on SQLite, PostgreSQL and MySQL, an HTTP
//!   client, [chat](Chat) in one process or through PostgreSQL, timers and chance;
//! - a [kit for tests](testing): scripts of what a handler asks for and is answered, every failure of one handler,
//!   schedules of many requests;
//! - a [recorder](record) of what requests did in production, to be run again in a test.
//!
//! # Out of scope
//!
//! Extractors, templates, object-relational mapping, runtimes, TLS for the server and HTTP/2: there are good crates for
//! these, and a reverse proxy.
//!
//! # A server
//!
//! ```no_run
//! # #[cfg(feature = "smol")]
//! use segno::{Io, Request, Response, Result, Router, smol::{Backend, serve}};
//!
//! # #[cfg(feature = "smol")]
//! fn main() -> Result<()> {
//!     let hello = async |_: Io, _: Request| Ok(Response::text("hello"));
//!     Ok(serve("127.0.0.1:8080", Router::new().get("/", hello), Backend::new())?)
//! }
//! # #[cfg(not(feature = "smol"))]
//! # fn main() {}
//! ```
//!
//! # A test
//!
//! ```
//! use segno::{Io, Request, Response, Result};
//!
//! async fn sum(mut io: Io, _: Request) -> Result<Response> {
//!     let sum: i64 = io.sql("select 1 + 1 as sum", ()).await?.one()?.get("sum")?;
//!     Ok(Response::text(sum.to_string()))
//! }
//!
//! # #[cfg(feature = "testing")] {
//! use segno::{rows, testing::{get, script, sql}};
//!
//! script(sum, get("/")).expect(sql("select 1 + 1 as sum", ()), rows!["sum"; [2]]).responds(200).body("2");
//! # }
//! ```
//!
//! # Where to look
//!
//! | for | look at |
//! |---|---|
//! | what a handler may ask for | the methods of [`Io`] |
//! | what comes in and goes out | [`Request`], [`Body`], [`Response`], [`ResponseStream`], [`EventStream`], [`Page`], [`Error`] |
//! | which handler a request gets | [`Router`], [`Handler::with`] for what goes around one |
//! | effects side by side | [`join!`], [`race!`], [`Io::timeout`] |
//! | files, forms and uploads, cookies | `files`, `forms`, `cookies`, each behind a feature of its name |
//! | effects of your own | [`effects!`], [`Effect`], [`Perform`], [`smol::Backend::state`] |
//! | the server and its limits | [`smol::serve`], [`smol::Server`], [`smol::ServerOptions`] |
//! | the database | [`Database`], [`DatabaseOptions`], [`Migrations`] |
//! | rows as tuples and types of your own | [`Rows`], [`FromRow`], [`FromValue`] |
//! | the HTTP client | [`smol::HttpClient`], [`smol::HttpClientOptions`], [`smol::Addresses`] |
//! | a handler without a client: a job | [`smol::Backend::run`], [`drive`] |
//! | tests, from the first script to a found bug | the [guide](testing::guide) |
//! | what a handler asks for, and what it is answered | [`testing::script`] |
//! | a handler under every failure, many requests at once | [`testing::explore`], [`testing::simulate`], [`testing::World`] |
//! | what a request did in production, again in a test | [`record`], [`testing::replay`] |
//! | a driver or an adapter of your own | [`Tasklet`], [`Step`], [`adapter`] |
#[cfg(feature = "smol")]
pub mod adapter {
    //! What those need who write an adapter for another runtime, or a backend of their own.

    pub use crate::backend::{Backend, Exchange, Session};

    pub mod http1 {
        //! HTTP/1.1 without I/O: a strict reader of requests, fed with bytes however they were cut.
        //!
        //! It refuses what two readers could understand in two ways, so that no request can hide in another one: see
        //! [`RequestDecoder`].

        pub use crate::http1::{Framing, Refusal, RequestDecoder, RequestEvent, RequestHead, RequestLimits};
    }
}
#[cfg(feature = "smol")]
mod backend;
#[cfg(feature = "smol")]
mod chance;
#[cfg(any(feature = "smol", feature = "testing"))]
mod chat;
#[cfg(feature = "cookies")]
pub mod cookies;
#[cfg(feature = "smol")]
mod drive;
#[cfg(feature = "files")]
pub mod files;
#[cfg(feature = "forms")]
pub mod forms;
#[cfg(feature = "gzip")]
mod gzip;
#[cfg(feature = "smol")]
mod http1;
#[cfg(feature = "smol")]
mod in_flight;
#[cfg(feature = "smol")]
mod observer;
#[cfg(any(feature = "smol", feature = "testing"))]
mod panics;
#[cfg(feature = "record")]
pub mod record;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(any(feature = "sql", feature = "testing"))]
mod sql;
#[cfg(feature = "sql")]
mod task;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(any(feature = "record", feature = "testing"))]
mod trace_file;
#[cfg(feature = "smol")]
mod watchdog;

#[cfg(feature = "postgres")]
pub use chat::PostgresChatOptions;
#[cfg(any(feature = "smol", feature = "testing"))]
pub use chat::{Chat, ChatSession};
#[cfg(feature = "smol")]
pub use drive::{DriveError, drive};
/// The types of HTTP that segno's own are made of.
pub use http;
pub use segno_core::*;
#[cfg(feature = "sql")]
pub use sql::{Database, DatabaseOptions, MigrateError, Migrations, SqlSession};

/// The code of the README, compiled and run.
#[cfg(all(doctest, feature = "testing", feature = "sqlite"))]
#[doc = include_str!("../../README.md")]
struct Readme;

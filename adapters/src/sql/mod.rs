//! SQL: what every backend knows of statements, values and errors; and the real one: a pool of connections, and a
//! session for each tasklet, which keeps its transactions.
//!
//! What a database does in its own way is behind the traits in `driver`, and everything that names a type of sqlx is in a
//! folder of that database. Which connections are kept ready and who is next is in `pool`, what a tasklet has of them in
//! `lease`, and what a transaction is in `session`. The testing kit has a backend of its own, which must answer as the real
//! one does on SQLite.

#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(dead_code, reason = "the feature `sql` alone reaches no database, and the testing kit needs a part")
)]

pub(crate) mod collected;
pub(crate) mod control;
pub(crate) mod cursors;
pub(crate) mod dialect;
pub(crate) mod error;
pub(crate) mod performs;
#[cfg(any(feature = "sqlite", feature = "testing"))]
pub(crate) mod sqlite_common;
pub(crate) mod statement;

#[cfg(feature = "sql")]
mod coalesce;
#[cfg(feature = "sql")]
mod cursor;
#[cfg(feature = "sql")]
mod database;
#[cfg(feature = "sql")]
mod driver;
#[cfg(feature = "sql")]
mod lease;
#[cfg(feature = "sql")]
mod migrations;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "sql")]
mod options;
#[cfg(feature = "sql")]
mod pool;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod server;
#[cfg(feature = "sql")]
mod session;
#[cfg(feature = "sql")]
mod sink;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod text;
#[cfg(feature = "sql")]
mod timer;

#[cfg(feature = "sql")]
pub use {
    database::Database,
    migrations::{MigrateError, Migrations},
    options::DatabaseOptions,
    session::SqlSession,
};

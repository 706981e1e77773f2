//! SQL: what every backend on SQLite knows of statements and errors; and the real one: a pool of connections, and a
//! session for each tasklet, which keeps its transactions.
//!
//! Everything that names a type of sqlx is in `sqlite`; what a transaction is, and when its connection is given back, is
//! in `session`. The testing kit has a backend of its own, which must answer as this one does.

pub(crate) mod collected;
pub(crate) mod control;
pub(crate) mod error;
pub(crate) mod statement;

#[cfg(feature = "sqlite")]
mod database;
#[cfg(feature = "sqlite")]
mod options;
#[cfg(feature = "sqlite")]
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "sqlite")]
pub use {database::Database, options::DatabaseOptions, session::SqlSession};

//! What holds for SQLite, whichever library talks to it: sqlx for the real database, rusqlite for the testing kit.

pub(crate) mod error;
pub(crate) mod stored;

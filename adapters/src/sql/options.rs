//! What can be chosen when a database is opened.

use std::time::Duration;

/// How a [`Database`](crate::Database) uses its connections.
///
/// ```
/// use segno::{Database, DatabaseOptions};
///
/// let options = DatabaseOptions { max_connections: 4, ..DatabaseOptions::default() };
/// # let file = "sqlite::memory:";
/// let database = Database::open_with(file, &options)?;
/// # Ok::<_, segno::SqlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseOptions {
    /// How many connections the pool opens at the most: each costs a thread. A database in memory always has one.
    pub max_connections: u16,
    /// How long a statement waits for a connection of the pool before it fails as
    /// [`PoolExhausted`](crate::SqlErrorKind::PoolExhausted). Anything above a day means a day.
    pub acquire_time_limit: Duration,
    /// How long a statement waits for another connection's lock before it fails as
    /// [`Busy`](crate::SqlErrorKind::Busy). Anything above a day means a day.
    pub busy_time_limit: Duration,
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: MAX_CONNECTIONS,
            acquire_time_limit: ACQUIRE_TIME_LIMIT,
            busy_time_limit: BUSY_TIME_LIMIT,
        }
    }
}

/// Readers run side by side and writers take turns: in measurements with 20 tasks, more than ten gained nothing.
const MAX_CONNECTIONS: u16 = 10;

/// Twice the wait for a lock, so that a pool whose connections all wait for one lock is still sat out.
const ACQUIRE_TIME_LIMIT: Duration = Duration::from_secs(10);

/// Fifty times what the slowest of 400 contending transactions waited for in measurements (86 ms).
const BUSY_TIME_LIMIT: Duration = Duration::from_secs(5);

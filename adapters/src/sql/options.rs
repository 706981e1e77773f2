//! What can be chosen when a database is opened.

use std::time::Duration;

use segno_core::{Happened, SqlError, SqlErrorKind};

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
///
/// Of the times, anything above a day means a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseOptions {
    /// How many connections there are at the most, at least 1. On SQLite each costs a thread, and a database in memory always
    /// has one; on a server each costs a process or a thread there, and the server has a limit of its own.
    pub max_connections: u16,
    /// How long a statement waits for a connection before it fails as
    /// [`PoolExhausted`](crate::SqlErrorKind::PoolExhausted), because all are in use, or as
    /// [`ConnectionLost`](crate::SqlErrorKind::ConnectionLost), because none can be made. It must not be zero.
    pub acquire_time_limit: Duration,
    /// How long a statement waits for another's lock before it fails as [`Busy`](crate::SqlErrorKind::Busy). On PostgreSQL
    /// it is the connection's `lock_timeout`, unless the URL says otherwise, and zero means for ever; on MySQL it is the
    /// `innodb_lock_wait_timeout`, in whole seconds of at least one. On SQLite zero means not at all, and nothing cuts this
    /// wait short: a statement that is abandoned in it keeps its connection until it is over.
    pub busy_time_limit: Duration,
    /// How long a statement may run. One that takes longer is cancelled in the database, and fails as
    /// [`Timeout`](crate::SqlErrorKind::Timeout); whether it happened all the same, the error says. A commit that takes longer
    /// fails likewise, and nobody knows what became of it. It must not be zero.
    pub statement_time_limit: Duration,
    /// Whether reads outside of transactions that are asked at the same time, with the same text and parameters, are carried
    /// out once for all of them, which share the answer, or the error.
    ///
    /// No read is answered with what was read before a write that has ended, as far as the write went through this
    /// [`Database`](crate::Database): so a tasklet always sees what it has written. What counts as a read is decided by the
    /// statement's first word. So leave it off if a `select` of yours has an effect, such as `select nextval(…)`, or is to give
    /// everybody something else, as with `random()`.
    pub coalesce: bool,
}

impl DatabaseOptions {
    /// Zero would be a database that never answers.
    pub(super) fn check(&self) -> Result<(), SqlError> {
        let zero = [
            ("max_connections", self.max_connections == 0),
            ("acquire_time_limit", self.acquire_time_limit.is_zero()),
            ("statement_time_limit", self.statement_time_limit.is_zero()),
        ];
        match zero.iter().find(|(_, is_zero)| *is_zero) {
            None => Ok(()),
            Some((name, _)) => {
                let message = format!("with these options no statement can be carried out: `{name}` is 0");
                Err(SqlError::new(SqlErrorKind::Database, Happened::No, message))
            }
        }
    }
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self {
            max_connections: MAX_CONNECTIONS,
            acquire_time_limit: ACQUIRE_TIME_LIMIT,
            busy_time_limit: BUSY_TIME_LIMIT,
            statement_time_limit: STATEMENT_TIME_LIMIT,
            coalesce: false,
        }
    }
}

/// Readers run side by side and writers take turns: in measurements with 20 tasks, more than ten gained nothing.
const MAX_CONNECTIONS: u16 = 10;

/// Twice the wait for a lock, so that a pool whose connections all wait for one lock is still sat out.
const ACQUIRE_TIME_LIMIT: Duration = Duration::from_secs(10);

/// Fifty times what the slowest of 400 contending transactions waited for in measurements (86 ms).
const BUSY_TIME_LIMIT: Duration = Duration::from_secs(5);

/// Half of what reverse proxies wait for a response by default: a statement that takes longer serves nobody any more.
const STATEMENT_TIME_LIMIT: Duration = Duration::from_secs(30);

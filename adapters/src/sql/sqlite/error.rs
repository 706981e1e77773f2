//! What SQLite and its driver report, as a handler should see it: without URLs, paths and parameters' values.

use segno_core::{Happened, SqlError, SqlErrorKind};

use crate::sql::sqlite_common::error::failure;

/// Turns a driver's error into ours; `lost` says whether a statement may have been carried out whose answer was lost.
pub(super) fn sql_error(error: &sqlx::Error, lost: Happened) -> SqlError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow, and most of it cannot come from SQLite")]
    let (kind, happened, message) = match error {
        sqlx::Error::Database(database) => {
            return failure(code(error).unwrap_or_default(), database.message(), lost);
        }
        sqlx::Error::PoolTimedOut => {
            (SqlErrorKind::PoolExhausted, Happened::No, "no connection of the pool became free in time".to_owned())
        }
        sqlx::Error::PoolClosed => (SqlErrorKind::ConnectionLost, Happened::No, "the database was closed".to_owned()),
        sqlx::Error::WorkerCrashed => (SqlErrorKind::ConnectionLost, lost, WORKER_GONE.to_owned()),
        // The kind alone: the rest may name a path.
        sqlx::Error::Io(error) => {
            (SqlErrorKind::ConnectionLost, lost, format!("the connection failed: {}", error.kind()))
        }
        sqlx::Error::Protocol(message) => (SqlErrorKind::Statement, Happened::No, message.clone()),
        other => (SqlErrorKind::Database, lost, format!("the driver failed: {other}")),
    };
    SqlError::new(kind, happened, message)
}

/// The thread of the connection ended before it answered.
pub(super) fn connection_lost(lost: Happened) -> SqlError {
    SqlError::new(SqlErrorKind::ConnectionLost, lost, WORKER_GONE)
}

/// SQLite's extended code.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

const WORKER_GONE: &str = "the connection's thread ended before it answered";

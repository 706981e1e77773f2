//! What SQLite and its driver report, as a handler should see it: without URLs, paths and parameters' values.

use segno_core::{Happened, SqlError, SqlErrorKind};

/// Turns a driver's error into ours; `lost` says whether a statement may have been carried out whose answer was lost.
pub(super) fn sql_error(error: &sqlx::Error, lost: Happened) -> SqlError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow, and most of it cannot come from SQLite")]
    let (kind, happened, message) = match error {
        sqlx::Error::Database(error) => return database_error(&**error, lost),
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

/// The error without what may quote a parameter's value: what comes after a colon or a quotation mark.
pub(super) fn without_values(mut error: SqlError) -> SqlError {
    if let Some((safe, _)) = error.message.split_once([':', '"', '\'', '`']) {
        error.message = format!("{} … (the rest may quote a parameter, and is left out)", safe.trim_end()).into();
    }
    error
}

/// Whether a constraint was violated: then the message names columns, and no values.
pub(super) fn is_constraint(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| code & PRIMARY == CONSTRAINT)
}

/// SQLite's extended code.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

fn database_error(error: &dyn sqlx::error::DatabaseError, lost: Happened) -> SqlError {
    let code = error.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or_default();
    let (kind, happened) = match code {
        // UNIQUE, PRIMARYKEY, ROWID
        2067 | 1555 | 2579 => (SqlErrorKind::Unique, Happened::No),
        787 => (SqlErrorKind::ForeignKey, Happened::No),
        // `on delete restrict` is a trigger to SQLite.
        1811 if error.message() == "FOREIGN KEY constraint failed" => (SqlErrorKind::ForeignKey, Happened::No),
        1299 => (SqlErrorKind::NotNull, Happened::No),
        275 => (SqlErrorKind::Check, Happened::No),
        _ => match code & PRIMARY {
            // ERROR
            1 => (SqlErrorKind::Statement, Happened::No),
            // BUSY, LOCKED
            5 | 6 => (SqlErrorKind::Busy, Happened::No),
            // RANGE
            25 => (SqlErrorKind::Params, Happened::No),
            // READONLY, FULL, CANTOPEN, TOOBIG, CONSTRAINT, MISMATCH, AUTH: refused or undone.
            8 | 13 | 14 | 18 | CONSTRAINT | 20 | 23 => (SqlErrorKind::Database, Happened::No),
            // IOERR, CORRUPT, NOTADB, NOMEM and so on
            _ => (SqlErrorKind::Database, lost),
        },
    };
    SqlError::new(kind, happened, format!("{} (SQLite's code {code})", error.message()))
}

/// The bits of a code that hold the primary one; the others say more.
const PRIMARY: i32 = 0xff;

const CONSTRAINT: i32 = 19;

const WORKER_GONE: &str = "the connection's thread ended before it answered";

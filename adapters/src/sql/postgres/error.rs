//! What PostgreSQL and its driver report, as a handler should see it: without URLs and parameters' values.

use std::io::ErrorKind;

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::postgres::PgDatabaseError;

use crate::sql::{error::without_values, server::driver_error};

/// How far a statement had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server read its text: what it says is about that alone, and can quote no parameter.
    Text,
    /// It ran, without parameters: what the server says of its text can quote none.
    Bare,
    /// It ran: what the server says may quote a parameter.
    Run,
}

/// Turns a driver's error into ours; `lost` says whether a statement may have been carried out whose answer was lost.
pub(super) fn sql_error(error: &sqlx::Error, lost: Happened) -> SqlError {
    staged(error, lost, Stage::Run)
}

/// As [`sql_error`], of a statement that had come this far.
pub(super) fn staged(error: &sqlx::Error, lost: Happened, stage: Stage) -> SqlError {
    if let Some(said) = server(error) {
        return failure(said, lost, stage);
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is as with every server")]
    match error {
        sqlx::Error::Tls(_) => SqlError::new(SqlErrorKind::Database, lost, NOT_ENCRYPTED),
        // So comes a certificate that cannot be verified.
        sqlx::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
            SqlError::new(SqlErrorKind::Database, lost, NOT_ENCRYPTED)
        }
        sqlx::Error::TypeNotFound { .. } => {
            let message = "the statement names a type that is not there any longer";
            SqlError::new(SqlErrorKind::Statement, Happened::No, message)
        }
        other => driver_error(other, lost),
    }
}

/// What the server said, if it was the server.
pub(super) fn server(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

/// The server's `SQLSTATE`.
pub(super) fn code(error: &sqlx::Error) -> Option<&str> {
    server(error).map(PgDatabaseError::code)
}

/// Whether the connection is of no more use.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match server(error) {
        Some(said) => kind(said) == SqlErrorKind::ConnectionLost,
        None => true,
    }
}

/// Whether a statement that was prepared before may fail for what was altered since: its columns, or a type, table or
/// column that was made anew.
pub(super) fn may_be_stale(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|code| [CHANGED, INTERNAL, GONE].contains(&code) || code.starts_with(ACCESS))
}

/// Whether a statement would be carried out now for certain if it were prepared anew.
pub(super) fn is_stale(error: &sqlx::Error) -> bool {
    server(error).is_some_and(|said| said.code() == CHANGED && said.message().starts_with("cached plan"))
}

fn failure(said: &PgDatabaseError, lost: Happened, stage: Stage) -> SqlError {
    let (code, kind) = (said.code(), kind(said));
    let happened = if kind == SqlErrorKind::ConnectionLost || code == UNKNOWN { lost } else { Happened::No };
    let plain = |message: &str| SqlError::new(kind, happened, format!("{message} (SQLSTATE {code})"));
    match code {
        "28P01" | "28000" => return plain("the server refuses the user or the password"),
        "3D000" => return plain("the server has no database of this name"),
        _ => {}
    }
    // The hint names columns and types, never values; the detail quotes whole rows, and is left out.
    let hint = said.hint().filter(|_| stage == Stage::Text).map(|hint| format!(" ({hint})")).unwrap_or_default();
    if stage == Stage::Text || is_fixed(said) || stage == Stage::Bare && code.starts_with(ACCESS) {
        return plain(&format!("{}{hint}", said.message()));
    }
    // It may cut the code off as well.
    plain(&without_values(SqlError::new(kind, happened, said.message().to_owned())).message)
}

/// Whether the server's words quote names at the most: those of a constraint that it names, or words that are always the
/// same.
fn is_fixed(said: &PgDatabaseError) -> bool {
    match said.code().get(..2) {
        Some("23") => said.constraint().is_some() || said.column().is_some(),
        Some("08" | "25" | "40" | "53" | "55" | "57") => true,
        Some(_) | None => false,
    }
}

fn kind(said: &PgDatabaseError) -> SqlErrorKind {
    let code = said.code();
    match code {
        // Unique and exclusion constraints
        "23505" | "23P01" => SqlErrorKind::Unique,
        "23503" | "23001" => SqlErrorKind::ForeignKey,
        "23502" => SqlErrorKind::NotNull,
        "23514" => SqlErrorKind::Check,
        "42601" => SqlErrorKind::Syntax,
        "42P01" => SqlErrorKind::MissingTable,
        // A placeholder without a value, or of a type that nothing tells
        "42P02" | "42P18" => SqlErrorKind::Params,
        "08P01" if said.message().starts_with("bind message") => SqlErrorKind::Params,
        "40001" => SqlErrorKind::Serialization,
        "40P01" => SqlErrorKind::Deadlock,
        "55P03" => SqlErrorKind::Busy,
        "57014" => SqlErrorKind::Timeout,
        "53300" => SqlErrorKind::PoolExhausted,
        // The server ends the connection, or all of them, or does not take any yet, or the transaction idled for too long.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" | "25P03" | "25P04" => SqlErrorKind::ConnectionLost,
        _ => match code.get(..2) {
            Some("08") => SqlErrorKind::ConnectionLost,
            // Not supported, wrong data, a transaction in the wrong state, syntax or access rules
            Some("0A" | "21" | "22" | "25" | "2B" | "2D" | "2F" | "3B" | "3F" | "42" | "44") => SqlErrorKind::Statement,
            Some(_) | None => SqlErrorKind::Database,
        },
    }
}

const NOT_ENCRYPTED: &str = "the connection cannot be encrypted as the URL asks: see its `sslmode` and `sslrootcert`, and the server's certificate";

/// How the codes begin that are about the text itself: its syntax, and what it names.
const ACCESS: &str = "42";

/// The transaction is aborted: `in_failed_sql_transaction`.
pub(super) const ABORTED: &str = "25P02";

/// There is no such savepoint.
pub(super) const NO_SAVEPOINT: &str = "3B001";

/// Not supported: among others, "cached plan must not change result type".
const CHANGED: &str = "0A000";

/// A failure of the server itself: among others, that a type which a prepared statement knows is gone.
const INTERNAL: &str = "XX000";

/// There is no such prepared statement: `deallocate`, or a proxy that gave this connection to another process.
const GONE: &str = "26000";

/// The server itself does not know.
const UNKNOWN: &str = "40003";

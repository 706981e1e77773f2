//! What MySQL and its driver report, as a handler should see it: without URLs, accounts and parameters' values.

use std::borrow::Cow;

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::mysql::MySqlDatabaseError;

use crate::sql::{error::without_values, server::driver_error};

/// How far a statement had come when it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The server read its text: what it says is about that alone, and can quote no parameter.
    Text,
    /// It ran: what the server says may quote a value.
    Run,
}

/// Turns a driver's error into ours; `lost` says whether a statement may have been carried out whose answer was lost.
pub(super) fn sql_error(error: &sqlx::Error, lost: Happened) -> SqlError {
    staged(error, lost, Stage::Text)
}

/// As [`sql_error`], of a statement that had come this far.
pub(super) fn staged(error: &sqlx::Error, lost: Happened, stage: Stage) -> SqlError {
    if let Some(said) = server(error) {
        return failure(said, lost, stage);
    }
    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest is as with every server")]
    let message = match error {
        sqlx::Error::Tls(_) => "the connection cannot be encrypted as the URL asks: see its `ssl-mode` and `ssl-ca`",
        // The driver's words for a server that wants a password encrypted by its own key.
        sqlx::Error::Configuration(reason) if reason.to_string().contains("rsa") => {
            "the server takes this account's password over TLS or a Unix socket only: see the URL's `ssl-mode`"
        }
        other => return driver_error(other, lost),
    };
    SqlError::new(SqlErrorKind::Database, Happened::No, message)
}

/// The number of the server's error, if it was the server.
pub(super) fn number(error: &sqlx::Error) -> Option<u16> {
    server(error).map(MySqlDatabaseError::number)
}

/// Whether the connection is of no more use.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    server(error).is_none_or(|said| kind(said) == SqlErrorKind::ConnectionLost)
}

fn server(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn failure(said: &MySqlDatabaseError, lost: Happened, stage: Stage) -> SqlError {
    let kind = kind(said);
    let unknown = kind == SqlErrorKind::ConnectionLost || kind == SqlErrorKind::Database;
    let happened = if unknown && !is_refused(said) { lost } else { Happened::No };
    let number = said.number();
    let words = match (fixed(number), stage) {
        (Some(words), _) => words.into(),
        (None, Stage::Text) => said.message().into(),
        (None, Stage::Run) => shown(said),
    };
    SqlError::new(kind, happened, format!("{words} (MySQL's error {number})"))
}

/// The words for what the server says with accounts, hosts and databases in it.
fn fixed(number: u16) -> Option<&'static str> {
    Some(match number {
        // Of a database, of an account in two ways, of an account over an unsafe connection
        1044 | 1045 | 1698 | 3159 => {
            "the server refuses the user or the password, or the user has no right to the database"
        }
        1049 => "the server has no database of this name",
        1129 | 1130 => "the server does not let this machine in",
        1226 => "the account uses as much as the server grants it",
        1142 | 1143 | 1227 | 1370 => "the account has no right to do so",
        _ => return None,
    })
}

/// What the server says of a statement that ran, without what may be a value.
fn shown(said: &MySqlDatabaseError) -> Cow<'_, str> {
    let message = said.message();
    let after = |words: &str| message.rfind(words).map(|at| &message[at..]);
    match said.number() {
        // Duplicate entry 'value' for key 'name'
        1062 | 1586 => format!("a value is there already{}", after(" for key ").unwrap_or_default()).into(),
        // Incorrect integer value: 'value' for column `a`.`b`.`c` at row 1
        1292 | 1366 | 1411 => match after(" for column ") {
            Some(column) => format!("a value is not of the right type{column}").into(),
            None => "a value is not of the type that it is taken for".into(),
        },
        number if NAMES_ONLY.contains(&number) => message.into(),
        _ => without_values(SqlError::new(SqlErrorKind::Database, Happened::No, message)).message.to_string().into(),
    }
}

fn kind(said: &MySqlDatabaseError) -> SqlErrorKind {
    match said.number() {
        1022 | 1062 | 1169 | 1586 | 1859 => SqlErrorKind::Unique,
        1216 | 1217 | 1451 | 1452 => SqlErrorKind::ForeignKey,
        1048 | 1263 | 1364 => SqlErrorKind::NotNull,
        3819 => SqlErrorKind::Check,
        // MariaDB's; MySQL has another meaning for it.
        4025 if said.code() == Some("23000") => SqlErrorKind::Check,
        1064 | 1149 => SqlErrorKind::Syntax,
        1051 | 1146 => SqlErrorKind::MissingTable,
        // A lock was waited for too long, or is not to be waited for.
        1205 | 3572 => SqlErrorKind::Busy,
        1213 => SqlErrorKind::Deadlock,
        // MariaDB: the row was changed since the transaction's snapshot. MySQL: the members of a group disagree.
        1020 | 3101 => SqlErrorKind::Serialization,
        // Killed by us or somebody, or after a time that the session or the statement sets
        1317 | 1969 | 3024 => SqlErrorKind::Timeout,
        1040 | 1203 | 1226 => SqlErrorKind::PoolExhausted,
        // The server shuts down; the connection was killed, or broke within a packet; it idled for too long.
        1053 | 1077 | 1079 | 1080 | 1152 | 1153 | 1154..=1161 | 1184 | 1927 | 3168 | 3169 | 4031 => {
            SqlErrorKind::ConnectionLost
        }
        1210 | 1390 => SqlErrorKind::Params,
        // No access to the server or the database: it is not the statement's fault.
        1044 | 1045 | 1049 | 1129 | 1130 | 1698 | 3159 => SqlErrorKind::Database,
        // Wrong values, a transaction that only reads, a procedure's own error
        1265 | 1366 | 1406 | 1411 | 1644 | 1792 | 1295 => SqlErrorKind::Statement,
        _ => match said.code().and_then(|code| code.get(..2)) {
            Some("08") => SqlErrorKind::ConnectionLost,
            // Not supported, wrong data, a transaction in the wrong state, syntax or access rules
            Some("0A" | "21" | "22" | "25" | "42" | "44") => SqlErrorKind::Statement,
            Some(_) | None => SqlErrorKind::Database,
        },
    }
}

/// Whether it surely did nothing, though its kind does not say so: the account may not, the server is read-only or full, or
/// has not read it, since it is too large.
fn is_refused(said: &MySqlDatabaseError) -> bool {
    fixed(said.number()).is_some() || matches!(said.number(), 1021 | 1114 | 1153 | 1290 | 1305 | 1461 | STALE | 1836)
}

/// There is no such savepoint, procedure or function.
pub(super) const NO_SAVEPOINT: u16 = 1305;

/// What was prepared is not any longer what the tables are.
pub(super) const STALE: u16 = 1615;

/// What these errors say quotes names of columns, constraints and tables, or nothing.
const NAMES_ONLY: [u16; 31] = [
    1020, 1022, 1040, 1046, 1048, 1051, 1053, 1054, 1146, 1153, 1169, 1203, 1205, 1213, 1216, 1217, 1263, 1264, 1265,
    1305, 1317, 1364, 1406, 1451, 1452, 1792, 1969, 3024, 3572, 3819, 4025,
];

//! What goes wrong in SQLite, as a handler should see it, whichever library talks to it.

use segno_core::{Happened, SqlError, SqlErrorKind};

use crate::sql::collected::Refused;

/// SQLite's failure as our error; `lost` says whether a statement may have been carried out whose answer was lost.
pub(crate) fn failure(code: i32, message: &str, lost: Happened) -> SqlError {
    let (kind, happened) = match code {
        // UNIQUE, PRIMARYKEY, ROWID
        2067 | 1555 | 2579 => (SqlErrorKind::Unique, Happened::No),
        787 => (SqlErrorKind::ForeignKey, Happened::No),
        // `on delete restrict` is a trigger to SQLite.
        1811 if message == "FOREIGN KEY constraint failed" => (SqlErrorKind::ForeignKey, Happened::No),
        1299 => (SqlErrorKind::NotNull, Happened::No),
        275 => (SqlErrorKind::Check, Happened::No),
        _ => match code & PRIMARY {
            ERROR if is_about_syntax(message) => (SqlErrorKind::Syntax, Happened::No),
            ERROR if message.starts_with("no such table: ") => (SqlErrorKind::MissingTable, Happened::No),
            ERROR => (SqlErrorKind::Statement, Happened::No),
            // BUSY, LOCKED
            5 | 6 => (SqlErrorKind::Busy, Happened::No),
            // INTERRUPT
            9 => (SqlErrorKind::Timeout, Happened::No),
            // RANGE
            25 => (SqlErrorKind::Params, Happened::No),
            // READONLY, FULL, CANTOPEN, TOOBIG, CONSTRAINT, MISMATCH, AUTH: refused or undone.
            8 | 13 | 14 | 18 | CONSTRAINT | 20 | 23 => (SqlErrorKind::Database, Happened::No),
            // IOERR, CORRUPT, NOTADB, NOMEM and so on
            _ => (SqlErrorKind::Database, lost),
        },
    };
    SqlError::new(kind, happened, format!("{message} (SQLite's code {code})"))
}

/// To SQLite, what cannot be parsed and what cannot be found is one code.
fn is_about_syntax(message: &str) -> bool {
    message.ends_with(": syntax error") || message == "incomplete input" || message.starts_with("unrecognized token: ")
}

/// Whether the code says that a constraint was violated: then the message names columns, and no values.
pub(crate) fn is_constraint(code: i32) -> bool {
    code & PRIMARY == CONSTRAINT
}

/// This column holds a text that is none.
pub(crate) fn not_utf8(name: &str) -> Refused {
    let message = format!("column `{name}` holds a text that is not UTF-8: `cast({name} as blob)` reads it");
    (SqlErrorKind::Decode, message)
}

/// SQLite's code for an error that is no other: of the text itself, or that a transaction or savepoint is not open, or
/// is.
pub(crate) const ERROR: i32 = 1;

/// The bits of a code that hold the primary one; the others say more.
const PRIMARY: i32 = 0xff;

const CONSTRAINT: i32 = 19;

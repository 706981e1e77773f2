//! What goes wrong with statements and transactions on every database.

use segno_core::{Happened, SqlError, SqlErrorKind, TransactionId};

/// The error without what may quote a parameter's value: what comes after a colon or a quotation mark, and numbers.
pub(crate) fn without_values(mut error: SqlError) -> SqlError {
    if let Some((safe, _)) =
        error.message.split_once(|c: char| c.is_ascii_digit() || matches!(c, ':' | '"' | '\'' | '`'))
    {
        error.message = format!("{} … (the rest may quote a parameter, and is left out)", safe.trim_end()).into();
    }
    error
}

/// The transaction was to begin a second time.
pub(crate) fn begun_before(id: &TransactionId) -> SqlError {
    SqlError::new(SqlErrorKind::Database, Happened::No, format!("the transaction {id} has begun before"))
}

/// There is no transaction of this name, or not any longer.
pub(crate) fn no_transaction() -> SqlError {
    SqlError::new(SqlErrorKind::NoTransaction, Happened::No, "the transaction has ended, or never began")
}

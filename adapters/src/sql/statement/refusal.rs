//! Why a text is not sent to the database at all.

use segno_core::{Happened, SqlError, SqlErrorKind};

pub(super) fn refused(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Statement, Happened::No, message)
}

pub(super) fn wrong_params(message: String) -> SqlError {
    SqlError::new(SqlErrorKind::Params, Happened::No, message)
}

//! What a statement came to.

use segno_core::SqlError;

use super::error::{Stage, is_stale, may_be_stale};

/// Why a statement has no answer.
pub(super) enum Failed {
    Driver {
        error: sqlx::Error,
        stage: Stage,
        /// Whether it failed before it gave anything.
        at_once: bool,
    },
    /// A parameter is of another kind than the server said it takes.
    Unfit(SqlError),
    Here(SqlError),
}

impl Failed {
    /// Whether the reason may be that this connection prepared the statement before something was altered, and whether
    /// that is certain.
    pub(super) fn stale(&self) -> (bool, bool) {
        match self {
            Self::Driver { at_once: false, .. } | Self::Driver { stage: Stage::Text, .. } => (false, false),
            Self::Driver { error, .. } => (may_be_stale(error), is_stale(error)),
            // The parameters may be right by now.
            Self::Unfit(_) => (true, false),
            Self::Here(_) => (false, false),
        }
    }
}

impl From<SqlError> for Failed {
    fn from(error: SqlError) -> Self {
        Self::Here(error)
    }
}

/// What a statement did.
pub(super) struct Done {
    /// How many rows the server says it affected or gave; nothing if nobody wanted more of them.
    pub(super) rows: Option<u64>,
    /// Whether it gives rows, be they none.
    pub(super) gives: bool,
    /// What those are called, if there are none that tell.
    pub(super) columns: Vec<Box<str>>,
}

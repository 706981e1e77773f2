//! What controls a transaction.

use std::borrow::Cow;

use segno_core::{Happened, TransactionOptions};

/// What begins or ends a transaction or a scope in one. The number of a savepoint is its depth.
///
/// After a `RollbackTo` comes a `Release`: else the savepoint would stay, and a loop of failing scopes would pile them
/// up.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Control {
    Begin(TransactionOptions),
    Commit,
    Rollback,
    Savepoint(u32),
    Release(u32),
    RollbackTo(u32),
}

impl Control {
    /// What SQLite is told.
    pub(crate) fn command(self) -> Cow<'static, str> {
        match self {
            Self::Begin(options) if options.read_only => "BEGIN".into(),
            // A transaction that begins with reading cannot write once another has written, and waiting does not help.
            Self::Begin(_) => "BEGIN IMMEDIATE".into(),
            Self::Commit => "COMMIT".into(),
            Self::Rollback => "ROLLBACK".into(),
            Self::Savepoint(depth) => format!("SAVEPOINT sp_{depth}").into(),
            Self::Release(depth) => format!("RELEASE SAVEPOINT sp_{depth}").into(),
            Self::RollbackTo(depth) => format!("ROLLBACK TO SAVEPOINT sp_{depth}").into(),
        }
    }

    /// Whether it may have been carried out if its answer was lost: a transaction that is lost before its commit is
    /// undone.
    pub(crate) fn lost(self) -> Happened {
        match self {
            Self::Commit => Happened::Unknown,
            Self::Begin(_) | Self::Rollback | Self::Savepoint(_) | Self::Release(_) | Self::RollbackTo(_) => {
                Happened::No
            }
        }
    }
}

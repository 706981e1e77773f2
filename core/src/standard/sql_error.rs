//! What can go wrong with SQL: in the database, on the way to it, and in reading its rows.

use crate::error::{EffectError, StopReason};

/// Why SQL failed.
pub type SqlError = EffectError<SqlErrorKind>;

/// The kinds of [`SqlError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum SqlErrorKind {
    /// A unique or primary key has this value already.
    Unique,
    /// A foreign key points nowhere, or something still points here.
    ForeignKey,
    /// A column that must have a value has none.
    NotNull,
    /// A check constraint does not hold.
    Check,
    /// The text is not SQL as the database understands it.
    Syntax,
    /// There is no such table.
    MissingTable,
    /// The database refuses the statement otherwise: an unknown column or function, a wrong type.
    Statement,
    /// The number of parameters is not the number of placeholders.
    Params,
    /// Another connection holds a lock for too long.
    Busy,
    /// The transaction cannot be ordered among those beside it, and was undone: run it again, as
    /// [`Io::retry_transaction`](crate::Io::retry_transaction) does.
    Serialization,
    /// The transaction and others waited for one another, and this one was undone: run it again, as
    /// [`Io::retry_transaction`](crate::Io::retry_transaction) does.
    Deadlock,
    /// The statement took too long, and was ended.
    Timeout,
    /// No connection of the pool became free in time.
    PoolExhausted,
    /// The connection was lost.
    ConnectionLost,
    /// The transaction has ended, or never began.
    NoTransaction,
    /// The stream of rows has ended, or never began.
    NoCursor,
    /// A column is not there, or holds a value of another type.
    Decode,
    /// The answer is larger than the backend keeps at once.
    TooLarge,
    /// Another number of rows than expected.
    RowCount,
    /// Any other failure that the database reports.
    Database,
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for SqlErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

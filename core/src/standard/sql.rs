//! SQL statements and the transactions around them.

use alloc::{borrow::Cow, boxed::Box, format, sync::Arc, vec::Vec};
use core::fmt;

use super::{
    rows::Rows,
    sql_error::{SqlError, SqlErrorKind},
    value::Value,
};
use crate::{
    effect::{Effect, Menu, Replay, lost},
    error::Happened,
    path::Path,
};

/// A SQL statement; asked by [`Io::sql`](crate::Io::sql) and [`Tx::sql`](crate::Tx::sql).
///
/// It holds one statement; parameters are bound by the database, never spliced into the text.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sql {
    /// The statement, with the placeholders of the database, or the portable ones: `?1`, `?2` and so on.
    pub text: Cow<'static, str>,
    /// The values for the placeholders.
    pub params: Params,
    /// The transaction that it runs in, if any.
    pub transaction: Option<TransactionId>,
}

impl Effect for Sql {
    type Output = Rows;
    type Error = SqlError;
    const NAME: &'static str = "sql";

    /// A statement that begins with `SELECT` or `VALUES` reads; every other is taken for a write.
    fn replay(&self) -> Replay {
        let word = after_comments(&self.text).split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty());
        match word {
            Some(word) if word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("values") => Replay::Read,
            _ => Replay::Once,
        }
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        let lost = if self.transaction.is_some() { Happened::No } else { lost(self) };
        menu.kind("connection lost", lost, SqlErrorKind::ConnectionLost);
        if self.transaction.is_none() {
            menu.kind("pool exhausted", Happened::No, SqlErrorKind::PoolExhausted);
        }
    }
}

/// The text without the blanks and comments that it begins with.
fn after_comments(mut text: &str) -> &str {
    loop {
        text = text.trim_start();
        text = if let Some(comment) = text.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = text.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
    }
}

/// The parameters of a [`Sql`] statement: an array, a tuple or a vector of what [`Value`] can be made from, or `()`.
///
/// ```
/// use segno_core::{Params, Value};
///
/// assert_eq!(Params::from([7, 8]), Params::from(vec![Value::Int(7), Value::Int(8)]));
/// assert_eq!(Params::from((7, "Ada", None::<i64>)).len(), 3);
/// assert!(Params::from(()).is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Params(Box<[Value]>);

impl core::ops::Deref for Params {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0
    }
}

impl From<()> for Params {
    fn from((): ()) -> Self {
        Self::default()
    }
}

impl From<Vec<Value>> for Params {
    fn from(values: Vec<Value>) -> Self {
        Self(values.into_boxed_slice())
    }
}

impl<T: Into<Value>, const N: usize> From<[T; N]> for Params {
    fn from(values: [T; N]) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }
}

macro_rules! params_from_tuples {
    ($first:ident $($rest:ident)*) => {
        #[allow(non_snake_case, reason = "one name for a type and its value")]
        impl<$first: Into<Value>, $($rest: Into<Value>),*> From<($first, $($rest,)*)> for Params {
            fn from(($first, $($rest,)*): ($first, $($rest,)*)) -> Self {
                Self(Box::new([$first.into(), $($rest.into()),*]))
            }
        }
        params_from_tuples! { $($rest)* }
    };
    () => {};
}

params_from_tuples! { A B C D E F G H I J K L }

/// Names a transaction among those of its tasklet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TransactionId(Arc<Path>);

impl TransactionId {
    /// The transaction that begins at this place.
    pub fn new(path: Path) -> Self {
        Self(Arc::new(path))
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Begins or ends a transaction; asked by [`Io::transaction`](crate::Io::transaction), never by a handler.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Transaction {
    /// Which transaction.
    pub id: TransactionId,
    /// What to do with it.
    pub act: TransactionAct,
    /// What kind of transaction it is: the same from its beginning to its end.
    #[cfg_attr(feature = "serde", serde(default))]
    pub options: TransactionOptions,
}

/// What kind of transaction begins.
///
/// ```
/// use segno_core::{Isolation, TransactionOptions};
///
/// let report = TransactionOptions { isolation: Some(Isolation::RepeatableRead), read_only: true };
/// assert_ne!(report, TransactionOptions::default());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct TransactionOptions {
    /// How it is kept apart from those beside it; nothing means what the database does by itself.
    pub isolation: Option<Isolation>,
    /// Whether the database refuses writes in it.
    pub read_only: bool,
}

/// A transaction that may write, kept apart in this way.
impl From<Isolation> for TransactionOptions {
    fn from(isolation: Isolation) -> Self {
        Self { isolation: Some(isolation), read_only: false }
    }
}

/// How a transaction is kept apart from those beside it, in the words of the SQL standard. A database may do more than is
/// asked: SQLite's transactions are all serializable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Isolation {
    /// It may see what others have not committed.
    ReadUncommitted,
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// All statements see what was committed before the first of them.
    RepeatableRead,
    /// It is as if one transaction ran after the other.
    Serializable,
}

impl Isolation {
    /// Whether a database may undo such a transaction since it cannot be ordered among those beside it.
    fn is_ordered(self) -> bool {
        match self {
            Self::ReadUncommitted | Self::ReadCommitted => false,
            Self::RepeatableRead | Self::Serializable => true,
        }
    }
}

/// What is done with a transaction. The number of a savepoint is its depth, from 1.
///
/// A `Commit` or `Rollback` ends the transaction whatever it is answered: one that fails leaves nothing open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum TransactionAct {
    /// Takes a connection and begins.
    Begin,
    /// Keeps all that was done, and gives the connection back.
    Commit,
    /// Undoes all that was done, and gives the connection back.
    Rollback,
    /// Begins a nested scope.
    Savepoint(u32),
    /// Keeps what was done since the savepoint.
    Release(u32),
    /// Undoes what was done since the savepoint.
    RollbackTo(u32),
}

impl Effect for Transaction {
    type Output = ();
    type Error = SqlError;
    const NAME: &'static str = "transaction";

    fn replay(&self) -> Replay {
        match self.act {
            TransactionAct::Rollback | TransactionAct::RollbackTo(_) => {
                Replay::Idempotent(format!("{} {:?}", self.id, self.act).into())
            }
            TransactionAct::Begin
            | TransactionAct::Commit
            | TransactionAct::Savepoint(_)
            | TransactionAct::Release(_) => Replay::Once,
        }
    }

    fn holds(&self) -> bool {
        matches!(self.act, TransactionAct::Commit | TransactionAct::Rollback | TransactionAct::RollbackTo(_))
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        match self.act {
            TransactionAct::Begin => {
                menu.kind("pool exhausted", Happened::No, SqlErrorKind::PoolExhausted);
                menu.kind("connection lost", Happened::No, SqlErrorKind::ConnectionLost);
            }
            TransactionAct::Commit => {
                menu.kind("connection lost", Happened::Unknown, SqlErrorKind::ConnectionLost);
                if self.options.isolation.is_some_and(Isolation::is_ordered) {
                    menu.kind("cannot be ordered", Happened::No, SqlErrorKind::Serialization);
                }
            }
            TransactionAct::Savepoint(_) | TransactionAct::Release(_) => {
                menu.kind("connection lost", Happened::No, SqlErrorKind::ConnectionLost);
            }
            // A connection that is lost rolls back as well, so that nothing can go wrong.
            TransactionAct::Rollback | TransactionAct::RollbackTo(_) => {}
        }
    }
}

//! Rows in batches, for answers that are larger than memory: what opens a stream of them, goes on with it, and closes it.

use alloc::{boxed::Box, sync::Arc};
use core::fmt;

use super::{
    rows::Rows,
    sql::Sql,
    sql_error::{SqlError, SqlErrorKind},
};
use crate::{
    effect::{Effect, Menu, Replay},
    error::Happened,
    path::Path,
};

/// Begins to read rows in batches, and gives the first batch, which is empty if there are no rows at all; asked by
/// [`Io::sql_stream`](crate::Io::sql_stream) and [`Tx::sql_stream`](crate::Tx::sql_stream).
///
/// The statement only reads: a backend refuses any other, since nobody could say what a stream has written that was
/// dropped half-way. The stream ends with an empty batch, with an error, or by a [`SqlClose`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SqlOpen {
    /// The name of the new stream.
    pub id: CursorId,
    /// The statement.
    pub sql: Box<Sql>,
    /// How many rows come at once; see [`rows_at_once`](Self::rows_at_once).
    pub batch: u32,
}

impl SqlOpen {
    /// How many rows come at once unless it is said: some tens of kilobytes, so that an effect costs little beside its
    /// rows, and a thousand streams at once fit into a small server's memory.
    pub const BATCH: u32 = 256;

    /// The most rows that come at once: who wants more wants them all, and asks for a [`Sql`].
    pub const MAX_BATCH: u32 = 10_000;

    /// How many rows come at once, as a backend takes it: at least one, at most [`MAX_BATCH`](Self::MAX_BATCH). Fewer
    /// come where rows are large, and at the end.
    pub fn rows_at_once(&self) -> usize {
        self.batch.clamp(1, Self::MAX_BATCH) as usize
    }
}

impl Effect for SqlOpen {
    type Output = Rows;
    type Error = SqlError;
    const NAME: &'static str = "sql_open";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("connection lost", Happened::No, SqlErrorKind::ConnectionLost);
        if self.sql.transaction.is_none() {
            menu.kind("pool exhausted", Happened::No, SqlErrorKind::PoolExhausted);
        }
    }
}

/// Reads the next batch of rows, which is empty at the end; asked by [`RowStream::next`](crate::RowStream::next).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SqlFetch {
    /// Which stream.
    pub id: CursorId,
}

impl Effect for SqlFetch {
    type Output = Rows;
    type Error = SqlError;
    const NAME: &'static str = "sql_fetch";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("connection lost", Happened::No, SqlErrorKind::ConnectionLost);
    }
}

/// Ends a stream of rows before its end, and gives its connection back; told when a
/// [`RowStream`](crate::RowStream) is dropped. To close one that has ended is no error.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SqlClose {
    /// Which stream.
    pub id: CursorId,
}

impl Effect for SqlClose {
    type Output = ();
    type Error = SqlError;
    const NAME: &'static str = "sql_close";

    fn replay(&self) -> Replay {
        Replay::Read
    }
}

/// Names a stream of rows among those of its tasklet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CursorId(Arc<Path>);

impl CursorId {
    /// The stream that begins at this place.
    pub fn new(path: Path) -> Self {
        Self(Arc::new(path))
    }
}

impl fmt::Display for CursorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

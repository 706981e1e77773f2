//! The streams of rows that a tasklet has open, and the transactions that they belong to.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use segno_core::{CursorId, Happened, SqlError, SqlErrorKind, TransactionAct, TransactionId};

/// Streams by their names. Each is in a lock of its kind, since whoever reads it may wait.
pub(crate) struct Cursors<C>(Mutex<HashMap<CursorId, Open<C>>>);

struct Open<C> {
    transaction: Option<TransactionId>,
    cursor: Arc<C>,
}

impl<C> Default for Cursors<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C> Cursors<C> {
    /// Keeps a new stream, unless there are too many, or its transaction has one.
    pub(crate) fn open(&self, id: CursorId, transaction: Option<TransactionId>, cursor: C) -> Result<Arc<C>, SqlError> {
        if let Some(transaction) = &transaction {
            self.must_have_none(transaction)?;
        }
        let cursor = Arc::new(cursor);
        let mut open = self.all();
        if open.len() >= MAX_CURSORS {
            let message = format!("a handler reads more than {MAX_CURSORS} streams of rows at once");
            return Err(refused(SqlErrorKind::Database, message));
        }
        if open.contains_key(&id) {
            return Err(refused(SqlErrorKind::Database, format!("the stream of rows {id} has begun before")));
        }
        open.insert(id, Open { transaction, cursor: cursor.clone() });
        Ok(cursor)
    }

    /// The stream of this name, if it has not ended.
    pub(crate) fn find(&self, id: &CursorId) -> Result<Arc<C>, SqlError> {
        self.all()
            .get(id)
            .map(|open| open.cursor.clone())
            .ok_or_else(|| refused(SqlErrorKind::NoCursor, "the stream of rows has ended, or never began".to_owned()))
    }

    /// Ends a stream, and says which transaction it was of.
    pub(crate) fn close(&self, id: &CursorId) -> Option<TransactionId> {
        let closed = self.all().remove(id);
        closed.and_then(|open| open.transaction)
    }

    #[cfg(feature = "sql")]
    pub(crate) fn has_open(&self) -> bool {
        !self.all().is_empty()
    }

    /// Refuses what would wait for a stream of this transaction, which nobody reads meanwhile.
    pub(crate) fn must_have_none(&self, transaction: &TransactionId) -> Result<(), SqlError> {
        if !self.all().values().any(|open| open.transaction.as_ref() == Some(transaction)) {
            return Ok(());
        }
        let message = format!(
            "a stream of rows of the transaction {transaction} is open, and takes its connection: read it to its end or \
             drop it first"
        );
        Err(refused(SqlErrorKind::Statement, message))
    }

    /// Before this act of a transaction: its end ends its stream, and a scope in it must not begin beside one.
    pub(crate) fn make_way(&self, transaction: &TransactionId, act: TransactionAct) -> Result<(), SqlError> {
        match act {
            TransactionAct::Begin => Ok(()),
            TransactionAct::Savepoint(_) | TransactionAct::Release(_) => self.must_have_none(transaction),
            TransactionAct::Commit | TransactionAct::Rollback | TransactionAct::RollbackTo(_) => {
                self.close_all_of(transaction);
                Ok(())
            }
        }
    }

    /// Ends the stream of this transaction.
    pub(crate) fn close_all_of(&self, transaction: &TransactionId) {
        let of_it = |open: &mut Open<C>| open.transaction.as_ref() == Some(transaction);
        let closed: Vec<_> = self.all().extract_if(|_, open| of_it(open)).collect();
        // What a stream holds is somebody else's code, which must not run under the lock.
        drop(closed);
    }

    fn all(&self) -> MutexGuard<'_, HashMap<CursorId, Open<C>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> fmt::Debug for Cursors<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursors").field("open", &self.all().len()).finish_non_exhaustive()
    }
}

fn refused(kind: SqlErrorKind, message: String) -> SqlError {
    SqlError::new(kind, Happened::No, message)
}

/// How many streams of rows one handler may read at once: each holds a connection, of which a pool has about ten.
const MAX_CURSORS: usize = 8;

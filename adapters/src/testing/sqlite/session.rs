//! The SQL of one tasklet.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use segno_core::{
    Answer, CursorId, Perform, Rows, Sql, SqlClose, SqlError, SqlFetch, SqlOpen, Transaction, TransactionAct,
    TransactionId,
};

use super::shared::{Key, Shared};
use crate::sql::{
    control::Control,
    cursors::Cursors,
    dialect::Dialect,
    statement::{Statement, Verb},
};

/// What performs the SQL of one tasklet on a [`Sqlite`](super::Sqlite) in memory.
///
/// A statement that reads outside of a transaction never waits. To begin a transaction, or to write outside of one, waits
/// until no other transaction is open, however long; those who wait have their turn in the order in which they came. Of
/// two lanes of one tasklet, the one may so wait for the other.
///
/// A stream of rows is carried out when it is opened, and then kept in memory.
///
/// No future of it blocks the thread, or needs a runtime. Dropping the session rolls back what is open.
pub struct SqliteSession {
    shared: Arc<Shared>,
    number: u64,
    /// What is left of each stream of rows, which was carried out when it was opened.
    cursors: Cursors<Mutex<VecDeque<Result<Rows, SqlError>>>>,
}

impl SqliteSession {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let number = shared.with(|state| state.next_session());
        Self { shared, number, cursors: Cursors::default() }
    }

    /// Loses the connection of this transaction: it is rolled back, and its later statements find no transaction.
    pub(crate) fn lose(&self, id: &TransactionId) {
        self.cursors.close_all_of(id);
        self.shared.with(|state| state.lose(&self.key(id)));
    }

    /// Loses the connection of this stream of rows, which may be a transaction's.
    pub(crate) fn lose_stream(&self, id: &CursorId) {
        if let Some(transaction) = self.cursors.close(id) {
            self.lose(&transaction);
        }
    }

    fn key(&self, id: &TransactionId) -> Key {
        Key { session: self.number, id: id.clone() }
    }
}

impl Perform<Sql> for SqliteSession {
    async fn perform(&self, mut sql: Sql) -> Answer<Sql> {
        let statement = Statement::read(&mut sql, Dialect::Sqlite)?;
        match &sql.transaction {
            Some(id) => {
                self.cursors.must_have_none(id)?;
                self.shared.with(|state| state.write_in(&self.key(id), &sql, statement))
            }
            None if statement.verb == Verb::Read => self.shared.with(|state| state.read(&sql, statement)),
            None => self.shared.in_turn(|state| state.write(&sql, statement)).await,
        }
    }
}

impl Perform<Transaction> for SqliteSession {
    async fn perform(&self, Transaction { id, act, options }: Transaction) -> Answer<Transaction> {
        self.cursors.make_way(&id, act)?;
        let key = self.key(&id);
        let scope = |control| self.shared.with(|state| state.scope(&key, control));
        match act {
            TransactionAct::Begin => {
                self.shared.with(|state| state.must_be_new(&key))?;
                self.shared.in_turn(|state| state.begin(key, options)).await
            }
            TransactionAct::Commit => self.shared.with(|state| state.commit(&key)),
            TransactionAct::Rollback => {
                self.shared.with(|state| state.rollback(&key));
                Ok(())
            }
            TransactionAct::Savepoint(depth) => scope(Control::Savepoint(depth)),
            TransactionAct::Release(depth) => scope(Control::Release(depth)),
            TransactionAct::RollbackTo(depth) => scope(Control::RollbackTo(depth)),
        }
    }
}

impl Perform<SqlOpen> for SqliteSession {
    async fn perform(&self, open: SqlOpen) -> Answer<SqlOpen> {
        let size = open.rows_at_once();
        let SqlOpen { id, mut sql, .. } = open;
        let statement = Statement::read(&mut sql, Dialect::Sqlite)?;
        statement.must_read("a stream of rows")?;
        let key = sql.transaction.as_ref().map(|transaction| self.key(transaction));
        let cursor = self.cursors.open(id.clone(), sql.transaction.clone(), Mutex::default())?;
        match self.shared.with(|state| state.stream(key.as_ref(), &sql, statement, size)) {
            Ok(batches) => {
                *cursor.lock().unwrap_or_else(PoisonError::into_inner) = batches.into();
                self.perform(SqlFetch { id }).await
            }
            Err(error) => {
                self.cursors.close(&id);
                Err(error)
            }
        }
    }
}

impl Perform<SqlFetch> for SqliteSession {
    async fn perform(&self, fetch: SqlFetch) -> Answer<SqlFetch> {
        let cursor = self.cursors.find(&fetch.id)?;
        let batch = cursor.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let batch = batch.unwrap_or_else(|| Ok(Rows::written(0, None)));
        if batch.as_ref().map_or(true, Rows::is_empty) {
            self.cursors.close(&fetch.id);
        }
        batch
    }
}

impl Perform<SqlClose> for SqliteSession {
    async fn perform(&self, close: SqlClose) -> Answer<SqlClose> {
        self.cursors.close(&close.id);
        Ok(())
    }
}

impl Drop for SqliteSession {
    fn drop(&mut self) {
        self.shared.with(|state| state.end_session(self.number));
    }
}

impl fmt::Debug for SqliteSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteSession").finish_non_exhaustive()
    }
}

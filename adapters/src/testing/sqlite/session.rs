//! The SQL of one tasklet.

use std::{fmt, sync::Arc};

use segno_core::{Answer, Perform, Sql, Transaction, TransactionAct, TransactionId};

use super::shared::{Key, Shared};
use crate::sql::{
    control::Control,
    statement::{Statement, Verb},
};

/// What performs the SQL of one tasklet on a [`Sqlite`](super::Sqlite) in memory.
///
/// A statement that reads outside of a transaction never waits. To begin a transaction, or to write outside of one, waits
/// until no other transaction is open, however long; those who wait have their turn in the order in which they came. Of
/// two lanes of one tasklet, the one may so wait for the other.
///
/// No future of it blocks the thread, or needs a runtime. Dropping the session rolls back what is open.
pub struct SqliteSession {
    shared: Arc<Shared>,
    number: u64,
}

impl SqliteSession {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let number = shared.with(|state| state.next_session());
        Self { shared, number }
    }

    /// Loses the connection of this transaction: it is rolled back, and its later statements find no transaction.
    pub(crate) fn lose(&self, id: &TransactionId) {
        self.shared.with(|state| state.lose(&self.key(id)));
    }

    fn key(&self, id: &TransactionId) -> Key {
        Key { session: self.number, id: id.clone() }
    }
}

impl Perform<Sql> for SqliteSession {
    async fn perform(&self, sql: Sql) -> Answer<Sql> {
        let statement = Statement::read(&sql)?;
        match &sql.transaction {
            Some(id) => self.shared.with(|state| state.write_in(&self.key(id), &sql, statement)),
            None if statement.verb == Verb::Read => self.shared.with(|state| state.read(&sql, statement)),
            None => self.shared.in_turn(|state| state.write(&sql, statement)).await,
        }
    }
}

impl Perform<Transaction> for SqliteSession {
    async fn perform(&self, Transaction { id, act }: Transaction) -> Answer<Transaction> {
        let key = self.key(&id);
        let scope = |control| self.shared.with(|state| state.scope(&key, control));
        match act {
            TransactionAct::Begin => {
                self.shared.with(|state| state.must_be_new(&key))?;
                self.shared.in_turn(|state| state.begin(key)).await
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

//! The SQL of one tasklet, and its transactions: each is pinned to one connection until it ends.
//!
//! A connection goes back to the pool by being dropped, in whatever state, and the pool rolls back what is still open.
//! So dropping a session, or any future of it, is always in order; what must not be dropped half-way, a `COMMIT` or a
//! `ROLLBACK`, runs in a task of its own.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_lock::Mutex as AsyncMutex;
use segno_core::{
    Answer, Happened, Perform, Rows, Sql, SqlError, SqlErrorKind, Transaction, TransactionAct, TransactionId,
};

use super::{
    control::Control,
    error::{begun_before, no_transaction},
    sqlite::{Connection, Pool},
    statement::Statement,
};

/// What performs the SQL of one tasklet, for those who write an adapter; made by
/// [`Database::session`](crate::Database::session).
///
/// A statement outside of a transaction takes a connection of the pool and gives it back. A transaction keeps one from
/// its beginning to its end; its statements queue for it. Dropping the session rolls back every transaction that is
/// still open, whatever its state, and gives its connection back.
///
/// The future of a statement may be dropped at any time; the statement may have been carried out all the same. Once it
/// was polled, the future of a commit or a rollback may be dropped too: it is carried out to its end.
pub struct SqlSession {
    pool: Pool,
    transactions: Mutex<HashMap<TransactionId, Arc<AsyncMutex<Pinned>>>>,
}

impl SqlSession {
    pub(super) fn new(pool: Pool) -> Self {
        Self { pool, transactions: Mutex::default() }
    }

    async fn begin(&self, id: TransactionId) -> Result<(), SqlError> {
        if self.transactions().contains_key(&id) {
            return Err(begun_before(&id));
        }
        let mut connection = self.pool.acquire().await?;
        connection.control(Control::Begin).await?;
        match self.transactions().entry(id) {
            Entry::Occupied(open) => Err(begun_before(open.key())),
            Entry::Vacant(place) => {
                let pinned = Pinned { connection: Some(connection), unsettled: false };
                place.insert(Arc::new(AsyncMutex::new(pinned)));
                Ok(())
            }
        }
    }

    fn transaction(&self, id: &TransactionId) -> Result<Arc<AsyncMutex<Pinned>>, SqlError> {
        self.transactions().get(id).cloned().ok_or_else(no_transaction)
    }

    /// Takes the transaction out, so that no later statement finds it.
    fn end(&self, id: &TransactionId) -> Option<Arc<AsyncMutex<Pinned>>> {
        self.transactions().remove(id)
    }

    fn transactions(&self) -> MutexGuard<'_, HashMap<TransactionId, Arc<AsyncMutex<Pinned>>>> {
        self.transactions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Perform<Sql> for SqlSession {
    async fn perform(&self, sql: Sql) -> Answer<Sql> {
        let statement = Statement::read(&sql)?;
        match &sql.transaction {
            None => self.pool.acquire().await?.run(sql, statement).await,
            Some(id) => {
                let pinned = self.transaction(id)?;
                pinned.lock().await.run(sql, statement).await
            }
        }
    }
}

impl Perform<Transaction> for SqlSession {
    async fn perform(&self, Transaction { id, act }: Transaction) -> Answer<Transaction> {
        match act {
            TransactionAct::Begin => self.begin(id).await,
            TransactionAct::Commit => {
                let pinned = self.end(&id).ok_or_else(no_transaction)?;
                to_the_end(async move { pinned.lock().await.commit().await }).await
            }
            TransactionAct::Rollback => match self.end(&id) {
                Some(pinned) => {
                    to_the_end(async move {
                        pinned.lock().await.rollback().await;
                        Ok(())
                    })
                    .await
                }
                None => Ok(()),
            },
            TransactionAct::Savepoint(depth) => {
                let pinned = self.transaction(&id)?;
                pinned.lock().await.control(Control::Savepoint(depth)).await
            }
            TransactionAct::Release(depth) => {
                let pinned = self.transaction(&id)?;
                pinned.lock().await.control(Control::Release(depth)).await
            }
            TransactionAct::RollbackTo(depth) => {
                let pinned = self.transaction(&id)?;
                to_the_end(async move { pinned.lock().await.control(Control::RollbackTo(depth)).await }).await
            }
        }
    }
}

impl fmt::Debug for SqlSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlSession").finish_non_exhaustive()
    }
}

/// The connection of a transaction, as long as it is open.
struct Pinned {
    connection: Option<Connection>,
    /// Whether a statement failed or was abandoned, so that the database may have ended the transaction by itself.
    unsettled: bool,
}

impl Pinned {
    async fn run(&mut self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.settle().await?;
        self.unsettled = true;
        let answer = self.connection()?.run(sql, statement).await;
        match &answer {
            Ok(_) => self.unsettled = false,
            Err(error) if error.kind == SqlErrorKind::ConnectionLost => self.connection = None,
            Err(_) => {}
        }
        answer
    }

    async fn control(&mut self, control: Control) -> Result<(), SqlError> {
        self.settle().await?;
        self.unsettled = true;
        self.connection()?.control(control).await?;
        self.unsettled = false;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), SqlError> {
        let committed = self.control(Control::Commit).await;
        self.connection = None;
        committed
    }

    async fn rollback(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            // If it fails, there is nothing open, or the pool rolls back or closes the connection.
            let _ = connection.control(Control::Rollback).await;
        }
    }

    /// Makes sure that the transaction is still open, if that is in doubt. Without it, a statement after `on conflict
    /// rollback` would be carried out for good, outside of any transaction.
    async fn settle(&mut self) -> Result<(), SqlError> {
        if self.unsettled {
            // If this future is dropped, so is the connection: then nobody knows, and the transaction is over.
            let connection = self.connection.take().ok_or_else(no_transaction)?;
            self.connection = connection.still_in_transaction().await?;
            self.unsettled = false;
        }
        Ok(())
    }

    fn connection(&mut self) -> Result<&mut Connection, SqlError> {
        self.connection.as_mut().ok_or_else(no_transaction)
    }
}

/// Carries the future out in a task of its own, so that it comes to its end even if nobody waits for it any longer.
///
/// This is all in the backend that depends on the runtime, beside sqlx itself.
async fn to_the_end<F>(future: F) -> Result<(), SqlError>
where
    F: Future<Output = Result<(), SqlError>> + Send + 'static,
{
    let (sender, receiver) = smol::channel::bounded(1);
    // Nobody receives if the waiting future was dropped.
    smol::spawn(async move { drop(sender.send(future.await).await) }).detach();
    receiver.recv().await.unwrap_or_else(|_| {
        let message = "the task that was to end the transaction is gone";
        Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::Unknown, message))
    })
}

//! The SQL of one tasklet, and its transactions: each is pinned to one connection until it ends.
//!
//! A connection goes back to the pool by being dropped, in whatever state: a task ends what is under way on it, and rolls
//! back what is open. So dropping a session, or any future of it, is always in order; what must not be dropped half-way, a
//! `COMMIT` or a `ROLLBACK`, runs in a task of its own.

mod streams;

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_lock::Mutex as AsyncMutex;
use segno_core::{
    Answer, Happened, Perform, Rows, Sql, SqlError, SqlErrorKind, Transaction, TransactionAct, TransactionId,
    TransactionOptions,
};

use super::{
    coalesce::Coalescing,
    control::Control,
    cursor::Cursor,
    cursors::Cursors,
    dialect::Dialect,
    driver::Batches,
    error::{begun_before, no_transaction},
    lease::{Lease, Leased},
    statement::{Statement, Verb},
};
use crate::task::to_the_end;

/// What performs the SQL of one tasklet, for those who write an adapter; made by
/// [`Database::session`](crate::Database::session).
///
/// A statement outside of a transaction takes a connection, which is held for the next one until the tasklet
/// [waits](Self::waits) for anything else, or somebody has waited a few milliseconds for it. Statements side by side take several
/// connections, if there are free ones. A transaction keeps one from its beginning to its end; its statements queue for it. A
/// statement *outside* of a transaction that is open needs another connection: if the pool has no other, it fails as
/// [`PoolExhausted`](crate::SqlErrorKind::PoolExhausted) in the end. Dropping the session rolls back every transaction that is
/// still open, whatever its state, and gives its connections back.
///
/// A stream of rows has a connection of its own, or its transaction's, until it ends or is closed.
///
/// The future of a statement may be dropped at any time: outside of a transaction the statement is cancelled soon, in one it is
/// when the transaction is rolled back or its time is over. It may have been carried out all the same. Once it was polled, the
/// future of a commit or a rollback may be dropped too: it is carried out to its end.
pub struct SqlSession {
    lease: Lease,
    dialect: Dialect,
    coalescing: Option<Arc<Coalescing>>,
    transactions: Mutex<HashMap<TransactionId, Arc<AsyncMutex<Pinned>>>>,
    cursors: Cursors<AsyncMutex<Cursor>>,
}

impl SqlSession {
    pub(super) fn new(lease: Lease, dialect: Dialect, coalescing: Option<Arc<Coalescing>>) -> Self {
        Self { lease, dialect, coalescing, transactions: Mutex::default(), cursors: Cursors::default() }
    }

    /// Says that the tasklet waits for something that is not SQL: the connection that is held for its next statement goes to
    /// others. See [`adapter::Session`](crate::adapter::Session).
    pub fn waits(&self) {
        self.lease.waits();
    }

    /// Carries a statement out that belongs to no transaction.
    async fn run(&self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.acquire().await?.run_alone(sql, statement).await
    }

    async fn acquire(&self) -> Result<Leased, SqlError> {
        self.lease.acquire().await.map_err(|mut error| {
            let has_one = !self.transactions().is_empty() || self.cursors.has_open();
            if error.kind == SqlErrorKind::PoolExhausted && has_one {
                let waits_for_itself =
                    "; this handler has one of them for its own transaction or stream of rows: ask in it, or after it";
                error.message = format!("{}{waits_for_itself}", error.message).into();
            }
            error
        })
    }

    async fn begin(&self, id: TransactionId, options: TransactionOptions) -> Result<(), SqlError> {
        if self.transactions().contains_key(&id) {
            return Err(begun_before(&id));
        }
        let mut connection = self.acquire().await?;
        let mut begun = connection.control(Control::Begin(options)).await;
        // Nothing else is asked twice: a `select` may call a function that writes.
        if begun.as_ref().is_err_and(|error| connection.had_died(error)) {
            drop(connection);
            connection = self.acquire().await?;
            begun = connection.control(Control::Begin(options)).await;
        }
        if let Err(error) = begun {
            if error.kind == SqlErrorKind::Busy {
                connection.mark_clean();
            }
            return Err(error);
        }
        match self.transactions().entry(id) {
            Entry::Occupied(open) => Err(begun_before(open.key())),
            Entry::Vacant(place) => {
                // The other databases refuse by themselves what writes.
                let only_reads = options.read_only && self.dialect == Dialect::Sqlite;
                let pinned = Pinned { connection: Some(connection), unsettled: false, only_reads, undone: None };
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
    async fn perform(&self, mut sql: Sql) -> Answer<Sql> {
        let statement = Statement::read(&mut sql, self.dialect)?;
        match (&sql.transaction, &self.coalescing) {
            (None, Some(coalescing)) if statement.verb == Verb::Read => {
                let shared = sql.clone();
                coalescing.share(&shared, || self.run(sql, statement)).await
            }
            (None, _) => self.run(sql, statement).await,
            (Some(id), _) => {
                self.cursors.must_have_none(id)?;
                let pinned = self.transaction(id)?;
                pinned.lock().await.run(sql, statement).await
            }
        }
    }
}

impl Perform<Transaction> for SqlSession {
    async fn perform(&self, Transaction { id, act, options }: Transaction) -> Answer<Transaction> {
        self.cursors.make_way(&id, act)?;
        match act {
            TransactionAct::Begin => self.begin(id, options).await,
            TransactionAct::Commit => {
                let pinned = self.end(&id).ok_or_else(no_transaction)?;
                ended(to_the_end(async move { pinned.lock().await.commit().await }).await)
            }
            TransactionAct::Rollback => match self.end(&id) {
                Some(pinned) => {
                    let rolled_back = to_the_end(async move { pinned.lock().await.rollback().await });
                    ended(rolled_back.await.map(Ok))
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
                ended(to_the_end(async move { pinned.lock().await.control(Control::RollbackTo(depth)).await }).await)
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
    connection: Option<Leased>,
    /// Whether a statement failed or was abandoned, so that the database may have ended the transaction by itself.
    unsettled: bool,
    /// Whether a statement that writes is refused before the database sees it.
    only_reads: bool,
    /// Why the database undid it for the sake of others.
    undone: Option<SqlError>,
}

impl Pinned {
    async fn run(&mut self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        if self.only_reads {
            statement.must_read("the transaction")?;
        }
        self.settle().await?;
        self.unsettled = true;
        let answer = self.connection()?.run(sql, statement).await;
        self.note(&answer);
        answer
    }

    async fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Result<(), SqlError> {
        self.settle().await?;
        self.unsettled = true;
        let end = self.connection()?.stream(sql, statement, batches).await;
        self.note(&end);
        end
    }

    /// Takes in how a statement ended.
    fn note<T>(&mut self, end: &Result<T, SqlError>) {
        match end {
            Ok(_) => self.unsettled = false,
            Err(error) if error.kind == SqlErrorKind::ConnectionLost => self.connection = None,
            Err(error) if matches!(error.kind, SqlErrorKind::Deadlock | SqlErrorKind::Serialization) => {
                self.undone = Some(error.clone());
            }
            Err(_) => {}
        }
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
        if let Some(mut connection) = self.connection.take()
            && committed.is_ok()
        {
            connection.mark_clean();
        }
        committed
    }

    /// Whatever goes wrong with it, the connection is given back, and a task rolls back what is open.
    async fn rollback(&mut self) {
        let Some(mut connection) = self.connection.take() else { return };
        if self.unsettled {
            connection.roll_back().await;
        } else if connection.control(Control::Rollback).await.is_ok() {
            connection.mark_clean();
        }
    }

    /// Makes sure that the transaction is still open, if that is in doubt. Without it, a statement after `on conflict
    /// rollback` would be carried out for good, outside of any transaction.
    async fn settle(&mut self) -> Result<(), SqlError> {
        if self.unsettled {
            // If this future is dropped, so is the connection: then nobody knows, and the transaction is over.
            self.connection()?;
            let mut connection = self.connection.take().ok_or_else(no_transaction)?;
            self.connection = connection.in_transaction().await?.then_some(connection);
            self.unsettled = false;
        }
        Ok(())
    }

    /// The connection; if there is none, a scope that passed over a deadlock is told of it again, so that it is run again.
    fn connection(&mut self) -> Result<&mut Leased, SqlError> {
        let Self { connection, undone, .. } = self;
        connection.as_mut().ok_or_else(|| undone.clone().unwrap_or_else(no_transaction))
    }
}

/// What the end of a transaction gave.
fn ended(end: Option<Result<(), SqlError>>) -> Result<(), SqlError> {
    end.unwrap_or_else(|| {
        let message = "the task that was to end the transaction is gone";
        Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::Unknown, message))
    })
}

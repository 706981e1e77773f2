//! SQL transactions as scopes: what began is committed, rolled back or told to be rolled back, on every path.

mod retry;

use alloc::{borrow::Cow, boxed::Box};
use core::{fmt, future::Future, panic::Location};

use crate::{
    effect::Has,
    error::{Happened, Result},
    io::{Ask, Io},
    row_stream::{TxRowStream, open_in_transaction},
    standard::{
        Now, Params, Sql, SqlClose, SqlError, SqlOpen, Standard, Transaction, TransactionAct, TransactionId,
        TransactionOptions,
    },
};

impl<S: Has<Transaction>> Io<S> {
    /// Runs a scope in a transaction, pinned to one connection: commits if it returns `Ok`, rolls back if it returns `Err`.
    ///
    /// It is closed exactly once on every path. If a stop came, it is rolled back, unless the `COMMIT` was on its way, which is
    /// waited for, or the scope is part of a [`cleanup`](Io::cleanup). If its lane loses a race or its handler panics, the rollback is told to the backend.
    ///
    /// Within, `tx` asks for SQL, the time, and nested scopes, which are savepoints; whatever takes long
    /// (HTTP, chat, the client) does not compile there. [`transaction_as`](Self::transaction_as) is for errors of your own.
    ///
    /// ```
    /// # use segno_core::{Io, Result};
    /// async fn pay(io: &mut Io, from: i64, to: i64, cents: i64) -> Result<()> {
    ///     io.transaction(async |tx| {
    ///         tx.sql("update account set cents = cents - ?2 where id = ?1", [from, cents]).await?;
    ///         tx.sql("update account set cents = cents + ?2 where id = ?1", [to, cents]).await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// ```compile_fail,E0599
    /// # use segno_core::{Io, Result};
    /// async fn slow(io: &mut Io) -> Result<()> {
    ///     io.transaction(async |tx| { tx.http_get("http://bank.internal/").await?; Ok(()) }).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// What the scope returns; a [`SqlError`] if the transaction cannot begin or commit. If its `happened` is `Unknown`, a
    /// commit was sent and its answer was lost.
    #[track_caller]
    pub fn transaction<T>(
        &mut self,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        self.transaction_as(scope)
    }

    /// [`transaction`](Self::transaction) with an error type of your own.
    #[track_caller]
    pub fn transaction_as<T, E: From<SqlError>>(
        &mut self,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T, E>,
    ) -> impl Future<Output = Result<T, E>> {
        let location = Location::caller();
        run(self, Outer { id: None, options: TransactionOptions::default(), depth: 0 }, scope, location)
    }

    /// A transaction of this kind: how it is kept apart from those beside it, and whether it may write.
    ///
    /// ```
    /// # use segno_core::{Io, Isolation, Result, TransactionOptions};
    /// async fn total(io: &mut Io) -> Result<i64> {
    ///     let report = TransactionOptions { isolation: Some(Isolation::RepeatableRead), read_only: true };
    ///     io.transaction_with(report, async |tx| {
    ///         Ok(tx.sql("select sum(cents) as total from account", ()).await?.one()?.get("total")?)
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`transaction`](Self::transaction).
    #[track_caller]
    pub fn transaction_with<T>(
        &mut self,
        options: impl Into<TransactionOptions>,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        let location = Location::caller();
        run(self, Outer { id: None, options: options.into(), depth: 0 }, scope, location)
    }
}

/// Where a scope begins.
struct Outer {
    /// The transaction that it is a part of, if any.
    id: Option<TransactionId>,
    options: TransactionOptions,
    /// The depth of the scope.
    depth: u32,
}

/// A transaction, lent to the scope that runs in it.
pub struct Tx<'a, S: Has<Transaction> = Standard> {
    io: &'a mut Io<S>,
    id: TransactionId,
    options: TransactionOptions,
    /// 0 for the transaction, from 1 for the savepoints in it.
    depth: u32,
    /// Whether something was begun that must be undone if the scope ends here.
    open: bool,
}

impl<S: Has<Transaction>> Tx<'_, S> {
    /// Runs a SQL statement in the transaction.
    #[track_caller]
    pub fn sql(&mut self, text: impl Into<Cow<'static, str>>, params: impl Into<Params>) -> Ask<'_, S, Sql>
    where
        S: Has<Sql>,
    {
        let transaction = Some(self.id.clone());
        self.io.perform_at(Sql { text: text.into(), params: params.into(), transaction }, Location::caller())
    }

    /// Reads the rows of a statement in batches, as [`Io::sql_stream`] does, over the transaction's connection: until the
    /// stream is dropped, nothing else can be asked of the transaction.
    ///
    /// ```
    /// # use segno_core::{Result, Tx};
    /// async fn checksum(tx: &mut Tx<'_>) -> Result<i64> {
    ///     let (mut sum, mut rows) = (0_i64, tx.sql_stream("select cents from account", ()).await?);
    ///     while let Some(batch) = rows.next().await? {
    ///         for row in batch.iter() {
    ///             sum = sum.wrapping_add(row.get("cents")?);
    ///         }
    ///     }
    ///     Ok(sum)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`Io::sql_stream`].
    #[track_caller]
    pub fn sql_stream(
        &mut self,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> impl Future<Output = Result<TxRowStream<'_, S>, SqlError>>
    where
        S: Has<SqlOpen> + Has<SqlClose>,
    {
        self.sql_stream_by(SqlOpen::BATCH, text, params)
    }

    /// [`sql_stream`](Self::sql_stream) with this many rows in a batch, as by [`Io::sql_stream_by`].
    ///
    /// # Errors
    ///
    /// As of [`Io::sql_stream`].
    #[track_caller]
    pub fn sql_stream_by(
        &mut self,
        batch: u32,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> impl Future<Output = Result<TxRowStream<'_, S>, SqlError>>
    where
        S: Has<SqlOpen> + Has<SqlClose>,
    {
        let sql = Sql { text: text.into(), params: params.into(), transaction: Some(self.id.clone()) };
        open_in_transaction(self.io, sql, batch, Location::caller())
    }

    /// Reads the clock.
    #[track_caller]
    pub fn now(&mut self) -> Ask<'_, S, Now>
    where
        S: Has<Now>,
    {
        self.io.perform_at(Now, Location::caller())
    }

    /// Runs a nested scope: a savepoint, undone alone if the scope returns `Err`.
    ///
    /// # Errors
    ///
    /// As of [`Io::transaction`].
    #[track_caller]
    pub fn transaction<T>(
        &mut self,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T>,
    ) -> impl Future<Output = Result<T>> {
        self.transaction_as(scope)
    }

    /// [`transaction`](Self::transaction) with an error type of your own.
    #[track_caller]
    pub fn transaction_as<T, E: From<SqlError>>(
        &mut self,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T, E>,
    ) -> impl Future<Output = Result<T, E>> {
        let location = Location::caller();
        let outer = Outer { id: Some(self.id.clone()), options: self.options, depth: self.depth + 1 };
        // Boxed, so that scopes may nest in recursion.
        Box::pin(run(self.io, outer, scope, location))
    }

    fn act(&self, act: TransactionAct) -> Transaction {
        Transaction { id: self.id.clone(), act, options: self.options }
    }

    fn begin(&self) -> Transaction {
        self.act(match self.depth {
            0 => TransactionAct::Begin,
            depth => TransactionAct::Savepoint(depth),
        })
    }

    fn keep(&self) -> Transaction {
        self.act(match self.depth {
            0 => TransactionAct::Commit,
            depth => TransactionAct::Release(depth),
        })
    }

    fn undo(&self) -> Transaction {
        self.act(match self.depth {
            0 => TransactionAct::Rollback,
            depth => TransactionAct::RollbackTo(depth),
        })
    }
}

/// The scope ended where nothing can be asked any more: told, not asked.
impl<S: Has<Transaction>> Drop for Tx<'_, S> {
    fn drop(&mut self) {
        if self.open {
            self.io.slot.lock().tell(S::inject(self.undo()));
        }
    }
}

impl<S: Has<Transaction>> fmt::Debug for Tx<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("id", &self.id).field("depth", &self.depth).finish_non_exhaustive()
    }
}

async fn run<S: Has<Transaction>, T, E: From<SqlError>>(
    io: &mut Io<S>,
    Outer { id, options, depth }: Outer,
    scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T, E>,
    location: &'static Location<'static>,
) -> Result<T, E> {
    let id = id.unwrap_or_else(|| TransactionId::new(io.next_path()));
    // Open before the answer: what was asked and not heard of may have begun.
    let open = !io.slot.lock().refuses(io.lane);
    let mut tx = Tx { io, id, options, depth, open };
    let begin = tx.begin();
    if let Err(error) = tx.io.perform_at(begin, location).await {
        tx.open = error.happened != Happened::No;
        return Err(error.into());
    }
    let end = scope(&mut tx).await;
    // From here on the end itself holds: no stop and no spent budget refuses it, and it is finished if its lane goes.
    tx.open = false;
    let (keep, undo) = (tx.keep(), tx.undo());
    // What cleans up after a stop is kept in spite of it, within its budget.
    let refused = tx.io.slot.lock().refuses(tx.io.lane);
    let mut io = tx.io.cleanup();
    let error = match (end, io.stopped().filter(|_| refused)) {
        (Ok(value), None) => {
            io.perform_at(keep, location).await?;
            return Ok(value);
        }
        (Ok(_), Some(stopped)) => SqlError::from(stopped).into(),
        (Err(error), _) => error,
    };
    // If even the rollback fails, the connection is gone and the transaction with it: the scope's own error says more.
    let _rolled_back = io.perform_at(undo, location).await;
    Err(error)
}

//! Transactions that run again, since the database has undone them for the sake of others.

use core::{future::Future, panic::Location, time::Duration};

use super::{Outer, Tx, run};
use crate::{
    effect::Has,
    error::{Error, Happened, Result},
    io::Io,
    standard::{Random, Sleep, SqlError, SqlErrorKind, Transaction, TransactionOptions},
};

impl<S: Has<Transaction>> Io<S> {
    /// A transaction of this kind that is run again, as a whole, when the database has undone it for the sake of others
    /// beside it: up to this many attempts in all, and one at least.
    ///
    /// That is, if the scope or the commit fails by [`Serialization`](SqlErrorKind::Serialization) or
    /// [`Deadlock`](SqlErrorKind::Deadlock), and so surely nothing was kept. Whatever else fails is not repeated: not
    /// [`Busy`](SqlErrorKind::Busy), which has waited for as long as it may, and never a commit whose answer was lost.
    /// Between two attempts is a pause of random length, which may be twice as long each time. A stop ends it.
    ///
    /// The scope is cloned for each attempt. So it borrows from around it, or copies, and cannot change anything there.
    ///
    /// ```
    /// # use segno_core::{Error, Io, Isolation, Result};
    /// async fn book(io: &mut Io, seat: i64) -> Result<()> {
    ///     io.retry_transaction(Isolation::Serializable, 5, async |tx| {
    ///         let taken: i64 = tx.sql("select count(*) as n from booking where seat = ?1", [seat]).await?.one()?.get("n")?;
    ///         if taken > 0 {
    ///             return Err(Error::status(409, "taken"));
    ///         }
    ///         tx.sql("insert into booking (seat) values (?1)", [seat]).await?;
    ///         Ok(())
    ///     })
    ///     .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// As of [`transaction`](Self::transaction): those of the last attempt. [`Stopped`](crate::Stopped) if a stop came
    /// between two.
    #[track_caller]
    pub fn retry_transaction<T>(
        &mut self,
        options: impl Into<TransactionOptions>,
        attempts: u32,
        scope: impl AsyncFnOnce(&mut Tx<'_, S>) -> Result<T> + Clone,
    ) -> impl Future<Output = Result<T>>
    where
        S: Has<Sleep> + Has<Random>,
    {
        let (options, location) = (options.into(), Location::caller());
        async move {
            let (mut longest, mut left) = (FIRST_PAUSE, attempts);
            loop {
                left = left.saturating_sub(1);
                let outer = Outer { id: None, options, depth: 0 };
                let end = run(self, outer, scope.clone(), location).await;
                if left == 0 || !end.as_ref().is_err_and(is_undone) {
                    return end;
                }
                let pause = self.perform_at(Random::new(0..=longest), location).await?;
                self.perform_at(Sleep(Duration::from_millis(pause)), location).await?;
                longest = (longest * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Whether the database has undone the transaction for the sake of others, so that it may succeed when it runs again.
fn is_undone(error: &Error) -> bool {
    error.cause().is_some_and(|error: &SqlError| {
        matches!(error.kind, SqlErrorKind::Serialization | SqlErrorKind::Deadlock) && error.happened == Happened::No
    })
}

/// How long the first pause before a transaction runs again may be, in milliseconds: longer than most transactions take,
/// so that two which met do not meet again.
const FIRST_PAUSE: u64 = 20;

/// How long any of the pauses may be, in milliseconds: beyond that, it is no longer chance that they meet, and a client
/// should hear of it.
const LONGEST_PAUSE: u64 = 1_000;

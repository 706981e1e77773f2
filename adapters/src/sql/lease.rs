//! What one tasklet has of the pool: a connection at a time or several, each given back by being dropped.

use std::{fmt, future::Future, sync::Arc, time::Duration};

use futures_lite::future;
use segno_core::{Happened, Rows, Sql, SqlError, SqlErrorKind};

use super::{
    control::Control,
    driver::{Batches, Boxed, Cancel},
    pool::{Holder, Kept, Pool},
    statement::{Statement, Verb},
    timer::Timer,
};
use crate::task::{sleep, spawn, within};

/// The connections of one tasklet.
///
/// One that is given back is held for its next statement, until it [waits](Self::waits) for anything else.
pub(super) struct Lease {
    pool: Arc<Pool>,
    holder: Arc<Holder>,
    timer: Arc<Timer>,
}

impl Lease {
    pub(super) fn new(pool: Arc<Pool>, timer: Arc<Timer>) -> Self {
        Self { pool, holder: Arc::default(), timer }
    }

    /// Waits for a connection, for as long as the options say.
    pub(super) async fn acquire(&self) -> Result<Leased, SqlError> {
        let kept = self.pool.acquire(&self.holder).await?;
        Ok(Leased {
            kept: Some(kept),
            pool: self.pool.clone(),
            holder: self.holder.clone(),
            timer: self.timer.clone(),
            state: State::Clean,
            cancelled: false,
        })
    }

    /// The tasklet waits for something else than this: what it does not use is for others.
    pub(super) fn waits(&self) {
        self.pool.release(&self.holder);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.leave(&self.holder);
    }
}

/// A connection of the pool, as long as it is not dropped.
///
/// Whoever uses it says by [`mark_clean`](Self::mark_clean) that nothing is under way or open on it. Without that, a task
/// sees to it before anybody else has the connection.
pub(super) struct Leased {
    /// Always there until it is dropped.
    kept: Option<Kept>,
    pool: Arc<Pool>,
    holder: Arc<Holder>,
    timer: Arc<Timer>,
    state: State,
    /// Whether a cancellation was sent, which may come late.
    cancelled: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Clean,
    Dirty,
    Lost,
}

impl Leased {
    /// Whether this error says only that the connection, which was kept from an earlier use, has died since: nothing has
    /// happened, and another connection may do better.
    pub(super) fn had_died(&self, error: &SqlError) -> bool {
        let untested = self.kept.as_ref().is_some_and(|kept| kept.untested);
        untested && error.kind == SqlErrorKind::ConnectionLost && error.happened == Happened::No
    }

    /// Carries a statement out that belongs to no transaction.
    pub(super) async fn run_alone(&mut self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        let answer = self.run(sql, statement).await;
        if answer.as_ref().map_or_else(is_final, |_| true) {
            self.mark_clean();
        }
        answer
    }

    /// Carries a statement out, which is cancelled if it takes too long.
    pub(super) async fn run(&mut self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.state = State::Dirty;
        let Self { kept, timer, .. } = self;
        let Kept { connection, cancel, .. } = kept.as_mut().expect(HELD);
        let running = connection.run(sql, statement);
        let (answer, cancelled) = attended(running, timer.alarm(), &**cancel, CANCEL_TIME_LIMIT).await;
        let time = timer.time();
        let answer = match answer {
            Some(Err(error)) if cancelled && error.kind == SqlErrorKind::Timeout => Err(timeout(error.happened, time)),
            Some(answer) => answer,
            None => Err(timeout(statement.lost(), time)),
        };
        self.cancelled |= cancelled;
        if statement.verb != Verb::Read {
            self.pool.wrote();
        }
        self.heard(&answer);
        answer
    }

    /// Carries a statement out whose rows go on in batches. It takes as long as its reader does, and so has no time limit.
    pub(super) async fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Result<(), SqlError> {
        self.state = State::Dirty;
        let end = self.kept.as_mut().expect(HELD).connection.stream(sql, statement, batches).await;
        self.heard(&end);
        end
    }

    /// Begins or ends a transaction or a scope. What takes too long is not cancelled, and of a commit nobody knows then whether
    /// it was carried out.
    pub(super) async fn control(&mut self, control: Control) -> Result<(), SqlError> {
        self.state = State::Dirty;
        let Self { kept, timer, .. } = self;
        let controlled = kept.as_mut().expect(HELD).connection.control(control);
        let answer = future::or(controlled, async {
            timer.alarm().await;
            Err(timeout(control.lost(), timer.time()))
        })
        .await;
        if matches!(control, Control::Commit) {
            self.pool.wrote();
        }
        self.heard(&answer);
        answer
    }

    /// Whether the transaction is still open, once what is under way has ended, which is cancelled if it takes too long.
    pub(super) async fn in_transaction(&mut self) -> Result<bool, SqlError> {
        self.state = State::Dirty;
        let Self { kept, timer, .. } = self;
        let Kept { connection, cancel, .. } = kept.as_mut().expect(HELD);
        let asked = connection.in_transaction();
        let (open, cancelled) = attended(asked, timer.alarm(), &**cancel, CANCEL_TIME_LIMIT).await;
        let open = open.unwrap_or_else(|| Err(timeout(Happened::No, timer.time())));
        self.cancelled |= cancelled;
        self.heard(&open);
        open
    }

    /// Ends what is under way, rolls back what is open, and gives the connection back.
    pub(super) async fn roll_back(mut self) {
        if let Some(kept) = self.kept.take() {
            recover(self.pool.clone(), kept, self.cancelled).await;
        }
    }

    /// Nothing is under way on the connection, and no transaction is open.
    pub(super) fn mark_clean(&mut self) {
        // A cancellation that comes late must not hit the next user.
        if self.state == State::Dirty && !self.cancelled {
            self.state = State::Clean;
        }
    }

    fn heard<T>(&mut self, answer: &Result<T, SqlError>) {
        if answer.as_ref().is_err_and(|error| error.kind == SqlErrorKind::ConnectionLost) {
            self.state = State::Lost;
        }
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let Some(mut kept) = self.kept.take() else { return };
        // What is dirty may be so by a write that was abandoned.
        if self.state != State::Clean {
            self.pool.wrote();
        }
        match self.state {
            State::Clean => self.pool.give_back(kept, Some(&self.holder)),
            State::Dirty => {
                spawn(recover(self.pool.clone(), kept, self.cancelled));
            }
            State::Lost => {
                kept.connection.discard();
                drop(kept);
                self.pool.suspect();
            }
        }
    }
}

impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased").finish_non_exhaustive()
    }
}

/// Makes a connection fit for others, whatever is under way on it.
async fn recover(pool: Arc<Pool>, mut kept: Kept, cancelled: bool) {
    let Kept { connection, cancel, .. } = &mut kept;
    let (reset, cancelled_now) = attended(connection.reset(), sleep(GRACE), &**cancel, RESET_TIME_LIMIT).await;
    let mut fit = matches!(reset, Some(Ok(())));
    if fit && cancelled_now && !cancelled {
        // What was cancelled may have ended just before: then this one is hit, and not the next user's.
        fit = matches!(within(RESET_TIME_LIMIT, connection.reset()).await, Some(Ok(())));
    }
    // What was abandoned has had its effect now.
    pool.wrote();
    if fit {
        pool.give_back(kept, None);
    } else {
        connection.discard();
    }
}

/// Waits for what is under way; when `time` is over, it is cancelled, and has as long as `limit` to end. Says whether it was
/// cancelled.
async fn attended<T>(
    mut operation: Boxed<'_, T>,
    time: impl Future<Output = ()>,
    cancel: &dyn Cancel,
    limit: Duration,
) -> (Option<T>, bool) {
    let in_time = async { Some((&mut operation).await) };
    let too_late = async {
        time.await;
        None
    };
    if let Some(output) = future::or(in_time, too_late).await {
        return (Some(output), false);
    }
    let ended = within(limit, async {
        // Its own answer tells whether that helped.
        let _ = cancel.cancel().await;
        operation.await
    });
    (ended.await, true)
}

/// Whether the database has said by this error how the statement ended, and goes on with the next.
fn is_final(error: &SqlError) -> bool {
    let is_refusal = matches!(
        error.kind,
        SqlErrorKind::Unique
            | SqlErrorKind::ForeignKey
            | SqlErrorKind::NotNull
            | SqlErrorKind::Check
            | SqlErrorKind::Syntax
            | SqlErrorKind::MissingTable
            | SqlErrorKind::Statement
            | SqlErrorKind::Params
            | SqlErrorKind::Busy
            | SqlErrorKind::Serialization
            | SqlErrorKind::Deadlock
    );
    is_refusal && error.happened == Happened::No
}

fn timeout(happened: Happened, time: Duration) -> SqlError {
    let message = format!("it took longer than {time:?}, the database's `statement_time_limit`, and was ended");
    SqlError::new(SqlErrorKind::Timeout, happened, message)
}

/// Why there is a connection.
const HELD: &str = "it is taken out by `drop` alone";

/// How long an abandoned statement has to end by itself: most do, and to cancel one may cost a connection of its own.
const GRACE: Duration = Duration::from_millis(5);

/// How long a cancelled statement has to answer: enough for a connection to be made that tells the server so.
const CANCEL_TIME_LIMIT: Duration = Duration::from_secs(2);

/// How long a cancelled statement keeps its connection from others before that is closed: twice the wait for a lock in SQLite,
/// which nothing cuts short.
const RESET_TIME_LIMIT: Duration = Duration::from_secs(10);

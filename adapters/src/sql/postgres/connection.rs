//! A connection to PostgreSQL.

use std::{borrow::Cow, sync::Arc, time::Duration};

use futures_lite::StreamExt;
use segno_core::{Happened, Isolation, Params, Rows, Sql, SqlError, SqlErrorKind, TransactionOptions};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor, Postgres, SqlStr, Statement as _, pool::PoolConnection};

use super::{
    answer::{Done, Failed},
    decode::{names, push},
    encode::arguments,
    error::{ABORTED, NO_SAVEPOINT, Stage, code, is_lost, staged},
};
use crate::{
    sql::{
        control::Control,
        driver::{Batches, Boxed, Cancel, Connection},
        server::Canceller,
        sink::Sink,
        statement::{Statement, Verb},
        text::sql_str,
    },
    task::within,
};

/// A connection, taken from the pool.
pub(super) struct PostgresConnected {
    connection: PoolConnection<Postgres>,
    cancel: Arc<Canceller<Postgres>>,
    /// Whether the server has not answered yet to what it was asked last.
    busy: bool,
    /// Whether a transaction was begun here, and has not ended.
    open: bool,
    /// Whether what it was asked last gave rows.
    flows: bool,
    /// Whether a stream of rows is open in the transaction.
    streams: bool,
    /// What made the server refuse all but the transaction's end.
    aborted_by: Option<Box<str>>,
}

impl PostgresConnected {
    pub(super) fn new(connection: PoolConnection<Postgres>, cancel: Arc<Canceller<Postgres>>) -> Self {
        Self { connection, cancel, busy: false, open: false, flows: false, streams: false, aborted_by: None }
    }

    async fn carry_out(&mut self, sql: Sql, statement: Statement, mut sink: Sink) -> Result<Rows, SqlError> {
        // A transaction that is lost is undone.
        let lost = if self.open { Happened::No } else { statement.lost() };
        self.drain().await.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
        let text = sql_str(sql.text);
        let known = self.connection.cached_statements_size();
        let mut done = self.attempt(&text, &sql.params, statement, &mut sink).await;
        if let Err(failed) = &done
            && let (true, certain) = failed.stale()
            && self.connection.cached_statements_size() == known
        {
            let sent = matches!(failed, Failed::Driver { .. });
            self.forget(lost).await?;
            // What the server refused is undone, unless it is a procedure that commits by itself.
            if !sent || self.aborted_by.is_none() && (certain || statement.verb != Verb::Other) {
                done = self.attempt(&text, &sql.params, statement, &mut sink).await;
            } else if certain {
                return Err(altered_since());
            }
        }
        match done {
            Ok(done) => self.finish(statement, sink, done, lost).await,
            Err(Failed::Driver { error, stage, .. }) => {
                let failed = self.failed(&error, lost, stage);
                Err(if stage == Stage::Text { failed } else { statement.failed(failed) })
            }
            Err(Failed::Here(refused) | Failed::Unfit(refused)) => {
                self.end_what_runs().await.map_err(|error| self.failed(&error, lost, Stage::Run))?;
                Err(refused)
            }
        }
    }

    /// Asks the server once.
    async fn attempt(
        &mut self,
        text: &SqlStr,
        params: &Params,
        statement: Statement,
        sink: &mut Sink,
    ) -> Result<Done, Failed> {
        self.busy = true;
        // Nothing is sent for a text that this connection has prepared before.
        let prepared = self.connection.prepare(text.clone()).await;
        let prepared = prepared.map_err(|error| self.answered(error, Stage::Text, true))?;
        self.busy = false;
        let expected = prepared.parameters().and_then(Either::left).unwrap_or_default();
        let given = arguments(params, expected)
            .map_err(|(fits_never, error)| if fits_never { Failed::Here(error) } else { Failed::Unfit(error) })?;
        self.busy = true;
        self.flows = false;
        let (mut rows, mut at_once) = (0, true);
        let mut answers = self.connection.fetch_many(sqlx::query_with(text.clone(), given));
        loop {
            match answers.try_next().await {
                Ok(Some(Either::Right(row))) => {
                    at_once = false;
                    self.flows = true;
                    // The server has carried it out, whoever can read what it gives.
                    push(sink.rows(), &row)
                        .map_err(|(kind, message)| SqlError::new(kind, statement.lost(), message))?;
                    if !sink.flows().await? {
                        return Ok(Done { rows: None, gives: true, columns: Vec::new() });
                    }
                }
                Ok(Some(Either::Left(end))) => rows = end.rows_affected(),
                Ok(None) => break,
                Err(error) => {
                    drop(answers);
                    let stage = if params.is_empty() { Stage::Bare } else { Stage::Run };
                    return Err(self.answered(error, stage, at_once));
                }
            }
        }
        drop(answers);
        self.busy = false;
        let columns = prepared.columns();
        let untold = if sink.rows().is_empty() { names(columns) } else { Vec::new() };
        Ok(Done { rows: Some(rows), gives: !columns.is_empty(), columns: untold })
    }

    /// The server answered with an error, or will never answer.
    fn answered(&mut self, error: sqlx::Error, stage: Stage, at_once: bool) -> Failed {
        self.busy = is_lost(&error);
        self.note(&error);
        Failed::Driver { error, stage, at_once }
    }

    async fn finish(&mut self, statement: Statement, sink: Sink, done: Done, lost: Happened) -> Result<Rows, SqlError> {
        let Some(rows) = done.rows else {
            self.end_what_runs().await.map_err(|error| self.failed(&error, lost, Stage::Run))?;
            return Ok(Rows::written(0, None));
        };
        if statement.verb == Verb::Schema {
            // What was prepared before may have other columns now.
            self.forget(Happened::Yes).await?;
        }
        // The server counts the rows that it gives, too. PostgreSQL has no last id: `returning` tells it.
        let (affected, _) = statement.written(rows, 0);
        let affected = if statement.verb == Verb::Other && !done.gives { rows } else { affected };
        Ok(sink.finish(done.columns).await?.with_written(affected, None))
    }

    /// Has every statement prepared anew.
    async fn forget(&mut self, lost: Happened) -> Result<(), SqlError> {
        self.busy = true;
        let cleared = self.connection.clear_cached_statements().await;
        cleared.map_err(|error| self.failed(&error, lost, Stage::Run))?;
        self.busy = false;
        Ok(())
    }

    async fn command(&mut self, text: impl Into<Cow<'static, str>>) -> Result<(), sqlx::Error> {
        self.drain().await?;
        self.busy = true;
        let done = self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text.into().into_owned()))).await;
        self.busy = done.as_ref().is_err_and(is_lost);
        done.map(drop)
    }

    /// Ends the transaction for good. A `COMMIT` of an aborted one would roll it back, and answer as if all were well; any
    /// other statement fails in such a one, and then the rest of the text is not carried out.
    async fn commit(&mut self) -> Result<(), SqlError> {
        let done = self.command("SELECT 1; COMMIT").await;
        let Err(error) = done else {
            self.open = false;
            return Ok(());
        };
        let failed = self.failed(&error, Happened::Unknown, Stage::Run);
        if !is_lost(&error) {
            // It is open still if it never came to the `COMMIT`. If this fails, the connection is lost, and so is it.
            let _ = self.roll_back().await;
        }
        Err(failed)
    }

    async fn roll_back(&mut self) -> Result<(), SqlError> {
        if self.open {
            let done = self.command("ROLLBACK").await;
            done.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
            self.open = false;
            self.aborted_by = None;
        }
        Ok(())
    }

    async fn begin(&mut self, options: TransactionOptions) -> Result<(), SqlError> {
        self.drain().await.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
        // From here on, since this future may be dropped before the answer is there.
        (self.open, self.streams, self.aborted_by) = (true, false, None);
        let done = self.command(beginning(options)).await;
        done.map_err(|error| {
            self.open = is_lost(&error);
            self.failed(&error, Happened::No, Stage::Run)
        })
    }

    /// Else the savepoint would stay, and a loop of failing scopes would pile them up.
    async fn roll_back_to(&mut self, depth: u32) -> Result<(), SqlError> {
        let (to, release) = (Control::RollbackTo(depth).command(), Control::Release(depth).command());
        match self.command(format!("{to}; {release}")).await {
            Ok(()) => self.aborted_by = None,
            // What was to be undone was never made.
            Err(error) if code(&error) == Some(NO_SAVEPOINT) => self.note(&error),
            Err(error) => return Err(self.failed(&error, Happened::No, Stage::Run)),
        }
        Ok(())
    }

    /// Takes what the server still answers to a statement that was abandoned.
    async fn drain(&mut self) -> Result<(), sqlx::Error> {
        while self.busy {
            match self.connection.ping().await {
                Ok(()) => self.busy = false,
                Err(error) if is_lost(&error) => return Err(error),
                // The abandoned statement failed.
                Err(error) => self.note(&error),
            }
        }
        Ok(())
    }

    /// Waits a little for what still runs, and then has the server end it.
    async fn end_what_runs(&mut self) -> Result<(), sqlx::Error> {
        // While rows come without a pause, nothing would look at the time.
        if !self.flows
            && let Some(done) = within(PATIENCE, self.drain()).await
        {
            return done;
        }
        // If that fails, the statement runs to its end.
        let _ = self.cancel.cancel().await;
        self.drain().await
    }

    /// Ends a stream of rows that was abandoned in the transaction, which goes on.
    async fn end_stream(&mut self) -> Result<(), sqlx::Error> {
        self.end_what_runs().await?;
        self.command(format!("ROLLBACK TO {STREAM}; {RELEASE_STREAM}")).await?;
        self.aborted_by = None;
        Ok(())
    }

    /// The driver's error as ours; and what it means for the connection and its transaction.
    fn failed(&mut self, error: &sqlx::Error, lost: Happened, stage: Stage) -> SqlError {
        if is_lost(error) {
            self.discard();
        }
        let aborted = code(error) == Some(ABORTED);
        let mut failed = staged(error, lost, stage);
        if let Some(cause) = self.aborted_by.as_deref().filter(|_| aborted) {
            failed.message = format!("an earlier error aborted the transaction ({cause}): roll it back").into();
        }
        self.note(error);
        failed
    }

    /// Every error of a statement aborts its transaction.
    fn note(&mut self, error: &sqlx::Error) {
        if self.open
            && self.aborted_by.is_none()
            && let Some(code) = code(error)
        {
            self.aborted_by = Some(format!("SQLSTATE {code}").into());
        }
    }
}

impl Connection for PostgresConnected {
    fn run(&mut self, sql: Sql, statement: Statement) -> Boxed<'_, Result<Rows, SqlError>> {
        Box::pin(self.carry_out(sql, statement, Sink::whole()))
    }

    fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async move {
            // Who stops to read ends the statement, and that aborts the transaction, but for what a savepoint saves.
            if self.open {
                self.streams = true;
                let begun = self.command(STREAM).await;
                begun.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
            }
            let end = self.carry_out(sql, statement, Sink::batches(batches)).await.map(drop);
            if std::mem::take(&mut self.streams) && end.is_ok() {
                let released = self.command(RELEASE_STREAM).await;
                released.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
            }
            end
        })
    }

    fn control(&mut self, control: Control) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async move {
            match control {
                Control::Begin(options) => self.begin(options).await,
                Control::Commit => self.commit().await,
                Control::Rollback => self.roll_back().await,
                Control::RollbackTo(depth) => self.roll_back_to(depth).await,
                Control::Savepoint(_) | Control::Release(_) => {
                    let done = self.command(control.command()).await;
                    done.map_err(|error| self.failed(&error, control.lost(), Stage::Run))
                }
            }
        })
    }

    /// PostgreSQL ends no transaction by itself, but by ending the connection.
    fn in_transaction(&mut self) -> Boxed<'_, Result<bool, SqlError>> {
        Box::pin(async {
            let ready = if std::mem::take(&mut self.streams) { self.end_stream().await } else { self.drain().await };
            ready.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
            Ok(self.open)
        })
    }

    fn reset(&mut self) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async {
            self.end_what_runs().await.map_err(|error| self.failed(&error, Happened::No, Stage::Run))?;
            self.roll_back().await
        })
    }

    fn cancel(&self) -> Box<dyn Cancel> {
        Box::new(self.cancel.clone())
    }

    fn discard(&mut self) {
        self.connection.close_on_drop();
    }
}

/// What was not reset is closed: then the server rolls back. So the pool is given back only what is fit for others.
impl Drop for PostgresConnected {
    fn drop(&mut self) {
        if self.busy || self.open {
            self.discard();
        }
    }
}

/// The tables are not what they were when the statement was prepared, and that aborted the transaction.
fn altered_since() -> SqlError {
    let message = "tables were altered since the statement was prepared: run the transaction again";
    SqlError::new(SqlErrorKind::Serialization, Happened::No, message)
}

/// What begins a transaction of this kind.
fn beginning(options: TransactionOptions) -> String {
    let isolation = match options.isolation {
        None => "",
        Some(Isolation::ReadUncommitted) => " ISOLATION LEVEL READ UNCOMMITTED",
        Some(Isolation::ReadCommitted) => " ISOLATION LEVEL READ COMMITTED",
        Some(Isolation::RepeatableRead) => " ISOLATION LEVEL REPEATABLE READ",
        Some(Isolation::Serializable) => " ISOLATION LEVEL SERIALIZABLE",
    };
    let access = if options.read_only { " READ ONLY" } else { "" };
    format!("BEGIN{isolation}{access}")
}

const STREAM: &str = "SAVEPOINT segno_stream";
const RELEASE_STREAM: &str = "RELEASE SAVEPOINT segno_stream";

/// Most statements end within it, and to cancel one costs a connection of its own, which is some milliseconds.
const PATIENCE: Duration = Duration::from_millis(10);

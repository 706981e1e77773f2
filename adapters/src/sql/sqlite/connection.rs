//! A connection to SQLite.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use futures_lite::StreamExt;
use segno_core::{Happened, Rows, Sql, SqlError};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor, Row, SqlStr, Sqlite, Statement as _,
    pool::PoolConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteQueryResult},
};

use super::{
    error::{code, connection_lost, sql_error},
    rows::{arguments, names, push},
};
use crate::sql::{
    control::Control,
    driver::{Batches, Boxed, Cancel, Connection},
    error::without_values,
    sink::Sink,
    sqlite_common::error::{ERROR, is_constraint},
    statement::{Statement, Verb},
    text::sql_str,
};

/// A connection, taken from the pool.
pub(super) struct SqliteConnected {
    connection: PoolConnection<Sqlite>,
    /// Whether the statement that runs is to end.
    cancelled: Arc<AtomicBool>,
    /// The version of the schema, as it was seen last.
    schema: Option<i64>,
    /// Whether the schema was changed by what may be rolled back.
    changed_schema: bool,
}

impl SqliteConnected {
    pub(super) async fn new(mut connection: PoolConnection<Sqlite>) -> Result<Self, sqlx::Error> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let mut handle = connection.lock_handle().await?;
        let asks = cancelled.clone();
        handle.set_progress_handler(STEPS_BETWEEN_LOOKS, move || !asks.load(Ordering::Relaxed));
        drop(handle);
        Ok(Self { connection, cancelled, schema: None, changed_schema: false })
    }

    async fn carry_out(&mut self, sql: Sql, statement: Statement, mut sink: Sink) -> Result<Rows, SqlError> {
        let lost = statement.lost();
        self.changed_schema |= statement.verb == Verb::Schema;
        let not_yet = |error| sql_error(&error, Happened::No);
        let mut text = self.text(sql.text.clone(), statement.star).await.map_err(not_yet)?;
        let (failed, done) = loop {
            let query = sqlx::query_with(text.clone(), arguments(&sql.params)?);
            match self.fetch(query, &mut sink, lost).await? {
                Fetched::Stopped => return Ok(Rows::written(0, None)),
                Fetched::Ended { failed: Some(error), results: 0, .. } if statement.star && is_other_schema(&error) => {
                    // Each turn takes another change of the schema.
                    self.schema = None;
                    text = self.text(sql.text.clone(), true).await.map_err(not_yet)?;
                }
                // Each statement of the text has a result, and the handler's is the last.
                Fetched::Ended { failed, results, done } => {
                    break (failed, done.filter(|_| results > usize::from(statement.star)));
                }
            }
        };
        if let Some(error) = failed {
            return Err(statement.failed(self.explained(error, lost, text, sql.params.is_empty()).await));
        }
        let Some(done) = done else {
            // The driver's thread panicked; to the driver that is a success with fewer rows. What still waits for that
            // thread may wait for ever, which is how a connection is given back: closing it has a time limit.
            self.connection.close_on_drop();
            return Err(connection_lost(lost));
        };
        let failed_after = |error| SqlError { happened: Happened::Yes, ..sql_error(&error, Happened::Yes) };
        let mut columns = Vec::new();
        if sink.rows().is_empty() && statement.gives_rows() {
            columns = self.columns(sql.text, statement.star).await.map_err(failed_after)?;
        }
        if statement.verb == Verb::Schema {
            self.forget().await.map_err(failed_after)?;
        }
        let (affected, last_id) = statement.written(done.rows_affected(), done.last_insert_rowid());
        Ok(sink.finish(columns).await?.with_written(affected, last_id))
    }

    /// Takes what the statements of a text give, until they end, or nobody wants more.
    async fn fetch(
        &mut self,
        query: Query<'_, Sqlite, SqliteArguments>,
        sink: &mut Sink,
        lost: Happened,
    ) -> Result<Fetched, SqlError> {
        let (mut results, mut done) = (0, None);
        let mut answers = self.connection.fetch_many(query);
        let failed = loop {
            match answers.try_next().await {
                Ok(Some(Either::Right(row))) => {
                    push(sink.rows(), &row).map_err(|(kind, message)| SqlError::new(kind, lost, message))?;
                    if !sink.flows().await? {
                        return Ok(Fetched::Stopped);
                    }
                }
                Ok(Some(Either::Left(result))) => {
                    results += 1;
                    done = Some(result);
                }
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        drop(answers);
        self.cancelled.store(false, Ordering::Relaxed);
        Ok(Fetched::Ended { failed, results, done })
    }

    /// The text to send. The driver remembers the columns of a text for ever, and panics on a row with more of them: so
    /// where they depend on the schema, the text carries the version of the schema that was seen last, and begins with a
    /// statement that fails if that is not the version any longer.
    async fn text(&mut self, text: Cow<'static, str>, star: bool) -> Result<SqlStr, sqlx::Error> {
        if !star {
            return Ok(sql_str(text));
        }
        let version = self.schema().await?;
        Ok(sql_str(format!("{OTHER_SCHEMA}{version}; {}", text.trim()).into()))
    }

    /// The names of the columns, where no row tells them.
    async fn columns(&mut self, text: Cow<'static, str>, star: bool) -> Result<Vec<Box<str>>, sqlx::Error> {
        let text = if star { format!("/* schema {} */ {}", self.schema().await?, text.trim()).into() } else { text };
        Ok(names(self.connection.prepare(sql_str(text)).await?.columns()))
    }

    /// The version of the schema that was seen last.
    async fn schema(&mut self) -> Result<i64, sqlx::Error> {
        if let Some(version) = self.schema {
            return Ok(version);
        }
        let version = sqlx::query(SCHEMA_VERSION).fetch_one(&mut *self.connection).await?.try_get_unchecked(0)?;
        self.schema = Some(version);
        Ok(version)
    }

    /// Forgets what was prepared: it may have other columns now, and what was prepared for a version that is rolled back
    /// would be taken for what has that version next.
    async fn forget(&mut self) -> Result<(), sqlx::Error> {
        self.schema = None;
        self.connection.clear_cached_statements().await
    }

    /// The driver's error as ours. One about the text itself may show it; one that comes while the statement runs may
    /// quote a parameter, which is left out.
    async fn explained(&mut self, error: sqlx::Error, lost: Happened, text: SqlStr, no_params: bool) -> SqlError {
        let shown = sql_error(&error, lost);
        if no_params || code(&error).is_some_and(is_constraint) || self.connection.prepare(text).await.is_err() {
            shown
        } else {
            without_values(shown)
        }
    }

    async fn command(&mut self, text: impl Into<Cow<'static, str>>) -> Result<(), sqlx::Error> {
        let mut answers = self.connection.fetch_many(sqlx::query(AssertSqlSafe(text.into())));
        let mut done = false;
        let failed = loop {
            match answers.try_next().await {
                Ok(Some(answer)) => done |= answer.is_left(),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        drop(answers);
        // Whatever was under way when this was asked has ended before it.
        self.cancelled.store(false, Ordering::Relaxed);
        match failed {
            Some(error) => Err(error),
            None if done => Ok(()),
            // See `run`: without it, a crash would be a success.
            None => Err(sqlx::Error::WorkerCrashed),
        }
    }
}

impl Connection for SqliteConnected {
    fn run(&mut self, sql: Sql, statement: Statement) -> Boxed<'_, Result<Rows, SqlError>> {
        Box::pin(self.carry_out(sql, statement, Sink::whole()))
    }

    fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async move { self.carry_out(sql, statement, Sink::batches(batches)).await.map(drop) })
    }

    fn control(&mut self, control: Control) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async move {
            let done = match (self.command(control.command()).await, control) {
                // Else the savepoint would stay, and a loop of failing scopes would pile them up.
                (Ok(()), Control::RollbackTo(depth)) => self.command(Control::Release(depth).command()).await,
                // What was to be undone was never made or is gone.
                (Err(error), Control::RollbackTo(_) | Control::Rollback) if code(&error) == Some(ERROR) => Ok(()),
                (done, _) => done,
            };
            done.map_err(|error| sql_error(&error, control.lost()))?;
            if self.changed_schema && matches!(control, Control::Rollback | Control::RollbackTo(_)) {
                self.forget().await.map_err(|error| sql_error(&error, Happened::No))?;
            }
            self.changed_schema &= !matches!(control, Control::Commit | Control::Rollback);
            Ok(())
        })
    }

    /// There is no statement that asks for that: but to begin another one fails if it is.
    fn in_transaction(&mut self) -> Boxed<'_, Result<bool, SqlError>> {
        Box::pin(async {
            match self.command("BEGIN").await {
                Ok(()) => self.control(Control::Rollback).await.map(|()| false),
                Err(error) if code(&error) == Some(ERROR) => Ok(true),
                Err(error) => Err(sql_error(&error, Happened::No)),
            }
        })
    }

    fn reset(&mut self) -> Boxed<'_, Result<(), SqlError>> {
        self.control(Control::Rollback)
    }

    fn cancel(&self) -> Box<dyn Cancel> {
        Box::new(Interrupt(self.cancelled.clone()))
    }

    fn discard(&mut self) {
        self.connection.close_on_drop();
    }
}

/// Ends the statement by SQLite's progress handler, which is not asked while SQLite waits for a lock.
struct Interrupt(Arc<AtomicBool>);

impl Cancel for Interrupt {
    fn cancel(&self) -> Boxed<'_, Result<(), SqlError>> {
        self.0.store(true, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }
}

/// How many steps of its machine SQLite makes until it looks whether the statement is to end: they take some ten
/// microseconds, a thousand times as long as the look. What controls a transaction has fewer of them.
const STEPS_BETWEEN_LOOKS: i32 = 1_000;

/// What became of the statements of a text.
enum Fetched {
    /// Nobody wanted more rows.
    Stopped,
    Ended {
        failed: Option<sqlx::Error>,
        results: usize,
        done: Option<SqliteQueryResult>,
    },
}

/// Whether the statement before a `select *` has failed because the schema is another one.
fn is_other_schema(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.message() == "integer overflow")
}

/// Fails if the version of the schema is not the number that follows.
const OTHER_SCHEMA: &str = "select abs(min(schema_version, -9223372036854775807 - 1)) from pragma_schema_version left join sqlite_schema \
    where schema_version <> ";

/// The version of the schema. To read a table of the file has SQLite look whether its own copy of the schema is old.
const SCHEMA_VERSION: &str = "select schema_version from pragma_schema_version left join sqlite_schema limit 1";

//! SQLite, by sqlx: all that names a type of either is here and below.

mod error;
mod location;
mod rows;

use std::{borrow::Cow, sync::Arc, time::Duration};

use async_lock::OnceCell;
use futures_lite::StreamExt;
use segno_core::{Happened, Rows, Sql, SqlError, SqlErrorKind};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor, Row, SqlSafeStr, SqlStr, Sqlite, Statement as _,
    pool::PoolConnection,
    sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions},
};

use self::{
    error::{code, connection_lost, sql_error},
    location::Location,
    rows::{arguments, names, push},
};
use super::{
    collected::Collected,
    control::Control,
    error::{ERROR, is_constraint, without_values},
    options::DatabaseOptions,
    statement::{Statement, Verb},
};

/// A pool of connections to one database.
#[derive(Clone)]
pub(super) struct Pool {
    pool: SqlitePool,
    /// Set once the first connection was made.
    opened: Arc<OnceCell<()>>,
}

impl Pool {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = Location::read(url)?;
        if options.max_connections == 0 {
            let message = "the options allow no connection: `max_connections` is 0";
            return Err(SqlError::new(SqlErrorKind::Database, Happened::No, message));
        }
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(options.acquire_time_limit.min(LONGEST_WAIT))
            // A connection is a thread of this process, which was seen alive when it came back.
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(roll_back(connection)));
        let pool = if location.in_memory {
            // The database is gone with its last connection; and several that share one in memory deadlock.
            pool.max_connections(1).idle_timeout(None).max_lifetime(None)
        } else {
            pool.max_connections(options.max_connections.into())
        };
        let options = location.options.busy_timeout(options.busy_time_limit.min(LONGEST_WAIT));
        Ok(Self { pool: pool.connect_lazy_with(options), opened: Arc::default() })
    }

    /// Waits for a connection. It goes back to the pool by being dropped, in whatever state.
    pub(super) async fn acquire(&self) -> Result<Connection, SqlError> {
        // The first connection is made alone: it changes the file to write-ahead logging, and for the lock that this
        // takes, SQLite does not wait.
        let mut first = None;
        let make_first = async {
            first = Some(self.next().await?);
            Ok::<_, SqlError>(())
        };
        self.opened.get_or_try_init(|| make_first).await?;
        match first {
            Some(connection) => Ok(connection),
            None => self.next().await,
        }
    }

    async fn next(&self) -> Result<Connection, SqlError> {
        self.pool.acquire().await.map(Connection).map_err(|error| sql_error(&error, Happened::No))
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Undoes what was left open on a connection, whoever had it and wherever it was dropped, after what is still under way
/// on it. Mostly nothing is open, and SQLite says so.
async fn roll_back(connection: &mut SqliteConnection) -> Result<bool, sqlx::Error> {
    match sqlx::query("ROLLBACK").execute(connection).await {
        Ok(_) => Ok(true),
        Err(error) if code(&error) == Some(ERROR) => Ok(true),
        Err(error) => Err(error),
    }
}

/// A connection, taken from the pool.
pub(super) struct Connection(PoolConnection<Sqlite>);

impl Connection {
    /// Carries a statement out.
    pub(super) async fn run(&mut self, sql: Sql, statement: Statement) -> Result<Rows, SqlError> {
        let lost = statement.lost();
        let text = self.text(sql.text, statement).await.map_err(|error| sql_error(&error, Happened::No))?;
        let query = sqlx::query_with(text.clone(), arguments(&sql.params)?);
        let mut collected = Collected::default();
        let mut done = None;
        let mut answers = self.0.fetch_many(query);
        let failed = loop {
            match answers.try_next().await {
                Ok(Some(Either::Right(row))) => {
                    push(&mut collected, &row).map_err(|(kind, message)| SqlError::new(kind, lost, message))?;
                }
                Ok(Some(Either::Left(result))) => done = Some(result),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        drop(answers);
        if let Some(error) = failed {
            return Err(self.explained(error, lost, text, sql.params.is_empty()).await);
        }
        let Some(done) = done else {
            // The driver's thread panicked; to the driver that is a success with fewer rows. What still waits for that
            // thread may wait for ever, which is how a connection is given back: closing it has a time limit.
            self.0.close_on_drop();
            return Err(connection_lost(lost));
        };
        let failed_after = |error| SqlError { happened: Happened::Yes, ..sql_error(&error, Happened::Yes) };
        let mut columns = Vec::new();
        if collected.is_empty() && statement.gives_rows() {
            let prepared = self.0.prepare(text).await.map_err(failed_after)?;
            columns = names(prepared.columns());
        }
        if statement.verb == Verb::Schema {
            // What was prepared before may have other columns now.
            self.0.clear_cached_statements().await.map_err(failed_after)?;
        }
        let (affected, last_id) = statement.written(done.rows_affected(), done.last_insert_rowid());
        Ok(collected.finish(columns)?.with_written(affected, last_id))
    }

    /// The text to send. The driver remembers the columns of a text for ever, and panics on a row with more of them: so
    /// where they depend on the schema, the text carries its version.
    async fn text(&mut self, text: Cow<'static, str>, statement: Statement) -> Result<SqlStr, sqlx::Error> {
        let text = if statement.star {
            let version: i64 = sqlx::query(SCHEMA_VERSION).fetch_one(&mut *self.0).await?.try_get_unchecked(0)?;
            format!("/* schema {version} */ {}", text.trim()).into()
        } else {
            text
        };
        Ok(match text {
            Cow::Borrowed(text) => text.into_sql_str(),
            // It is the handler's own text: parameters are bound, and a second statement was refused.
            Cow::Owned(text) => AssertSqlSafe(Arc::<str>::from(text)).into_sql_str(),
        })
    }

    /// The driver's error as ours. One about the text itself may show it; one that comes while the statement runs may
    /// quote a parameter, which is left out.
    async fn explained(&mut self, error: sqlx::Error, lost: Happened, text: SqlStr, no_params: bool) -> SqlError {
        let shown = sql_error(&error, lost);
        if no_params || code(&error).is_some_and(is_constraint) || self.0.prepare(text).await.is_err() {
            shown
        } else {
            without_values(shown)
        }
    }

    /// Begins a transaction or a savepoint, or ends it.
    pub(super) async fn control(&mut self, control: Control) -> Result<(), SqlError> {
        let done = match (self.command(control.command()).await, control) {
            // Else the savepoint would stay, and a loop of failing scopes would pile them up.
            (Ok(()), Control::RollbackTo(depth)) => self.command(Control::Release(depth).command()).await,
            // The savepoint was never made or is gone, so there is nothing to undo.
            (Err(error), Control::RollbackTo(_)) if code(&error) == Some(ERROR) => Ok(()),
            (done, _) => done,
        };
        done.map_err(|error| sql_error(&error, control.lost()))
    }

    async fn command(&mut self, text: impl Into<Cow<'static, str>>) -> Result<(), sqlx::Error> {
        let mut answers = self.0.fetch_many(sqlx::query(AssertSqlSafe(text.into())));
        let mut done = false;
        while let Some(answer) = answers.try_next().await? {
            done |= answer.is_left();
        }
        // See `run`: without it, a crash would be a success.
        if done { Ok(()) } else { Err(sqlx::Error::WorkerCrashed) }
    }

    /// Gives the connection back if its transaction is open.
    ///
    /// There is no statement that asks for that: but to begin another one fails if it is, and otherwise begins an empty
    /// one, which ends with the connection.
    pub(super) async fn still_in_transaction(mut self) -> Result<Option<Self>, SqlError> {
        match self.command("BEGIN").await {
            Ok(()) => Ok(None),
            Err(error) if code(&error) == Some(ERROR) => Ok(Some(self)),
            Err(error) => Err(sql_error(&error, Happened::No)),
        }
    }
}

/// The version of the schema. To read a table of the file has SQLite look whether its own copy of the schema is old.
const SCHEMA_VERSION: &str = "select schema_version from pragma_schema_version left join sqlite_schema limit 1";

/// The driver counts in 32 bits of milliseconds and panics beyond; nobody waits for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

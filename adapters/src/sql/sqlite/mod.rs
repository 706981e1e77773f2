//! SQLite, by sqlx: all that names a type of either is here and below.

mod connection;
mod error;
mod location;
mod migrate;
mod rows;

use async_lock::OnceCell;
use segno_core::{Happened, SqlError};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqlitePoolOptions};

use self::{
    connection::SqliteConnected,
    error::{code, sql_error},
    location::Location,
    migrate::migrate,
};
use super::{
    dialect::Dialect,
    driver::{Boxed, Connection, Driver},
    migrations::{MigrateError, Plan},
    options::DatabaseOptions,
    sqlite_common::error::ERROR,
};
use crate::task::LONGEST_WAIT;

/// A SQLite database.
pub(super) struct SqliteDriver {
    pool: SqlitePool,
    /// Set once the first connection was made.
    opened: OnceCell<()>,
    max_connections: u16,
}

impl SqliteDriver {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = Location::read(url)?;
        let pool = SqlitePoolOptions::new()
            .acquire_timeout(options.acquire_time_limit.min(LONGEST_WAIT))
            // A connection is a thread of this process, which was seen alive when it came back.
            .test_before_acquire(false)
            .after_release(|connection, _| Box::pin(roll_back(connection)));
        // The database is gone with its last connection; and several that share one in memory deadlock.
        let max_connections = if location.in_memory { 1 } else { options.max_connections };
        let pool = pool.max_connections(max_connections.into());
        let pool = if location.in_memory { pool.idle_timeout(None).max_lifetime(None) } else { pool };
        let options = location.options.busy_timeout(options.busy_time_limit.min(LONGEST_WAIT));
        Ok(Self { pool: pool.connect_lazy_with(options), opened: OnceCell::new(), max_connections })
    }

    async fn next(&self) -> Result<SqliteConnected, SqlError> {
        let connected = async { SqliteConnected::new(self.pool.acquire().await?).await };
        connected.await.map_err(|error| sql_error(&error, Happened::No))
    }
}

impl Driver for SqliteDriver {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn max_connections(&self) -> u16 {
        self.max_connections
    }

    fn acquire(&self) -> Boxed<'_, Result<Box<dyn Connection>, SqlError>> {
        Box::pin(async {
            // The first connection is made alone: it changes the file to write-ahead logging, and for the lock that this
            // takes, SQLite does not wait.
            let mut first = None;
            let make_first = async {
                first = Some(self.next().await?);
                Ok::<_, SqlError>(())
            };
            self.opened.get_or_try_init(|| make_first).await?;
            let connection = match first {
                Some(connection) => connection,
                None => self.next().await?,
            };
            Ok(Box::new(connection) as Box<dyn Connection>)
        })
    }

    fn migrate<'a>(&'a self, plan: &'a Plan) -> Boxed<'a, Result<(), MigrateError>> {
        Box::pin(async {
            // It is ready for use, whose first connection is made as all others want it.
            drop(self.acquire().await?);
            let mut connection = self.pool.acquire().await.map_err(|error| sql_error(&error, Happened::No))?;
            migrate(&mut connection, plan).await
        })
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.pool.close())
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

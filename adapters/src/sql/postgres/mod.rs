//! PostgreSQL, by sqlx: all that names a type of either is here and below.

mod types;

mod decode;
mod encode;
mod error;
mod location;

mod cancel;
mod connection;

use std::{sync::Arc, time::Duration};

use futures_lite::FutureExt;
use segno_core::{Happened, SqlError, SqlErrorKind};
use smol::Timer;
use sqlx::{
    AssertSqlSafe, Executor, Postgres, Row,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPool, PgPoolOptions},
};

use self::{
    connection::PostgresConnected,
    error::{is_lost, sql_error},
};
use super::{
    dialect::Dialect,
    driver::{Boxed, Connection, Driver},
    migrations::{MigrateError, Plan},
    options::DatabaseOptions,
};

/// A PostgreSQL database.
pub(super) struct PostgresDriver {
    pool: PgPool,
    options: Arc<PgConnectOptions>,
    acquire_time_limit: Duration,
    max_connections: u16,
    /// As many copies as there are connections outside of the pool, and this one.
    out: Arc<()>,
}

impl PostgresDriver {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = location::read(url)?;
        let lock_timeout = location::lock_timeout(&location, options.busy_time_limit.min(LONGEST_WAIT));
        let acquire_time_limit = options.acquire_time_limit.min(LONGEST_WAIT);
        let pool = PgPoolOptions::new()
            .max_connections(options.max_connections.into())
            .acquire_timeout(acquire_time_limit)
            // To ask for its process tells whether it is alive: see `test`.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let lock_timeout = lock_timeout.clone();
                Box::pin(async move {
                    match lock_timeout {
                        Some(text) => connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(drop),
                        None => Ok(()),
                    }
                })
            });
        Ok(Self {
            pool: pool.connect_lazy_with(location.clone()),
            options: Arc::new(location),
            acquire_time_limit,
            max_connections: options.max_connections,
            out: Arc::new(()),
        })
    }

    /// A connection that answers. One that was idle when the server was restarted does not, and is closed; there are no
    /// more of them than the pool is large.
    async fn next(&self) -> Result<PostgresConnected, SqlError> {
        let mut lost = None;
        for _ in 0..=self.max_connections {
            let mut connection = self.pool.acquire().await.map_err(|error| self.refused(&error))?;
            match test(&mut connection).await {
                Ok(process) => {
                    let (options, out) = (self.options.clone(), self.out.clone());
                    return Ok(PostgresConnected::new(connection, cancel::Backend { options, process }, out));
                }
                Err(error) => {
                    connection.close_on_drop();
                    if !is_lost(&error) {
                        return Err(sql_error(&error, Happened::No));
                    }
                    lost = Some(sql_error(&error, Happened::No));
                }
            }
        }
        Err(lost.unwrap_or_else(|| self.refused(&sqlx::Error::PoolTimedOut)))
    }

    /// Why there is no connection. The pool tries again if nobody listens, and so gives no other reason than the time.
    fn refused(&self, error: &sqlx::Error) -> SqlError {
        let in_use = Arc::strong_count(&self.out) - 1;
        if matches!(error, sqlx::Error::PoolTimedOut) && in_use == 0 {
            let message = "no connection could be made in time: nobody listens at the URL's address, the server is \
                           starting, or it serves as many others as it can";
            return SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message);
        }
        sql_error(error, Happened::No)
    }
}

impl Driver for PostgresDriver {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn max_connections(&self) -> u16 {
        self.max_connections
    }

    fn acquire(&self) -> Boxed<'_, Result<Box<dyn Connection>, SqlError>> {
        let too_late = async {
            Timer::after(self.acquire_time_limit).await;
            Err(self.refused(&sqlx::Error::PoolTimedOut))
        };
        let next = async { self.next().await.map(|connection| Box::new(connection) as Box<dyn Connection>) };
        Box::pin(next.or(too_late))
    }

    fn migrate<'a>(&'a self, plan: &'a Plan) -> Boxed<'a, Result<(), MigrateError>> {
        Box::pin(plan.run_on_server(&self.pool, PATIENTLY, sql_error))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.pool.close())
    }
}

/// Asks a connection which process of the server serves it, which it must be alive to tell. That costs what the pool's
/// own test costs, and is needed to cancel a statement.
async fn test(connection: &mut PoolConnection<Postgres>) -> Result<i32, sqlx::Error> {
    let ask = async {
        let row = (&mut **connection).fetch_one(sqlx::raw_sql("select pg_backend_pid()")).await?;
        row.try_get_unchecked(0)
    };
    let too_late = async {
        Timer::after(TEST_TIME_LIMIT).await;
        Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    };
    ask.or(too_late).await
}

/// What a server that is far away and busy answers in, many times over; one that vanished without a word never does.
const TEST_TIME_LIMIT: Duration = Duration::from_secs(3);

/// Others may migrate for long, and the migrator waits for them by a lock like any other.
const PATIENTLY: &str = "set lock_timeout = 0";

/// As on SQLite; nobody waits for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

//! PostgreSQL, by sqlx: all that names a type of either is here and below.

mod types;

mod decode;
mod encode;
mod error;
mod location;

mod answer;
mod connection;

use segno_core::{Happened, SqlError};
use sqlx::{
    AssertSqlSafe, Executor, Postgres,
    postgres::{PgConnectOptions, PgPoolOptions},
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
    server::{Errors, Server},
};
use crate::task::LONGEST_WAIT;

/// Where a URL of PostgreSQL leads, if it has no option that the driver does not know: that one would go to the log.
pub(crate) fn location(url: &str) -> Result<PgConnectOptions, SqlError> {
    location::read(url)
}

/// What went wrong, in words that name no user, no password and no host.
pub(crate) fn words(error: &sqlx::Error) -> Box<str> {
    sql_error(error, Happened::Unknown).message
}

/// A PostgreSQL database.
pub(super) struct PostgresDriver(Server<Postgres>);

impl PostgresDriver {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = location::read(url)?;
        let lock_timeout = location::lock_timeout(&location, options.busy_time_limit.min(LONGEST_WAIT));
        let set_up = |pool: PgPoolOptions| {
            pool.after_connect(move |connection, _| {
                let lock_timeout = lock_timeout.clone();
                Box::pin(async move {
                    match lock_timeout {
                        Some(text) => connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(drop),
                        None => Ok(()),
                    }
                })
            })
        };
        Ok(Self(Server::new(location, options, set_up, Errors { sql_error, is_lost })))
    }
}

impl Driver for PostgresDriver {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn max_connections(&self) -> u16 {
        self.0.max_connections
    }

    fn acquire(&self) -> Boxed<'_, Result<Box<dyn Connection>, SqlError>> {
        Box::pin(async {
            let (connection, process) = self.0.acquire::<i32>("select pg_backend_pid()").await?;
            let cancel = self.0.canceller(format!("select pg_cancel_backend({process})"));
            Ok(Box::new(PostgresConnected::new(connection, cancel)) as Box<dyn Connection>)
        })
    }

    fn migrate<'a>(&'a self, plan: &'a Plan) -> Boxed<'a, Result<(), MigrateError>> {
        Box::pin(self.0.migrate(plan, LOCK))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.0.pool.close())
    }
}

/// Any number that nobody else takes; the lock is the database's own.
const LOCK: &str = "select pg_try_advisory_lock(7310293695322055525)::int::int8";

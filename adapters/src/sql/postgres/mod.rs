//! PostgreSQL, by sqlx: all that names a type of either is here and below.

mod types;

mod decode;
mod encode;
mod error;
mod location;

mod connection;

use segno_core::SqlError;
use sqlx::{AssertSqlSafe, Executor, Postgres, postgres::PgPoolOptions};

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
        Box::pin(plan.run_on_server(&self.0.pool, PATIENTLY, sql_error))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.0.pool.close())
    }
}

/// Others may migrate for long, and the migrator waits for them by a lock like any other.
const PATIENTLY: &str = "set lock_timeout = 0";

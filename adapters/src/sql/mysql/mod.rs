//! MySQL and MariaDB, by sqlx: all that names a type of either is here and below.

mod error;
mod location;

mod decode;
mod encode;

mod work;

mod connection;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use segno_core::{Rows, Sql, SqlError};
use sqlx::{
    AssertSqlSafe, Executor, MySql, Row,
    mysql::{MySqlConnection, MySqlPoolOptions},
};

use self::{
    connection::MySqlConnected,
    error::{is_lost, sql_error},
    work::Work,
};
use super::{
    control::Control,
    dialect::Dialect,
    driver::{Batches, Boxed, Cancel, Connection, Driver},
    migrations::{MigrateError, Plan},
    options::DatabaseOptions,
    server::{Canceller, Errors, Server},
    sink::Sink,
    statement::Statement,
};
use crate::task::LONGEST_WAIT;

/// A MySQL or MariaDB database.
pub(super) struct MySqlDriver(Server<MySql>);

impl MySqlDriver {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = location::read(url)?;
        let lock_time_limit = options.busy_time_limit.min(LONGEST_WAIT);
        let set_up = |pool: MySqlPoolOptions| {
            pool.after_connect(move |connection, _| Box::pin(set_up(connection, lock_time_limit)))
        };
        Ok(Self(Server::new(location, options, set_up, Errors { sql_error, is_lost })))
    }
}

impl Driver for MySqlDriver {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn max_connections(&self) -> u16 {
        self.0.max_connections
    }

    fn acquire(&self) -> Boxed<'_, Result<Box<dyn Connection>, SqlError>> {
        Box::pin(async {
            let (connection, thread) = self.0.acquire::<u64>("SELECT CONNECTION_ID()").await?;
            let cancel = self.0.canceller(format!("KILL QUERY {thread}"));
            let work = Work::Idle(MySqlConnected::new(connection, cancel.clone()));
            Ok(Box::new(Shared { work, cancel }) as Box<dyn Connection>)
        })
    }

    fn migrate<'a>(&'a self, plan: &'a Plan) -> Boxed<'a, Result<(), MigrateError>> {
        Box::pin(self.0.migrate(plan, LOCK))
    }

    fn close(&self) -> Boxed<'_, ()> {
        Box::pin(self.0.pool.close())
    }
}

/// A connection whose users may stop waiting at any time.
struct Shared {
    work: Work<MySqlConnected>,
    cancel: Arc<Canceller<MySql>>,
}

impl Shared {
    async fn ask<O, F>(&mut self, work: F) -> Result<O, SqlError>
    where
        O: Send + 'static,
        F: for<'a> FnOnce(&'a mut MySqlConnected) -> Boxed<'a, Result<O, SqlError>> + Send + 'static,
    {
        let asked = self.work.ask(move |connected| {
            Box::pin(async move {
                connected.busy = true;
                let done = work(connected).await;
                connected.busy = false;
                done
            })
        });
        asked.await?
    }
}

impl Connection for Shared {
    fn run(&mut self, sql: Sql, statement: Statement) -> Boxed<'_, Result<Rows, SqlError>> {
        Box::pin(self.ask(move |connected| Box::pin(connected.carry_out(sql, statement, Sink::whole()))))
    }

    fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(self.ask(move |connected| {
            Box::pin(async move { connected.carry_out(sql, statement, Sink::batches(batches)).await.map(drop) })
        }))
    }

    fn control(&mut self, control: Control) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(self.ask(move |connected| Box::pin(connected.control(control))))
    }

    fn in_transaction(&mut self) -> Boxed<'_, Result<bool, SqlError>> {
        Box::pin(self.ask(|connected| Box::pin(connected.in_transaction())))
    }

    fn reset(&mut self) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(self.ask(|connected| Box::pin(connected.roll_back())))
    }

    fn cancel(&self) -> Box<dyn Cancel> {
        Box::new(self.cancel.clone())
    }

    fn discard(&mut self) {
        match &mut self.work {
            Work::Idle(connected) => connected.discard(),
            // What is under way is dropped with the connection, which is closed then.
            Work::Busy(_) | Work::Gone => self.work = Work::Gone,
        }
    }
}

/// Sets a new connection up: how long it waits for a lock, and that texts are read there as they are here.
async fn set_up(connection: &mut MySqlConnection, lock_time_limit: Duration) -> Result<(), sqlx::Error> {
    let modes: String = connection.fetch_one(sqlx::raw_sql("SELECT @@sql_mode")).await?.try_get_unchecked(0)?;
    let fit: Vec<_> = modes.split(',').filter(|mode| !OTHER_WAYS_TO_READ.contains(mode)).collect();
    // It counts in seconds.
    let seconds = lock_time_limit.as_millis().div_ceil(1000).max(1);
    let text = format!("SET innodb_lock_wait_timeout = {seconds}, sql_mode = '{}'", fit.join(","));
    connection.execute(sqlx::raw_sql(AssertSqlSafe(text))).await.map(drop)
}

/// The modes of a server in which a quotation mark or a backslash means something else, and those that bring such a one.
const OTHER_WAYS_TO_READ: [&str; 8] =
    ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];

/// The server's locks have names of at most 64 characters.
const LOCK: &str = "select get_lock(concat('segno migrations ', md5(database())), 0)";

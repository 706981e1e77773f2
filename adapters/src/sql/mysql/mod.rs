//! MySQL and MariaDB, by sqlx: all that names a type of either is here and below.

mod error;
mod location;

mod decode;
mod encode;

mod cancel;
mod work;

mod connection;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use futures_lite::FutureExt;
use segno_core::{Happened, Rows, Sql, SqlError, SqlErrorKind};
use smol::Timer;
use sqlx::{
    AssertSqlSafe, Executor, MySql, Row,
    mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions},
    pool::PoolConnection,
};

use self::{
    cancel::Thread,
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
    sink::Sink,
    statement::Statement,
};

/// A MySQL or MariaDB database.
pub(super) struct MySqlDriver {
    pool: MySqlPool,
    options: Arc<MySqlConnectOptions>,
    acquire_time_limit: Duration,
    max_connections: u16,
    /// As many copies as there are connections outside of the pool, and this one.
    out: Arc<()>,
}

impl MySqlDriver {
    pub(super) fn open(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        let location = location::read(url)?;
        let acquire_time_limit = options.acquire_time_limit.min(LONGEST_WAIT);
        let lock_time_limit = options.busy_time_limit.min(LONGEST_WAIT);
        let pool = MySqlPoolOptions::new()
            .max_connections(options.max_connections.into())
            .acquire_timeout(acquire_time_limit)
            // To ask for its thread tells whether it is alive: see `test`.
            .test_before_acquire(false)
            .after_connect(move |connection, _| Box::pin(set_up(connection, lock_time_limit)));
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
    async fn next(&self) -> Result<Shared, SqlError> {
        let mut lost = None;
        for _ in 0..=self.max_connections {
            let mut connection = self.pool.acquire().await.map_err(|error| self.refused(&error))?;
            match test(&mut connection).await {
                Ok(id) => {
                    let thread = Thread { options: self.options.clone(), id };
                    let connected = MySqlConnected::new(connection, thread.clone(), self.out.clone());
                    return Ok(Shared { work: Work::Idle(connected), thread });
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
            let message = "no connection could be made in time: nobody listens at the URL's address, or the server is \
                           starting";
            return SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message);
        }
        sql_error(error, Happened::No)
    }
}

impl Driver for MySqlDriver {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
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

/// A connection whose users may stop waiting at any time.
struct Shared {
    work: Work<MySqlConnected>,
    thread: Thread,
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
        Box::new(self.thread.clone())
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

/// Asks a connection which thread of the server serves it, which it must be alive to tell. That costs what the pool's own
/// test costs, and is needed to cancel a statement.
async fn test(connection: &mut PoolConnection<MySql>) -> Result<u64, sqlx::Error> {
    let ask = async {
        let row = (&mut **connection).fetch_one(sqlx::raw_sql("SELECT CONNECTION_ID()")).await?;
        row.try_get_unchecked(0)
    };
    let too_late = async {
        Timer::after(TEST_TIME_LIMIT).await;
        Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))
    };
    ask.or(too_late).await
}

/// The modes of a server in which a quotation mark or a backslash means something else, and those that bring such a one.
const OTHER_WAYS_TO_READ: [&str; 8] =
    ["ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "ANSI", "DB2", "MAXDB", "MSSQL", "ORACLE", "POSTGRESQL"];

/// What a server that is far away and busy answers in, many times over; one that vanished without a word never does.
const TEST_TIME_LIMIT: Duration = Duration::from_secs(3);

/// As on SQLite; nobody waits for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Others may migrate for long, and the migrator does not wait for its lock: this one is waited for, for a day at the most.
const PATIENTLY: &str = "select get_lock(concat('segno migrations of ', database()), 86400)";

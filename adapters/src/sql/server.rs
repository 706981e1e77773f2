//! What the databases that run on a server share: connections that are tested when they are taken, and statements that are
//! ended from another connection.

use std::{sync::Arc, time::Duration};

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::{
    AssertSqlSafe, ColumnIndex, ConnectOptions, Connection, Database, Decode, Executor, Pool, Row, Type,
    migrate::Migrate,
    pool::{PoolConnection, PoolOptions},
};

use super::{
    driver::{Boxed, Cancel},
    migrations::{MigrateError, Plan},
    options::DatabaseOptions,
};
use crate::task::{LONGEST_WAIT, sleep, within};

/// How to get to a server.
pub(super) struct Server<D: Database> {
    pub(super) pool: Pool<D>,
    pub(super) max_connections: u16,
    options: Arc<Options<D>>,
    acquire_time_limit: Duration,
    errors: Errors,
}

type Options<D> = <<D as Database>::Connection as Connection>::Options;

/// How the server's errors are read.
#[derive(Clone, Copy)]
pub(super) struct Errors {
    pub(super) sql_error: fn(&sqlx::Error, Happened) -> SqlError,
    pub(super) is_lost: fn(&sqlx::Error) -> bool,
}

impl<D: Database> Server<D> {
    pub(super) fn new(
        location: Options<D>,
        options: &DatabaseOptions,
        set_up: impl FnOnce(PoolOptions<D>) -> PoolOptions<D>,
        errors: Errors,
    ) -> Self {
        let acquire_time_limit = options.acquire_time_limit.min(LONGEST_WAIT);
        let pool = PoolOptions::new()
            .max_connections(options.max_connections.into())
            .acquire_timeout(acquire_time_limit)
            // To ask for what cancels its statements tells whether it is alive: see `next`.
            .test_before_acquire(false);
        Self {
            pool: set_up(pool).connect_lazy_with(location.clone()),
            options: Arc::new(location),
            max_connections: options.max_connections,
            acquire_time_limit,
            errors,
        }
    }

    /// A connection that answers, and its answer: which process or thread of the server serves it. To ask for that costs
    /// what the pool's own test costs.
    pub(super) async fn acquire<N>(&self, who: &'static str) -> Result<(PoolConnection<D>, N), SqlError>
    where
        N: for<'r> Decode<'r, D> + Type<D> + Send + Unpin,
        for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
        usize: ColumnIndex<D::Row>,
    {
        match within(self.acquire_time_limit, self.next(who)).await {
            Some(Ok(connection)) => Ok(connection),
            Some(Err(sqlx::Error::PoolTimedOut)) | None => Err(unreachable()),
            Some(Err(error)) => Err((self.errors.sql_error)(&error, Happened::No)),
        }
    }

    /// Migrates, after all others who do so now. `lock` gives 1 to one of them; it is asked for again and again, since the
    /// migrator's own lock does not wait on MySQL, and on PostgreSQL would be waited for by an index that is built meanwhile.
    pub(super) async fn migrate(&self, plan: &Plan, lock: &'static str) -> Result<(), MigrateError>
    where
        D::Connection: Migrate,
        for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
        for<'r> i64: Decode<'r, D> + Type<D>,
        usize: ColumnIndex<D::Row>,
    {
        let failed = |error: sqlx::Error| {
            let late = matches!(error, sqlx::Error::PoolTimedOut);
            if late { unreachable() } else { (self.errors.sql_error)(&error, Happened::No) }
        };
        let mut connection = self.pool.acquire().await.map_err(failed)?;
        // A migration that fails or is dropped leaves its locks on it.
        connection.close_on_drop();
        loop {
            let row = (&mut *connection).fetch_one(sqlx::raw_sql(lock)).await.map_err(failed)?;
            match row.try_get_unchecked::<Option<i64>, _>(0).map_err(failed)? {
                Some(1) => return plan.run(&mut *connection, self.errors.sql_error).await,
                Some(_) => sleep(MIGRATORS_PAUSE).await,
                None => {
                    let message = "there is no database to migrate: the URL names none";
                    return Err(SqlError::new(SqlErrorKind::Database, Happened::No, message).into());
                }
            }
        }
    }

    /// What ends the statements of a connection, by this one.
    pub(super) fn canceller(&self, statement: String) -> Arc<Canceller<D>> {
        Arc::new(Canceller { options: self.options.clone(), statement, errors: self.errors })
    }

    /// One that was idle when the server was restarted does not answer, and is closed; there are no more of them than the
    /// pool is large.
    async fn next<N>(&self, who: &'static str) -> Result<(PoolConnection<D>, N), sqlx::Error>
    where
        N: for<'r> Decode<'r, D> + Type<D> + Send + Unpin,
        for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
        usize: ColumnIndex<D::Row>,
    {
        let mut lost = sqlx::Error::PoolTimedOut;
        for _ in 0..=self.max_connections {
            let mut connection = self.pool.acquire().await?;
            let asked = within(TEST_TIME_LIMIT, async {
                let row = (&mut *connection).fetch_one(sqlx::raw_sql(who)).await?;
                row.try_get_unchecked(0)
            });
            match asked.await.unwrap_or_else(|| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()))) {
                Ok(answer) => return Ok((connection, answer)),
                Err(error) => {
                    connection.close_on_drop();
                    if !(self.errors.is_lost)(&error) {
                        return Err(error);
                    }
                    lost = error;
                }
            }
        }
        Err(lost)
    }
}

/// What the driver reports that the server did not say: without URLs.
pub(super) fn driver_error(error: &sqlx::Error, lost: Happened) -> SqlError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow, and most of it cannot come from a server")]
    let (kind, happened, message) = match error {
        sqlx::Error::PoolTimedOut => {
            (SqlErrorKind::PoolExhausted, Happened::No, "no connection of the pool became free in time".to_owned())
        }
        sqlx::Error::PoolClosed => (SqlErrorKind::ConnectionLost, Happened::No, "the database was closed".to_owned()),
        // The kind alone: the rest may name a host or a path.
        sqlx::Error::Io(error) => {
            (SqlErrorKind::ConnectionLost, lost, format!("the connection failed: {}", error.kind()))
        }
        sqlx::Error::Configuration(_) => {
            let message = "the URL's options cannot be used: a file that they name may be missing".to_owned();
            (SqlErrorKind::Database, Happened::No, message)
        }
        sqlx::Error::Protocol(_) => {
            let message = "the server sent what the driver does not understand".to_owned();
            (SqlErrorKind::ConnectionLost, lost, message)
        }
        _ => (SqlErrorKind::Database, lost, "the driver failed".to_owned()),
    };
    SqlError::new(kind, happened, message)
}

/// The pool tries again if nobody listens, and so gives no other reason than the time.
fn unreachable() -> SqlError {
    let message = "no connection could be made in time: nobody listens at the URL's address, the server is starting, or it \
                   serves as many others as it can";
    SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message)
}

/// Ends what runs on one connection, from another one that is made for it.
pub(super) struct Canceller<D: Database> {
    options: Arc<Options<D>>,
    /// What the server is told.
    statement: String,
    errors: Errors,
}

impl<D: Database> Canceller<D>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    async fn tell(&self) -> Result<(), sqlx::Error> {
        let mut connection = self.options.connect().await?;
        // It holds no more than the server's own number of a connection.
        let told = (&mut connection).execute(sqlx::raw_sql(AssertSqlSafe(self.statement.clone()))).await;
        // It was asked: what becomes of the connection that did so tells nothing.
        let _ = connection.close().await;
        told.map(drop)
    }
}

impl<D: Database> Cancel for Arc<Canceller<D>>
where
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    fn cancel(&self) -> Boxed<'_, Result<(), SqlError>> {
        Box::pin(async {
            match within(CANCEL_TIME_LIMIT, self.tell()).await {
                Some(told) => told.map_err(|error| (self.errors.sql_error)(&error, Happened::No)),
                None => {
                    let message = "the server did not take the request to end a statement in time";
                    Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message))
                }
            }
        })
    }
}

/// What a server that is far away and busy answers in, many times over; one that vanished without a word never does.
const TEST_TIME_LIMIT: Duration = Duration::from_secs(3);

/// A connection takes some milliseconds to make, and some hundred on a busy server far away.
const CANCEL_TIME_LIMIT: Duration = Duration::from_secs(5);

/// A program that starts waits for another one that migrates: a tenth of a second more or less is not noticed.
const MIGRATORS_PAUSE: Duration = Duration::from_millis(100);

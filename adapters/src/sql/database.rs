//! A database, as those see it who open one.

use std::{fmt, sync::Arc};

use segno_core::{Happened, SqlError, SqlErrorKind};

#[cfg(feature = "mysql")]
use super::mysql::MySqlDriver;
#[cfg(feature = "postgres")]
use super::postgres::PostgresDriver;
#[cfg(feature = "sqlite")]
use super::sqlite::SqliteDriver;
use super::{
    coalesce::Coalescing,
    driver::Driver,
    lease::Lease,
    migrations::{MigrateError, Migrations},
    options::DatabaseOptions,
    pool::Pool,
    session::SqlSession,
    timer::Timer,
};

/// A database: a pool of connections. It is cheap to clone, and all clones share the pool.
///
/// ```
/// use segno::{Database, Perform, Sql};
///
/// # smol::block_on(async {
/// let database = Database::open("sqlite::memory:")?;
/// let session = database.session();
/// let ask = Sql { text: "select ?1 + 1 as sum".into(), params: [41].into(), transaction: None };
/// assert_eq!(session.perform(ask).await?.one()?.get::<i64>("sum")?, 42);
/// database.close().await;
/// # Ok::<_, segno::SqlError>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Database {
    driver: Arc<dyn Driver>,
    pool: Arc<Pool>,
    /// Rings for the statements that take too long.
    timer: Arc<Timer>,
    coalescing: Option<Arc<Coalescing>>,
}

impl Database {
    /// The database at this URL, with the default options. Nothing is opened before the first statement.
    ///
    /// Placeholders are `?1`, `?2` and so on, on every database; its own (`?`, and `$1` on PostgreSQL) work as well.
    ///
    /// # SQLite
    ///
    /// `sqlite:path/to/file.db` or `sqlite::memory:`, with the feature `sqlite`. After a `?` may stand `mode=ro`, `mode=rw`,
    /// `mode=rwc` or `mode=memory`, `cache=`, `immutable=` and `vfs=`, as in SQLite's own URIs. Without a `mode`, a missing
    /// file is created.
    ///
    /// A file is switched to write-ahead logging, so that readers never wait for the writer. A transaction that may write takes
    /// the lock for it when it begins, and waits for it there, so that no later statement of it fails for want of it. Foreign
    /// keys are enforced. A database in memory lives as long as its pool, which has one connection.
    ///
    /// What SQLite has no type for is kept as sqlx keeps it: days and times as text of ISO 8601, moments as text in UTC, UUIDs
    /// as 16 bytes, decimals and JSON as text, so declare a column for decimals as `text`. A float that is not a number comes
    /// back as `NULL`, a truth value as 0 or 1 but in a column that is declared `boolean`. What a `pragma` sets, it sets for
    /// one connection of the pool only.
    ///
    /// # PostgreSQL
    ///
    /// `postgres://user:password@host:port/database`, with the feature `postgres`, and after a `?` the options that sqlx knows:
    /// `sslmode=` (`require` and above demand TLS), `sslrootcert=`, `application_name=`, `options[search_path]=` and so on.
    ///
    /// A parameter is encoded as what the server expects in its place, so an `i64` fits `int2` and `numeric` alike; what does
    /// not fit is refused before it is sent. What is `set`, or kept in a temporary table, is so for one connection of the pool
    /// only, as is `pg_advisory_lock`; `set local` is so to the end of the transaction. Types that have no value here, such as `interval` or `inet`, are
    /// read and given as text: `span::text`, `?1::text::interval`. A plain `?` is an operator.
    ///
    /// # MySQL and MariaDB
    ///
    /// `mysql://user:password@host:port/database` or `mariadb:`, with the feature `mysql`, and after a `?` sqlx's options
    /// (`ssl-mode`, `ssl-ca`, `ssl-cert`, `ssl-key`, `charset`, `collation`, `socket`, `statement-cache-capacity`). An account of
    /// `caching_sha2_password` needs TLS or a Unix socket.
    ///
    /// Moments are UTC. Quotation marks and backslashes mean what they mean by default, whatever the server's `sql_mode`. An
    /// update counts the rows that it found, and only an insert of one row tells its id. Zero dates, and times that are
    /// negative or beyond a day, are read by `cast(… as char)`. On tables without transactions, a statement that failed or was ended may
    /// have done a part. `set` and `use` are refused, since they hold for a connection, which others use next.
    ///
    /// # Errors
    ///
    /// If the URL cannot be understood. A file that cannot be opened is an error of the first statement.
    pub fn open(url: &str) -> Result<Self, SqlError> {
        Self::open_with(url, &DatabaseOptions::default())
    }

    /// The database at this URL, with these options.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and if the options allow no connection, or no time.
    pub fn open_with(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        options.check()?;
        let driver = driver(url, options)?;
        let pool = Arc::new(Pool::new(driver.clone(), options));
        let timer = Arc::new(Timer::new(options.statement_time_limit));
        let coalescing = options.coalesce.then(|| Arc::new(Coalescing::new(pool.clone())));
        Ok(Self { driver, pool, timer, coalescing })
    }

    /// Carries out the migrations that were not yet on this database, in order: for the start of a program.
    ///
    /// Several processes may do so at once: one migrates, and the others wait for it, for as long as it takes. One that
    /// fails is undone, where the database can undo it (MySQL cannot undo a `create table`); those before it stay, but on
    /// SQLite, where all are one transaction.
    ///
    /// # Errors
    ///
    /// A [`MigrateError`] if a file was changed or is missing since it was carried out, if one fails, or was carried out
    /// in part before.
    pub async fn migrate(&self, migrations: &Migrations) -> Result<(), MigrateError> {
        let plan = migrations.plan()?;
        // The migrator has a connection of the driver's pool, where those that are kept here are missing.
        self.pool.suspect();
        self.driver.migrate(&plan).await
    }

    /// A session: what performs the SQL of one tasklet. It costs nothing until it is used.
    pub fn session(&self) -> SqlSession {
        let lease = Lease::new(self.pool.clone(), self.timer.clone());
        SqlSession::new(lease, self.driver.dialect(), self.coalescing.clone())
    }

    /// Closes the connections: the idle ones now, the others when their statement or their transaction ends, which this
    /// waits for. Statements that are asked from now on fail.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

/// The driver of the database that the URL's scheme names.
#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    expect(unused_variables, reason = "the feature `sql` alone reaches no database")
)]
fn driver(url: &str, options: &DatabaseOptions) -> Result<Arc<dyn Driver>, SqlError> {
    let (scheme, _) = url.split_once(':').ok_or_else(|| wrong("the URL has no scheme, such as `sqlite:`"))?;
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(SqliteDriver::open(url, options)?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Arc::new(MySqlDriver::open(url, options)?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Arc::new(PostgresDriver::open(url, options)?)),
        _ => Err(wrong("no database of this URL's scheme is built in: see the features of segno")),
    }
}

fn wrong(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Database, Happened::No, message)
}

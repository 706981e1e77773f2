//! A database, as those see it who open one.

use std::fmt;

use segno_core::SqlError;

use super::{options::DatabaseOptions, session::SqlSession, sqlite::Pool};

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
    pool: Pool,
}

impl Database {
    /// The database at this URL, with the default options: `sqlite:path/to/file.db` or `sqlite::memory:`.
    ///
    /// After a `?` may stand `mode=ro`, `mode=rw`, `mode=rwc` or `mode=memory`, `cache=`, `immutable=` and `vfs=`, as
    /// in SQLite's own URIs. Without a `mode`, a missing file is created. Nothing is opened before the first statement.
    ///
    /// A file is switched to write-ahead logging, so that readers never wait for the writer. A transaction takes the
    /// lock for writing when it begins, and waits for it there, so that no later statement of it fails for want of it.
    /// Foreign keys are enforced. A database in memory lives as long as its pool, which has one connection.
    ///
    /// What SQLite cannot keep comes back otherwise: a float that is not a number as `NULL`, a truth value as 0 or 1
    /// but in a column that is declared `boolean`. What a `pragma` sets, it sets for one connection of the pool only.
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
    /// As [`open`](Self::open), and if the options allow no connection.
    pub fn open_with(url: &str, options: &DatabaseOptions) -> Result<Self, SqlError> {
        Ok(Self { pool: Pool::open(url, options)? })
    }

    /// A session: what performs the SQL of one tasklet. It costs nothing until it is used.
    pub fn session(&self) -> SqlSession {
        SqlSession::new(self.pool.clone())
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

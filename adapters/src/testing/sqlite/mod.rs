//! A database for tests: SQLite in memory, which answers as the real backend on a file does.
//!
//! Everything that names a type of rusqlite is in `connection`, `functions` and `store`.

mod connection;
mod functions;
mod idle;
mod session;
mod shared;
mod store;
mod turns;

#[cfg(test)]
mod tests;

use std::{borrow::Cow, fmt, sync::Arc};

use segno_core::{FromValue, Params, Rows, Sql, SqlError};

use self::shared::{Shared, State};
use crate::sql::{
    dialect::Dialect,
    statement::{Statement, Verb},
};

pub use self::session::SqliteSession;

/// A SQLite database in memory, for tests. It is cheap to clone, and all clones share the database.
///
/// Statements are carried out by SQLite itself, and answered as by a [`Database`](crate::Database) on a file: the same
/// values, kinds of errors and transactions. But the thread is never blocked, and no runtime is needed: who has to wait
/// for another's transaction is pending until that ends, without a limit of time.
///
/// Two runs give the same: `random()` and `randomblob()` go through one sequence, which begins anew with each database,
/// and now is always the epoch, 1970-01-01 00:00:00, for `current_timestamp`, `datetime('now')` and the like. Only what
/// `total_changes()` says, and times made `localtime`, may differ.
///
/// ```
/// use segno::testing::Sqlite;
///
/// let database = Sqlite::new("create table author (id integer primary key, name text not null unique)");
/// assert_eq!(database.execute("insert into author (name) values (?1), (?2)", ["Ada", "Grace"]), 2);
/// assert_eq!(database.value::<String>("select name from author where id = ?1", [2]), "Grace");
/// assert_eq!(database.query("select name from author", ()).len(), 2);
/// ```
#[derive(Clone)]
pub struct Sqlite {
    shared: Arc<Shared>,
}

impl Sqlite {
    /// A database with what these statements make, which are separated by semicolons.
    ///
    /// It is cheap where many tests, or many runs of one, have the same statements: they are carried out once.
    ///
    /// # Panics
    ///
    /// If a statement fails, with SQLite's message; and if they leave a transaction open.
    #[track_caller]
    pub fn new(schema: &str) -> Self {
        match idle::database(schema) {
            Ok(shared) => Self { shared },
            Err(error) => panic!("the schema cannot be made: {error}"),
        }
    }

    /// A session: what performs the SQL of one tasklet.
    pub fn session(&self) -> SqliteSession {
        SqliteSession::new(self.shared.clone())
    }

    /// The rows that this statement gives, of what is committed.
    ///
    /// # Panics
    ///
    /// If the statement fails, or if it does more than read.
    #[track_caller]
    pub fn query(&self, text: &str, params: impl Into<Params>) -> Rows {
        match self.perform(text, params.into(), |state, sql, statement| {
            (statement.verb == Verb::Read).then(|| state.read(sql, statement))
        }) {
            Ok(Some(rows)) => rows,
            Ok(None) => panic!("`{text}` does not begin with `select`: what may write goes through `execute`"),
            Err(error) => panic!("`{text}` failed: {error}"),
        }
    }

    /// The one value of the one row that this statement gives, of what is committed.
    ///
    /// # Panics
    ///
    /// If the statement fails or does more than read, if it gives anything but one row of one column, and if the value is
    /// of another type; read `Option<T>` where `NULL` may stand.
    #[track_caller]
    pub fn value<T: FromValue>(&self, text: &str, params: impl Into<Params>) -> T {
        let rows = self.query(text, params);
        let (height, width) = (rows.len(), rows.columns().len());
        assert!((height, width) == (1, 1), "`{text}` gave {height} rows of {width} columns, and not one value");
        match rows.one().and_then(|row| row.get(0)) {
            Ok(value) => value,
            Err(error) => panic!("`{text}`: {error}"),
        }
    }

    /// Carries out a statement that prepares a test, and says how many rows it changed.
    ///
    /// # Panics
    ///
    /// If the statement fails, and while a transaction is open.
    #[track_caller]
    pub fn execute(&self, text: &str, params: impl Into<Params>) -> u64 {
        match self.perform(text, params.into(), |state, sql, statement| {
            (!state.is_open()).then(|| state.write(sql, statement))
        }) {
            Ok(Some(rows)) => rows.rows_affected(),
            Ok(None) => panic!("`{text}` cannot be carried out: a transaction is open"),
            Err(error) => panic!("`{text}` failed: {error}"),
        }
    }

    /// How many transactions are open now: one at the most.
    pub fn open_transactions(&self) -> usize {
        self.shared.with(|state| usize::from(state.is_open()))
    }

    /// Reads the statement and does this with it; `None` if it would not.
    fn perform(
        &self,
        text: &str,
        params: Params,
        work: impl FnOnce(&mut State, &Sql, Statement) -> Option<Result<Rows, SqlError>>,
    ) -> Result<Option<Rows>, SqlError> {
        let mut sql = Sql { text: Cow::Owned(text.to_owned()), params, transaction: None };
        let statement = Statement::read(&mut sql, Dialect::Sqlite)?;
        self.shared.with(|state| work(state, &sql, statement)).transpose()
    }
}

impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sqlite").finish_non_exhaustive()
    }
}

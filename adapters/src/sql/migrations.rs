//! Migrations: how a database gets from one version of its schema to the next, by sqlx's migrator.
//!
//! What names a type of sqlx is behind [`Plan`], which each driver carries out on a connection of its own.

use std::{fmt, fs, path::Path};

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::{
    AssertSqlSafe, SqlSafeStr,
    migrate::{Migrate, MigrateError as Refused, Migration, MigrationType, Migrator},
};

/// The steps from an empty database to the schema that a program works with, each a file of SQL.
///
/// They are carried out by [`Database::migrate`](crate::Database::migrate), in the order of the numbers that their names
/// begin with, each once. Names and the table that remembers them are those of sqlx and its program `sqlx`:
/// `0001_authors.sql`, or `0001_authors.up.sql` beside a `0001_authors.down.sql`, which is for that program alone. A file
/// may hold several statements. What it does is one transaction, where the database can undo it, unless it begins with
/// `-- no-transaction`.
///
/// A file that was carried out once must stay as it is: what is to change is a file more.
///
/// ```
/// use segno::{Database, Migrations};
///
/// // With `segno::migrations!`, they are files of their own.
/// const MIGRATIONS: Migrations = Migrations::embedded(&[
///     ("0001_authors.sql", "create table author (name text not null); create index author_name on author (name)"),
///     ("0002_born.sql", "alter table author add column born integer"),
/// ]);
///
/// # #[cfg(feature = "sqlite")]
/// # smol::block_on(async {
/// let database = Database::open("sqlite::memory:")?;
/// database.migrate(&MIGRATIONS).await?;
/// // Now there is nothing left to do.
/// database.migrate(&MIGRATIONS).await?;
/// # Ok::<_, segno::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct Migrations(Files);

#[derive(Clone)]
enum Files {
    Embedded(&'static [(&'static str, &'static str)]),
    Read(Vec<(String, String)>),
}

/// The [`Migrations`] in these files, whose contents become part of the program. A path begins at the file that names it.
///
/// ```text
/// const MIGRATIONS: segno::Migrations = segno::migrations!["migrations/0001_authors.sql", "migrations/0002_books.sql"];
/// ```
#[macro_export]
macro_rules! migrations {
    ($($file:literal),* $(,)?) => {
        $crate::Migrations::embedded(&[$(($file, include_str!($file))),*])
    };
}

impl Migrations {
    /// These files, each by its name (or its path) and its text. [`migrations!`](crate::migrations) makes them from files.
    pub const fn embedded(files: &'static [(&'static str, &'static str)]) -> Self {
        Self(Files::Embedded(files))
    }

    /// The files of a directory whose names end in `.sql`, as they are now. It blocks while it reads them.
    ///
    /// # Errors
    ///
    /// [`Read`](MigrateError::Read) if the directory or a file in it cannot be read.
    pub fn directory(path: impl AsRef<Path>) -> Result<Self, MigrateError> {
        let path = path.as_ref();
        let unreadable = |error| MigrateError::Read(format!("{}: {error}", path.display()));
        let mut files = Vec::new();
        for entry in fs::read_dir(path).map_err(unreadable)? {
            let entry = entry.map_err(unreadable)?.path();
            let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name.ends_with(SUFFIX) {
                let text = fs::read_to_string(&entry);
                let text = text.map_err(|error| MigrateError::Read(format!("{}: {error}", entry.display())))?;
                files.push((name, text));
            }
        }
        Ok(Self(Files::Read(files)))
    }

    pub(super) fn plan(&self) -> Result<Plan, MigrateError> {
        let steps: Vec<Migration> = match &self.0 {
            Files::Embedded(files) => files.iter().map(|(name, text)| step(name, text)).collect::<Result<_, _>>()?,
            Files::Read(files) => files.iter().map(|(name, text)| step(name, text)).collect::<Result<_, _>>()?,
        };
        let migrator = Migrator::with_migrations(steps);
        let ups = migrator.iter().filter(|step| step.migration_type.is_up_migration());
        let versions: Vec<i64> = ups.map(|step| step.version).collect();
        match versions.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(MigrateError::Twice(pair[0])),
            None => Ok(Plan(migrator)),
        }
    }
}

impl fmt::Debug for Migrations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_list();
        match &self.0 {
            Files::Embedded(files) => names.entries(files.iter().map(|(name, _)| name)),
            Files::Read(files) => names.entries(files.iter().map(|(name, _)| name)),
        };
        names.finish()
    }
}

/// A file's name and its text, as sqlx reads them.
fn step(path: &str, text: &str) -> Result<Migration, MigrateError> {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let parts = name.split_once('_').and_then(|(version, rest)| Some((version.parse::<i64>().ok()?, rest)));
    let (version, rest) =
        parts.filter(|(_, rest)| rest.ends_with(SUFFIX)).ok_or_else(|| MigrateError::Name(name.to_owned()))?;
    let kind = MigrationType::from_filename(rest);
    let description = rest.trim_end_matches(kind.suffix()).replace('_', " ");
    let no_transaction = text.starts_with("-- no-transaction");
    // It is the program's own text, or a file that its user names.
    let sql = AssertSqlSafe(text.to_owned()).into_sql_str();
    Ok(Migration::new(version, description.into(), kind, sql, no_transaction))
}

/// Migrations, as the migrator takes them.
pub(super) struct Plan(Migrator);

impl Plan {
    /// Whether a transaction may be around all of it.
    #[cfg(feature = "sqlite")]
    pub(super) fn fits_in_a_transaction(&self) -> bool {
        self.0.iter().all(|step| !step.no_tx)
    }

    /// Carries out what was not yet.
    pub(super) async fn run(
        &self,
        connection: &mut impl Migrate,
        sql_error: impl Fn(&sqlx::Error, Happened) -> SqlError,
    ) -> Result<(), MigrateError> {
        let done = self.0.run_direct(None, connection, false).await;
        #[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow, and most of it cannot come from here")]
        done.map_err(|error| match error {
            Refused::VersionMismatch(version) => MigrateError::Changed(version),
            Refused::VersionMissing(version) => MigrateError::Missing(version),
            Refused::Dirty(version) => MigrateError::Dirty(version),
            Refused::ExecuteMigration(error, version) => {
                MigrateError::Failed { version, error: sql_error(&error, Happened::Unknown) }
            }
            Refused::Execute(error) => MigrateError::Database(sql_error(&error, Happened::Unknown)),
            other => {
                let message = format!("the migrator failed: {other}");
                MigrateError::Database(SqlError::new(SqlErrorKind::Database, Happened::Unknown, message))
            }
        })
    }
}

/// Why a database was not migrated. No message holds a URL.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MigrateError {
    /// A file's name is none of a migration.
    #[error("`{0}` does not name a migration: that is a number, `_`, some words and `.sql`, as `0001_authors.sql`")]
    Name(String),
    /// Two files have the same number.
    #[error("two migrations have the number {0}: give the later one a higher number")]
    Twice(i64),
    /// The directory or a file in it cannot be read.
    #[error("the migrations cannot be read: {0}")]
    Read(String),
    /// A file was changed since it was carried out.
    #[error(
        "migration {0} was changed after it was carried out on this database: restore the file as it was, and write \
         what is to change into a new one"
    )]
    Changed(i64),
    /// A file is gone that was carried out.
    #[error("migration {0} was carried out on this database, and its file is missing: restore it")]
    Missing(i64),
    /// A file was carried out in part, on a database that cannot undo that.
    #[error(
        "migration {0} was carried out in part: finish or undo it by hand, and set or delete its row in the table \
         `_sqlx_migrations`"
    )]
    Dirty(i64),
    /// A file cannot be carried out.
    #[error("migration {version} failed: {error}")]
    Failed {
        /// The number in its name.
        version: i64,
        /// What the database says.
        error: SqlError,
    },
    /// The database could not be asked.
    #[error("the database cannot be migrated: {0}")]
    Database(SqlError),
}

/// Not as its source: its message is a part of this one's, and would be shown twice.
impl From<SqlError> for MigrateError {
    fn from(error: SqlError) -> Self {
        Self::Database(error)
    }
}

const SUFFIX: &str = ".sql";

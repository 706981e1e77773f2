//! Where a database is, and how its connections are opened.

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::{
    ConnectOptions,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

/// What a URL says.
pub(super) struct Location {
    pub(super) options: SqliteConnectOptions,
    pub(super) in_memory: bool,
}

impl Location {
    /// Reads `sqlite:path?option=value&…`. No error shows a part of the URL: a path may tell what is nobody's business.
    pub(super) fn read(url: &str) -> Result<Self, SqlError> {
        let location = url.strip_prefix("sqlite:").ok_or_else(|| wrong("the URL does not begin with `sqlite:`"))?;
        let location = location.strip_prefix("//").unwrap_or(location);
        let (path, query) = location.split_once('?').unwrap_or((location, ""));
        if query.contains('%') {
            // The driver decodes it: then this function and the driver would see two different modes.
            return Err(wrong("the options in the URL need no `%`"));
        }
        let options: SqliteConnectOptions =
            url.parse().map_err(|_| wrong("the URL has an unknown option, or one with an unknown value"))?;
        let option = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let in_memory = path == ":memory:" || option("mode") == Some("memory");
        if path.is_empty() && !in_memory {
            // SQLite would give every connection a temporary database of its own.
            return Err(wrong("the URL names no file"));
        }
        let read_only = option("mode") == Some("ro") || option("immutable").is_some();
        let options = options
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            // What a handler asks is logged once, by who drives it.
            .disable_statement_logging();
        let options = if option("mode").is_none() { options.create_if_missing(true) } else { options };
        let options = if in_memory || read_only { options } else { options.journal_mode(SqliteJournalMode::Wal) };
        Ok(Self { options, in_memory })
    }
}

fn wrong(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Database, Happened::No, message)
}

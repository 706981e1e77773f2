//! Where a database is, and how its connections are opened.

use std::time::Duration;

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};

/// Reads `postgres://user:password@host:port/database?option=value&…`. No error shows a part of the URL.
pub(super) fn read(url: &str) -> Result<PgConnectOptions, SqlError> {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if name == "statement-cache-capacity" && value == "0" {
            // The driver would prepare each statement under a new name, and have the server keep them all.
            return Err(wrong(
                "the URL's `statement-cache-capacity` is 0: statements are prepared, so keep one at least",
            ));
        }
        if !OPTIONS.contains(&name) && !SETTING.iter().any(|start| name.starts_with(start)) {
            // The driver would pass it over, and write its value into the log.
            return Err(wrong("the URL has an option that PostgreSQL's driver does not know"));
        }
    }
    let options: PgConnectOptions = url.parse().map_err(|_| wrong("the URL cannot be read as one of PostgreSQL"))?;
    // What a handler asks is logged once, by who drives it.
    Ok(options.disable_statement_logging())
}

/// What a new connection is told: how long to wait for a lock, if the URL does not say so itself.
pub(super) fn lock_timeout(options: &PgConnectOptions, limit: Duration) -> Option<String> {
    let chosen = options.get_options().is_some_and(|options| options.contains("lock_timeout"));
    // To PostgreSQL, 0 is for ever.
    (!chosen).then(|| format!("set lock_timeout = {}", limit.as_millis().max(1)))
}

fn wrong(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Database, Happened::No, message)
}

/// What the driver reads.
const OPTIONS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];

/// How a setting of the server begins: `options[search_path]`.
const SETTING: [&str; 3] = ["options[", "options%5B", "options%5b"];

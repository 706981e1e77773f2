//! Where a database is, and how its connections are opened.

use segno_core::{Happened, SqlError, SqlErrorKind};
use sqlx::{ConnectOptions, mysql::MySqlConnectOptions};

/// Reads `mysql://user:password@host:port/database?option=value&…`, or the same with `mariadb:`. No error shows a part of
/// the URL.
pub(super) fn read(url: &str) -> Result<MySqlConnectOptions, SqlError> {
    let (_, query) = url.split_once('?').unwrap_or((url, ""));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
        if !OPTIONS.contains(&name) {
            // The driver would pass it over.
            return Err(wrong("the URL has an option that the driver of MySQL does not know"));
        }
    }
    let options: MySqlConnectOptions = url.parse().map_err(|_| wrong("the URL cannot be read as one of MySQL"))?;
    if !options.get_charset().to_ascii_lowercase().starts_with("utf8") {
        return Err(wrong("the URL asks for a `charset` that texts cannot be read in: leave it out"));
    }
    Ok(options
        // Moments are read and written as UTC.
        .timezone(String::from("+00:00"))
        // What a handler asks is logged once, by who drives it.
        .disable_statement_logging())
}

fn wrong(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Database, Happened::No, message)
}

/// What the driver reads, but for the time zone.
const OPTIONS: [&str; 12] = [
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "charset",
    "collation",
    "statement-cache-capacity",
    "socket",
];

//! Migrations of a SQLite database.

use segno_core::Happened;
use sqlx::{Connection, sqlite::SqliteConnection};

use super::error::sql_error;
use crate::sql::migrations::{MigrateError, Plan};

/// Carries out the migrations that were not yet. Where one allows it, they are one transaction, which takes the lock for
/// writing when it begins: sqlx's migrator takes none here, and two processes would both find the same work to do.
pub(super) async fn migrate(connection: &mut SqliteConnection, plan: &Plan) -> Result<(), MigrateError> {
    let database = |error| MigrateError::Database(sql_error(&error, Happened::No));
    if plan.fits_in_a_transaction() {
        let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(database)?;
        plan.run(&mut *transaction, sql_error).await?;
        transaction.commit().await.map_err(database)?;
    } else {
        plan.run(connection, sql_error).await?;
    }
    // What was prepared before may have other columns now.
    connection.clear_cached_statements().await.map_err(database)
}

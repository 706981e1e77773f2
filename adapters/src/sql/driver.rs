//! What every database does in its own way.

use std::{future::Future, pin::Pin};

use segno_core::{Rows, Sql, SqlError};
use smol::channel::Sender;

use super::{
    control::Control,
    dialect::Dialect,
    migrations::{MigrateError, Plan},
    statement::Statement,
};

/// The future of a method that is called through `dyn`.
pub(super) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A database: how its connections are made.
pub(super) trait Driver: Send + Sync {
    /// How it reads SQL.
    fn dialect(&self) -> Dialect;

    /// How many connections there may be at the most.
    fn max_connections(&self) -> u16;

    /// Waits for a connection of the driver's pool, for as long as the options say.
    fn acquire(&self) -> Boxed<'_, Result<Box<dyn Connection>, SqlError>>;

    /// Carries out the migrations that were not yet.
    fn migrate<'a>(&'a self, plan: &'a Plan) -> Boxed<'a, Result<(), MigrateError>>;

    /// Closes the idle connections now, and the others when they are given back, which this waits for.
    fn close(&self) -> Boxed<'_, ()>;
}

/// A connection, taken from the driver's pool. Dropping it gives it back, in whatever state: the pool undoes what is open,
/// after what is still under way.
pub(super) trait Connection: Send {
    /// Carries a statement out, whose text and parameters are in the database's own words.
    fn run(&mut self, sql: Sql, statement: Statement) -> Boxed<'_, Result<Rows, SqlError>>;

    /// Carries a statement out, and sends its rows on as they come, until nobody takes them any longer.
    fn stream(&mut self, sql: Sql, statement: Statement, batches: Batches) -> Boxed<'_, Result<(), SqlError>>;

    /// Begins a transaction or a savepoint, or ends it. To roll back what was never begun is no error.
    fn control(&mut self, control: Control) -> Boxed<'_, Result<(), SqlError>>;

    /// Whether the transaction that was begun here is still open: asked after a statement failed or was abandoned, since
    /// some errors end it.
    fn in_transaction(&mut self) -> Boxed<'_, Result<bool, SqlError>>;

    /// Makes the connection fit for others, whatever state it was left in: ends what is under way, and rolls back what is
    /// open. After an error it is fit for nobody.
    fn reset(&mut self) -> Boxed<'_, Result<(), SqlError>>;

    /// What ends the statement that runs on this connection from beside.
    fn cancel(&self) -> Box<dyn Cancel>;

    /// Has the connection closed when it is dropped, instead of given back.
    fn discard(&mut self);
}

/// Ends what runs on one connection.
pub(super) trait Cancel: Send + Sync {
    /// Asks the database to end the statement that runs now. The statement's own answer tells whether that came in time.
    fn cancel(&self) -> Boxed<'_, Result<(), SqlError>>;
}

/// Where the rows of a stream go.
pub(super) struct Batches {
    /// How many rows go at once.
    pub(super) size: usize,
    /// Takes one batch at a time: rows wait in the database until the batch before was taken.
    pub(super) sender: Sender<Rows>,
}

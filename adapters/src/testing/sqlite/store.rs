//! The memory that holds a database, and the connections to it.
//!
//! The writer and the reader share the pages in memory, and SQLite's own locks are off: who may write is settled by the
//! queue, and a mutex lets one statement in at a time. A transaction keeps what it changed in the writer's cache up to
//! its commit, and so the reader sees what is committed, and nothing else.
//!
//! A store is used again for a later database with the same schema. To restore its content behind the back of the writer
//! and the reader keeps their prepared statements, which is most of what a new database would cost.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{
    Connection, OpenFlags, Result,
    backup::{Backup, StepResult},
};
use segno_core::{Rows, Sql, SqlError};

use super::{
    connection,
    functions::{self, Chance},
};
use crate::sql::{
    control::Control,
    statement::{Statement, Verb},
};

/// A database in memory, with its connections.
#[derive(Debug)]
pub(super) struct Store {
    writer: Connection,
    reader: Connection,
    /// What writes the initial content.
    restorer: Connection,
    /// What holds the initial content.
    initial: Connection,
    /// The version of the schema, as the writer and the reader know it.
    version: i64,
    chance: Chance,
    /// Whether anything was written.
    changed: bool,
    /// Whether a connection may be in another state than at first, by a `pragma` or a temporary table.
    marked: bool,
}

impl Store {
    /// A database with what these statements make.
    pub(super) fn new(schema: &str) -> Result<Self, String> {
        Self::open(schema).map_err(|error| error.to_string()).and_then(|store| {
            if store.in_transaction() { Err("it leaves a transaction open".to_owned()) } else { Ok(store) }
        })
    }

    fn open(schema: &str) -> Result<Self> {
        static STORES: AtomicU64 = AtomicU64::new(0);
        let number = STORES.fetch_add(1, Ordering::Relaxed);
        let location = format!("file:/segno-testing-{number}?vfs=memdb&nolock=1");
        let chance = Chance::default();
        let open = || {
            let connection = Connection::open_with_flags(&location, OpenFlags::default() | OpenFlags::SQLITE_OPEN_URI)?;
            connection.execute_batch(SETTINGS)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            functions::replace(&connection, &chance)?;
            Ok::<_, rusqlite::Error>(connection)
        };
        let (writer, reader, restorer) = (open()?, open()?, open()?);
        writer.execute_batch(schema)?;
        let mut initial = Connection::open_in_memory()?;
        copy(&writer, &mut initial)?;
        let version = writer.query_row(VERSION, (), |row| row.get(0))?;
        writer.execute_batch(LAST_ID)?;
        let mut store = Self { writer, reader, restorer, initial, version, chance, changed: false, marked: false };
        store.forget()?;
        Ok(store)
    }

    /// Brings the initial content back, if that can be done.
    pub(super) fn restore(&mut self) -> bool {
        !self.marked && !self.in_transaction() && (!self.changed || self.copy_back().is_ok()) && self.forget().is_ok()
    }

    /// Carries out a statement that reads, on what is committed.
    pub(super) fn read(&mut self, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
        connection::run(self.reads(), sql, statement)
    }

    /// Carries out a statement that reads, on what is committed or in the open transaction; gives its rows in batches.
    pub(super) fn stream(&self, sql: &Sql, statement: Statement, size: usize) -> Vec<Result<Rows, SqlError>> {
        let connection = if sql.transaction.is_some() { &self.writer } else { self.reads() };
        connection::stream(connection, sql, statement, size)
    }

    /// The connection that sees what is committed.
    fn reads(&self) -> &Connection {
        // While nobody writes, it is the writer: it sees temporary tables, and has most of the pages at hand.
        if self.in_transaction() { &self.reader } else { &self.writer }
    }

    /// Carries out a statement in the open transaction, or one that writes outside of any.
    pub(super) fn write(&mut self, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
        match statement.verb {
            Verb::Read => {}
            Verb::Insert | Verb::Change => self.changed = true,
            Verb::Schema | Verb::Other => self.marked = true,
        }
        connection::run(&self.writer, sql, statement)
    }

    /// Begins a transaction or a savepoint, or ends it.
    pub(super) fn control(&mut self, control: Control) -> Result<(), SqlError> {
        connection::control(&self.writer, control)
    }

    /// Whether a transaction is open. SQLite itself ends one after `on conflict rollback`.
    pub(super) fn in_transaction(&self) -> bool {
        !self.writer.is_autocommit()
    }

    fn copy_back(&mut self) -> Result<()> {
        copy(&self.initial, &mut self.restorer)?;
        // A copy counts as a new schema; but it is the old one, for which statements are prepared.
        self.restorer.pragma_update(None, "schema_version", self.version)?;
        self.changed = false;
        Ok(())
    }

    /// Makes a connection forget what was inserted through it, and begins the random numbers anew.
    fn forget(&mut self) -> Result<()> {
        self.writer.prepare_cached(FORGET)?.execute(())?;
        self.chance.restart();
        Ok(())
    }
}

fn copy(from: &Connection, to: &mut Connection) -> Result<()> {
    let copied = Backup::new(from, to)?.step(ALL_PAGES)?;
    // Nobody else uses either of them now.
    debug_assert_eq!(copied, StepResult::Done);
    Ok(())
}

/// As the real backend has it, but for what keeps a file safe. A page in the cache that is changed stays there, so that
/// nobody sees it before the commit.
const SETTINGS: &str = "pragma foreign_keys = on; pragma journal_mode = memory; pragma synchronous = off; \
    pragma cache_spill = off; pragma temp_store = memory";

const VERSION: &str = "pragma schema_version";

/// What sets `last_insert_rowid()` and `changes()` to the same at the beginning of each run.
const LAST_ID: &str = "create temp table segno_last_id (id integer primary key)";
const FORGET: &str = "replace into temp.segno_last_id (id) values (0)";

/// More than a program has statements, so that each is prepared once.
const PREPARED: usize = 256;

/// To SQLite, a negative number of pages is all of them.
const ALL_PAGES: i32 = -1;

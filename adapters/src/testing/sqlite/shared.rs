//! What the sessions of a database share: who has a transaction open, and who waits to write.

use std::{
    collections::HashSet,
    future::poll_fn,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use segno_core::{Rows, Sql, SqlError, TransactionId, TransactionOptions};

use super::{store::Store, turns::Turns};
use crate::sql::{
    control::Control,
    error::{begun_before, no_transaction},
    statement::Statement,
};

/// A transaction of a session.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) session: u64,
    pub(super) id: TransactionId,
}

/// A database, and the lock on it.
#[derive(Debug)]
pub(super) struct Shared {
    /// The statements that made the content that it had at first.
    pub(super) schema: Box<str>,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(schema: &str) -> Result<Self, String> {
        let store = Store::new(schema)?;
        let state =
            State { store, turns: Turns::default(), sessions: 0, begun: HashSet::new(), open: None, only_reads: false };
        Ok(Self { schema: schema.into(), state: Mutex::new(state) })
    }

    /// Makes the database what it was at first, if that can be done. Nobody may be using it.
    pub(super) fn restore(&self) -> bool {
        self.with(|state| {
            state.sessions = 0;
            state.store.restore()
        })
    }

    /// Does this at once. It must not take the lock for writing.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let done = work(&mut state);
        let called = if state.open.is_none() { state.turns.call() } else { None };
        // A waker is somebody else's code, which may come back here.
        drop(state);
        if let Some(waker) = called {
            waker.wake();
        }
        done
    }

    /// Does this when no transaction is open and all who came before have had their turn.
    pub(super) async fn in_turn<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        let mut place = Place { shared: self, number: None };
        let mut work = Some(work);
        poll_fn(|context| place.poll(context, &mut work)).await
    }
}

/// A place in the queue, which is left when it is dropped.
struct Place<'a> {
    shared: &'a Shared,
    number: Option<u64>,
}

impl Place<'_> {
    fn poll<T>(&mut self, context: &Context<'_>, work: &mut Option<impl FnOnce(&mut State) -> T>) -> Poll<T> {
        let waker = context.waker().clone();
        let polled = self.shared.with(|state| {
            if state.open.is_some() || !state.turns.reached(self.number) {
                let (number, old) = state.turns.wait(self.number, waker);
                self.number = Some(number);
                return Err(old);
            }
            let unneeded = self.number.take().and_then(|number| state.turns.leave(number));
            Ok((work.take().map(|work| work(state)), unneeded))
        });
        match polled {
            Ok((Some(done), _)) => Poll::Ready(done),
            Ok((None, _)) | Err(_) => Poll::Pending,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            // The waker is dropped here, outside of the lock.
            let _unneeded = self.shared.with(|state| state.turns.leave(number));
        }
    }
}

/// The database, and what its sessions do with it.
#[derive(Debug)]
pub(super) struct State {
    store: Store,
    turns: Turns,
    sessions: u64,
    /// Those that neither a commit nor a rollback ended, though SQLite may have.
    begun: HashSet<Key>,
    open: Option<Key>,
    /// Whether the open transaction only reads.
    only_reads: bool,
}

impl State {
    /// The number of a new session.
    pub(super) fn next_session(&mut self) -> u64 {
        self.sessions += 1;
        self.sessions
    }

    /// Rolls back what the session left open.
    pub(super) fn end_session(&mut self, session: u64) {
        self.begun.retain(|key| key.session != session);
        if self.open.as_ref().is_some_and(|open| open.session == session) {
            self.undo();
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Carries out a statement that reads, outside of any transaction.
    pub(super) fn read(&mut self, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.store.read(sql, statement)
    }

    /// Carries out a statement that may write, outside of any transaction.
    pub(super) fn write(&mut self, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.store.write(sql, statement)
    }

    /// Carries out a statement of a transaction.
    pub(super) fn write_in(&mut self, key: &Key, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
        self.must_be_open(key)?;
        if self.only_reads {
            statement.must_read("the transaction")?;
        }
        let answer = self.store.write(sql, statement);
        self.notice_end();
        answer
    }

    /// Carries out a statement that reads, outside of any transaction or in this one, and gives its rows in batches.
    pub(super) fn stream(
        &mut self,
        key: Option<&Key>,
        sql: &Sql,
        statement: Statement,
        size: usize,
    ) -> Result<Vec<Result<Rows, SqlError>>, SqlError> {
        key.map_or(Ok(()), |key| self.must_be_open(key))?;
        Ok(self.store.stream(sql, statement, size))
    }

    /// Says whether this transaction may begin.
    pub(super) fn must_be_new(&self, key: &Key) -> Result<(), SqlError> {
        if self.begun.contains(key) { Err(begun_before(&key.id)) } else { Ok(()) }
    }

    pub(super) fn begin(&mut self, key: Key, options: TransactionOptions) -> Result<(), SqlError> {
        self.must_be_new(&key)?;
        self.store.control(Control::Begin(options))?;
        self.begun.insert(key.clone());
        self.open = Some(key);
        self.only_reads = options.read_only;
        Ok(())
    }

    pub(super) fn commit(&mut self, key: &Key) -> Result<(), SqlError> {
        self.begun.remove(key);
        self.must_be_open(key)?;
        let committed = self.store.control(Control::Commit);
        self.undo();
        committed
    }

    pub(super) fn rollback(&mut self, key: &Key) {
        self.begun.remove(key);
        self.lose(key);
    }

    /// Rolls the transaction back, though the session believes it to be open.
    pub(super) fn lose(&mut self, key: &Key) {
        if self.open.as_ref() == Some(key) {
            self.undo();
        }
    }

    /// Begins or ends a scope in a transaction.
    pub(super) fn scope(&mut self, key: &Key, control: Control) -> Result<(), SqlError> {
        self.must_be_open(key)?;
        let done = self.store.control(control);
        self.notice_end();
        done
    }

    fn must_be_open(&self, key: &Key) -> Result<(), SqlError> {
        if self.open.as_ref() == Some(key) { Ok(()) } else { Err(no_transaction()) }
    }

    /// `on conflict rollback` ends the whole transaction.
    fn notice_end(&mut self) {
        if !self.store.in_transaction() {
            self.open = None;
        }
    }

    /// Ends the open transaction, and undoes what was not committed of it.
    fn undo(&mut self) {
        self.open = None;
        if self.store.in_transaction() {
            // It fails only where SQLite has rolled back by itself.
            let _ = self.store.control(Control::Rollback);
        }
    }
}

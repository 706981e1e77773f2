//! The database of the testing kit: how it waits, what it restores, and that it answers as the real one does.

#![cfg(all(feature = "testing", feature = "sqlite"))]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod assertions;
mod content;
mod contract;
mod determinism;
mod waiting;

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use segno::{
    Perform, Rows, Sql, SqlError, Transaction, TransactionAct, TransactionId, TransactionOptions,
    testing::{Sqlite, SqliteSession},
};

/// A database with a table `note`.
fn notes() -> Sqlite {
    Sqlite::new("create table note (id integer primary key, text text not null unique)")
}

/// A future under way, and how often it was woken.
struct Running<'a, T> {
    future: Pin<Box<dyn Future<Output = T> + Send + 'a>>,
    wakes: Arc<Wakes>,
}

impl<'a, T> Running<'a, T> {
    fn new(future: impl Future<Output = T> + Send + 'a) -> Self {
        Self { future: Box::pin(future), wakes: Arc::default() }
    }

    fn poll(&mut self) -> Poll<T> {
        let waker = Waker::from(self.wakes.clone());
        self.future.as_mut().poll(&mut Context::from_waker(&waker))
    }

    fn wakes(&self) -> usize {
        self.wakes.0.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a future gives that does not wait.
#[track_caller]
fn ready<T>(future: impl Future<Output = T> + Send) -> T {
    match Running::new(future).poll() {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn run<'a>(session: &'a SqliteSession, text: &str) -> impl Future<Output = Result<Rows, SqlError>> + Send + use<'a> {
    session.perform(Sql { text: text.to_owned().into(), params: ().into(), transaction: None })
}

fn run_in<'a>(
    session: &'a SqliteSession,
    id: &TransactionId,
    text: &str,
) -> impl Future<Output = Result<Rows, SqlError>> + Send + use<'a> {
    session.perform(Sql { text: text.to_owned().into(), params: ().into(), transaction: Some(id.clone()) })
}

fn act<'a>(
    session: &'a SqliteSession,
    id: &TransactionId,
    act: TransactionAct,
) -> impl Future<Output = Result<(), SqlError>> + Send + use<'a> {
    session.perform(Transaction { id: id.clone(), act, options: TransactionOptions::default() })
}

fn id(path: &str) -> TransactionId {
    TransactionId::new(path.parse().unwrap())
}

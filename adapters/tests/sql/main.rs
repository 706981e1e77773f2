//! SQL on SQLite, through the session that an adapter gives to a tasklet.

#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod abandoned;
mod coalesce;
mod concurrency;
mod errors;
mod lease;
mod statements;
mod streams;
mod timeouts;
mod transactions;
mod values;

use std::borrow::Cow;

use segno::{
    Database, Params, Perform, Rows, Sql, SqlError, SqlErrorKind, SqlSession, Transaction, TransactionAct,
    TransactionId, TransactionOptions, Value,
};
use tempfile::TempDir;

/// A database in memory, with a table `note`.
async fn memory() -> Database {
    let database = Database::open("sqlite::memory:").unwrap();
    run(&database.session(), NOTE).await.unwrap();
    database
}

/// A database in a file, with a table `note`; the folder is removed when it is dropped.
async fn file() -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&url(&folder, "")).unwrap();
    run(&database.session(), NOTE).await.unwrap();
    (database, folder)
}

fn url(folder: &TempDir, options: &str) -> String {
    format!("sqlite:{}{options}", folder.path().join("test.db").display())
}

async fn run(session: &SqlSession, text: impl Into<Cow<'static, str>>) -> Result<Rows, SqlError> {
    run_with(session, text, ()).await
}

async fn run_with(
    session: &SqlSession,
    text: impl Into<Cow<'static, str>>,
    params: impl Into<Params>,
) -> Result<Rows, SqlError> {
    session.perform(Sql { text: text.into(), params: params.into(), transaction: None }).await
}

async fn run_in(
    session: &SqlSession,
    id: &TransactionId,
    text: impl Into<Cow<'static, str>>,
) -> Result<Rows, SqlError> {
    session.perform(Sql { text: text.into(), params: ().into(), transaction: Some(id.clone()) }).await
}

async fn act(session: &SqlSession, id: &TransactionId, act: TransactionAct) -> Result<(), SqlError> {
    session.perform(Transaction { id: id.clone(), act, options: TransactionOptions::default() }).await
}

fn id(path: &str) -> TransactionId {
    TransactionId::new(path.parse().unwrap())
}

/// The one value that a statement gives.
async fn value(session: &SqlSession, text: &'static str) -> Value {
    run(session, text).await.unwrap().one().unwrap().values()[0].clone()
}

async fn notes(database: &Database) -> Value {
    value(&database.session(), "select group_concat(text) from (select text from note order by id)").await
}

#[track_caller]
fn kind<T: std::fmt::Debug>(result: Result<T, SqlError>) -> SqlErrorKind {
    result.unwrap_err().kind
}

const NOTE: &str = "create table note (id integer primary key, text text not null unique)";

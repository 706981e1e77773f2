//! Rows in batches: over a connection of their own, or over their transaction's.

use std::time::Duration;

use segno::{
    CursorId, Database, DatabaseOptions, Happened, Params, Perform, Rows, Sql, SqlClose, SqlError, SqlErrorKind,
    SqlFetch, SqlOpen, SqlSession,
    TransactionAct::{Begin, Commit, Rollback, RollbackTo, Savepoint},
    TransactionId, Value,
};
use smol::future::poll_once;
use tempfile::TempDir;

use super::{act, file, id, kind, memory, notes, run, run_in, url, value};

/// The numbers from 1, as many as are wanted.
fn numbers(last: u32) -> String {
    format!("with recursive c (x) as (select 1 union all select x + 1 from c where x < {last}) select x from c")
}

/// Gives rows for as long as somebody takes them: what would not wait for its reader would never end.
const ENDLESS: &str = "with recursive c (x) as (select 1 union all select x + 1 from c) select x from c";

fn cursor(path: &str) -> CursorId {
    CursorId::new(path.parse().unwrap())
}

async fn open_in(
    session: &SqlSession,
    transaction: Option<&TransactionId>,
    text: impl Into<std::borrow::Cow<'static, str>>,
    batch: u32,
) -> Result<Rows, SqlError> {
    let sql = Sql { text: text.into(), params: Params::default(), transaction: transaction.cloned() };
    session.perform(SqlOpen { id: cursor("0#9"), sql: Box::new(sql), batch }).await
}

async fn open(
    session: &SqlSession,
    text: impl Into<std::borrow::Cow<'static, str>>,
    batch: u32,
) -> Result<Rows, SqlError> {
    open_in(session, None, text, batch).await
}

async fn fetch(session: &SqlSession) -> Result<Rows, SqlError> {
    session.perform(SqlFetch { id: cursor("0#9") }).await
}

async fn close(session: &SqlSession) {
    session.perform(SqlClose { id: cursor("0#9") }).await.unwrap();
}

/// A file with a pool of one connection.
async fn one_connection() -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = DatabaseOptions { max_connections: 1, acquire_time_limit: PATIENCE, ..DatabaseOptions::default() };
    let database = Database::open_with(&url(&folder, ""), &options).unwrap();
    run(&database.session(), super::NOTE).await.unwrap();
    (database, folder)
}

#[test]
fn the_rows_come_in_batches_and_an_empty_one_is_the_end() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for (last, size, lengths) in [(5, 2, vec![2, 2, 1, 0]), (4, 2, vec![2, 2, 0]), (1, 100, vec![1, 0])] {
            let mut batches = vec![open(&session, numbers(last), size).await.unwrap()];
            while !batches.last().unwrap().is_empty() {
                batches.push(fetch(&session).await.unwrap());
            }
            assert_eq!(batches.iter().map(Rows::len).collect::<Vec<_>>(), lengths);
            let values: Vec<i64> = batches.iter().flat_map(Rows::iter).map(|row| row.get("x").unwrap()).collect();
            assert_eq!(values, (1..=i64::from(last)).collect::<Vec<_>>());
            assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor, "it has ended");
        }
        let none = open(&session, "select text from note", 7).await.unwrap();
        assert!(none.is_empty());
        assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor);
        close(&session).await;
    });
}

/// More rows than an answer may have.
#[test]
fn a_stream_has_no_limit() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        assert_eq!(kind(run(&session, numbers(250_000)).await), SqlErrorKind::TooLarge);
        let (mut batch, mut count) = (open(&session, numbers(250_000), 5_000).await.unwrap(), 0);
        while !batch.is_empty() {
            count += batch.len();
            batch = fetch(&session).await.unwrap();
        }
        assert_eq!(count, 250_000);
    });
}

#[test]
fn large_rows_come_in_smaller_batches() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let text = "select zeroblob(100000) as b from (values (1), (2), (3), (4), (5), (6), (7))";
        let mut lengths = vec![open(&session, text, 1_000).await.unwrap().len()];
        while lengths.last() != Some(&0) {
            lengths.push(fetch(&session).await.unwrap().len());
        }
        assert_eq!(lengths, [3, 3, 1, 0]);
    });
}

#[test]
fn what_is_wrong_is_refused_before_the_first_batch() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let cases = [
            ("insert into note (text) values ('a') returning id", SqlErrorKind::Statement),
            ("delete from note", SqlErrorKind::Statement),
            ("pragma user_version = 1", SqlErrorKind::Statement),
            ("select x from nowhere", SqlErrorKind::MissingTable),
            ("select from", SqlErrorKind::Syntax),
            ("select ?1", SqlErrorKind::Params),
        ];
        for (text, expected) in cases {
            let error = open(&session, text, 7).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (expected, Happened::No), "{text}");
            assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor, "{text}");
        }
        assert_eq!(notes(&database).await, Value::Null);
    });
}

#[test]
fn an_error_half_way_comes_after_the_batches_before_it() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let failing =
            format!("select case x when 6 then abs(-9223372036854775807 - 1) else x end from ({})", numbers(9));
        assert_eq!(open(&session, failing, 2).await.unwrap().len(), 2);
        assert_eq!(fetch(&session).await.unwrap().len(), 2);
        assert_eq!(fetch(&session).await.unwrap_err().happened, Happened::No);
        assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor);
        assert_eq!(value(&session, "select 7").await, Value::Int(7), "the connection is in order");
    });
}

#[test]
fn a_stream_that_ends_is_closed_or_is_dropped_gives_its_connection_back() {
    smol::block_on(async {
        let (database, _folder) = one_connection().await;
        let (session, other) = (database.session(), database.session());
        assert_eq!(open(&session, numbers(3), 2).await.unwrap().len(), 2);
        assert_eq!(kind(run(&other, "select 1").await), SqlErrorKind::PoolExhausted, "it holds the only one");
        assert_eq!(fetch(&session).await.unwrap().len(), 1);
        assert_eq!(fetch(&session).await.unwrap().len(), 0);
        run(&other, "select 1").await.unwrap();

        open(&session, ENDLESS, 2).await.unwrap();
        fetch(&session).await.unwrap();
        close(&session).await;
        run(&other, "select 1").await.unwrap();
        assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor);
        close(&session).await;

        open(&session, ENDLESS, 2).await.unwrap();
        drop(session);
        run(&other, "select 1").await.unwrap();
        database.close().await;
    });
}

#[test]
fn a_fetch_that_is_dropped_loses_no_row() {
    smol::block_on(async {
        let (database, _folder) = file().await;
        let session = database.session();
        let mut rows = open(&session, numbers(2_000), 7).await.unwrap();
        let (mut values, mut dropped) = (Vec::<i64>::new(), 0);
        while !rows.is_empty() {
            values.extend(rows.iter().map(|row| row.get::<i64>("x").unwrap()));
            rows = match poll_once(Box::pin(fetch(&session))).await {
                Some(fetched) => fetched.unwrap(),
                None => {
                    dropped += 1;
                    fetch(&session).await.unwrap()
                }
            };
        }
        assert_eq!(values, (1..=2_000).collect::<Vec<_>>(), "{dropped} were dropped");
    });
}

#[test]
fn a_stream_of_a_transaction_sees_what_it_did_and_takes_its_connection() {
    smol::block_on(async {
        let (database, _folder) = one_connection().await;
        let (session, id) = (database.session(), id("0#1"));
        act(&session, &id, Begin).await.unwrap();
        run_in(&session, &id, "insert into note (text) values ('a'), ('b'), ('c')").await.unwrap();
        let select = "select text from note order by id";
        assert_eq!(open_in(&session, Some(&id), select, 2).await.unwrap().len(), 2);

        let meanwhile = run_in(&session, &id, "select 1").await.unwrap_err();
        assert_eq!((meanwhile.kind, meanwhile.happened), (SqlErrorKind::Statement, Happened::No));
        assert!(meanwhile.message.contains("a stream of rows of the transaction 0#1 is open"), "{meanwhile}");
        assert_eq!(kind(act(&session, &id, Savepoint(1)).await), SqlErrorKind::Statement);
        let second = Sql { text: select.into(), params: Params::default(), transaction: Some(id.clone()) };
        let second = SqlOpen { id: cursor("0#10"), sql: Box::new(second), batch: 2 };
        assert_eq!(kind(session.perform(second).await), SqlErrorKind::Statement);

        assert_eq!(fetch(&session).await.unwrap().len(), 1);
        assert_eq!(fetch(&session).await.unwrap().len(), 0);
        run_in(&session, &id, "insert into note (text) values ('d')").await.unwrap();
        act(&session, &id, Commit).await.unwrap();
        assert_eq!(notes(&database).await, Value::Text("a,b,c,d".into()));
    });
}

#[test]
fn a_stream_that_is_closed_leaves_its_transaction_open() {
    smol::block_on(async {
        let (database, _folder) = one_connection().await;
        let (session, id) = (database.session(), id("0#1"));
        act(&session, &id, Begin).await.unwrap();
        run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
        open_in(&session, Some(&id), ENDLESS, 2).await.unwrap();
        close(&session).await;
        run_in(&session, &id, "insert into note (text) values ('b')").await.unwrap();
        act(&session, &id, Commit).await.unwrap();
        assert_eq!(notes(&database).await, Value::Text("a,b".into()));
    });
}

#[test]
fn the_end_of_a_transaction_or_of_a_scope_ends_its_stream() {
    smol::block_on(async {
        for (end, kept) in [(Commit, Value::Text("a".into())), (Rollback, Value::Null)] {
            let (database, _folder) = one_connection().await;
            let (session, id) = (database.session(), id("0#1"));
            act(&session, &id, Begin).await.unwrap();
            run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
            act(&session, &id, Savepoint(1)).await.unwrap();
            open_in(&session, Some(&id), ENDLESS, 2).await.unwrap();
            act(&session, &id, RollbackTo(1)).await.unwrap();
            assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor);
            open_in(&session, Some(&id), ENDLESS, 2).await.unwrap();
            act(&session, &id, end).await.unwrap();
            assert_eq!(kind(fetch(&session).await), SqlErrorKind::NoCursor);
            assert_eq!(notes(&database).await, kept);
        }
    });
}

#[test]
fn a_handler_has_a_few_streams_at_once_and_each_has_a_name_of_its_own() {
    smol::block_on(async {
        let (database, _folder) = file().await;
        let session = database.session();
        let ask = |number: usize| SqlOpen {
            id: cursor(&format!("0#{number}")),
            sql: Box::new(Sql { text: numbers(4).into(), params: Params::default(), transaction: None }),
            batch: 2,
        };
        for number in 1..=8 {
            session.perform(ask(number)).await.unwrap();
        }
        let error = session.perform(ask(9)).await.unwrap_err();
        assert!(error.message.contains("more than 8 streams"), "{error}");
        for number in 1..=8 {
            let rows = session.perform(SqlFetch { id: cursor(&format!("0#{number}")) }).await.unwrap();
            assert_eq!(rows.iter().map(|row| row.get::<i64>("x").unwrap()).collect::<Vec<_>>(), [3, 4]);
        }
        session.perform(SqlClose { id: cursor("0#8") }).await.unwrap();
        assert!(session.perform(ask(1)).await.unwrap_err().message.contains("has begun before"));
        session.perform(ask(9)).await.unwrap();
    });
}

/// How long a connection is waited for: one test waits in vain, and the others must not on a machine with much to do.
const PATIENCE: Duration = Duration::from_secs(5);

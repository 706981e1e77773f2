//! A connection whose user stops waiting, on the server that `SEGNO_MYSQL_URL` names. Without it, these are left out.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stderr, reason = "what is left out is said")]

use std::{
    future::Future,
    time::{Duration, Instant},
};

use futures_lite::future::or;
use segno_core::{Happened, Rows, Sql, SqlError, SqlErrorKind, TransactionOptions, Value};
use smol::{Timer, channel::bounded};

use super::{Connection, Control, DatabaseOptions, Dialect, Driver, MySqlDriver, Statement};
use crate::sql::driver::Batches;

fn with_driver(test: impl AsyncFnOnce(MySqlDriver)) {
    let Ok(url) = std::env::var("SEGNO_MYSQL_URL") else {
        eprintln!("left out: SEGNO_MYSQL_URL is not set");
        return;
    };
    let driver = MySqlDriver::open(&url, &DatabaseOptions::default()).unwrap();
    smol::block_on(test(driver));
}

fn read(text: &'static str) -> (Sql, Statement) {
    let mut sql = Sql { text: text.into(), params: ().into(), transaction: None };
    let statement = Statement::read(&mut sql, Dialect::MySql).unwrap();
    (sql, statement)
}

async fn run(connection: &mut dyn Connection, text: &'static str) -> Result<Rows, SqlError> {
    let (sql, statement) = read(text);
    connection.run(sql, statement).await
}

async fn number(connection: &mut dyn Connection, text: &'static str) -> Value {
    run(connection, text).await.unwrap().one().unwrap().values()[0].clone()
}

/// Polls the future for so long, and drops it.
async fn abandon<T>(future: impl Future<Output = T>, after: Duration) {
    let expired = async {
        Timer::after(after).await;
        None
    };
    or(async { Some(future.await) }, expired).await;
}

#[test]
fn an_abandoned_answer_is_read_to_its_end() {
    with_driver(async |driver| {
        let mut connection = driver.acquire().await.unwrap();
        for round in 0..150 {
            // Large rows come in pieces, and the future is dropped at any of them.
            abandon(run(&mut *connection, LARGE), Duration::from_micros(round * 40)).await;
            if round % 2 == 0 {
                connection.reset().await.unwrap();
            }
            assert_eq!(number(&mut *connection, "select 42").await, Value::Int(42), "round {round}");
        }
    });
}

#[test]
fn an_abandoned_transaction_is_rolled_back() {
    with_driver(async |driver| {
        let mut connection = driver.acquire().await.unwrap();
        run(&mut *connection, "create temporary table abandoned (n int)").await.unwrap();
        for round in 0..20 {
            abandon(connection.control(Control::Begin(TransactionOptions::default())), Duration::from_micros(round))
                .await;
            abandon(run(&mut *connection, "insert into abandoned values (1)"), Duration::from_micros(round * 20)).await;
            connection.reset().await.unwrap();
            assert!(!connection.in_transaction().await.unwrap());
            assert_eq!(number(&mut *connection, "select count(*) from abandoned").await, Value::Int(0));
        }
    });
}

#[test]
fn a_cancelled_statement_ends_and_harms_no_other() {
    with_driver(async |driver| {
        let mut connection = driver.acquire().await.unwrap();
        for seconds in [0, 50, 0] {
            let cancel = connection.cancel();
            let began = Instant::now();
            let slow = run(&mut *connection, SLOW);
            let cancelled = async {
                Timer::after(Duration::from_millis(seconds)).await;
                cancel.cancel().await.unwrap();
                // It may have come before the statement.
                Timer::after(Duration::from_millis(300)).await;
                cancel.cancel().await.unwrap();
                std::future::pending().await
            };
            let error = or(slow, cancelled).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
            assert!(began.elapsed() < Duration::from_secs(5));
            assert_eq!(number(&mut *connection, "select 42").await, Value::Int(42));
            // One that comes late, when nothing runs any more.
            cancel.cancel().await.unwrap();
            connection.reset().await.unwrap();
            assert_eq!(number(&mut *connection, "select 42").await, Value::Int(42));
        }
    });
}

#[test]
fn rows_that_nobody_takes_are_not_waited_for() {
    with_driver(async |driver| {
        let mut connection = driver.acquire().await.unwrap();
        for wanted in [1, 3] {
            let (sender, receiver) = bounded(1);
            let (sql, statement) = read(ENDLESS);
            let began = Instant::now();
            let stream = connection.stream(sql, statement, Batches { size: 10, sender });
            let take = async {
                for _ in 0..wanted {
                    assert_eq!(receiver.recv().await.unwrap().len(), 10);
                }
                drop(receiver);
            };
            let (streamed, ()) = smol::future::zip(stream, take).await;
            streamed.unwrap();
            assert!(began.elapsed() < Duration::from_secs(5));
            assert_eq!(number(&mut *connection, "select 42").await, Value::Int(42));
        }
    });
}

#[test]
fn a_connection_that_is_dropped_in_use_is_closed() {
    with_driver(async |driver| {
        let mut watching = driver.acquire().await.unwrap();
        for with_transaction in [false, true] {
            let mut connection = driver.acquire().await.unwrap();
            let Value::Int(id) = number(&mut *connection, "select connection_id()").await else { panic!("a number") };
            if with_transaction {
                connection.control(Control::Begin(TransactionOptions::default())).await.unwrap();
            } else {
                abandon(run(&mut *connection, ENDLESS), Duration::from_millis(5)).await;
            }
            drop(connection);
            let mut left = true;
            while left {
                let all = run(&mut *watching, "select id from information_schema.processlist").await.unwrap();
                left = all.iter().any(|row| row.values()[0] == Value::Int(id));
            }
        }
    });
}

const LARGE: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 60)
    select i, repeat('x', 20000) as a, repeat('y', 30000) as b from n";

const SLOW: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 900)
    select max(sha2(a.i + b.i, 512)) from n a, n b, n c, n d";

const ENDLESS: &str = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 900)
    select a.i from n a, n b, n c, n d";

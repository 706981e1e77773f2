//! A statement that takes too long is ended on the server, and not only given up here.

use std::time::{Duration, Instant};

use segno::{Database, DatabaseOptions, Happened, SqlErrorKind};
use smol::Timer;

use crate::{
    case::{Case, cases},
    home::{Home, SHORT},
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_statement_that_takes_too_long_is_ended,
        a_write_that_takes_too_long_is_undone,
        an_abandoned_statement_is_ended_on_the_server on [Postgres, MySql],
    ]
}

fn a_statement_that_takes_too_long_is_ended(home: &Home) {
    let database = limited(home);
    smol::block_on(async {
        let client = Client::of(&database);
        let one: i64 = value(client.run("select 1").await);
        for _ in 0..3 {
            let began = Instant::now();
            let error = client.run(endless(home)).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
            assert!(began.elapsed() < SLOW, "after {:?}", began.elapsed());
            // The pool has one connection: it is fit for the next one at once.
            let again: i64 = value(client.run("select 1").await);
            assert_eq!(again, one);
            assert!(began.elapsed() < SLOW, "after {:?}", began.elapsed());
        }
        nothing_runs(home).await;
    });
}

fn a_write_that_takes_too_long_is_undone(home: &Home) {
    home.prepare(&["create table note (n bigint)", "insert into note values (1)"]);
    let database = limited(home);
    let write = home.words(
        "insert into note with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c",
        "insert into note select 2 from pg_sleep(60)",
        "insert into note select sleep(60)",
    );
    smol::block_on(async {
        let client = Client::of(&database);
        let error = client.run(write).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
        client.begin().await.unwrap();
        let error = client.within(write).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
        client.rollback().await.unwrap();
    });
    assert_eq!(home.count("note"), 1);
}

fn an_abandoned_statement_is_ended_on_the_server(home: &Home) {
    let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    let database = home.open_with(&options);
    smol::block_on(async {
        let client = Client::of(&database);
        let abandoned = async {
            Timer::after(SHORT).await;
            None
        };
        let end = smol::future::or(abandoned, async { Some(client.run(endless(home)).await) }).await;
        assert!(end.is_none(), "{end:?}");
        let one: i64 = value(client.run("select 1").await);
        assert_eq!(one, 1);
        nothing_runs(home).await;
    });
}

/// A database with one connection, whose statements take no longer than a moment.
fn limited(home: &Home) -> Database {
    let options = DatabaseOptions { max_connections: 1, statement_time_limit: SHORT, ..DatabaseOptions::default() };
    home.open_with(&options)
}

fn endless(home: &Home) -> &'static str {
    home.words(
        "with recursive c(n) as (select 1 union all select n + 1 from c) select max(n) from c",
        "select 1 as ends from pg_sleep(60)",
        "select sleep(60)",
    )
}

/// The server carries out no statement any longer that sleeps.
async fn nothing_runs(home: &Home) {
    let running = home.words(
        "select 0",
        "select count(*) from pg_stat_activity
            where datname = current_database() and state = 'active' and query like '%pg_' || 'sleep%'",
        "select count(*) from information_schema.processlist where db = database() and info like concat('%sl', 'eep(%')",
    );
    let database = home.open();
    let client = Client::of(&database);
    let began = Instant::now();
    while value::<i64>(client.run(running).await) > 0 {
        assert!(began.elapsed() < SLOW, "it still runs");
        Timer::after(Duration::from_millis(20)).await;
    }
    database.close().await;
}

/// Far more than a cancelled statement takes, and far less than one that is not.
const SLOW: Duration = Duration::from_secs(20);

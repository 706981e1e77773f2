//! A statement that takes too long is ended in the database.

use std::time::Duration;

use segno::{
    Database, DatabaseOptions, Happened, SqlErrorKind,
    TransactionAct::{Begin, Commit, Rollback},
    Value,
};
use tempfile::TempDir;

use super::{NOTE, act, id, kind, notes, run, run_in, url};

/// Gives nothing, for ever.
const ENDLESS: &str = "with recursive c (x) as (select 1 union all select x + 1 from c) select count(*) from c";

/// Writes for ever.
const ENDLESS_INSERT: &str = "insert into note (text)
    with recursive c (x) as (select 1 union all select x + 1 from c) select x from c";

/// Two databases in which a statement has little time: one in memory, and one in a file, with one connection each.
async fn impatient() -> ([Database; 2], TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let statement_time_limit = Duration::from_millis(200);
    let options = DatabaseOptions { statement_time_limit, max_connections: 1, ..DatabaseOptions::default() };
    let open = |url: &str| Database::open_with(url, &options).unwrap();
    let databases = [open("sqlite::memory:"), open(&url(&folder, ""))];
    for database in &databases {
        run(&database.session(), NOTE).await.unwrap();
    }
    (databases, folder)
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    smol::block_on(async {
        let (databases, _folder) = impatient().await;
        for database in databases {
            let session = database.session();
            for text in [ENDLESS, ENDLESS_INSERT] {
                let error = run(&session, text).await.unwrap_err();
                assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
                assert!(error.message.contains("200ms") && error.message.contains("statement_time_limit"), "{error}");
                assert_eq!(notes(&database).await, Value::Null);
            }
            run(&session, "insert into note (text) values ('a')").await.unwrap();
            assert_eq!(notes(&database).await, Value::Text("a".to_owned()));
        }
    });
}

#[test]
fn a_read_that_takes_too_long_leaves_its_transaction_open() {
    smol::block_on(async {
        let (databases, _folder) = impatient().await;
        for database in databases {
            let (session, id) = (database.session(), id("0#1"));
            act(&session, &id, Begin).await.unwrap();
            run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
            let error = run_in(&session, &id, ENDLESS).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
            run_in(&session, &id, "insert into note (text) values ('b')").await.unwrap();
            act(&session, &id, Commit).await.unwrap();
            assert_eq!(notes(&database).await, Value::Text("a,b".to_owned()));
        }
    });
}

#[test]
fn a_write_that_takes_too_long_ends_its_transaction() {
    smol::block_on(async {
        let (databases, _folder) = impatient().await;
        for database in databases {
            for end in [Commit, Rollback] {
                let (session, id) = (database.session(), id("0#1"));
                act(&session, &id, Begin).await.unwrap();
                run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
                assert_eq!(kind(run_in(&session, &id, ENDLESS_INSERT).await), SqlErrorKind::Timeout);
                let after = run_in(&session, &id, "insert into note (text) values ('b')").await;
                assert_eq!(kind(after), SqlErrorKind::NoTransaction, "SQLite has rolled it back");
                let ended = act(&session, &id, end).await;
                assert_eq!(ended.is_ok(), end == Rollback);
                assert_eq!(notes(&database).await, Value::Null);
            }
        }
    });
}

#[test]
fn a_wait_for_a_lock_takes_no_longer_than_a_statement_may() {
    smol::block_on(async {
        let ([_, database], folder) = impatient().await;
        let other = Database::open(&url(&folder, "")).unwrap().session();
        act(&other, &id("0#1"), Begin).await.unwrap();
        let error = run(&database.session(), "insert into note (text) values ('a')").await.unwrap_err();
        // SQLite does not look whether it should stop, so its answer is not waited for.
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::Unknown), "{error}");
        act(&other, &id("0#1"), Commit).await.unwrap();
        run(&database.session(), "insert into note (text) values ('b')").await.unwrap();
    });
}

#[test]
fn no_option_is_a_zero_that_hangs() {
    let none = Duration::ZERO;
    let default = DatabaseOptions::default;
    let cases = [
        ("max_connections", DatabaseOptions { max_connections: 0, ..default() }),
        ("acquire_time_limit", DatabaseOptions { acquire_time_limit: none, ..default() }),
        ("statement_time_limit", DatabaseOptions { statement_time_limit: none, ..default() }),
    ];
    for (name, options) in cases {
        let error = Database::open_with("sqlite::memory:", &options).unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{name}");
        assert!(error.message.contains(name), "{error}");
    }
    let options = DatabaseOptions { busy_time_limit: none, ..default() };
    let database = Database::open_with("sqlite::memory:", &options).unwrap();
    smol::block_on(async { run(&database.session(), "select 1").await.unwrap() });
}

//! Each failure says what kind it is, and whether it happened all the same.

use std::time::Duration;

use segno::{Database, DatabaseOptions, Happened, SqlErrorKind, TransactionAct::*};

use super::{act, file, id, kind, memory, run, run_with, url, value};

#[test]
fn each_failure_has_its_kind() {
    let cases = [
        ("insert into child values (1, 1, 1, 1)", SqlErrorKind::Unique, "child.id"),
        ("insert into child values (2, 1, 1, 1)", SqlErrorKind::Unique, "child.one"),
        ("insert into child values (2, 2, null, 1)", SqlErrorKind::NotNull, "child.some"),
        ("insert into child values (2, 2, -1, 1)", SqlErrorKind::Check, "some > 0"),
        ("insert into child values (2, 2, 1, 9)", SqlErrorKind::ForeignKey, "FOREIGN KEY"),
        ("delete from parent", SqlErrorKind::ForeignKey, "FOREIGN KEY"),
        ("delete from strict_parent", SqlErrorKind::ForeignKey, "FOREIGN KEY"),
        ("insert into child values ('a', 2, 1, 1)", SqlErrorKind::Database, "mismatch"),
        ("insert into typed values ('a')", SqlErrorKind::Database, "cannot store TEXT"),
        ("selct 1", SqlErrorKind::Syntax, "selct"),
        ("select", SqlErrorKind::Syntax, "incomplete"),
        ("select missing from parent", SqlErrorKind::Statement, "missing"),
        ("select 1 from nowhere", SqlErrorKind::MissingTable, "nowhere"),
        ("select 'open", SqlErrorKind::Syntax, "unrecognized token"),
        ("select json('{')", SqlErrorKind::Statement, "malformed JSON"),
        ("select zeroblob(2000000000)", SqlErrorKind::Database, "too big"),
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for text in [
            "create table parent (id integer primary key)",
            "create table strict_parent (id integer primary key)",
            "create table child (id integer primary key, one unique, some not null check (some > 0),
                parent references parent (id))",
            "create table strict_child (parent references strict_parent (id) on delete restrict)",
            "create table typed (x integer) strict",
            "insert into parent values (1)",
            "insert into strict_parent values (1)",
            "insert into strict_child values (1)",
            "insert into child values (1, 1, 1, 1)",
        ] {
            run(&session, text).await.unwrap();
        }
        for (text, kind, words) in cases {
            let error = run(&session, text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (kind, Happened::No), "{text}: {error}");
            assert!(error.message.contains(words), "{text}: {error}");
        }
    });
}

#[test]
fn what_was_kept_of_a_failed_statement_is_not_denied() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        run(&session, "create table kept (id integer primary key)").await.unwrap();
        for text in ["insert or fail into kept values (1), (2), (1)", "insert or abort into kept values (3), (3)"] {
            let error = run(&session, text).await.unwrap_err();
            let happened = if text.contains("fail") { Happened::Unknown } else { Happened::No };
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Unique, happened), "{text}: {error}");
        }
        assert_eq!(value(&session, "select count(*) from kept").await, segno::Value::Int(2));
    });
}

#[test]
fn no_message_shows_a_parameter() {
    let secret = "s3cr3t";
    let cases = [
        ("select json_extract('{}', ?1)", secret.to_owned()),
        ("select json_extract(?1, '$')", format!("{{{secret}")),
        ("select text from found where found match ?1", format!("{secret}: a")),
        ("select text from found where found match ?1", format!("\"{secret}")),
        ("attach ?1 as other", format!("/nowhere/{secret}/other.db")),
        ("insert into note (text) values (?1)", secret.to_owned()),
    ];
    smol::block_on(async {
        // To attach a file to a database in memory never fails.
        let (database, _folder) = file().await;
        let session = database.session();
        run(&session, "create virtual table found using fts5 (text)").await.unwrap();
        run_with(&session, "insert into note (text) values (?1)", [secret]).await.unwrap();
        for (text, parameter) in cases {
            let error = run_with(&session, text, [parameter]).await.unwrap_err();
            assert!(!error.message.contains(secret), "{text}: {error}");
        }
        let error = run_with(&session, "select ?1 from nowhere", [secret]).await.unwrap_err();
        assert!(error.message.contains("nowhere"), "{error}");
    });
}

#[test]
fn a_url_is_checked_and_never_shown() {
    let urls = [
        "oracle://secret@host/db",
        "secret.db",
        "sqlite:",
        "sqlite://",
        "sqlite:?mode=rwc",
        "sqlite:secret.db?mode=secret",
        "sqlite:secret.db?secret=1",
        "sqlite:secret.db?mode=%6demory",
        "sqlite:%ff-secret.db",
    ];
    for url in urls {
        let error = Database::open(url).unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{url}");
        assert!(!error.message.contains("secret"), "{url}: {error}");
    }
    let options = DatabaseOptions { max_connections: 0, ..DatabaseOptions::default() };
    assert_eq!(kind(Database::open_with("sqlite::memory:", &options)), SqlErrorKind::Database);
}

#[test]
fn limits_may_be_as_long_as_can_be() {
    smol::block_on(async {
        let longest = Duration::MAX;
        let options = DatabaseOptions {
            acquire_time_limit: longest,
            busy_time_limit: longest,
            statement_time_limit: longest,
            ..DatabaseOptions::default()
        };
        let session = Database::open_with("sqlite::memory:", &options).unwrap().session();
        run(&session, "select 1").await.unwrap();
    });
}

#[test]
fn a_file_that_cannot_be_opened_is_an_error_of_the_first_statement() {
    smol::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let missing = format!("sqlite:{}", folder.path().join("no/secret.db").display());
        for url in [missing, url(&folder, "?mode=rw"), url(&folder, "?mode=ro")] {
            let session = Database::open(&url).unwrap().session();
            for _ in 0..2 {
                let error = run(&session, "select 1").await.unwrap_err();
                assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{error}");
                assert!(!error.message.contains("secret"), "{error}");
            }
        }
        std::fs::write(folder.path().join("test.db"), "this is no database".repeat(100)).unwrap();
        let session = Database::open(&url(&folder, "")).unwrap().session();
        assert_eq!(kind(run(&session, "select 1").await), SqlErrorKind::Database);
    });
}

#[test]
fn a_read_only_database_refuses_writes() {
    smol::block_on(async {
        let (database, folder) = file().await;
        run(&database.session(), "insert into note (text) values ('a')").await.unwrap();
        database.close().await;
        let session = Database::open(&url(&folder, "?mode=ro")).unwrap().session();
        assert_eq!(run(&session, "select text from note").await.unwrap().len(), 1);
        let error = run(&session, "delete from note").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No));
        assert!(error.message.contains("readonly"), "{error}");
        assert_eq!(run(&session, "select text from note").await.unwrap().len(), 1);
    });
}

#[test]
fn a_lock_is_waited_for_only_so_long() {
    smol::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let options = DatabaseOptions { busy_time_limit: SHORT, ..DatabaseOptions::default() };
        let database = Database::open_with(&url(&folder, ""), &options).unwrap();
        let (one, two) = (database.session(), database.session());
        run(&one, super::NOTE).await.unwrap();
        act(&one, &id("0#1"), Begin).await.unwrap();
        let insert = "insert into note (text) values ('a')";
        for error in [run(&two, insert).await.unwrap_err(), act(&two, &id("0#1"), Begin).await.unwrap_err()] {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Busy, Happened::No), "{error}");
        }
        assert_eq!(kind(act(&two, &id("0#1"), Commit).await), SqlErrorKind::NoTransaction);
        act(&one, &id("0#1"), Commit).await.unwrap();
        run(&two, insert).await.unwrap();
    });
}

#[test]
fn a_pool_is_waited_for_only_so_long() {
    smol::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let options = DatabaseOptions { max_connections: 1, acquire_time_limit: SHORT, ..DatabaseOptions::default() };
        for url in [url(&folder, ""), "sqlite::memory:".to_owned()] {
            let database = Database::open_with(&url, &options).unwrap();
            let (one, two) = (database.session(), database.session());
            act(&one, &id("0#1"), Begin).await.unwrap();
            for error in [run(&two, "select 1").await.unwrap_err(), act(&two, &id("0#1"), Begin).await.unwrap_err()] {
                assert_eq!((error.kind, error.happened), (SqlErrorKind::PoolExhausted, Happened::No), "{error}");
            }
            act(&one, &id("0#1"), Rollback).await.unwrap();
            act(&two, &id("0#1"), Begin).await.unwrap();
        }
    });
}

#[test]
fn a_closed_database_says_so() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        database.close().await;
        let error = run(&session, "select 1").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No));
        assert!(error.message.contains("closed"), "{error}");
        assert_eq!(kind(act(&session, &id("0#1"), Begin).await), SqlErrorKind::ConnectionLost);
    });
}

/// Long enough for a statement to be carried out, and for nothing else.
const SHORT: Duration = Duration::from_millis(100);

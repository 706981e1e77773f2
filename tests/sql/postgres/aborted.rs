//! In PostgreSQL, an error aborts the transaction: nothing but its end is possible, and a `COMMIT` would roll it back and
//! say that all is well.

use segno::{Happened, Isolation, SqlErrorKind, TransactionOptions};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_statement_after_an_error_is_told_which_one_aborted_the_transaction on [Postgres],
        a_commit_after_an_error_is_an_error_and_keeps_nothing on [Postgres],
        a_savepoint_takes_the_transaction_back on [Postgres],
        a_transaction_is_of_the_kind_that_was_asked_for on [Postgres],
        a_transaction_that_only_reads_refuses_writes on [Postgres],
        a_text_does_not_control_transactions on [Postgres],
    ]
}

fn a_statement_after_an_error_is_told_which_one_aborted_the_transaction(home: &Home) {
    home.prepare(&["create table t (id int primary key)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        client.within("insert into t values (1)").await.unwrap_err();
        for _ in 0..2 {
            let error = client.within("select 1").await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{error}");
            assert!(error.message.contains("23505"), "{error}");
        }
        client.rollback().await.unwrap();
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 0);
    });
}

fn a_commit_after_an_error_is_an_error_and_keeps_nothing(home: &Home) {
    home.prepare(&["create table t (id int primary key)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        client.within("select nothing").await.unwrap_err();
        let error = client.commit().await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{error}");
        assert!(error.message.contains("42703"), "{error}");
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 0);
        client.begin().await.unwrap();
        client.within("insert into t values (2)").await.unwrap();
        client.commit().await.unwrap();
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 1);
    });
}

fn a_savepoint_takes_the_transaction_back(home: &Home) {
    home.prepare(&["create table t (id int primary key)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        for _ in 0..3 {
            client.savepoint().await.unwrap();
            client.within("insert into t values (2)").await.unwrap();
            client.within("insert into t values (1)").await.unwrap_err();
            client.rollback_to().await.unwrap();
        }
        client.within("insert into t values (3)").await.unwrap();
        client.commit().await.unwrap();
        assert_eq!(value::<i64>(client.run("select sum(id) from t").await), 4);
    });
}

fn a_transaction_is_of_the_kind_that_was_asked_for(home: &Home) {
    let client = Client::of(&home.open());
    let kinds = [
        (None, false, "read committed", "off"),
        (Some(Isolation::ReadUncommitted), false, "read uncommitted", "off"),
        (Some(Isolation::ReadCommitted), true, "read committed", "on"),
        (Some(Isolation::RepeatableRead), false, "repeatable read", "off"),
        (Some(Isolation::Serializable), true, "serializable", "on"),
    ];
    smol::block_on(async {
        for (isolation, read_only, level, access) in kinds {
            client.begin_with(TransactionOptions { isolation, read_only }).await.unwrap();
            assert_eq!(value::<String>(client.within("show transaction_isolation").await), level);
            assert_eq!(value::<String>(client.within("show transaction_read_only").await), access);
            client.rollback().await.unwrap();
        }
    });
}

fn a_transaction_that_only_reads_refuses_writes(home: &Home) {
    home.prepare(&["create table t (id int primary key)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin_with(TransactionOptions { isolation: None, read_only: true }).await.unwrap();
        let error = client.within("insert into t values (1)").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{error}");
        client.rollback().await.unwrap();
        client.run("insert into t values (1)").await.unwrap();
    });
}

fn a_text_does_not_control_transactions(home: &Home) {
    home.prepare(&["create table t (id int primary key)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        for text in ["begin", " /* now */ START transaction", "commit", "abort", "rollback", "savepoint a", "end"] {
            let error = client.run(text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}: {error}");
        }
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        assert!(client.within("commit").await.is_err());
        client.rollback().await.unwrap();
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 0);
    });
}

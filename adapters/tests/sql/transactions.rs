//! Transactions and the scopes in them.

use segno::{
    Database, Happened, SqlErrorKind,
    TransactionAct::{Begin, Commit, Release, Rollback, RollbackTo, Savepoint},
    Value,
};

use super::{act, file, id, kind, memory, notes, run, run_in, value};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn a_commit_keeps_and_a_rollback_undoes() {
    smol::block_on(async {
        let (database, _folder) = file().await;
        let session = database.session();
        let (kept, undone) = (id("0#1"), id("0#2"));
        act(&session, &kept, Begin).await.unwrap();
        run_in(&session, &kept, "insert into note (text) values ('a')").await.unwrap();
        assert_eq!(notes(&database).await, Value::Null, "nobody else sees it before the commit");
        assert_eq!(run_in(&session, &kept, "select text from note").await.unwrap().len(), 1);
        act(&session, &kept, Commit).await.unwrap();
        assert_eq!(notes(&database).await, text("a"));

        act(&session, &undone, Begin).await.unwrap();
        run_in(&session, &undone, "insert into note (text) values ('b')").await.unwrap();
        act(&session, &undone, Rollback).await.unwrap();
        assert_eq!(notes(&database).await, text("a"));
    });
}

#[test]
fn scopes_are_kept_or_undone_one_by_one() {
    let insert = async |session: &_, id: &_, text| {
        run_in(session, id, format!("insert into note (text) values ('{text}')")).await.unwrap();
    };
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let id = id("0.1:0#4");
        act(&session, &id, Begin).await.unwrap();
        insert(&session, &id, "a").await;
        act(&session, &id, Savepoint(1)).await.unwrap();
        insert(&session, &id, "b").await;
        act(&session, &id, Savepoint(2)).await.unwrap();
        insert(&session, &id, "c").await;
        act(&session, &id, RollbackTo(2)).await.unwrap();
        act(&session, &id, Savepoint(2)).await.unwrap();
        insert(&session, &id, "d").await;
        act(&session, &id, Release(2)).await.unwrap();
        act(&session, &id, Release(1)).await.unwrap();
        act(&session, &id, Savepoint(1)).await.unwrap();
        insert(&session, &id, "e").await;
        act(&session, &id, Savepoint(2)).await.unwrap();
        insert(&session, &id, "f").await;
        act(&session, &id, RollbackTo(1)).await.unwrap();
        act(&session, &id, RollbackTo(1)).await.unwrap();
        assert_eq!(kind(act(&session, &id, Release(1)).await), SqlErrorKind::Statement);
        act(&session, &id, Commit).await.unwrap();
        assert_eq!(notes(&database).await, text("a,b,d"));
    });
}

#[test]
fn what_has_ended_or_never_began_is_no_transaction() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for end in [None, Some(Commit), Some(Rollback)] {
            let id = id("0#1");
            if let Some(end) = end {
                act(&session, &id, Begin).await.unwrap();
                act(&session, &id, end).await.unwrap();
            }
            let error = run_in(&session, &id, "select 1").await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::NoTransaction, Happened::No));
            for act_on_nothing in [Commit, Savepoint(1), Release(1), RollbackTo(1)] {
                assert_eq!(kind(act(&session, &id, act_on_nothing).await), SqlErrorKind::NoTransaction);
            }
            act(&session, &id, Rollback).await.unwrap();
        }
        act(&session, &id("0#1"), Begin).await.unwrap();
        let other = database.session();
        assert_eq!(kind(run_in(&other, &id("0#1"), "select 1").await), SqlErrorKind::NoTransaction, "another session");
    });
}

#[test]
fn a_transaction_begins_once() {
    smol::block_on(async {
        let database = Database::open("sqlite:begins-once?mode=memory").unwrap();
        let session = database.session();
        let id = id("0#1");
        act(&session, &id, Begin).await.unwrap();
        let error = act(&session, &id, Begin).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{error}");
        act(&session, &id, Commit).await.unwrap();
    });
}

#[test]
fn an_error_leaves_a_transaction_open() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let id = id("0#1");
        act(&session, &id, Begin).await.unwrap();
        for note in ["a", "a", "b", "b"] {
            let _ = run_in(&session, &id, format!("insert into note (text) values ('{note}')")).await;
        }
        assert_eq!(kind(run_in(&session, &id, "selct").await), SqlErrorKind::Syntax);
        assert_eq!(kind(act(&session, &id, Release(7)).await), SqlErrorKind::Statement);
        act(&session, &id, Commit).await.unwrap();
        assert_eq!(notes(&database).await, text("a,b"));
    });
}

#[test]
fn a_transaction_that_sqlite_ended_is_not_gone_on_with() {
    smol::block_on(async {
        let database = memory().await;
        run(&database.session(), "insert into note (text) values ('a')").await.unwrap();
        for then in [Commit, Savepoint(1), RollbackTo(1)] {
            let session = database.session();
            let id = id("0#1");
            act(&session, &id, Begin).await.unwrap();
            run_in(&session, &id, "insert into note (text) values ('b')").await.unwrap();
            act(&session, &id, Savepoint(1)).await.unwrap();
            let clash = run_in(&session, &id, "insert or rollback into note (text) values ('a')").await;
            assert_eq!(kind(clash), SqlErrorKind::Unique);
            if then != Commit {
                let after = run_in(&session, &id, "insert into note (text) values ('c')").await;
                assert_eq!(kind(after), SqlErrorKind::NoTransaction);
            }
            let error = act(&session, &id, then).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::NoTransaction, Happened::No));
            act(&session, &id, Rollback).await.unwrap();
            assert_eq!(notes(&database).await, text("a"));
        }
        let session = database.session();
        act(&session, &id("0#1"), Begin).await.unwrap();
        act(&session, &id("0#1"), Commit).await.unwrap();
    });
}

#[test]
fn a_commit_that_fails_undoes() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        run(&session, "create table parent (id integer primary key)").await.unwrap();
        run(&session, "create table child (p references parent (id) deferrable initially deferred)").await.unwrap();
        let id = id("0#1");
        act(&session, &id, Begin).await.unwrap();
        run_in(&session, &id, "insert into child values (9)").await.unwrap();
        let error = act(&session, &id, Commit).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ForeignKey, Happened::No));
        assert_eq!(value(&session, "select count(*) from child").await, Value::Int(0));
        act(&session, &id, Begin).await.unwrap();
        act(&session, &id, Commit).await.unwrap();
    });
}

#[test]
fn statements_of_one_transaction_queue() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let id = id("0#1");
        act(&session, &id, Begin).await.unwrap();
        let insert = |note| run_in(&session, &id, format!("insert into note (text) values ('{note}')"));
        let both = smol::future::zip(insert("a"), insert("b"));
        let ((a, b), c) = smol::future::zip(both, insert("c")).await;
        assert!(a.is_ok() && b.is_ok() && c.is_ok());
        act(&session, &id, Commit).await.unwrap();
        assert_eq!(value(&session, "select count(*) from note").await, Value::Int(3));
    });
}

//! What is dropped half-way, in every state, leaves the database and the pool in order.

use segno::{
    Database, SqlErrorKind, SqlSession,
    TransactionAct::{Begin, Commit, Rollback, RollbackTo, Savepoint},
    TransactionId, Value,
};
use smol::future::poll_once;

use super::{act, file, id, kind, memory, notes, run, run_in, value};

/// Long enough that it is still under way when it is dropped, whatever the machine.
const SLOW: &str = "insert into note (text)
    with recursive c (x) as (select 1 union all select x + 1 from c limit 300000) select x from c where x > 299990";

/// The same, and it has SQLite roll back at its end.
const SLOW_AND_CLASHING: &str = "insert or rollback into note (text)
    with recursive c (x) as (select 1 union all select x + 1 from c limit 300000) select 'a' from c where x > 299990";

/// Gives rows for as long as somebody takes them.
const ENDLESS: &str = "with recursive c (x) as (select 1 union all select x + 1 from c) select x from c";

/// Gives nothing, for ever.
const SILENT: &str = "with recursive c (x) as (select 1 union all select x + 1 from c) select count(*) from c";

/// Writes for ever.
const ENDLESS_INSERT: &str = "insert into note (text)
    with recursive c (x) as (select 1 union all select x + 1 from c) select x from c";

async fn begun(database: &Database) -> (SqlSession, TransactionId) {
    let (session, id) = (database.session(), id("0#1"));
    act(&session, &id, Begin).await.unwrap();
    run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
    (session, id)
}

/// Polls the future once and drops it; says whether it was under way.
async fn abandon<F: Future>(future: F) -> bool {
    poll_once(Box::pin(future)).await.is_none()
}

#[test]
fn a_dropped_session_rolls_back_in_every_state() {
    smol::block_on(async {
        // A pool of one connection: each state is reached only if the connection came back from the one before.
        let database = memory().await;
        let none = Value::Null;

        drop(begun(&database).await);
        assert_eq!(notes(&database).await, none, "open");

        let (session, id) = begun(&database).await;
        act(&session, &id, Savepoint(1)).await.unwrap();
        drop(session);
        assert_eq!(notes(&database).await, none, "in a scope");

        let (session, id) = begun(&database).await;
        assert_eq!(kind(run_in(&session, &id, "insert into note (text) values ('a')").await), SqlErrorKind::Unique);
        drop(session);
        assert_eq!(notes(&database).await, none, "after a failure");

        let (session, id) = begun(&database).await;
        assert!(abandon(run_in(&session, &id, SLOW)).await);
        drop(session);
        assert_eq!(notes(&database).await, none, "with a statement under way");

        let (session, id) = begun(&database).await;
        abandon(act(&session, &id, Savepoint(1))).await;
        drop(session);
        assert_eq!(notes(&database).await, none, "with a scope's beginning under way");

        let (session, id) = begun(&database).await;
        abandon(act(&session, &id, Rollback)).await;
        drop(session);
        assert_eq!(notes(&database).await, none, "with a rollback under way");

        let session = database.session();
        drop(act(&session, &id, Begin));
        drop(session);
        assert_eq!(notes(&database).await, none, "before the beginning");
    });
}

#[test]
fn a_dropped_beginning_leaves_nothing_open() {
    smol::block_on(async {
        let database = memory().await;
        let id = id("0#1");
        // Each time one poll later, until it has begun.
        for polls in 1.. {
            let session = database.session();
            let mut begin = Box::pin(act(&session, &id, Begin));
            let mut ready = false;
            for _ in 0..polls {
                ready = poll_once(&mut begin).await.is_some();
                if ready {
                    break;
                }
                smol::future::yield_now().await;
            }
            drop(begin);
            if ready {
                run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
                act(&session, &id, Commit).await.unwrap();
                break;
            }
            assert_eq!(kind(run_in(&session, &id, "select 1").await), SqlErrorKind::NoTransaction);
            act(&session, &id, Rollback).await.unwrap();
            drop(session);
            run(&database.session(), "delete from note").await.unwrap();
        }
        assert_eq!(notes(&database).await, Value::Text("a".to_owned()));
    });
}

#[test]
fn a_commit_dropped_at_its_first_poll_commits() {
    const TIMES: i64 = 100;
    smol::block_on(async {
        let (in_file, _folder) = file().await;
        for database in [memory().await, in_file] {
            for round in 0..TIMES {
                let (session, id) = (database.session(), id("0#1"));
                act(&session, &id, Begin).await.unwrap();
                run_in(&session, &id, format!("insert into note (text) values ('{round}')")).await.unwrap();
                abandon(act(&session, &id, Commit)).await;
                if round % 2 == 0 {
                    drop(session);
                } else {
                    // What a handler's scope would tell next.
                    act(&session, &id, Rollback).await.unwrap();
                }
            }
            // A transaction waits for the writers before it.
            let (session, id) = (database.session(), id("0#1"));
            act(&session, &id, Begin).await.unwrap();
            let count = run_in(&session, &id, "select count(*) from note").await.unwrap();
            assert_eq!(count.one().unwrap().values(), [Value::Int(TIMES)]);
            act(&session, &id, Commit).await.unwrap();
            database.close().await;
        }
    });
}

#[test]
fn a_commit_that_waited_when_it_was_dropped_commits() {
    smol::block_on(async {
        let database = memory().await;
        for (end, expected) in [(Rollback, 0), (Commit, 11)] {
            let (session, id) = begun(&database).await;
            let mut statement = Box::pin(run_in(&session, &id, SLOW));
            assert!(poll_once(&mut statement).await.is_none());
            assert!(abandon(act(&session, &id, end)).await, "it waits for the statement");
            statement.await.unwrap();
            drop(session);
            assert_eq!(value(&database.session(), "select count(*) from note").await, Value::Int(expected));
        }
    });
}

#[test]
fn a_dropped_statement_leaves_its_transaction_usable() {
    smol::block_on(async {
        let (in_file, _folder) = file().await;
        for database in [memory().await, in_file] {
            let (session, id) = begun(&database).await;
            assert!(abandon(run_in(&session, &id, SLOW)).await);
            act(&session, &id, Rollback).await.unwrap();
            assert_eq!(notes(&database).await, Value::Null, "rolled back");

            let (session, id) = begun(&database).await;
            act(&session, &id, Savepoint(1)).await.unwrap();
            assert!(abandon(run_in(&session, &id, SLOW)).await);
            act(&session, &id, RollbackTo(1)).await.unwrap();
            run_in(&session, &id, "insert into note (text) values ('b')").await.unwrap();
            act(&session, &id, Commit).await.unwrap();
            assert_eq!(notes(&database).await, Value::Text("a,b".to_owned()), "gone on with");
            run(&session, "delete from note").await.unwrap();

            let (session, id) = begun(&database).await;
            assert!(abandon(run_in(&session, &id, SLOW_AND_CLASHING)).await);
            let after = run_in(&session, &id, "insert into note (text) values ('c')").await;
            assert_eq!(kind(after), SqlErrorKind::NoTransaction, "ended by the statement that nobody waited for");
            assert_eq!(kind(act(&session, &id, Commit).await), SqlErrorKind::NoTransaction);
            assert_eq!(notes(&database).await, Value::Null);
        }
    });
}

#[test]
fn dropped_statements_do_not_use_the_pool_up() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for _ in 0..100 {
            abandon(run(&session, "select count(*) from note")).await;
            assert!(abandon(run(&session, ENDLESS)).await);
        }
        assert_eq!(value(&session, "select 1").await, Value::Int(1));
    });
}

#[test]
fn a_dropped_statement_that_never_ends_is_ended() {
    smol::block_on(async {
        let (in_file, _folder) = file().await;
        // One has a single connection: the next user has to wait until that is free.
        for database in [memory().await, in_file] {
            for _ in 0..20 {
                for text in [SILENT, ENDLESS_INSERT] {
                    let session = database.session();
                    assert!(abandon(run(&session, text)).await);
                    assert_eq!(value(&session, "select count(*) from note").await, Value::Int(0));
                    run(&session, "insert into note (text) values ('a')").await.unwrap();
                    run(&session, "delete from note").await.unwrap();
                }
            }
        }
    });
}

#[test]
fn a_rollback_does_not_wait_for_a_statement_that_never_ends() {
    smol::block_on(async {
        let (in_file, _folder) = file().await;
        for database in [memory().await, in_file] {
            for text in [SILENT, ENDLESS_INSERT] {
                let (session, id) = begun(&database).await;
                assert!(abandon(run_in(&session, &id, text)).await);
                act(&session, &id, Rollback).await.unwrap();
                assert_eq!(notes(&database).await, Value::Null, "told to roll back");

                let (session, id) = begun(&database).await;
                assert!(abandon(run_in(&session, &id, text)).await);
                drop(session);
                assert_eq!(notes(&database).await, Value::Null, "dropped");
                run(&database.session(), "insert into note (text) values ('b')").await.unwrap();
                run(&database.session(), "delete from note").await.unwrap();
            }
        }
    });
}

#[test]
fn what_is_cancelled_late_does_not_hit_the_next_user() {
    smol::block_on(async {
        let database = memory().await;
        // Some end just before they are cancelled, and some just after.
        for steps in (1_000..60_000).step_by(500) {
            let session = database.session();
            let count = format!(
                "with recursive c (x) as (select 1 union all select x + 1 from c limit {steps}) select count(*) from c"
            );
            abandon(run(&session, count.clone())).await;
            let counted = run(&database.session(), count).await.unwrap();
            assert_eq!(counted.one().unwrap().values(), [Value::Int(steps)]);
        }
    });
}

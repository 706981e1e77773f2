//! Who has a connection, for how long, and who is next.

use std::{
    future::pending,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use segno::{
    Chat, ChatBalance, ChatSend, Database, DatabaseOptions, Io, Perform, Result, SqlError, SqlErrorKind, SqlSession,
    Tasklet,
    TransactionAct::{Begin, Commit, Rollback},
    Value, drive,
    smol::Backend,
};
use smol::{
    Timer,
    future::{poll_once, yield_now, zip},
};
use tempfile::TempDir;

use super::{NOTE, act, id, kind, run, run_in, run_with, url, value};

/// A database in a file with so many connections, and a table `note`.
async fn small(max_connections: u16) -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = DatabaseOptions { max_connections, ..DatabaseOptions::default() };
    let database = Database::open_with(&url(&folder, ""), &options).unwrap();
    run(&database.session(), NOTE).await.unwrap();
    (database, folder)
}

/// Leaves a mark on the connection: a temporary table is seen by no other.
const MARK: &str = "create temporary table mark (x)";

async fn is_marked(session: &SqlSession) -> bool {
    match run(session, "select x from mark").await {
        Ok(_) => true,
        Err(error) => {
            assert_eq!(error.kind, SqlErrorKind::MissingTable, "{error}");
            false
        }
    }
}

#[test]
fn a_session_keeps_its_connection_until_it_waits() {
    smol::block_on(async {
        let (database, _folder) = small(2).await;
        let (one, two) = (database.session(), database.session());
        run(&one, MARK).await.unwrap();
        assert!(!is_marked(&two).await, "it is held for the first");
        assert!(is_marked(&one).await, "it has the same again");
        two.waits();
        one.waits();
        assert!(is_marked(&database.session()).await, "it is the one that was used last, and nobody's");
    });
}

#[test]
fn a_session_that_ends_gives_back_what_it_held() {
    smol::block_on(async {
        let (database, _folder) = small(2).await;
        let session = database.session();
        run(&session, MARK).await.unwrap();
        drop(session);
        assert!(is_marked(&database.session()).await);
    });
}

#[test]
fn a_transaction_begins_on_the_connection_that_is_held_and_leaves_it_so() {
    smol::block_on(async {
        let (database, _folder) = small(2).await;
        for end in [Commit, Rollback] {
            let (one, two, id) = (database.session(), database.session(), id("0#1"));
            run(&one, "create temporary table if not exists mark (x)").await.unwrap();
            act(&one, &id, Begin).await.unwrap();
            run_in(&one, &id, "insert into mark values (1)").await.unwrap();
            act(&one, &id, end).await.unwrap();
            assert!(!is_marked(&two).await, "it is held");
            assert!(is_marked(&one).await);
        }
    });
}

#[test]
fn a_tasklet_that_waits_for_chat_holds_no_connection() {
    smol::block_on(async {
        let (database, _folder) = small(2).await;
        let chat = Chat::new();
        let backend = Backend::new().database(database.clone()).chat(chat.clone());
        let session = backend.session();
        let waits = Tasklet::new(async |mut io: Io| {
            io.sql(MARK, ()).await?;
            let marked = io.sql("select x from mark", ()).await.is_ok();
            io.chat_recv("room").await?;
            Result::<bool>::Ok(marked)
        });
        let mut driven = Box::pin(drive(waits, &session, pending()));
        let talk = chat.session();
        while talk.perform(ChatBalance { room: "room".into() }).await.unwrap() == 0 {
            assert!(poll_once(&mut driven).await.is_none());
            yield_now().await;
        }
        assert!(is_marked(&database.session()).await, "what it held was given back, and is taken first");
        talk.perform(ChatSend { room: "room".into(), message: "go on".into() }).await.unwrap();
        assert!(driven.await.unwrap().unwrap());
    });
}

#[test]
fn who_waits_is_served_though_another_never_stops() {
    smol::block_on(async {
        let (database, _folder) = small(1).await;
        let (one, two, served) = (database.session(), database.session(), AtomicBool::new(false));
        let never_stops = async {
            while !served.load(Ordering::Relaxed) {
                run(&one, "select 1").await.unwrap();
            }
        };
        let waits = async {
            run(&two, "select 1").await.unwrap();
            served.store(true, Ordering::Relaxed);
        };
        zip(never_stops, waits).await;
        // Here it is held for one that does nothing, and never says so.
        run(&one, "select 1").await.unwrap();
    });
}

#[test]
fn connections_go_to_those_who_wait_in_their_order() {
    smol::block_on(async {
        let (database, _folder) = small(1).await;
        let (holder, id) = (database.session(), id("0#1"));
        act(&holder, &id, Begin).await.unwrap();
        let mut waiting = Vec::new();
        for number in 0..20 {
            let session = database.session();
            let insert = "insert into note values (null, 'note ' || ?1)";
            let mut inserts = Box::pin(async move { run_with(&session, insert, [number]).await });
            assert!(poll_once(&mut inserts).await.is_none(), "the only connection is in a transaction");
            waiting.push(inserts);
        }
        // One who goes away does not hold up the others.
        drop(waiting.remove(7));
        let waiting: Vec<_> = waiting.into_iter().rev().map(smol::spawn).collect();
        act(&holder, &id, Commit).await.unwrap();
        drop(holder);
        for inserts in waiting {
            inserts.await.unwrap();
        }
        let order = "select group_concat(substr(text, 6)) from (select text from note order by id)";
        let expected = (0..20).filter(|number| *number != 7).map(|number| number.to_string()).collect::<Vec<_>>();
        assert_eq!(value(&database.session(), order).await, Value::Text(expected.join(",")));
    });
}

#[test]
fn a_statement_outside_of_ones_own_transaction_says_what_it_waits_for() {
    smol::block_on(async {
        let options = DatabaseOptions { acquire_time_limit: Duration::from_millis(50), ..DatabaseOptions::default() };
        let database = Database::open_with("sqlite::memory:", &options).unwrap();
        let (session, other) = (database.session(), database.session());
        act(&session, &id("0#1"), Begin).await.unwrap();
        let error = run(&session, "select 1").await.unwrap_err();
        assert_eq!(error.kind, SqlErrorKind::PoolExhausted);
        assert!(error.message.contains("each of the 1 connections") && error.message.contains("own"), "{error}");
        let error = run(&other, "select 1").await.unwrap_err();
        assert!(error.message.contains("max_connections") && !error.message.contains("own"), "{error}");
    });
}

#[test]
fn lanes_share_what_there_is() {
    smol::block_on(async {
        for connections in [1, 2, 8] {
            let (database, _folder) = small(connections).await;
            let session = database.session();
            let lane = async |number: i64| {
                for _ in 0..10 {
                    let rows = run_with(&session, "select ?1 + 1", [number]).await.unwrap();
                    assert_eq!(rows.one().unwrap().values(), [Value::Int(number + 1)]);
                }
            };
            let four = zip(zip(lane(1), lane(2)), zip(lane(3), lane(4)));
            four.await;
        }
    });
}

/// Takes what the server's handlers take, in an order in which each needs others to get on.
async fn busy_handler(mut io: Io, number: i64) -> Result<i64> {
    let (one, two) = io
        .join2(async |io| io.sql("select ?1 as n", [number]).await, async |io| io.sql("select ?1 as n", [number]).await)
        .await;
    assert_eq!(one?, two?);
    io.transaction(async |tx| {
        tx.sql("update counter set n = n + 1", ()).await?;
        Ok(())
    })
    .await?;
    // Those with an even number wait for one of the others each.
    if number % 2 == 0 {
        io.chat_recv("room").await?;
    } else {
        while io.chat_send("room", "go on").await? == 0 {
            io.sleep(Duration::from_millis(1)).await?;
        }
    }
    Ok(io.sql("select n from counter", ()).await?.one()?.get("n")?)
}

#[test]
fn a_pool_of_one_serves_a_thousand_tasklets() {
    const TASKLETS: i64 = 1_000;
    smol::block_on(async {
        let database = Database::open("sqlite::memory:").unwrap();
        run(&database.session(), "create table counter (n integer)").await.unwrap();
        run(&database.session(), "insert into counter values (0)").await.unwrap();
        let backend = Backend::new().database(database.clone());
        let tasks: Vec<_> = (0..TASKLETS)
            .map(|number| {
                let session = backend.session();
                let tasklet = Tasklet::new(move |io: Io| busy_handler(io, number));
                smol::spawn(async move { drive(tasklet, &session, pending()).await })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap().unwrap() > 0);
        }
        assert_eq!(value(&database.session(), "select n from counter").await, Value::Int(TASKLETS));
        database.close().await;
    });
}

#[test]
fn to_close_waits_for_those_who_have_a_connection_and_ends_the_others_waits() {
    smol::block_on(async {
        let (database, _folder) = small(1).await;
        let (one, two, id) = (database.session(), database.session(), id("0#1"));
        act(&one, &id, Begin).await.unwrap();
        let mut waits = Box::pin(run(&two, "select 1"));
        assert!(poll_once(&mut waits).await.is_none());
        let mut closes = Box::pin(database.close());
        assert!(poll_once(&mut closes).await.is_none(), "a transaction is open");
        let error: SqlError = waits.await.unwrap_err();
        assert_eq!(error.kind, SqlErrorKind::ConnectionLost);
        assert!(error.message.contains("closed"), "{error}");
        act(&one, &id, Commit).await.unwrap();
        closes.await;
        assert_eq!(kind(run(&one, "select 1").await), SqlErrorKind::ConnectionLost);
    });
}

#[test]
fn what_is_held_does_not_keep_a_database_from_closing() {
    smol::block_on(async {
        let (database, _folder) = small(2).await;
        let session = database.session();
        run(&session, "select 1").await.unwrap();
        database.close().await;
    });
}

#[test]
fn a_connection_that_was_idle_for_long_is_tested_and_used_again() {
    smol::block_on(async {
        let database = Database::open("sqlite::memory:").unwrap();
        let (holds, other) = (database.session(), database.session());
        run(&holds, MARK).await.unwrap();
        // Longer than it is kept ready; it is held, though nobody says that the tasklet waits.
        Timer::after(Duration::from_millis(1_500)).await;
        assert!(is_marked(&holds).await);
        holds.waits();
        Timer::after(Duration::from_millis(1_500)).await;
        assert!(is_marked(&other).await, "a database in memory lives as long as its connection");
    });
}

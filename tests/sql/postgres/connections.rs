//! Connections that end, wait or are left behind.

use std::{
    future::{self, Future},
    pin::pin,
    task::Poll,
    time::{Duration, Instant},
};

use segno::{Database, DatabaseOptions, Happened, Io, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::{Home, Kind, SHORT},
    server::Server,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        connections_that_the_server_ended_are_replaced on [Postgres],
        a_transaction_whose_connection_ended_did_not_happen on [Postgres],
        a_restarted_server_is_found_again on [Postgres],
        a_lock_is_waited_for_no_longer_than_said on [Postgres],
        a_stream_that_is_dropped_in_a_transaction_leaves_it_open on [Postgres],
        a_statement_that_the_server_ends_for_its_time_is_a_timeout on [Postgres],
        a_dropped_statement_harms_nobody on [Postgres],
        a_dropped_beginning_of_a_transaction_harms_nobody on [Postgres],
        an_option_that_is_not_known_is_refused on [Postgres],
        a_connection_that_cannot_be_encrypted_is_refused on [Postgres],
    ]
}

fn connections_that_the_server_ended_are_replaced(home: &Home) {
    let (database, killer) = (home.open(), Client::of(&home.open()));
    smol::block_on(async {
        let clients = [0; 4].map(|_| Client::of(&database));
        for client in &clients {
            client.begin().await.unwrap();
        }
        for client in &clients {
            client.commit().await.unwrap();
        }
        drop(clients);
        end_all_others(&killer).await;
        let after = [0; 4].map(|_| Client::of(&database));
        for client in &after {
            client.begin().await.unwrap();
        }
    });
}

fn a_transaction_whose_connection_ended_did_not_happen(home: &Home) {
    home.prepare(&["create table t (id int)"]);
    let (client, killer) = (Client::of(&home.open()), Client::of(&home.open()));
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        end_all_others(&killer).await;
        let error = client.within("insert into t values (2)").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No), "{error}");
        let error = client.within("insert into t values (3)").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::NoTransaction, Happened::No), "{error}");
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 0);

        let other = Client::of(&home.open());
        other.begin().await.unwrap();
        other.within("insert into t values (1)").await.unwrap();
        end_all_others(&killer).await;
        let error = other.commit().await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::Unknown), "{error}");
    });
}

fn a_restarted_server_is_found_again(_home: &Home) {
    let server = Server::start(Kind::Postgres);
    let database = Database::open(&server.url).unwrap();
    let client = Client::of(&database);
    smol::block_on(async {
        assert_eq!(value::<i64>(client.run("select 1").await), 1);
        server.restart();
        // A connection that was used a moment ago is not tested. What is lost with it costs one failure, and the others are
        // tested then.
        if let Err(error) = client.run("select 1").await {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No), "{error}");
        }
        assert_eq!(value::<i64>(client.run("select 1").await), 1);
        server.kill();
        let hasty = DatabaseOptions { acquire_time_limit: Duration::from_millis(300), ..DatabaseOptions::default() };
        let hasty = Client::of(&Database::open_with(&server.url, &hasty).unwrap());
        let error = hasty.run("select 1").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No), "{error}");
        assert!(error.message.contains("nobody listens") && !error.message.contains("127.0.0.1"), "{error}");
        server.restart();
        if let Err(error) = client.run("select 1").await {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No), "{error}");
        }
        assert_eq!(value::<i64>(client.run("select 1").await), 1);
    });
}

fn a_stream_that_is_dropped_in_a_transaction_leaves_it_open(home: &Home) {
    home.prepare(&["create table t (id int)"]);
    home.run(async |mut io: Io| {
        io.transaction(async |tx| {
            tx.sql("insert into t values (1)", ()).await?;
            let mut rows = tx.sql_stream("select * from generate_series(1, 30000000)", ()).await?;
            assert_eq!(rows.next().await?.unwrap().len(), 256);
            drop(rows);
            // It would take half a minute to read the rest.
            let began = Instant::now();
            tx.sql("insert into t values (2)", ()).await?;
            assert!(began.elapsed() < Duration::from_secs(5), "after {:?}", began.elapsed());
            let mut rows = tx.sql_stream("select * from t", ()).await?;
            while rows.next().await?.is_some() {}
            Ok(())
        })
        .await
    });
    assert_eq!(home.count("t"), 2);
}

fn a_lock_is_waited_for_no_longer_than_said(home: &Home) {
    home.prepare(&["create table t (id int)", "insert into t values (1)"]);
    let hasty = DatabaseOptions { busy_time_limit: Duration::from_millis(50), ..DatabaseOptions::default() };
    let (holder, waiter) = (Client::of(&home.open()), Client::of(&home.open_with(&hasty)));
    smol::block_on(async {
        holder.begin().await.unwrap();
        holder.within("update t set id = 2").await.unwrap();
        for text in ["update t set id = 3", "select * from t for update nowait"] {
            let error = waiter.run(text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Busy, Happened::No), "{text}: {error}");
        }
        holder.commit().await.unwrap();
        waiter.run("update t set id = 3").await.unwrap();
    });
}

fn a_statement_that_the_server_ends_for_its_time_is_a_timeout(home: &Home) {
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("set local statement_timeout = 50").await.unwrap();
        let error = client.within("select pg_sleep(60)").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
        client.rollback().await.unwrap();
        assert_eq!(value::<String>(client.run("show statement_timeout").await), "0");
    });
}

fn a_dropped_statement_harms_nobody(home: &Home) {
    home.prepare(&["create table t (id int primary key)", "insert into t values (0)"]);
    let one = DatabaseOptions { max_connections: 2, ..DatabaseOptions::default() };
    let client = Client::of(&home.open_with(&one));
    smol::block_on(async {
        for id in 1..50 {
            // It fails, is answered in part, or waits for its first preparation when it is dropped.
            polled_a_few_times(id % 7, client.run("insert into t values (0)")).await;
            polled_a_few_times(id % 7, client.run(format!("select * from generate_series(1, 10000) as n -- {id}")))
                .await;
            assert_eq!(value::<i64>(client.run_with("select ?1::int", [id]).await), i64::from(id));
        }
        let started = Instant::now();
        let in_a_moment = async {
            smol::Timer::after(SHORT).await;
        };
        smol::future::or(async { drop(client.run("select pg_sleep(30)").await) }, in_a_moment).await;
        assert_eq!(value::<i64>(client.run("select 1").await), 1);
        assert!(started.elapsed() < Duration::from_secs(20), "the next one waited for it");
    });
}

fn a_dropped_beginning_of_a_transaction_harms_nobody(home: &Home) {
    home.prepare(&["create table t (id int)"]);
    let one = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    smol::block_on(async {
        for polls in 0..10 {
            let database = home.open_with(&one);
            let client = Client::of(&database);
            client.run("select 1").await.unwrap();
            polled_a_few_times(polls, client.begin()).await;
            drop(client);
            Client::of(&database).run("insert into t values (1)").await.unwrap();
            database.close().await;
        }
    });
    assert_eq!(home.count("t"), 10);
}

fn an_option_that_is_not_known_is_refused(home: &Home) {
    let error = Database::open(&format!("{}?passwrod=s3cr3t", home.url)).unwrap_err();
    assert!(!format!("{error:?}").contains("s3cr3t"), "{error:?}");
    let set = Client::of(&Database::open(&format!("{}?options[lock_timeout]=77", home.url)).unwrap());
    assert_eq!(value::<String>(smol::block_on(set.run("show lock_timeout"))), "77ms");
}

fn a_connection_that_cannot_be_encrypted_is_refused(home: &Home) {
    let client = Client::of(&Database::open(&format!("{}?sslmode=require", home.url)).unwrap());
    let error = smol::block_on(client.run("select 1")).unwrap_err();
    assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{error}");
    assert!(error.message.contains("sslmode"), "{error}");
}

/// Ends every other connection to this database, and waits until they are gone.
async fn end_all_others(client: &Client) {
    let all = "from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()";
    client.run(format!("select pg_terminate_backend(pid, 10000) {all}")).await.unwrap();
}

/// Polls a future until it was woken as often, and drops it.
async fn polled_a_few_times(times: i32, future: impl Future) {
    let mut future = pin!(future);
    let mut left = times;
    future::poll_fn(|context| {
        left -= 1;
        if left < 0 || future.as_mut().poll(context).is_ready() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

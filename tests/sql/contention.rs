//! Transactions that are in each other's way.

use std::sync::Arc;

use segno::{DatabaseOptions, Happened, Io, Isolation, Rows, SqlError, SqlErrorKind, smol::Backend};

use crate::{
    case::{Case, cases},
    home::{Home, SHORT},
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        no_update_is_lost,
        a_lock_is_waited_for_only_so_long,
        of_two_that_wait_for_each_other_one_is_undone on [Postgres, MySql],
        who_changes_what_another_has_changed_is_told on [Postgres],
        each_isolation_sees_what_it_should on [Postgres, MySql],
        every_isolation_can_be_asked_for,
    ]
}

/// More handlers than connections, on one row.
fn no_update_is_lost(home: &Home) {
    home.prepare(&COUNTERS);
    let database = home.open();
    let backend = Arc::new(Backend::new().database(database.clone()));
    let handlers: Vec<_> = (0..HANDLERS)
        .map(|_| {
            let backend = backend.clone();
            smol::unblock(move || {
                backend.run(async |mut io: Io| {
                    io.transaction(async |tx| {
                        tx.sql("update counter set n = n + 1 where id = 1", ()).await?;
                        let n: i64 = tx.sql("select n from counter where id = 1", ()).await?.one()?.get("n")?;
                        tx.sql("update counter set n = ?1 where id = 1", [n]).await?;
                        Ok(())
                    })
                    .await
                })
            })
        })
        .collect();
    smol::block_on(async {
        for handler in handlers {
            handler.await.unwrap();
        }
        let n: i64 = value(Client::of(&database).run("select n from counter where id = 1").await);
        assert_eq!(n, HANDLERS);
    });
}

fn a_lock_is_waited_for_only_so_long(home: &Home) {
    home.prepare(&COUNTERS);
    let options = DatabaseOptions { max_connections: 4, busy_time_limit: SHORT, ..DatabaseOptions::default() };
    let database = home.open_with(&options);
    // It is SQLite's first statement that waits, and the others' second one.
    let begins = home.words(false, true, true);
    smol::block_on(async {
        let (holder, waiter) = (Client::of(&database), Client::of(&database));
        holder.begin().await.unwrap();
        holder.within(ADD_TO_FIRST).await.unwrap();
        let begun = waiter.begin().await;
        assert_eq!(begun.is_ok(), begins, "{begun:?}");
        let error = match begun {
            Ok(()) => waiter.within(ADD_TO_FIRST).await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Busy, Happened::No), "{error}");
        waiter.rollback().await.unwrap();
        holder.commit().await.unwrap();
        waiter.run(ADD_TO_FIRST).await.unwrap();
    });
}

fn of_two_that_wait_for_each_other_one_is_undone(home: &Home) {
    home.prepare(&COUNTERS);
    let database = home.open();
    smol::block_on(async {
        let (one, other) = (Client::of(&database), Client::of(&database));
        one.begin().await.unwrap();
        other.begin().await.unwrap();
        one.within(ADD_TO_FIRST).await.unwrap();
        other.within(ADD_TO_SECOND).await.unwrap();
        let crossed = smol::future::zip(async { finished(&one, one.within(ADD_TO_SECOND).await.err()).await }, async {
            finished(&other, other.within(ADD_TO_FIRST).await.err()).await
        });
        let ends = crossed.await;
        assert!(matches!(ends, (true, false) | (false, true)), "{ends:?}");
        let sum: i64 = value(database_sum(&one).await);
        assert_eq!(sum, 2, "one of them is there as a whole, and nothing of the other");
    });
}

/// Commits what had no error; a deadlock's victim cannot.
async fn finished(client: &Client, error: Option<SqlError>) -> bool {
    let Some(error) = error else {
        client.commit().await.unwrap();
        return true;
    };
    assert_eq!((error.kind, error.happened), (SqlErrorKind::Deadlock, Happened::No), "{error}");
    // Not even the next statement is carried out: it would be outside of any transaction.
    client.within(ADD_TO_FIRST).await.unwrap_err();
    assert_eq!(client.commit().await.unwrap_err().happened, Happened::No);
    false
}

async fn database_sum(client: &Client) -> Result<Rows, SqlError> {
    client.run("select n + (select n from counter where id = 2) as n from counter where id = 1").await
}

fn who_changes_what_another_has_changed_is_told(home: &Home) {
    home.prepare(&COUNTERS);
    let database = home.open();
    smol::block_on(async {
        let (one, other) = (Client::of(&database), Client::of(&database));
        one.begin_as(Isolation::RepeatableRead).await.unwrap();
        one.within(READ_FIRST).await.unwrap();
        other.run(ADD_TO_FIRST).await.unwrap();
        let error = one.within(ADD_TO_FIRST).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Serialization, Happened::No), "{error}");
        one.rollback().await.unwrap();

        // Each reads what the other writes: seen one after the other, one of them would have read something else.
        one.begin_as(Isolation::Serializable).await.unwrap();
        other.begin_as(Isolation::Serializable).await.unwrap();
        one.within(READ_FIRST).await.unwrap();
        other.within("select n from counter where id = 2").await.unwrap();
        one.within(ADD_TO_SECOND).await.unwrap();
        other.within(ADD_TO_FIRST).await.unwrap();
        one.commit().await.unwrap();
        let error = other.commit().await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Serialization, Happened::No), "{error}");
        let sum: i64 = value(database_sum(&one).await);
        assert_eq!(sum, 2);
    });
}

fn each_isolation_sees_what_it_should(home: &Home) {
    home.prepare(&COUNTERS);
    let database = home.open();
    smol::block_on(async {
        for (isolation, after) in [(Isolation::ReadCommitted, 1), (Isolation::RepeatableRead, 0)] {
            let (reader, writer) = (Client::of(&database), Client::of(&database));
            reader.begin_as(isolation).await.unwrap();
            let before: i64 = value(reader.within(READ_FIRST).await);
            writer.run(ADD_TO_FIRST).await.unwrap();
            let seen: i64 = value(reader.within(READ_FIRST).await);
            assert_eq!(seen - before, after, "{isolation:?}");
            reader.commit().await.unwrap();
        }
    });
}

fn every_isolation_can_be_asked_for(home: &Home) {
    home.prepare(&COUNTERS);
    let database = home.open();
    let isolations =
        [Isolation::ReadUncommitted, Isolation::ReadCommitted, Isolation::RepeatableRead, Isolation::Serializable];
    smol::block_on(async {
        for isolation in isolations {
            let client = Client::of(&database);
            client.begin_as(isolation).await.unwrap();
            client.within(ADD_TO_FIRST).await.unwrap();
            client.commit().await.unwrap();
        }
        let n: i64 = value(Client::of(&database).run(READ_FIRST).await);
        assert_eq!(n, 4);
    });
}

const COUNTERS: [&str; 2] =
    ["create table counter (id integer primary key, n integer not null)", "insert into counter values (1, 0), (2, 0)"];
const READ_FIRST: &str = "select n from counter where id = 1";
const ADD_TO_FIRST: &str = "update counter set n = n + 1 where id = 1";
const ADD_TO_SECOND: &str = "update counter set n = n + 1 where id = 2";

/// Many for four connections, and few enough for a second.
const HANDLERS: i64 = 50;

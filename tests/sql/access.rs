//! Getting to a database, and giving it back.

use std::{sync::Arc, time::Duration};

use segno::{DatabaseOptions, Happened, Io, SqlErrorKind, join, smol::Backend};

use crate::{
    case::{Case, cases},
    home::{Home, SHORT},
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_pool_is_waited_for_only_so_long,
        a_pool_of_one_serves_lanes_and_handlers,
        an_abandoned_statement_poisons_no_connection,
        a_closed_database_says_so,
    ]
}

fn a_pool_is_waited_for_only_so_long(home: &Home) {
    let options = DatabaseOptions { max_connections: 1, acquire_time_limit: SHORT, ..DatabaseOptions::default() };
    let database = home.open_with(&options);
    smol::block_on(async {
        let (one, other) = (Client::of(&database), Client::of(&database));
        // The first connection may take longer to make than this test waits for one.
        while one.begin().await.is_err() {}
        for error in [other.run("select 1").await.unwrap_err(), other.begin().await.unwrap_err()] {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::PoolExhausted, Happened::No), "{error}");
        }
        one.rollback().await.unwrap();
        other.begin().await.unwrap();
    });
}

fn a_pool_of_one_serves_lanes_and_handlers(home: &Home) {
    home.prepare(&["create table visit (id integer)"]);
    let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    let backend = Arc::new(Backend::new().database(home.open_with(&options)));
    let handlers: Vec<_> = (0..HANDLERS)
        .map(|_| {
            let backend = backend.clone();
            smol::unblock(move || {
                backend.run(async |mut io: Io| {
                    let (one, other) = join!(
                        io: io.sql("select count(*) as n from visit", ()).await,
                        io.sql("select count(*) as n from visit", ()).await
                    );
                    assert_eq!((one?.len(), other?.len()), (1, 1));
                    io.transaction(async |tx| {
                        tx.sql("insert into visit values (1)", ()).await?;
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
    });
    assert_eq!(home.count("visit"), HANDLERS);
}

/// Each time limit ends at another moment of a statement's life, most of them before it is done.
fn an_abandoned_statement_poisons_no_connection(home: &Home) {
    let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    let database = home.open_with(&options);
    let backend = Backend::new().database(database.clone());
    for micros in (0..4_000).step_by(100) {
        let limit = Duration::from_micros(micros);
        let end = backend.run(async move |mut io: Io| {
            let _abandoned = io.timeout(limit, async |io| io.sql("select 'wrong' as word", ()).await).await;
            Ok(io.sql("select 'right' as word", ()).await?.one()?.get::<String>("word")?)
        });
        assert_eq!(end.unwrap(), "right", "after {limit:?}");
    }
}

fn a_closed_database_says_so(home: &Home) {
    let database = home.open();
    smol::block_on(async {
        let client = Client::of(&database);
        let one: i64 = value(client.run("select 1").await);
        assert_eq!(one, 1);
        database.close().await;
        for error in [client.run("select 1").await.unwrap_err(), client.begin().await.unwrap_err()] {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No), "{error}");
        }
    });
}

/// Many for one connection.
const HANDLERS: i64 = 50;

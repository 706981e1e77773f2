//! A transaction that does not get to its end is undone, however that came.

use std::{
    future::{Future, pending},
    time::Duration,
};

use segno::{
    Database, DriveError, Io, Race2, Result, SqlError, SqlErrorKind, StopReason, Tasklet, Tx, drive, race,
    smol::Backend,
};

use crate::{
    case::{Case, cases},
    home::{Home, SHORT},
    steps::Client,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_scope_that_panics_is_undone,
        a_scope_whose_handler_is_stopped_is_undone,
        a_scope_whose_handler_is_dropped_is_undone,
        a_scope_that_loses_a_race_is_undone,
        a_scope_that_loses_a_race_within_a_statement_is_undone on [Postgres, MySql],
        a_session_that_is_dropped_is_undone,
    ]
}

fn a_scope_that_panics_is_undone(home: &Home) {
    let database = prepared(home);
    let end: Result<()> = Backend::new().database(database.clone()).run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx).await?;
            panic!("as a handler may")
        })
        .await
    });
    let error = end.unwrap_err();
    assert_eq!(error.cause::<DriveError>(), Some(&DriveError::Panicked("as a handler may".into())), "{error}");
    nothing_is_left(&database);
}

fn a_scope_whose_handler_is_stopped_is_undone(home: &Home) {
    let database = prepared(home);
    for reason in [StopReason::Deadline, StopReason::Disconnected, StopReason::Shutdown] {
        let (begun, has_begun) = smol::channel::bounded(1);
        let stop = async move {
            has_begun.recv().await.unwrap();
            reason
        };
        let end = driven(&database, stop, async move |mut io: Io| {
            io.transaction(async |tx| {
                add(tx).await?;
                begun.try_send(()).unwrap();
                loop {
                    tx.sql("select 1 as one", ()).await?;
                }
            })
            .await
        });
        let error = smol::block_on(end).unwrap_err();
        assert_eq!(error.cause::<SqlError>().unwrap().kind, SqlErrorKind::Stopped(reason), "{error}");
        nothing_is_left(&database);
    }
}

fn a_scope_whose_handler_is_dropped_is_undone(home: &Home) {
    let database = prepared(home);
    let (begun, has_begun) = smol::channel::bounded(1);
    let endless = driven(&database, pending(), async move |mut io: Io| {
        io.transaction(async |tx| {
            add(tx).await?;
            begun.try_send(()).unwrap();
            loop {
                tx.sql("select 1 as one", ()).await?;
            }
        })
        .await
    });
    let has_begun = async {
        has_begun.recv().await.unwrap();
        Ok(())
    };
    smol::block_on(smol::future::or(has_begun, endless)).unwrap();
    nothing_is_left(&database);
}

fn a_scope_that_loses_a_race_is_undone(home: &Home) {
    let database = prepared(home);
    let end = Backend::new().database(database.clone()).run(async |mut io: Io| {
        let (begun, has_begun) = smol::channel::bounded(1);
        let slow = async |io: &mut Io| {
            io.transaction(async |tx| {
                add(tx).await?;
                begun.try_send(()).unwrap();
                loop {
                    tx.sql("select 1 as one", ()).await?;
                }
            })
            .await as Result<()>
        };
        let quick = async |io: &mut Io| -> Result<()> {
            while has_begun.try_recv().is_err() {
                io.sleep(Duration::from_millis(1)).await?;
            }
            Ok(())
        };
        Ok(matches!(race!(io: slow(io).await, quick(io).await), Race2::B(Ok(()))))
    });
    assert!(end.unwrap(), "the endless lane ended");
    nothing_is_left(&database);
}

/// Another transaction has locked the row for which the statement waits.
fn a_scope_that_loses_a_race_within_a_statement_is_undone(home: &Home) {
    let database = prepared(home);
    let holder = Client::of(&database);
    smol::block_on(async {
        holder.run("insert into note values ('held')").await.unwrap();
        holder.begin().await.unwrap();
        holder.within("update note set text = 'still' where text = 'held'").await.unwrap();
    });
    let lost = Backend::new().database(database.clone()).run(async |mut io: Io| {
        let slow = async |io: &mut Io| {
            io.transaction(async |tx| {
                add(tx).await?;
                tx.sql("update note set text = 'taken' where text = 'held'", ()).await?;
                Ok(())
            })
            .await
        };
        Ok(io.timeout(SHORT, slow).await.is_err())
    });
    assert!(lost.unwrap(), "it did not wait");
    smol::block_on(async {
        holder.commit().await.unwrap();
        holder.run("delete from note where text = 'still'").await.unwrap();
    });
    nothing_is_left(&database);
}

fn a_session_that_is_dropped_is_undone(home: &Home) {
    let database = prepared(home);
    smol::block_on(async {
        let client = Client::of(&database);
        client.begin().await.unwrap();
        client.within("insert into note values ('a')").await.unwrap();
        drop(client);
    });
    nothing_is_left(&database);
}

/// A database with an empty table, and more connections than a case has transactions.
fn prepared(home: &Home) -> Database {
    home.prepare(&["create table note (text varchar(40) primary key)"]);
    home.open()
}

async fn driven<F>(database: &Database, stop: impl Future<Output = StopReason>, job: impl FnOnce(Io) -> F) -> Result<()>
where
    F: Future<Output = Result<()>> + Send + 'static,
{
    let session = Backend::new().database(database.clone()).session();
    drive(Tasklet::new(job), &session, stop).await?
}

async fn add(tx: &mut Tx<'_>) -> Result<()> {
    tx.sql("insert into note values ('a')", ()).await?;
    Ok(())
}

/// The same row can be added: it is neither there nor on its way, for which the database would have this one wait.
#[track_caller]
fn nothing_is_left(database: &Database) {
    smol::block_on(async {
        let client = Client::of(database);
        client.run("insert into note values ('a')").await.unwrap();
        assert_eq!(client.run("select text from note").await.unwrap().len(), 1);
        client.run("delete from note").await.unwrap();
    });
}

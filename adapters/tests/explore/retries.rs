//! Transactions that the database undoes for the sake of others: run again they succeed, and else nothing is kept.

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

use segno::{
    Io, Isolation, Request, Response, Result, SqlError, SqlErrorKind, TransactionOptions, Tx,
    testing::{End, Sqlite, World, explore},
};

const SCHEMA: &str = "
    create table seat (number integer primary key, holder text);
    create table booking (seat integer not null unique);
    insert into seat (number) values (7);
";

fn world() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

async fn take(tx: &mut Tx<'_>) -> Result<()> {
    tx.sql("insert into booking (seat) values (7)", ()).await?;
    tx.sql("update seat set holder = 'Ada' where number = 7", ()).await?;
    Ok(())
}

async fn retries(mut io: Io, _: Request) -> Result<Response> {
    let attempts = AtomicU32::new(0);
    let taken = io.retry_transaction(Isolation::Serializable, 3, async |tx| {
        attempts.fetch_add(1, Relaxed);
        take(tx).await
    });
    taken.await?;
    Ok(Response::text(format!("booked by attempt {}", attempts.load(Relaxed))))
}

async fn gives_up(mut io: Io, _: Request) -> Result<Response> {
    io.transaction_with(Isolation::Serializable, async |tx| take(tx).await).await?;
    Ok(Response::text("booked"))
}

/// Both, or none; and who hears that it is booked has booked.
fn consistent(world: &World, end: &End) -> i64 {
    let count = |text| world.sqlite().value::<i64>(text, ());
    let (booked, held) = (count("select count(*) from booking"), count("select count(holder) from seat"));
    assert_eq!(booked, held, "half a booking");
    assert!(booked == 1 || !end.text().starts_with("booked"), "a booking is lost: {end}");
    assert!(booked == 0 || kind(end) != Some(SqlErrorKind::Serialization), "what was undone is kept: {end}");
    assert_eq!(world.sqlite().open_transactions(), 0);
    booked
}

fn kind(end: &End) -> Option<SqlErrorKind> {
    Some(end.error()?.cause::<SqlError>()?.kind)
}

#[test]
fn one_that_runs_again_survives_what_could_not_be_ordered() {
    let seen = Mutex::new(BTreeSet::new());
    explore(retries, world).check(|world, end| {
        let booked = consistent(world, end);
        let undone = kind(end) == Some(SqlErrorKind::Serialization);
        seen.lock().unwrap().insert(if undone { format!("undone, {booked} kept") } else { end.text() });
    });
    let seen = seen.into_inner().unwrap();
    // One and two faults, and one that stays.
    for reached in ["booked by attempt 1", "booked by attempt 2", "booked by attempt 3", "undone, 0 kept"] {
        assert!(seen.contains(reached), "{reached:?} is not in {seen:?}");
    }
}

#[test]
fn one_that_gives_up_keeps_nothing() {
    let undone = Mutex::new(0);
    explore(gives_up, world).check(|world, end| {
        consistent(world, end);
        *undone.lock().unwrap() += u32::from(kind(end) == Some(SqlErrorKind::Serialization));
    });
    assert!(undone.into_inner().unwrap() > 0);
}

#[test]
fn one_that_only_reads_writes_nothing() {
    async fn writes(mut io: Io, _: Request) -> Result<Response> {
        let only_reads = TransactionOptions { isolation: None, read_only: true };
        let written = io.transaction_with(only_reads, async |tx| take(tx).await).await;
        let refused = written
            .is_err_and(|error| error.cause().is_some_and(|error: &SqlError| error.kind == SqlErrorKind::Statement));
        Ok(Response::text(if refused { "refused" } else { "failed" }))
    }
    let seen = Mutex::new(BTreeSet::new());
    explore(writes, world).check(|world, end| {
        assert_eq!(consistent(world, end), 0);
        seen.lock().unwrap().insert(end.text());
    });
    assert!(seen.into_inner().unwrap().contains("refused"));
}

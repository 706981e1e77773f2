//! SQL that is truly executed: constraints, transactions, lost connections and locks.

use std::{collections::BTreeSet, sync::Mutex};

use segno::{
    Io, Request, Response, Result, SqlErrorKind,
    testing::{End, Law, Sqlite, World, explore, get, simulate},
};

const SCHEMA: &str = "
    create table seat (number integer primary key, holder text);
    create table booking (id integer primary key, seat integer not null unique references seat, name text not null);
    insert into seat (number) values (1), (2);
";

fn world() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

fn bookings(world: &World) -> (i64, i64) {
    let held = world.sqlite().value("select count(holder) from seat", ());
    (held, world.sqlite().value("select count(*) from booking", ()))
}

async fn book(mut io: Io, request: Request) -> Result<Response> {
    let seat: i64 = request.query("seat")?.unwrap_or(1);
    let booked = io
        .transaction(async |tx| {
            tx.sql("insert into booking (seat, name) values (?1, 'Ada')", [seat]).await?;
            tx.sql("update seat set holder = 'Ada' where number = ?1", [seat]).await?;
            Ok(())
        })
        .await;
    match booked {
        Ok(()) => Ok(Response::text("booked")),
        Err(error) => match error.cause::<segno::SqlError>().map(|error| error.kind) {
            Some(SqlErrorKind::Unique) => Ok(Response::text("taken").status(409)),
            Some(SqlErrorKind::ForeignKey) => Ok(Response::text("no such seat").status(404)),
            _ => Err(error),
        },
    }
}

/// Both changes, or none; and who hears that it is booked has booked.
fn consistent(world: &World, end: &End) {
    let (held, booked) = bookings(world);
    assert_eq!(held, booked, "half a booking");
    assert!(end.text() != "booked" || booked == 1, "a booking is lost");
    assert_eq!(world.sqlite().open_transactions(), 0);
}

#[test]
fn a_transaction_is_kept_or_undone_as_a_whole() {
    let seen = Mutex::new(BTreeSet::new());
    let explored = explore(book, world).check(|world, end| {
        consistent(world, end);
        let reached = (end.error().is_some(), end.stopped().is_some(), bookings(world).1);
        seen.lock().unwrap().insert(reached);
    });
    assert!(explored.runs() > 40, "{explored}");
    let seen = seen.into_inner().unwrap();
    // It fails though it is booked: the connection was lost in the commit.
    for reached in [(false, false, 1), (true, false, 0), (true, false, 1), (true, true, 0)] {
        assert!(seen.contains(&reached), "{reached:?} is not in {seen:?}");
    }
}

#[test]
fn constraints_are_the_databases() {
    for (target, status) in [("/?seat=2", 200), ("/?seat=3", 404)] {
        explore(book, world).request(get(target)).faults(0).check(|_, end| assert_eq!(end.status(), Some(status)));
    }
}

#[test]
fn of_many_that_want_one_seat_one_gets_it() {
    let explored = simulate(book, world).clients(3, |_| get("/")).with_faults().faults(1).check(|world, ends| {
        ends.iter().for_each(|end| assert!(end.text() != "booked" || bookings(world).1 == 1));
        assert!(ends.iter().filter(|end| end.text() == "booked").count() <= 1);
    });
    assert!(explored.runs() > 30, "{explored}");
}

#[test]
fn after_a_lost_connection_the_transaction_is_gone() {
    async fn stubborn(mut io: Io, _: Request) -> Result<Response> {
        io.transaction(async |tx| {
            let first = tx.sql("update seat set holder = 'Ada' where number = 1", ()).await.is_err();
            let second = tx.sql("update seat set holder = 'Ada' where number = 2", ()).await;
            if let (true, Err(error)) = (first, second) {
                assert!(
                    matches!(
                        error.kind,
                        SqlErrorKind::NoTransaction | SqlErrorKind::ConnectionLost | SqlErrorKind::Stopped(_)
                    ),
                    "{error}"
                );
            }
            Ok(())
        })
        .await?;
        Ok(Response::text("held"))
    }
    explore(stubborn, world).without(Law::QuietAfterStop).check(|world, end| {
        let (held, _) = bookings(world);
        assert!(held == 0 || held == 2, "half of it was kept");
        assert!(end.text() != "held" || held == 2);
    });
}

#[test]
fn a_read_modify_write_outside_of_a_transaction_loses_updates() {
    async fn count(mut io: Io, _: Request) -> Result<Response> {
        let id: i64 = io.sql("select coalesce(max(id), 0) as id from booking", ()).await?.one()?.get("id")?;
        io.sql("update booking set id = ?1", [id + 1]).await?;
        Ok(Response::text((id + 1).to_string()))
    }
    let with_a_booking = || {
        let database = Sqlite::new(SCHEMA);
        database.execute("insert into booking (id, seat, name) values (1, 1, 'Ada')", ());
        World::new().database(database)
    };
    let finding = simulate(count, with_a_booking)
        .clients(2, |_| get("/"))
        .find(|world, _| assert_eq!(world.sqlite().value::<i64>("select id from booking", ()), 3))
        .unwrap_err();
    assert_eq!(finding.unusual(), 1, "{finding}");
}

#[test]
fn what_a_cleanup_releases_in_a_transaction_stays_released() {
    async fn holds(mut io: Io, _: Request) -> Result<Response> {
        let held = io.sql("update seat set holder = 'Ada' where number = 1", ()).await;
        let paid = match held {
            Ok(_) => io.http_get("http://bank.internal/").await.is_ok(),
            Err(_) => false,
        };
        let release = "update seat set holder = null where number = 1";
        io.cleanup().transaction(async |tx| Ok(tx.sql(release, ()).await?.rows_affected())).await?;
        Ok(Response::text(if paid { "paid" } else { "released" }))
    }
    explore(holds, world).check(|world, end| {
        assert!(end.error().is_some() || bookings(world).0 == 0, "a seat is held for nobody");
    });
}

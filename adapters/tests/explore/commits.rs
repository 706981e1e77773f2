//! A transaction's beginning and end are asked for by one line, and its end holds: what that means for faults and
//! stops.

use segno::{
    Io, Request, Response, Result,
    testing::{Sqlite, World, explore, get, simulate},
};

fn world() -> World {
    World::new().database(Sqlite::new("create table hold (cart integer not null)"))
}

async fn holds(io: &mut Io) -> Result<()> {
    io.transaction(async |tx| Ok(tx.sql("insert into hold (cart) values (7)", ()).await?)).await?;
    Ok(())
}

async fn holds_and_tells(mut io: Io, _: Request) -> Result<Response> {
    holds(&mut io).await?;
    io.chat_send("holds", "7").await?;
    Ok(Response::text("held"))
}

async fn holds_and_insists(mut io: Io, _: Request) -> Result<Response> {
    holds(&mut io).await?;
    if io.chat_send("holds", "7").await.is_err() {
        io.chat_send("holds", "7, or not").await?;
    }
    Ok(Response::text("held"))
}

/// Nobody told it of the stop before: the commit was answered as if there was none.
#[test]
fn what_follows_a_commit_may_be_the_first_to_hear_of_a_stop() {
    explore(holds_and_tells, world).without_faults().check(|_, _| ());
    let finding = explore(holds_and_insists, world).without_faults().find(|_, _| ()).unwrap_err();
    assert!(finding.what().contains("QuietAfterStop"), "{finding}");
}

/// There are more faults of a beginning than of an end, so a fault that stays must go by its name.
#[test]
fn what_strikes_every_beginning_leaves_ends_alone_or_strikes_them_under_its_name() {
    simulate(holds_and_tells, world).clients(2, |_| get("/")).with_faults().check(|_, ends| {
        assert_eq!(ends.len(), 2);
    });
}

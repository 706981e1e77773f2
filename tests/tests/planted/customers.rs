//! Bugs that several customers make together.

use segno::{
    Error, Io, Page, Request, Response, Result, Router,
    http::Method,
    testing::{Finding, Sqlite, World, get, post, request, simulate},
};

/// BUG: between the reading and the writing, others write.
async fn counts(mut io: Io, _: Request) -> Result<Response> {
    let visits: i64 = io.sql("select visits from page", ()).await?.one()?.get("visits")?;
    io.sql("update page set visits = ?1", [visits + 1]).await?;
    Ok(Response::text(format!("visit {}", visits + 1)))
}

pub(crate) fn lost_a_visit(tape: Option<&str>) -> Box<Finding> {
    again!(simulate(counts, world).clients(2, |_| get("/")), tape)
        .find(|world, _| assert_eq!(value(world, "select visits from page"), 2, "a visit was lost"))
        .unwrap_err()
}

/// BUG: the last seat is free for everybody who looks before it is taken.
async fn books(mut io: Io, _: Request) -> Result<Response> {
    let taken: i64 = io.sql("select count(*) as n from booking", ()).await?.one()?.get("n")?;
    if taken >= SEATS {
        return Err(Error::status(409, "sold out"));
    }
    io.transaction(async |tx| Ok(tx.sql("insert into booking (seat) values (?1)", [taken + 1]).await?)).await?;
    Ok(Response::text("see you there"))
}

pub(crate) fn sold_the_last_seat_twice(tape: Option<&str>) -> Box<Finding> {
    again!(simulate(books, world).clients(2, |_| post("/book")), tape)
        .find(|world, _| assert!(value(world, "select count(*) from booking") <= SEATS, "a seat was sold twice"))
        .unwrap_err()
}

/// BUG: a row that was there a moment ago may be gone.
async fn lists(mut io: Io, _: Request) -> Result<Response> {
    let mut page = Page::new();
    for entry in io.sql("select id from entry", ()).await?.iter() {
        let id: i64 = entry.get("id")?;
        let text = io.sql("select text from entry where id = ?1", [id]).await?.one().unwrap();
        page.write(text.get::<String>("text")?);
    }
    Ok(page.into())
}

async fn clears(mut io: Io, _: Request) -> Result<Response> {
    io.sql("delete from entry", ()).await?;
    Ok(Response::text("gone"))
}

pub(crate) fn unwrapped_a_row_that_was_gone(tape: Option<&str>) -> Box<Finding> {
    let entries = || Router::new().get("/", lists).route(Method::DELETE, "/", clears);
    again!(simulate(entries(), world).client(get("/")).client(request(Method::DELETE, "/")), tape)
        .find(|_, _| {})
        .unwrap_err()
}

/// A counter, a hall with one seat, a guestbook.
fn world() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

fn value(world: &World, text: &str) -> i64 {
    world.sqlite().value(text, ())
}

const SCHEMA: &str = "
    create table page (visits integer not null);
    insert into page (visits) values (0);
    create table booking (seat integer not null);
    create table entry (id integer primary key, text text not null);
    insert into entry (text) values ('hello'), ('and goodbye');";

const SEATS: i64 = 1;

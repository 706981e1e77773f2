//! The same handlers without their bugs: of them, nothing is found. So what is found of the others is their bug.

use std::{collections::BTreeMap, time::Duration};

use segno::{
    Error, HttpErrorKind, HttpReply, Io, Page, Request, Response, ResponseHead, Result, Router,
    http::Method,
    testing::{Sqlite, World, explore, get, post, request, simulate},
};

use crate::bank::{self, charge};

/// One key for all tries, and an end to them; and only a success is one.
async fn pays(mut io: Io, _: Request) -> Result<Response> {
    let request = charge().header("idempotency-key", "order-7")?;
    for pause in [1, 4, 0] {
        match io.http_send(request.clone()).await.and_then(HttpReply::success) {
            Ok(_) => return Ok(Response::text("paid")),
            Err(error) if matches!(error.kind, HttpErrorKind::Stopped(_)) => return Err(error.into()),
            Err(_) => io.sleep(Duration::from_secs(pause)).await?,
        }
    }
    Err(Error::status(503, "the bank does not answer"))
}

#[test]
fn one_key_and_an_end() {
    explore(pays, bank::world).request(post("/pay")).check(|world, end| {
        assert!(world.own().charges() <= 1 && (!end.succeeded() || world.own().charges() == 1));
    });
}

/// A timeout that is told as one, and not tried again.
async fn pays_or_says_so(mut io: Io, _: Request) -> Result<Response> {
    match io.timeout(Duration::from_secs(2), async |io| io.http_send(charge()).await).await {
        Ok(reply) => {
            reply?.success()?;
            Ok(Response::text("paid"))
        }
        Err(_elapsed) => Err(Error::status(504, "perhaps paid: ask later")),
    }
}

#[test]
fn a_timeout_that_is_told() {
    explore(pays_or_says_so, bank::world).request(post("/pay")).check(|world, end| {
        assert!(world.own().charges() <= 1 && (!end.succeeded() || world.own().charges() == 1));
    });
}

/// It listens before it asks, and gives up when nobody is there, or nobody any longer.
async fn listens_and_asks(mut io: Io, _: Request) -> Result<Response> {
    let mut counter = io.chat_subscribe("counter").await?;
    if io.chat_send("kitchen", "one soup").await? == 0 {
        return Err(Error::status(503, "nobody cooks"));
    }
    match io.timeout(Duration::from_secs(90), async |io| counter.recv(io).await).await {
        Ok(ready) => Ok(Response::text(ready?.to_string())),
        Err(_elapsed) => Err(Error::status(504, "the kitchen has closed")),
    }
}

async fn cooks(mut io: Io, _: Request) -> Result<Response> {
    let Ok(order) = io.timeout(Duration::from_secs(60), async |io| io.chat_recv("kitchen").await).await else {
        return Ok(Response::text("nobody was hungry"));
    };
    let order = order?;
    io.chat_send("counter", format!("{order} is ready")).await?;
    Ok(Response::text("next!"))
}

#[test]
fn it_listens_before_it_asks() {
    let restaurant = Router::new().get("/", listens_and_asks).get("/kitchen", cooks);
    simulate(restaurant, World::new).client(get("/kitchen")).client(get("/")).check(|_, ends| {
        assert!(matches!(ends[1].status(), Some(200 | 503 | 504)));
    });
}

/// The order is the tree's; a torn page is called torn; a stop is an end.
async fn streams_in_order(mut io: Io, _: Request) -> Result<Response> {
    let lines: BTreeMap<u64, &str> = [(2, "two\n"), (1, "one\n"), (3, "three\n")].into();
    let mut out = io.respond(ResponseHead::text()).await?;
    for (second, line) in &lines {
        io.sleep(Duration::from_secs(*second)).await?;
        out.write(&mut io, *line).await?;
    }
    Ok(out.end())
}

#[test]
fn a_torn_page_is_called_torn() {
    explore(streams_in_order, World::new).check(|_, end| {
        assert!(!end.succeeded() || end.body() == b"one\ntwo\nthree\n");
    });
}

/// All or nothing, and nobody is thanked for nothing.
async fn orders(mut io: Io, _: Request) -> Result<Response> {
    io.transaction(async |tx| {
        let taken = tx.sql("update item set stock = stock - 1 where id = 1 and stock > 0", ()).await?;
        if taken.rows_affected() == 0 {
            return Err(Error::status(409, "sold out"));
        }
        tx.sql("insert into booking (seat) values (1)", ()).await?;
        Ok(())
    })
    .await?;
    Ok(Response::text("thank you"))
}

#[test]
fn the_last_item_is_sold_once_or_not_at_all() {
    let sound = |world: &World| {
        let sold = value(world, "select count(*) from booking");
        assert_eq!(value(world, "select stock from item") + sold, 1, "an item was lost, or sold twice");
        sold
    };
    explore(orders, hall).request(post("/")).check(|world, end| assert!(sound(world) == 1 || !end.succeeded()));
    simulate(orders, hall).clients(2, |_| post("/")).check(|world, ends| {
        assert_eq!(sound(world), 1);
        assert_eq!(ends.iter().filter(|end| end.succeeded()).count(), 1);
    });
}

/// Released by one statement in a cleanup, whatever came.
async fn holds_for_a_while(mut io: Io, _: Request) -> Result<Response> {
    let held = io.sql("insert into hold (cart) values (7)", ()).await;
    let charged = match held {
        Ok(_) => io.http_send(charge().header("idempotency-key", "order-7")?).await.map_err(Error::from),
        Err(error) => Err(error.into()),
    };
    io.cleanup().sql("delete from hold where cart = 7", ()).await?;
    charged?.success()?;
    Ok(Response::text("paid"))
}

#[test]
fn what_was_held_is_released_when_the_client_leaves() {
    let world = || bank::world().database(Sqlite::new(SCHEMA));
    explore(holds_for_a_while, world).without_faults().request(post("/")).check(|world, _| {
        assert_eq!(world.sqlite().value::<i64>("select count(*) from hold", ()), 0, "the seat is held for nobody");
    });
    explore(holds_for_a_while, world).request(post("/")).check(|_, _| {});
}

/// The database counts; a row that is gone is left out.
async fn counts(mut io: Io, _: Request) -> Result<Response> {
    io.sql("update page set visits = visits + 1", ()).await?;
    let mut page = Page::new();
    for entry in io.sql("select id from entry", ()).await?.iter() {
        let text = io.sql("select text from entry where id = ?1", [entry.get::<i64>("id")?]).await?;
        if let Some(row) = text.optional()? {
            page.write(row.get::<String>("text")?);
        }
    }
    Ok(page.into())
}

async fn clears(mut io: Io, _: Request) -> Result<Response> {
    io.sql("delete from entry", ()).await?;
    Ok(Response::text("gone"))
}

#[test]
fn visits_are_counted_and_rows_may_be_gone() {
    let router = Router::new().get("/", counts).route(Method::DELETE, "/", clears);
    let simulation = simulate(router, hall).clients(2, |_| get("/")).client(request(Method::DELETE, "/"));
    simulation.check(|world, _| assert_eq!(value(world, "select visits from page"), 2));
}

fn hall() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

fn value(world: &World, text: &str) -> i64 {
    world.sqlite().value(text, ())
}

const SCHEMA: &str = "
    create table item (id integer primary key, stock integer not null);
    insert into item (id, stock) values (1, 1);
    create table booking (seat integer not null);
    create table hold (cart integer not null);
    create table page (visits integer not null);
    insert into page (visits) values (0);
    create table entry (id integer primary key, text text not null);
    insert into entry (text) values ('hello'), ('and goodbye');";

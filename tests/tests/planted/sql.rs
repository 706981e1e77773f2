//! Bugs in one handler's use of the database.

use std::sync::Arc;

use segno::{
    Error, HttpReply, HttpRequest, Io, Request, Response, Result, Sql, SqlError, Transaction, TransactionAct,
    TransactionId, TransactionOptions, join,
    testing::{Finding, Sqlite, World, explore, post},
};

use crate::bank::{self, Bank, charge};

/// BUG: whoever begins by hand must end by hand on every path; the `?` leaves one out.
async fn begins_by_hand(mut io: Io, _: Request) -> Result<Response> {
    let id = TransactionId::new(io.next_path());
    let act = |act| Transaction { id: id.clone(), act, options: TransactionOptions::default() };
    io.perform(act(TransactionAct::Begin)).await?;
    let transaction = Some(id.clone());
    io.perform(Sql { text: TAKE.into(), params: ().into(), transaction }).await?;
    io.perform(act(TransactionAct::Commit)).await?;
    Ok(Response::text("taken"))
}

pub(crate) fn left_open(tape: Option<&str>) -> Box<Finding> {
    again!(explore(begins_by_hand, world).request(post("/take")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: each statement may go to another connection, and the `begin` with it.
async fn begins_in_sql(mut io: Io, _: Request) -> Result<Response> {
    io.sql("begin immediate", ()).await?;
    io.sql(TAKE, ()).await?;
    io.sql("commit", ()).await?;
    Ok(Response::text("taken"))
}

pub(crate) fn began_in_sql(tape: Option<&str>) -> Box<Finding> {
    again!(explore(begins_in_sql, world).request(post("/take")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: side by side is quick, but the transaction holds its locks for as long as the other server takes.
async fn fetches_beside_its_transaction(mut io: Io, _: Request) -> Result<Response> {
    let (taken, reply) = join!(
        io: io.transaction(async |tx| Ok(tx.sql(TAKE, ()).await?.rows_affected())).await,
            io.http_send(charge()).await
    );
    Ok(Response::text(format!("{} {}", taken?, reply?.text())))
}

pub(crate) fn held_a_transaction(tape: Option<&str>) -> Box<Finding> {
    again!(explore(fetches_beside_its_transaction, shop).request(post("/take")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: nobody looks whether the order was written.
async fn ignores_a_failure(mut io: Io, _: Request) -> Result<Response> {
    let _written = io.sql(ORDER, ()).await;
    Ok(Response::text("thank you"))
}

pub(crate) fn thanked_for_nothing(tape: Option<&str>) -> Box<Finding> {
    again!(explore(ignores_a_failure, world).request(post("/order")), tape)
        .find(|world, end| {
            assert!(!end.succeeded() || orders(world) == 1, "the customer is thanked, and no order is there");
        })
        .unwrap_err()
}

/// BUG: when the answer to a commit is lost, the order may be there; the second try makes it two.
async fn commits_again(mut io: Io, _: Request) -> Result<Response> {
    for _ in 0..3 {
        let written = io.transaction_as(async |tx| {
            tx.sql(TAKE, ()).await?;
            tx.sql(ORDER, ()).await?;
            Ok::<_, SqlError>(())
        });
        if written.await.is_ok() {
            return Ok(Response::text("thank you"));
        }
    }
    Err(Error::status(503, "the database is away"))
}

pub(crate) fn ordered_twice(tape: Option<&str>) -> Box<Finding> {
    again!(explore(commits_again, world).request(post("/order")), tape)
        .find(|world, _| assert!(orders(world) <= 1, "one request made two orders"))
        .unwrap_err()
}

/// BUG: the warehouse hears of the order before it is sure that there will be one.
async fn tells_too_early(mut io: Io, _: Request) -> Result<Response> {
    let notice = HttpRequest::post("http://bank.internal/invoice").header("idempotency-key", "order-7")?;
    io.http_send(notice).await?.success()?;
    io.transaction(async |tx| {
        tx.sql(TAKE, ()).await?;
        tx.sql(ORDER, ()).await?;
        Ok(())
    })
    .await?;
    Ok(Response::text("thank you"))
}

pub(crate) fn told_before_the_commit(tape: Option<&str>) -> Box<Finding> {
    again!(explore(tells_too_early, shop).request(post("/order")), tape)
        .find(|world, end| {
            assert!(
                end.stopped().is_some() || world.own().charges() == 0 || orders(world) == 1,
                "an invoice without an order"
            );
        })
        .unwrap_err()
}

/// BUG: when the client goes away while the bank is asked, the statement that gives the item back is refused.
async fn gives_back_too_late(mut io: Io, _: Request) -> Result<Response> {
    io.sql(TAKE, ()).await?;
    let reply = io.http_send(charge().header("idempotency-key", "order-7")?).await;
    if let Err(error) = reply.and_then(HttpReply::success) {
        io.sql(GIVE_BACK, ()).await?;
        return Err(error.into());
    }
    io.sql(ORDER, ()).await?;
    Ok(Response::text("thank you"))
}

pub(crate) fn kept_when_the_client_left(tape: Option<&str>) -> Box<Finding> {
    again!(explore(gives_back_too_late, shop).request(post("/order")), tape).find(|_, _| {}).unwrap_err()
}

/// BUG: when neither the price list nor the database answers, the price is what a number is without a value.
async fn sells(mut io: Io, _: Request) -> Result<Response> {
    let mut price = ask_the_list(&mut io).await;
    if price.is_none() && io.stopped().is_none() {
        price = ask_the_database(&mut io).await;
    }
    match io.stopped() {
        Some(stopped) => Err(stopped.into()),
        None => Ok(Response::text(price.unwrap_or_default().to_string())),
    }
}

async fn ask_the_list(io: &mut Io) -> Option<i64> {
    io.http_get("http://bank.internal/price").await.and_then(HttpReply::success).ok().map(|_| 499)
}

async fn ask_the_database(io: &mut Io) -> Option<i64> {
    io.sql(PRICE, ()).await.ok()?.one().ok()?.get("price").ok()
}

/// It takes two failures: neither alone shows it.
pub(crate) fn sold_for_nothing(tape: Option<&str>) -> Box<Finding> {
    let found = again!(explore(sells, shop), tape)
        .find(|_, end| assert!(!end.succeeded() || end.text() != "0", "it is sold for nothing"))
        .unwrap_err();
    assert_eq!(found.unusual(), 2);
    found
}

/// One item, no orders, nothing held.
fn world() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

/// The same with a bank.
fn shop() -> World<Arc<Bank>> {
    bank::world().database(Sqlite::new(SCHEMA))
}

fn orders<X>(world: &World<X>) -> i64 {
    world.sqlite().value("select count(*) from orders", ())
}

const SCHEMA: &str = "
    create table item (id integer primary key, stock integer not null, price integer not null);
    create table orders (id integer primary key, item integer not null references item);
    insert into item (id, stock, price) values (1, 5, 499);";

const PRICE: &str = "select price from item where id = 1";
const TAKE: &str = "update item set stock = stock - 1 where id = 1";
const GIVE_BACK: &str = "update item set stock = stock + 1 where id = 1";
const ORDER: &str = "insert into orders (item) values (1)";

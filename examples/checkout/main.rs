//! A shop's checkout that is right at the end, whatever fails on the way: the stock, the bank, the mail, the client.
//!
//! Run it with `cargo run --example checkout`, and open <http://127.0.0.1:8080/> in a browser. It keeps its shop in
//! `checkout.sqlite` and brings a bank of its own, at `/bank`; mails go to its terminal.
//!
//! ```text
//! $ curl -N http://127.0.0.1:8080/orders &
//! $ curl -d item=1 -d count=2 http://127.0.0.1:8080/cart/7/items
//! $ curl -d email=ada@example.org -d card=4242 http://127.0.0.1:8080/cart/7/checkout
//! order 1 is paid: 9.98
//! data: order 1 is paid: 9.98
//! ```
//!
//! The terminal says `mail to ada@example.org: order 1 is paid: 9.98`. The same checkout once more shows the same order
//! and charges nobody. The bank declines the card 4000. With the card 4500 it takes the money and says so too late,
//! three times; then the checkout answers that it does not know, and staff settle the order when the bank has woken up:
//!
//! ```text
//! $ curl -X POST http://127.0.0.1:8080/orders/2/settle
//! order 2 is paid: 4.99
//! ```
//!
//! Kill the server while it waits for the bank (`kill -9`), and start it again: `/orders` tells that the order is
//! pending, and it is settled in the same way.
//!
//! How it keeps its promises:
//!
//! - what must be true is in the [schema](schema): the stock is never below 0, a cart is ordered once;
//! - the order is written down, `pending`, before the bank hears of it; whatever happens then, the order can be
//!   settled;
//! - the bank is asked under a key of the order, so that it may be asked again;
//! - what is not known is called not known: it stays `pending`, and no stock is given back;
//! - mail and notice come after what they tell of, and are not worth a failed order.
//!
//! The [tests] show which kind of test finds what.

mod bank;
mod cart;
mod checkout;
mod order;
mod payment;
mod schema;
mod settle;
mod shop;
mod staff;
#[cfg(test)]
mod tests;

use segno::{
    Database, Result, Router,
    smol::{Backend, serve},
};

use shop::{Io, Postbox, Shop};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let backend = Backend::new().database(Database::open("sqlite:checkout.sqlite")?).state(Postbox);
    backend.run(async |mut io: Io| schema::create(&mut io).await)?;
    println!("the shop is at http://{ADDRESS}/, its orders are told at http://{ADDRESS}/orders");
    Ok(serve(ADDRESS, router(), backend)?)
}

fn router() -> Router<Shop> {
    Router::new()
        .get("/", cart::shelves)
        .get("/cart/{cart}", cart::show)
        .post("/cart/{cart}/items", cart::add)
        .post("/cart/{cart}/checkout", checkout::checkout)
        .get("/orders", staff::orders)
        .post("/orders/{order}/settle", settle::settle)
        .nest("/bank", bank::router())
}

/// The port that the other examples have, too; [`payment::BANK`] is at the same.
const ADDRESS: &str = "127.0.0.1:8080";

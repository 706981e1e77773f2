//! The shop's world in memory: SQLite, a bank, an outbox. And what must be true of it, whatever happened.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use segno::{
    Answer, HttpReply, HttpRequest, Perform,
    testing::{End, Session, Sqlite, TestRequest, World, post},
};

use crate::{schema::SCHEMA, shop::SendMail};

/// Carts 1, 2 and 3 with two tins of tea in each; carts 11 and 12 with the last cup.
pub(super) fn world() -> World<Town> {
    town(Bank::default())
}

/// The same with a bank that charges, and then says 503.
pub(super) fn world_with_a_bad_bank() -> World<Town> {
    town(Bank { falls_over: true, ..Bank::default() })
}

fn town(bank: Bank) -> World<Town> {
    let bank = Arc::new(bank);
    let peer = bank.clone();
    World::new()
        .peer("127.0.0.1", move |request| Ok(peer.answer(request)))
        .database(Sqlite::new(&format!("{};\n{CARTS}", SCHEMA.join(";\n"))))
        .state(Town { bank, sent: Mutex::default() })
}

/// The same after a checkout of cart 1 that left its order behind.
pub(super) fn left(state: &str, charged: bool) -> World<Town> {
    let world = world();
    world.sqlite().execute("update item set stock = stock - 2 where id = 1", ());
    let order = "insert into orders (cart, email, cents, state) values (1, 'ada@example.org', 998, ?1)";
    world.sqlite().execute(order, [state]);
    if charged {
        world.own().bank.charge("order-1");
    }
    world
}

const CARTS: &str =
    "insert into line (cart, item, count) values (1, 1, 2), (2, 1, 2), (3, 1, 2), (11, 2, 1), (12, 2, 1);
    update item set stock = 10 where id = 1";

pub(super) fn checkout(cart: usize) -> TestRequest {
    post(&format!("/cart/{cart}/checkout")).body("email=ada@example.org&card=4242")
}

pub(super) fn settle(order: usize) -> TestRequest {
    post(&format!("/orders/{order}/settle"))
}

/// What must be true whenever nobody is at work.
#[track_caller]
pub(super) fn sound(world: &World<Town>) {
    money_is_accounted_for(world);
    stock_is_accounted_for(world);
    mails_are_true(world);
}

/// Nobody is charged twice, and no charge is without an order that knows of it, or still waits to know.
#[track_caller]
fn money_is_accounted_for(world: &World<Town>) {
    let mut charges = world.own().bank.charges.lock().unwrap().clone();
    for order in world.sqlite().query("select id, state from orders", ()).iter() {
        let (id, state): (i64, String) = (order.get("id").unwrap(), order.get("state").unwrap());
        let charge = charges.remove(&format!("order-{id}"));
        let fits = match &*state {
            "pending" => true,
            "paid" => charge == Some(Charge::Taken),
            "declined" => charge == Some(Charge::Declined),
            _ => matches!(charge, None | Some(Charge::Void)),
        };
        assert!(fits, "order {id} is {state}, and the bank says {charge:?}");
    }
    assert!(charges.is_empty(), "there are charges without orders: {charges:?}");
    let taken = world.own().bank.taken.lock().unwrap();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len(), "somebody was charged twice: {taken:?}");
}

/// What is neither reserved nor sold is on the shelf.
#[track_caller]
fn stock_is_accounted_for(world: &World<Town>) {
    let held = "select coalesce(sum(count), 0) from line join orders using (cart) \
         where item = ?1 and state in ('pending', 'paid')";
    for (item, all) in [(1, 10), (2, 1)] {
        let shelf: i64 = world.sqlite().value("select stock from item where id = ?1", [item]);
        let held: i64 = world.sqlite().value(held, [item]);
        assert!(shelf >= 0, "item {item}: {shelf} are on the shelf");
        assert_eq!(shelf + held, all, "item {item}: {shelf} are on the shelf, and {held} reserved or sold");
    }
}

/// A paid order has one mail at the most, and no other has any.
#[track_caller]
fn mails_are_true(world: &World<Town>) {
    let sent = world.own().sent.lock().unwrap();
    let paid = "select count(*) from orders where state = 'paid' and 'order ' || id = ?1";
    for mail in sent.iter() {
        let order = mail.split(" is ").next().unwrap_or_default();
        assert_eq!(world.sqlite().value::<i64>(paid, [order]), 1, "there is a mail, and it is not true: {mail}");
    }
    assert_eq!(sent.iter().collect::<BTreeSet<_>>().len(), sent.len(), "a mail was sent twice: {sent:?}");
}

/// Where no mail is refused or lost on its way, the outbox is right.
#[track_caller]
pub(super) fn mailed_as_noted(world: &World<Town>) {
    let noted: i64 = world.sqlite().value("select count(*) from orders where mailed = 1", ());
    assert_eq!(world.own().sent.lock().unwrap().len(), noted as usize, "so many mails were sent, and so many noted");
}

/// What the client of a checkout is told is true.
#[track_caller]
pub(super) fn honest(world: &World<Town>, cart: usize, end: &End) {
    let state = world.sqlite().query("select state from orders where cart = ?1", [cart as u32]);
    let state: Option<String> = state.optional().unwrap().map(|row| row.get("state").unwrap());
    match end.status() {
        Some(200) => assert_eq!(state.as_deref(), Some("paid"), "the client was told that it is paid"),
        Some(500) => assert_ne!(state.as_deref(), Some("paid"), "the client was told of a failure, and it is paid"),
        Some(402) => assert_eq!(state.as_deref(), Some("declined"), "the client was told that it is declined"),
        _ => {}
    }
}

/// The shop's neighbours.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) bank: Arc<Bank>,
    sent: Mutex<Vec<String>>,
}

impl Perform<SendMail> for Session<Town> {
    async fn perform(&self, mail: SendMail) -> Answer<SendMail> {
        self.state().sent.lock().unwrap().push(mail.text);
        Ok(())
    }
}

/// What the program's own bank does, with a memory that tests can read.
#[derive(Debug, Default)]
pub(super) struct Bank {
    charges: Mutex<BTreeMap<String, Charge>>,
    /// The key of each charge of a card, in order.
    pub(super) taken: Mutex<Vec<String>>,
    falls_over: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Charge {
    Taken,
    Declined,
    Void,
}

impl Bank {
    /// Charges a card, unless the key is known.
    pub(super) fn charge(&self, key: &str) -> Charge {
        *self.charges.lock().unwrap().entry(key.into()).or_insert_with(|| {
            self.taken.lock().unwrap().push(key.into());
            Charge::Taken
        })
    }

    pub(super) fn answer(&self, request: &HttpRequest) -> HttpReply {
        let mut charges = self.charges.lock().unwrap();
        let last = request.url.rsplit('/').next().unwrap_or_default();
        match request.method.as_str() {
            "POST" => {
                let key = request.headers.get("idempotency-key").map(|key| key.to_str().unwrap().to_owned());
                let key = key.unwrap_or_else(|| format!("try {}", charges.len()));
                if request.body.starts_with(b"card=4000&") {
                    charges.entry(key.clone()).or_insert(Charge::Declined);
                }
                drop(charges);
                let charge = self.charge(&key);
                if self.falls_over { HttpReply::new(503, "") } else { told(Some(charge)) }
            }
            "DELETE" => match *charges.entry(last.into()).or_insert(Charge::Void) {
                Charge::Void => HttpReply::new(204, ""),
                Charge::Taken | Charge::Declined => HttpReply::new(409, "too late"),
            },
            _ => told(charges.get(last).copied()),
        }
    }
}

fn told(charge: Option<Charge>) -> HttpReply {
    match charge {
        Some(Charge::Taken) => HttpReply::new(200, "charged"),
        Some(Charge::Declined) => HttpReply::new(402, "declined"),
        Some(Charge::Void) => HttpReply::new(410, "void"),
        None => HttpReply::new(404, ""),
    }
}

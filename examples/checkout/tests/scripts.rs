//! What the handlers ask for, in the cases that one thinks of first.

use segno::{
    EffectError, Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest, Rows, Sql, SqlError, SqlErrorKind,
    StopReason, Value, rows,
    testing::{
        Expect, Script, begin, chat_recv, chat_send, chat_subscribe, commit, get, http_get, http_send, ok, post,
        rollback, script, sleep, sql,
    },
};

use crate::{
    cart, checkout,
    order::{BY_NUMBER, CLAIM_MAIL, SETTLE, UNCLAIM_MAIL},
    payment::{BANK, PATIENCE, PAUSES},
    router,
    shop::{MailErrorKind, SendMail, Shop},
    staff,
};

#[test]
fn a_cart_is_ordered_paid_and_told_of() {
    placed()
        .expect(http_send(charge()), ok("charged"))
        .expect(sql(SETTLE, (7, "paid")), Rows::written(1, None))
        .expect(chat_send("orders").message("order 7 is paid: 9.98"), 1)
        .expect(sql(CLAIM_MAIL, [7]), Rows::written(1, None))
        .expect(mail(), ())
        .responds(200)
        .body("order 7 is paid: 9.98\n");
}

#[test]
fn a_declined_card_gives_the_stock_back() {
    placed()
        .expect(http_send(charge()), HttpReply::new(402, "declined"))
        .expect(sql(SETTLE, (7, "declined")), Rows::written(1, None))
        .responds(402)
        .body("order 7 is declined: the bank took nothing\n");
}

#[test]
fn the_second_checkout_of_a_cart_shows_the_first_and_charges_nobody() {
    for (state, status) in [("pending", 202), ("paid", 200), ("declined", 402), ("cancelled", 409)] {
        checked_out().expect(begin(), ()).expect(of_cart(), order(state)).expect(commit(), ()).responds(status);
    }
}

#[test]
fn a_bank_that_does_not_answer_is_asked_three_times_under_one_key() {
    placed()
        .expect(http_send(charge()), HttpReply::new(503, ""))
        .expect(sleep(PAUSES[0]), ())
        .expect_error(http_send(charge()), HttpError::new(HttpErrorKind::Timeout, Happened::Unknown, "3 s"))
        .expect(sleep(PAUSES[1]), ())
        .expect_error(http_send(charge()), refused())
        .responds(202)
        .body("order 7 is pending: the bank has not said that it took 9.98\n");
}

#[test]
fn an_order_of_which_the_bank_never_heard_is_cancelled() {
    placed()
        .expect_error(http_send(charge()), refused())
        .expect(sleep(PAUSES[0]), ())
        .expect_error(http_send(charge()), refused())
        .expect(sleep(PAUSES[1]), ())
        .expect_error(http_send(charge()), refused())
        .expect(sql(SETTLE, (7, "cancelled")), Rows::written(1, None))
        .responds(409);
}

#[test]
fn a_mail_that_was_not_sent_is_left_for_later() {
    let refused = EffectError::new(MailErrorKind::Refused, Happened::No, "there is no `@`");
    placed()
        .expect(http_send(charge()), ok("charged"))
        .expect(sql(SETTLE, (7, "paid")), Rows::written(1, None))
        .expect(chat_send("orders").any(), 0)
        .expect(sql(CLAIM_MAIL, [7]), Rows::written(1, None))
        .expect_error(mail(), refused)
        .expect(sql(UNCLAIM_MAIL, [7]), Rows::written(1, None))
        .responds(200);
}

#[test]
fn what_is_not_there_is_not_sold() {
    let below_zero = SqlError::new(SqlErrorKind::Check, Happened::No, "CHECK constraint failed: stock >= 0");
    let nothing = Rows::written(0, None);
    let empty = rows!["cents"; [Value::Null]];
    let begun = || checked_out().expect(begin(), ()).expect(of_cart(), nothing.clone());
    begun().expect(sql(checkout::TOTAL, [3]), empty).expect(rollback(), ()).responds(400).body("the cart is empty");
    begun()
        .expect(sql(checkout::TOTAL, [3]), rows!["cents"; [998]])
        .expect_error(sql(checkout::RESERVE, [3]), below_zero)
        .expect(rollback(), ())
        .responds(409)
        .body("there is not enough of it left");
}

#[test]
fn a_checkout_needs_an_address_and_a_card() {
    for form in ["", "email=ada@example.org", "email=&card=4242", "card=4242", "email=ada@example.org&card=x"] {
        script(router(), post("/cart/3/checkout").body(form)).responds(400);
    }
}

#[test]
fn settling_asks_the_bank_and_makes_sure() {
    let charge = format!("{BANK}/charges/order-7");
    let settle = || script(router(), post("/orders/7/settle")).expect(sql(BY_NUMBER, [7]), order("pending"));
    settle()
        .expect(http_get(charge.clone()), HttpReply::new(404, ""))
        .expect(http_send(HttpRequest::delete(charge.clone()).time_limit(PATIENCE)), HttpReply::new(204, ""))
        .expect(sql(SETTLE, (7, "cancelled")), Rows::written(1, None))
        .responds(409);
    settle()
        .expect(http_get(charge.clone()), HttpReply::new(404, ""))
        .expect(http_send(HttpRequest::delete(charge.clone()).time_limit(PATIENCE)), HttpReply::new(409, "charged"))
        .responds(202);
    settle().expect_error(http_get(charge), refused()).responds(503).body("the bank does not answer: try again later");
}

#[test]
fn staff_see_what_waits_and_what_is_paid() {
    script(router(), get("/orders"))
        .expect(chat_subscribe("orders"), ())
        .expect(sql(staff::KNOWN, ()), order("pending"))
        .expect(chat_recv("orders"), "order 8 is paid: 5.00".into())
        .expect_pending(sleep(staff::HEARTBEAT))
        .expect_pending(chat_recv("orders"))
        .expect(sleep(staff::HEARTBEAT), ())
        .expect_stopped(chat_recv("orders"), StopReason::Shutdown)
        .expect_pending(sleep(staff::HEARTBEAT))
        .responds(200)
        .header("content-type", "text/event-stream")
        .body(
            "data: order 7 is pending: the bank has not said that it took 9.98\n\n\
             data: order 8 is paid: 5.00\n\n\
             : still here\n\n",
        );
}

#[test]
fn a_cart_shows_what_is_in_it_as_text() {
    script(router(), get("/cart/3"))
        .expect(sql(cart::LINES, [3]), rows!["count", "name", "price"; [2, "<b>tea", 499]])
        .responds(200)
        .body_contains("<p>2 × &lt;b&gt;tea: 9.98\n");
    let frozen = script(router(), post("/cart/3/items").body("item=1&count=2"));
    frozen.expect(sql(cart::ADD, (3, 1, 2)), Rows::written(0, None)).responds(409);
}

/// The checkout of a cart with two tins of tea, up to the bank.
fn placed() -> Script<Shop> {
    checked_out()
        .expect(begin(), ())
        .expect(of_cart(), Rows::written(0, None))
        .expect(sql(checkout::TOTAL, [3]), rows!["cents"; [998]])
        .expect(sql(checkout::RESERVE, [3]), Rows::written(1, None))
        .expect(sql(checkout::PLACE, (3, "ada@example.org", 998)), rows!["id"; [7]])
        .expect(commit(), ())
}

fn checked_out() -> Script<Shop> {
    script(router(), post("/cart/3/checkout").body("email=ada@example.org&card=4242"))
}

fn of_cart() -> Expect<Sql> {
    sql(checkout::OF_CART, [3])
}

fn order(state: &str) -> Rows {
    rows!["id", "email", "cents", "state"; [7, "ada@example.org", 998, state]]
}

fn charge() -> HttpRequest {
    let request = HttpRequest::post(format!("{BANK}/charges")).body("card=4242&cents=998").time_limit(PATIENCE);
    request.header("idempotency-key", "order-7").unwrap()
}

fn mail() -> SendMail {
    SendMail { to: "ada@example.org".into(), text: "order 7 is paid: 9.98".into() }
}

fn refused() -> HttpError {
    HttpError::new(HttpErrorKind::Connect, Happened::No, "refused")
}

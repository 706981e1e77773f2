//! Many requests in one world, in many orders.

use std::time::Duration;

use segno::testing::{Client, End, World, get, post, simulate};

use super::world::{Town, checkout, honest, settle, sound, world};
use crate::router;

#[test]
fn the_last_cup_is_sold_once() {
    simulate(router(), world).client(checkout(11)).client(checkout(12)).check(|world, ends| {
        sound(world);
        let mut statuses: Vec<_> = ends.iter().filter_map(End::status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "one gets the cup, and the other does not");
    });
}

#[test]
fn the_last_cup_is_sold_once_whatever_fails() {
    simulate(router(), world).client(checkout(11)).client(checkout(12)).with_faults().faults(1).check(|world, ends| {
        sound(world);
        honest(world, 11, &ends[0]);
        honest(world, 12, &ends[1]);
    });
}

#[test]
fn a_cart_is_paid_once_however_often_it_is_checked_out() {
    simulate(router(), world).clients(3, |_| checkout(1)).check(|world, ends| {
        sound(world);
        assert_eq!(world.own().bank.taken.lock().unwrap().len(), 1);
        assert!(ends.iter().all(|end| matches!(end.status(), Some(200 | 202))), "{ends:?}");
    });
}

#[test]
fn an_order_may_be_settled_while_it_is_paid() {
    simulate(router(), world).client(checkout(1)).clients(2, |_| settle(1)).check(|world, ends| {
        sound(world);
        honest(world, 1, &ends[0]);
    });
}

#[test]
fn a_cart_may_be_filled_while_it_is_ordered() {
    let add = post("/cart/1/items").body("item=1&count=3");
    simulate(router(), world).client(checkout(1)).client(add).check(|world, _| sound(world));
}

/// Whatever the checkout has left behind, staff can settle it.
#[test]
fn what_was_left_pending_is_settled_an_hour_later() {
    let later = Client::new(settle(1)).arrives(Duration::from_secs(60 * 60));
    simulate(router(), world).client(checkout(1)).client(later).with_faults().faults(1).check(|world, ends| {
        sound(world);
        if let Some(200 | 402 | 409) = ends[1].status() {
            assert_eq!(pending(world), 0, "staff was told that the order is settled");
        }
    });
}

#[test]
fn staff_hear_of_every_paid_order() {
    let customer = Client::new(checkout(1)).arrives(Duration::from_secs(20));
    simulate(router(), world).client(get("/orders")).client(customer).faults(1).check(|_, ends| {
        assert!(ends[0].text().contains("data: order 1 is paid: 9.98\n\n"), "{}", ends[0].text());
    });
}

/// Fifty customers at once, in orders that chance makes: some share a cart, two want the last cup, staff settle
/// meanwhile.
#[test]
fn a_busy_day_is_sound() {
    let customer = |number: usize| match number % 10 {
        0 => settle(1 + number % 3),
        number @ 1..6 => checkout(1 + number % 3),
        6 => checkout(11),
        7 => checkout(12),
        _ => post("/cart/2/items").body("item=1"),
    };
    let day = || simulate(router(), world).clients(50, customer);
    day().seeds(0..20).check(|world, _| {
        sound(world);
        assert_eq!(pending(world), 0, "nothing failed, so all was settled");
    });
    day().with_faults().seeds(0..30).check(|world, _| sound(world));
}

fn pending(world: &World<Town>) -> i64 {
    world.sqlite().value("select count(*) from orders where state = 'pending'", ())
}

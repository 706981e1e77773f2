//! One request, and everything that can go wrong with it, two things at a time.

use segno::{
    Effect, Entry, Has, HttpSend, Replay,
    testing::{explore, get, post},
};

use super::world::{checkout, honest, left, mailed_as_noted, settle, sound, world, world_with_a_bad_bank};
use crate::{router, shop::Shop};

#[test]
fn a_checkout_is_sound_whatever_fails() {
    let explored = explore(router(), world).request(checkout(1)).check(|world, end| {
        sound(world);
        honest(world, 1, end);
    });
    println!("{explored}");
}

#[test]
fn a_declined_checkout_is_sound_whatever_fails() {
    let declined = post("/cart/1/checkout").body("email=ada@example.org&card=4000");
    explore(router(), world).request(declined).check(|world, end| {
        sound(world);
        honest(world, 1, end);
        assert_ne!(end.status(), Some(200), "the bank has declined");
    });
}

#[test]
fn a_checkout_is_sound_with_a_bank_that_falls_over_when_it_has_charged() {
    explore(router(), world_with_a_bad_bank).request(checkout(1)).faults(1).check(|world, end| {
        sound(world);
        honest(world, 1, end);
    });
}

#[test]
fn without_a_failure_the_order_is_paid_and_all_is_told() {
    explore(router(), world).request(checkout(1)).without_faults().stops(&[]).check(|world, end| {
        sound(world);
        assert_eq!((end.status(), end.body()), (Some(200), &b"order 1 is paid: 9.98\n"[..]));
        assert_eq!(world.sqlite().value::<i64>("select mailed from orders", ()), 1);
    });
}

/// An order that was left pending, whether the bank has heard of it or not.
#[test]
fn settling_is_sound_whatever_fails() {
    for (charged, wanted) in [(false, 409), (true, 200)] {
        explore(router(), move || left("pending", charged)).request(settle(1)).check(|world, end| {
            sound(world);
            assert!([None, Some(wanted), Some(202), Some(500), Some(503)].contains(&end.status()), "{end}");
            honest(world, 1, end);
        });
    }
}

#[test]
fn a_mail_that_was_left_is_sent_once_or_not_at_all() {
    explore(router(), || left("paid", true)).request(settle(1)).check(|world, _| sound(world));
}

/// Clients that go away are no failure: no mail is called sent that was not.
#[test]
fn no_mail_is_lost_with_a_client() {
    explore(router(), || left("paid", true)).request(settle(1)).without_faults().check(|world, _| {
        sound(world);
        mailed_as_noted(world);
    });
}

/// A law of the shop's own: it holds for what a handler asks, whatever comes of it.
#[test]
fn no_money_moves_without_a_key() {
    explore(router(), world)
        .request(checkout(1))
        .faults(1)
        .law("money moves under a key", |trace, _| {
            let asked = trace.entries.iter().filter_map(|entry| match entry {
                Entry::Asked { effect, .. } => <Shop as Has<HttpSend>>::project(effect),
                Entry::Refused { .. }
                | Entry::Answered { .. }
                | Entry::Abandoned { .. }
                | Entry::Detached { .. }
                | Entry::Told { .. }
                | Entry::Stopped { .. } => None,
            });
            match asked.into_iter().find(|send| send.replay() == Replay::Once) {
                Some(send) => Err(format!("{} {} has no key", send.0.method, send.0.url)),
                None => Ok(()),
            }
        })
        .check(|_, _| {});
}

#[test]
fn pages_and_carts_are_sound_whatever_fails() {
    let add = post("/cart/1/items").body("item=1&count=3");
    for request in [get("/"), get("/cart/1"), add] {
        explore(router(), world).request(request).check(|world, _| sound(world));
    }
}

/// It streams for minutes, so one thing at a time must do.
#[test]
fn what_staff_see_is_sound_whatever_fails() {
    explore(router(), world).request(get("/orders")).faults(1).check(|world, _| sound(world));
}

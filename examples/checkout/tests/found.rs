//! What was found once, run again by its replay string. A string stays good as long as the handler makes the same
//! decisions up to there; when it does not fit any longer, the test says so, and the exploration that found it still
//! stands.

use segno::testing::{explore, simulate};

use super::world::{checkout, honest, left, mailed_as_noted, settle, sound, world};
use crate::router;

/// The order was cancelled because the bank knew of no charge, and the charge came a moment later: it is void now.
#[test]
fn an_order_is_not_cancelled_while_its_charge_is_on_the_way() {
    let both = simulate(router(), world).client(checkout(1)).clients(2, |_| settle(1));
    both.replay("v1:0*9.1").check(|world, _| sound(world));
}

/// The mail was refused, and then the database: a paid order was called a failure. It takes both.
#[test]
fn a_paid_order_is_no_failure_for_want_of_a_mail() {
    explore(router(), world).request(checkout(1)).replay("v1:0*12.1.1").check(|world, end| {
        sound(world);
        honest(world, 1, end);
    });
}

/// Staff's browser went away between the note that the mail is sent and the sending: it goes through a cleanup now.
#[test]
fn a_mail_is_sent_even_if_nobody_waits_for_the_answer() {
    let settled = explore(router(), || left("paid", true)).request(settle(1)).without_faults();
    settled.replay("v1:0.0.1").check(|world, _| {
        sound(world);
        mailed_as_noted(world);
    });
}

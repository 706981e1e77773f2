//! Handlers with a bug in each, plausible as it stands there, and what finds it: the testing kit with nothing set but
//! the requests. It is found as what it is, and once more by its replay string.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

/// A test as it stands, or with this tape alone.
macro_rules! again {
    ($test:expr, $tape:expr) => {
        match $tape {
            Some(tape) => $test.replay(tape),
            None => $test,
        }
    };
}

mod bank;
mod chat;
mod customers;
mod handlers;
mod mended;
mod payments;
mod sql;

use segno::testing::Finding;

/// Finds a bug, or shows it again by a replay string.
type Find = fn(Option<&str>) -> Box<Finding>;

macro_rules! planted {
    ($($name:ident: $find:path, $what:literal, $replay:literal;)*) => {$(
        #[test]
        fn $name() {
            is_found(stringify!($name), $find, $what, $replay);
        }
    )*};
}

fn is_found(name: &str, find: Find, what: &str, replay: &str) {
    let found = find(None);
    assert!(found.what().contains(what), "{name} is found as something else: {found}");
    assert_eq!(found.replay(), replay, "{name} has another replay string: {found}");
    let again = find(Some(replay));
    let headline = |finding: &Finding| finding.what().lines().next().map(str::to_owned);
    assert_eq!(headline(&again), headline(&found), "{name} is something else when it is replayed: {again}");
}

planted! {
    charged_again_after_a_failure: payments::charged_again_after_a_failure, "NoRepeat", "v1:1/17";
    charged_again_after_a_timeout: payments::charged_again_after_a_timeout, "NoRepeat", "v1:0.17/18";
    charged_under_two_keys: payments::charged_under_two_keys, "the card was charged twice", "v1:0.2/17";
    tried_without_an_end: payments::tried_without_an_end, "endless loop", "v1:3/17";
    thanked_without_a_charge: payments::thanked_without_a_charge, "nobody was charged, and thanked", "v1:7/17";
    thanked_when_time_was_over: payments::thanked_when_time_was_over, "nobody was charged, and thanked", "v1:1/2";
    booked_by_the_loser: payments::booked_by_the_loser, "both have charged the card", "v1:0.17/18";
    answered_before_it_listened: chat::answered_before_it_listened, "deadlock", "v1:0.0.1/2";
    both_waited: chat::both_waited, "deadlock", "v1:";
    missed_a_message: chat::missed_a_message, "missed a message", "v1:";
    asked_in_any_order: handlers::asked_in_any_order, "not deterministic", "v1:";
    awaited_what_is_no_effect: handlers::awaited_what_is_no_effect, "not an effect", "v1:";
    would_not_stop: handlers::would_not_stop, "would not end", "v1:1/4";
    called_a_part_the_whole: handlers::called_a_part_the_whole, "a part of the page is called whole", "v1:0.0.0.1/11";
    responded_twice: handlers::responded_twice, "OneResponse", "v1:0.1/10";
    left_open: sql::left_open, "TransactionsClose", "v1:0.1/9";
    began_in_sql: sql::began_in_sql, "TransactionsAreScopes", "v1:";
    held_a_transaction: sql::held_a_transaction, "NoWaitInTransaction", "v1:";
    thanked_for_nothing: sql::thanked_for_nothing, "no order is there", "v1:1/13";
    ordered_twice: sql::ordered_twice, "one request made two orders", "v1:0.0.0.2/8";
    told_before_the_commit: sql::told_before_the_commit, "an invoice without an order", "v1:0*4.1/8";
    kept_when_the_client_left: sql::kept_when_the_client_left, "QuietAfterStop", "v1:0.11/17";
    sold_for_nothing: sql::sold_for_nothing, "it is sold for nothing", "v1:1/10.1/8";
    lost_a_visit: customers::lost_a_visit, "a visit was lost", "v1:0.0.1/2";
    sold_the_last_seat_twice: customers::sold_the_last_seat_twice, "a seat was sold twice", "v1:0*4.1/2";
    unwrapped_a_row_that_was_gone: customers::unwrapped_a_row_that_was_gone, "panicked", "v1:0.0.0.1/2";
}

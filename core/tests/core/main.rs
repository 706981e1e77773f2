//! What the core promises, through its public face, by a driver of its own.

#![allow(
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    clippy::semicolon_if_nothing_returned,
    unused_must_use,
    reason = "a test that meets what it does not expect panics, and handlers under test drop what they are not about"
)]

mod answers;
#[cfg(feature = "serde")]
mod deserialize;
mod driver;
mod events;
mod faults;
mod foreign;
mod handlers;
mod interim;
mod lanes;
mod retries;
mod router;
mod rows;
mod sets;
mod stops;
mod streams;
mod transactions;
mod values;

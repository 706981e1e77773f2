//! Exploration: what it tries, what it finds, and how it says so.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

mod bank;
mod claims;
mod commits;
mod exchange;
mod faults;
mod findings;
mod lanes;
mod laws;
mod retries;
mod sql;
mod streams;
mod tapes;

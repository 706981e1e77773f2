//! Exploration: what it tries, what it finds, and how it says so.

mod bank;
mod commits;
mod faults;
mod findings;
mod lanes;
mod laws;
mod sql;
mod tapes;

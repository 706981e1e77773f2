//! The server on smol, with real clients over real sockets.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod article;
mod bodies;
mod browser;
mod client;
mod driving;
mod events;
mod exchanges;
mod faults;
mod interim;
mod limits;
mod logs;
mod nested;
mod programs;
mod recorded;
mod requests;
mod server;
mod shutdown;
mod streams;
mod vanished;

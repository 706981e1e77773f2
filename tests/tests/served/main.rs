//! The server on smol, with real clients over real sockets.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod access;
mod article;
mod bodies;
mod browser;
mod client;
mod driving;
mod events;
mod exchanges;
mod faults;
mod files;
mod gzip;
mod health;
mod interim;
mod limits;
mod listeners;
mod logs;
mod nested;
mod places;
mod programs;
mod recorded;
mod request_ids;
mod server;
mod shutdown;
mod streams;
mod times;
mod uploads;
mod vanished;

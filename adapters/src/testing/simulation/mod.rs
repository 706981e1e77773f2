//! The engine that tries handlers out: clients, a world, and a tape that decides whatever can go in several ways.
//!
//! It drives the tasklets by hand, one event after the other, on one thread. All that it decides, it asks the tape for: which
//! event comes next, and what becomes of each effect. So a run is a function of the handlers, the world and the tape.

mod alarm;
mod client;
mod event;
mod handler;
mod log;
mod options;
mod plan;
mod run;
mod turn;

pub(super) use log::Log;
pub use plan::Client;
pub(super) use plan::{Limits, Plan, Said};
pub(super) use run::{Ended, Run, Seen};

//! core
#![no_std]

extern crate alloc;
// For `std::sync::Mutex` alone.
extern crate std;

mod error;
mod path;

mod effect;
mod perform;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod serial;
mod set;
mod standard;

mod io;
mod lanes;
mod slot;
mod trace;
mod transaction;
mod verbs;

mod generator;
mod tasklet;

mod handler;
mod request;
mod response;
mod router;

pub use effect::{Answer, Effect, EffectSet, Has, Replay};
pub use error::{
    AnswerError, AnswerErrorKind, EffectError, Error, Happened, ParsePathError, Place, Result, StopReason, Stopped,
};
pub use handler::{Handler, HandlerFuture};
pub use io::{Ask, Cleanup, Io};
pub use lanes::{Elapsed, Race2, Race3, Race4, Race5, Race6, Race7, Race8};
pub use path::{Path, Ticket};
pub use perform::{Perform, PerformedBy};
pub use request::{Body, Request};
pub use response::{Escaped, Page, Response, ResponseStream};
pub use router::{Router, RouterError};
pub use standard::*;
pub use tasklet::{Step, Tasklet};
pub use trace::{Entry, Trace};
pub use transaction::Tx;
pub use verbs::Subscription;

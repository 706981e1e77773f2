//! segno
#[cfg(feature = "smol")]
mod backend;
#[cfg(feature = "smol")]
mod chance;
#[cfg(feature = "smol")]
mod chat;
#[cfg(feature = "smol")]
mod drive;
#[cfg(feature = "smol")]
mod in_flight;
#[cfg(any(feature = "smol", feature = "testing"))]
mod panics;
#[cfg(feature = "smol")]
pub mod smol;
#[cfg(feature = "sqlite")]
mod sql;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "smol")]
mod watchdog;

#[cfg(feature = "smol")]
pub use backend::{Backend, Exchange};
#[cfg(feature = "smol")]
pub use chat::{Chat, ChatSession};
#[cfg(feature = "smol")]
pub use drive::{DriveError, drive};
pub use segno_core::*;
#[cfg(feature = "sqlite")]
pub use sql::{Database, DatabaseOptions, SqlSession};

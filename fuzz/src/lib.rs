//! What the fuzz targets share: handlers that do what the fuzzer's input says, and drivers whose every choice comes from
//! it as well; and a zoo of handlers as people write them.

mod answer;
mod driver;
mod framing;
mod ledger;
mod misuse;
mod program;

pub mod zoo;

pub use driver::{Case, drive};
pub use framing::{Wire, compare};
pub use misuse::{Misuse, misuse};
pub use program::Program;

//! What the fuzz targets share: handlers that do what the fuzzer's input says, and a driver whose every choice comes from
//! it as well.

mod answer;
mod driver;
mod ledger;
mod program;

pub use driver::{Case, drive};

//! segno
pub use segno_core::*;

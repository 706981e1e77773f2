//! core
#![no_std]
#![allow(missing_docs)]
extern crate alloc;
mod error;
mod path;
mod effect;
mod perform;
mod set;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod serial;
mod standard;
pub use effect::*;
pub use error::*;
pub use path::*;
pub use perform::*;
pub use standard::*;
#[doc(hidden)]
pub struct Io<S = Standard>(core::marker::PhantomData<S>);

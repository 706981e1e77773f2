//! The rules of this repository, held by a test: what a reader is promised about its files is true of all of them.
//!
//! Every check reads the sources as they lie there. Each has a test beside it that shows it a broken rule.

#![allow(clippy::unwrap_used, reason = "a rule that cannot be read is a failure")]

mod tokens;

mod modules;
mod workspace;

mod attributes;
mod cycles;
mod documents;
mod lengths;
mod manifests;
mod readme;
mod walls;
mod words;

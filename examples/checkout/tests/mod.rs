//! Tests of the checkout, of four kinds. Each finds what the others do not:
//!
//! - [`scripts`] say what a handler asks for, and what it is told. They find a wrong statement, a wrong status, a wrong
//!   order of things, in the few cases that somebody has thought of. They are the quickest to write, and show how a
//!   handler talks.
//! - [`explored`] runs one request with every failure there is, two of them at a time: each effect fails, carried out
//!   or not, each stop comes anywhere. It finds what happens between two lines: stock that is lost with its client, a
//!   charge that nobody has written down. A law of the shop's own stands guard there, too.
//! - [`simulated`] runs several requests at once in one world, in many orders. It finds what customers do to each
//!   other: the last cup sold twice, one cart paid twice, an order cancelled while it is paid.
//! - [`found`] runs what was found once, by its replay string: the test that a fixed bug leaves behind.
//!
//! The program's own bank has tests in [`banks`]: the others speak to one in memory, which must answer alike.
//!
//! All but the scripts say once what must be [true of the world](world::sound), and no test says how it comes about.

mod banks;
mod explored;
mod found;
mod scripts;
mod simulated;
mod world;

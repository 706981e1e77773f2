//! What rooms promise, wherever they are: one contract, kept by the chat of one process and by the one over PostgreSQL; and
//! what only the latter has to keep.
//!
//! `SEGNO_POSTGRES_URL` names a server, on which the tests may make databases and roles: they remove them again. Without
//! it, what needs one is left out.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

mod talk;

mod contract;
mod database;
mod proxy;

mod outage;
mod postgres;
mod secrets;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Completion, Trial};
use segno::Chat;

use crate::database::Server;

/// A test by its name, with what it needs.
type Test<T> = (&'static str, fn(&T));

/// Tests that are named as their functions.
macro_rules! tests {
    ($($test:ident),* $(,)?) => { &[$((stringify!($test), $test)),*] };
}
use tests;

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (name, test) in contract::TESTS {
        trials.push(Trial::test(format!("in_process::{name}"), || {
            test(&Chat::new());
            Ok(())
        }));
        trials.push(on_server(name, |server| test(&server.chat())));
    }
    for (name, test) in postgres::TESTS.iter().chain(outage::TESTS) {
        trials.push(on_server(name, |server| test(&server)));
    }
    for (name, test) in secrets::TESTS {
        trials.push(Trial::test(format!("no_server::{name}"), || {
            test(&());
            Ok(())
        }));
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A test that needs a server, and is left out without one.
fn on_server(name: &str, test: impl FnOnce(Server) + Send + 'static) -> Trial {
    Trial::ignorable_test(format!("postgres::{name}"), || match Server::from_environment() {
        Some(server) => {
            test(server);
            Ok(Completion::Completed)
        }
        None => Ok(Completion::ignored_with("left out, since SEGNO_POSTGRES_URL names no server")),
    })
}

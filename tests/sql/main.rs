//! SQL as handlers see it, on every database: each case runs on SQLite, and on the servers that the environment names.
//!
//! ```text
//! tests/databases run cargo test -p segno-tests --test sql                    on all of them
//! cargo test -p segno-tests --test sql -- sqlite::                            on one of them
//! ```
//!
//! `SEGNO_POSTGRES_URL` and `SEGNO_MYSQL_URL` name the servers. What has none is left out, and the last lines say so.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(clippy::print_stdout, reason = "the program's output")]

mod steps;

mod home;

mod server;

mod case;

mod access;
mod contention;
mod crash;
mod errors;
mod migrations;
mod mysql;
mod placeholders;
mod postgres;
mod secrets;
mod timeouts;
mod transactions;
mod undone;
mod writes;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

use case::Case;
use home::{Home, Kind};

fn main() -> ExitCode {
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials());
    for kind in Kind::ALL {
        if let Some(variable) = kind.variable().filter(|_| kind.server().is_none()) {
            println!(
                "left out: {kind}: {variable} is not set; `tests/databases run cargo test` starts one and sets it\n"
            );
        }
    }
    conclusion.exit_code()
}

fn trials() -> Vec<Trial> {
    let topics = [
        access::cases(),
        contention::cases(),
        crash::cases(),
        errors::cases(),
        migrations::cases(),
        mysql::cases(),
        placeholders::cases(),
        postgres::cases(),
        secrets::cases(),
        timeouts::cases(),
        transactions::cases(),
        undone::cases(),
        writes::cases(),
    ];
    let cases: Vec<_> = topics.into_iter().flatten().collect();
    let each =
        |kind: Kind| cases.iter().filter(move |case| case.kinds.contains(&kind)).map(move |case| trial(kind, case));
    Kind::ALL.into_iter().flat_map(each).collect()
}

fn trial(kind: Kind, case: &Case) -> Trial {
    let check = case.check;
    let check = move || {
        check(&Home::make(kind));
        Ok(())
    };
    Trial::test(format!("{kind}::{}", case.name), check).with_ignored_flag(!kind.is_here())
}

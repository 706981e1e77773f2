//! The price of the server's edge: segno beside `async_h1::accept` by hand and hyper, in one run.
//!
//! ```text
//! cargo bench -p segno-bench --bench edge                       three workloads, five rounds of two seconds
//! cargo bench -p segno-bench --bench edge -- --rounds 9 --seconds 5 --only hello
//! ```
//!
//! Each server is a process of its own with one thread for its work; the load comes from one thread of this one. In each
//! round every server has its turn with every workload, in an order that chance gives, so that what else the machine does
//! falls on all alike. What is shown is the median of the rounds: responses in a second, and the processor's time for
//! each response in all threads of the server, which is the steadier number. The ratios are segno's to the other's.

#![allow(clippy::print_stdout, reason = "the program's output")]

mod load;
mod process;
mod servers;
mod table;

use std::time::Duration;

use lexopt::{Arg, ValueExt};
use process::Server;
use servers::{NAMES, Workload};
use table::{Measured, Table};

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the command line asks for.
struct Options {
    rounds: usize,
    time: Duration,
    only: Option<String>,
}

fn main() -> Result<(), Failed> {
    let mut options = Options { rounds: 5, time: Duration::from_secs(2), only: None };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("serve") => return servers::serve(&parser.value()?.string()?),
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("seconds") => options.time = Duration::from_secs_f64(parser.value()?.parse()?),
            Arg::Long("only") => options.only = Some(parser.value()?.string()?),
            // Cargo says so to every benchmark.
            Arg::Long("bench") => {}
            other @ (Arg::Long(_) | Arg::Short(_) | Arg::Value(_)) => return Err(other.unexpected().into()),
        }
    }
    measure(&options)
}

fn measure(options: &Options) -> Result<(), Failed> {
    let workloads = Workload::ALL.into_iter();
    let workloads = workloads.filter(|workload| options.only.as_deref().is_none_or(|only| only == workload.name()));
    let mut turns: Vec<_> = workloads.flat_map(|workload| NAMES.map(|server| (workload, server))).collect();
    let servers = NAMES.map(Server::start).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut table = Table::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        fastrand::shuffle(&mut turns);
        for (workload, name) in &turns {
            let Some(server) = servers.iter().find(|server| server.name == *name) else { continue };
            load::run(server.address, *workload, WARM_UP)?;
            let before = server.processor_time()?;
            let done = load::run(server.address, *workload, options.time)?;
            let spent = server.processor_time()?.saturating_sub(before);
            table.add(*workload, name, Measured::new(done, options.time, spent));
        }
    }
    print!("{table}");
    Ok(())
}

/// Until connections, buffers and branch predictors are as they will be.
const WARM_UP: Duration = Duration::from_millis(200);

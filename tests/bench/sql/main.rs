//! The price of SQL as effects: the article's three queries by a handler, beside the same three by plain sqlx, in one run.
//!
//! ```text
//! cargo bench -p segno-bench --bench sql                              on SQLite, in a temporary file
//! tests/databases run cargo bench -p segno-bench --bench sql          on PostgreSQL and MariaDB, too
//! cargo bench -p segno-bench --bench sql -- --database postgres://ada:secret@localhost/test --rounds 100
//! ```
//!
//! sqlx is measured as its users write it, each query on the pool, and with one connection held for all three. Once there
//! is one request at a time, and once eight. Beside it, twenty queries of one handler: joined, and one after another. In each round every contestant has its turn, in an order that chance gives,
//! so that what else the machine does falls on all alike; a ratio is of two turns of one round. Shown are the medians,
//! and for the ratios where the middle half of the rounds lies.

#![allow(clippy::print_stdout, reason = "the program's output")]

mod contestants;
mod table;

use std::{
    env,
    time::{Duration, Instant},
};

use contestants::Contestant;
use lexopt::{Arg, ValueExt};
use table::Table;

type Failed = Box<dyn std::error::Error + Send + Sync>;

/// What the command line asks for.
struct Options {
    databases: Vec<String>,
    rounds: usize,
    turn: Duration,
}

fn main() -> Result<(), Failed> {
    let mut options = Options { databases: Vec::new(), rounds: 40, turn: Duration::from_millis(50) };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("database") => options.databases.push(parser.value()?.string()?),
            Arg::Long("rounds") => options.rounds = parser.value()?.parse()?,
            Arg::Long("milliseconds") => options.turn = Duration::from_millis(parser.value()?.parse()?),
            // Cargo says so to every benchmark.
            Arg::Long("bench") => {}
            other @ (Arg::Long(_) | Arg::Short(_) | Arg::Value(_)) => return Err(other.unexpected().into()),
        }
    }
    let folder = tempfile::tempdir()?;
    if options.databases.is_empty() {
        options.databases.push(format!("sqlite:{}", folder.path().join("bench.db").display()));
        options
            .databases
            .extend(["SEGNO_POSTGRES_URL", "SEGNO_MYSQL_URL"].into_iter().filter_map(|name| env::var(name).ok()));
    }
    for url in &options.databases {
        smol::block_on(measure(url, &options))?;
    }
    Ok(())
}

async fn measure(url: &str, options: &Options) -> Result<(), Failed> {
    let [three, twenty] = contestants::all(url).await?;
    for (queries, contestants, at_once) in [("three", &three, 1), ("three", &three, 8), ("twenty", &twenty, 1)] {
        let mut table = Table::new(contestants.iter().map(Contestant::name));
        for round in 0..=options.rounds {
            let mut turns: Vec<_> = contestants.iter().collect();
            fastrand::shuffle(&mut turns);
            for contestant in turns {
                let each = take_turn(contestant, at_once, options.turn).await?;
                // The first round is for connections, caches and branch predictors.
                if round > 0 {
                    table.add(contestant.name(), round, each);
                }
            }
        }
        let (database, _) = url.split_once(':').unwrap_or((url, ""));
        println!("{database}, {at_once} at once, {queries} queries of ten rows:\n{table}");
    }
    contestants::clean(url).await
}

/// The time that a request takes, of so many at once.
async fn take_turn(contestant: &Contestant, at_once: usize, turn: Duration) -> Result<f64, Failed> {
    let began = Instant::now();
    let workers: Vec<_> = (0..at_once)
        .map(|_| {
            let contestant = contestant.clone();
            let work = async move {
                let mut done = 0_u32;
                while began.elapsed() < turn {
                    contestant.request().await?;
                    done += 1;
                }
                Ok::<_, Failed>(done)
            };
            smol::spawn(work)
        })
        .collect();
    let mut done = 0;
    for worker in workers {
        done += worker.await?;
    }
    Ok(began.elapsed().as_secs_f64() / f64::from(done))
}

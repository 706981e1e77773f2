//! What trying handlers out costs: effects and steps a second, and the memory that it takes.
//!
//! Run with `cargo bench -p segno --features testing`. An effect is asked for, performed or failed, and answered, with all
//! that comes with it: a new world and a new handler for each run, faults, stops, laws, the check. A step is one call of
//! `Tasklet::step`: one that hands the effect over, and one that says that the handler waits. Beside it stands what a bare
//! tasklet takes for the same, in the same run: so the ratio holds on any machine.

mod counting;

use std::{
    fs,
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use counting::{Add, AddErrorKind, Counting, Io};
use segno::{
    Has, Request, Response, Result, Step, StopReason, Tasklet,
    testing::{Client, Sqlite, World, explore, get, simulate},
};

fn main() {
    println!("{:<50} {:>10} {:>12} {:>12}", "", "effects", "effects/s", "steps/s");
    let bare = best("a bare tasklet of ten effects", || bare(BARE_RUNS));
    let explored = best("explore: ten effects, at most 4 unusual", || ten_effects(4));
    println!("{:<50} {:>10.2}x", "an explored effect beside a bare one", explored / bare);
    best("explore: five statements on SQLite, at most 2", statements);
    best("simulate: 1,000 clients for an hour", an_hour);
    memory();
}

/// The best of some rounds, in seconds for each effect: what disturbs a round only ever makes it slower.
fn best(name: &str, run: impl Fn() -> u64) -> f64 {
    let mut best = f64::MAX;
    let mut effects = 0;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        effects = run();
        best = best.min(start.elapsed().as_secs_f64() / effects as f64);
    }
    println!("{name:<50} {effects:>10} {:>12.0} {:>12.0}", 1.0 / best, 2.0 / best);
    best
}

/// The handler by itself: no world, no tape, no trace.
fn bare(runs: u64) -> u64 {
    for _ in 0..runs {
        let mut tasklet = Tasklet::new(|io| count(io, Request::get("/")));
        let mut sum = 0;
        while let Step::Perform(ticket, Counting::Add(Add(number))) = tasklet.step() {
            sum += number;
            assert!(matches!(tasklet.step(), Step::Waiting));
            let answered = tasklet.answer(ticket, <Counting as Has<Add>>::wrap(Ok(sum)));
            assert!(answered.is_ok());
        }
        black_box(sum);
    }
    10 * runs
}

/// Ten effects that each may be refused or stopped, as in the prototype that this is compared with.
fn ten_effects(unusual: usize) -> u64 {
    let explored = explore(count, || World::new().state(AtomicU64::new(0)))
        .stops(&[StopReason::Disconnected])
        .faults(unusual)
        .check(|world, _| assert!(black_box(world.own().load(Relaxed)) <= 55));
    explored.steps()
}

async fn count(mut io: Io, _: Request) -> Result<Response> {
    let mut sum = 0;
    for number in 1..=10 {
        match io.perform(Add(number)).await {
            Ok(now) => sum = now,
            Err(error) if matches!(error.kind, AddErrorKind::Stopped(_)) => return Err(error.into()),
            Err(_) => {}
        }
    }
    Ok(Response::text(if sum == 55 { "all" } else { "some" }))
}

fn statements() -> u64 {
    async fn order(mut io: segno::Io, _: Request) -> Result<Response> {
        let stock: i64 = io.sql("select count from stock where item = 7", ()).await?.one()?.get("count")?;
        io.transaction(async |tx| {
            tx.sql("update stock set count = ?1 where item = 7", [stock - 1]).await?;
            tx.sql("insert into sale (item) values (7)", ()).await?;
            Ok(())
        })
        .await?;
        Ok(Response::text("sold"))
    }
    const SCHEMA: &str = "create table stock (item integer primary key, count integer not null check (count >= 0));
        create table sale (id integer primary key, item integer not null references stock);
        insert into stock values (7, 1)";
    let explored = explore(order, || World::new().database(Sqlite::new(SCHEMA))).check(|world, _| {
        let left: i64 = world.sqlite().value("select count from stock", ());
        assert_eq!(left + world.sqlite().value::<i64>("select count(*) from sale", ()), 1);
    });
    explored.steps()
}

fn an_hour() -> u64 {
    async fn visit(mut io: segno::Io, _: Request) -> Result<Response> {
        for _ in 0..5 {
            io.chat_send("room", "still here").await?;
            let pause = io.random(60..600).await?;
            io.sleep(Duration::from_secs(pause)).await?;
        }
        Ok(Response::text("bye"))
    }
    let clients = |number: usize| Client::new(get("/")).arrives(Duration::from_secs(number as u64));
    simulate(visit, World::new).clients(1_000, clients).seeds(0..1).check(|_, _| ()).steps()
}

/// The memory of the process, as runs grow.
fn memory() {
    for unusual in [2, 4, 6] {
        let effects = ten_effects(unusual);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or(" unknown").trim();
        println!("resident after {effects:>9} effects more: {resident}");
    }
}

const ROUNDS: usize = 5;

/// Long enough to be measured: some tens of milliseconds.
const BARE_RUNS: u64 = 10_000;

//! What an effect costs beside a bare generator: time for each, and memory for a suspended handler.
//!
//! Run with `cargo bench -p segno-core`. The costs are measured in turns, and the ratios are between medians of the same
//! run, so that a noisy machine blurs all of them alike.

use std::{
    alloc::System,
    hint::black_box,
    time::{Duration, Instant},
};

use genawaiter::{GeneratorState, sync::Gen};
use segno_core::{Io, Now, Standard, StandardOutcome, Step, Tasklet, Timestamp};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

fn main() {
    let mut rows = [
        Row { name: "bare genawaiter::sync, yield and resume", run: bare, times: Vec::new() },
        Row { name: "segno, one effect asked and answered", run: one_effect, times: Vec::new() },
        Row { name: "segno, a join of two effects", run: join_of_two, times: Vec::new() },
        Row { name: "segno, a race of two effects", run: race_of_two, times: Vec::new() },
    ];
    for _ in 0..ROUNDS {
        for row in &mut rows {
            row.times.push((row.run)());
        }
    }
    let bare = rows[0].median();
    println!("{:<44} {:>10} {:>8}", "", "time", "ratio");
    for row in &mut rows {
        let median = row.median();
        println!("{:<44} {:>7.1} ns {:>7.2}x", row.name, median, median / bare);
    }
    memory();
}

struct Row {
    name: &'static str,
    run: fn() -> Duration,
    times: Vec<Duration>,
}

impl Row {
    /// In nanoseconds for each repetition.
    fn median(&mut self) -> f64 {
        self.times.sort_unstable();
        self.times[self.times.len() / 2].as_nanos() as f64 / REPEAT as f64
    }
}

fn bare() -> Duration {
    let mut generator = Gen::new(|co| async move {
        for number in 0..REPEAT {
            co.yield_(number).await;
        }
    });
    let start = Instant::now();
    while let GeneratorState::Yielded(number) = generator.resume() {
        black_box(number);
    }
    start.elapsed()
}

fn one_effect() -> Duration {
    drive(async |mut io: Io| {
        for _ in 0..REPEAT {
            let _ = black_box(io.perform(Now).await);
        }
    })
}

fn join_of_two() -> Duration {
    drive(async |mut io: Io| {
        for _ in 0..REPEAT {
            let both = io.join2(async |io| io.now().await, async |io| io.now().await).await;
            let _ = black_box(both);
        }
    })
}

fn race_of_two() -> Duration {
    drive(async |mut io: Io| {
        for _ in 0..REPEAT {
            let first = io.race2(async |io| io.now().await, async |io| io.now().await).await;
            let _ = black_box(first);
        }
    })
}

fn drive<F>(handler: impl FnOnce(Io) -> F) -> Duration
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut tasklet = Tasklet::new(handler);
    let mut pending = Vec::with_capacity(2);
    let start = Instant::now();
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                black_box(effect);
                pending.push(ticket);
            }
            Step::Abandon(ticket) => pending.retain(|pending| *pending != ticket),
            Step::Waiting => {
                let ticket = pending.pop().expect("a waiting handler has asked");
                let outcome = black_box(StandardOutcome::Now(Ok(Timestamp::EPOCH)));
                tasklet.answer(ticket, outcome).expect("it is pending");
            }
            Step::Done(()) => return start.elapsed(),
            step @ (Step::Detach(_) | Step::Tell(_) | Step::Foreign(_) | Step::Runaway(_) | Step::Dead) => {
                panic!("no handler of this benchmark comes to {step:?}")
            }
        }
    }
}

fn memory() {
    let mut suspended = Vec::with_capacity(SUSPENDED);
    let region = Region::new(ALLOCATOR);
    let mut locals = 0;
    for _ in 0..SUSPENDED {
        let mut tasklet = Tasklet::new(|mut io: Io| {
            let handler = async move {
                let _ = io.now().await;
            };
            locals = size_of_val(&handler);
            handler
        });
        assert!(matches!(tasklet.step(), Step::Perform(_, Standard::Now(_))));
        suspended.push(tasklet);
    }
    let change = region.change();
    let heap = (change.bytes_allocated - change.bytes_deallocated) / SUSPENDED;
    let calls = (change.allocations - change.deallocations) / SUSPENDED;
    let tasklet = size_of::<Tasklet<()>>();
    println!(
        "a suspended handler: {} bytes beside its own {locals} (tasklet {tasklet}, heap {} in {calls} allocations)",
        heap - locals + tasklet,
        heap - locals,
    );
}

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Long enough for a clock to measure, short enough to be interleaved.
const REPEAT: u32 = 200_000;
const ROUNDS: usize = 15;
const SUSPENDED: usize = 1_000;

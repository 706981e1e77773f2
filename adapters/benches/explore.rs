//! What trying a handler out costs: steps a second in an exploration of a handler of ten effects.
//!
//! Run with `cargo bench -p segno --features testing`. A step is an effect that is asked for, performed or failed, and
//! answered, with all that comes with it: a new world and a new handler for each run, faults, stops, laws, the check.

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::{Duration, Instant},
};

use segno::{
    Answer, Effect, EffectError, Happened, Io, Menu, Perform, Replay, Request, Response, Result, Standard, StopReason,
    testing::{Session, World, explore},
};

fn main() {
    println!("{:<58} {:>12} {:>14}", "", "steps", "steps a second");
    for (name, faults) in [("ten effects, at most 2 unusual", 2), ("ten effects, at most 3 unusual", 3)] {
        let mut best = f64::MAX;
        let mut steps = 0;
        for _ in 0..ROUNDS {
            let (time, performed) = ten_effects(faults);
            best = best.min(time.as_secs_f64() / performed as f64);
            steps = performed;
        }
        println!("{name:<58} {steps:>12} {:>14.0}", 1.0 / best);
    }
}

/// Ten effects that each may fail in three ways, as in the prototype that this is compared with.
fn ten_effects(faults: usize) -> (Duration, u64) {
    let start = Instant::now();
    let explored = explore(count, || World::new().state(AtomicU64::new(0)))
        .stops(&[StopReason::Disconnected])
        .faults(faults)
        .check(|world, _| assert!(black_box(world.own().load(Relaxed)) <= 55));
    (start.elapsed(), explored.steps())
}

async fn count(mut io: Io<Counting>, _: Request) -> Result<Response> {
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

/// Adds a number to the world's.
#[derive(Clone, Debug, PartialEq)]
struct Add(u64);

#[derive(Clone, Debug, PartialEq)]
enum AddErrorKind {
    Refused,
    Stopped(StopReason),
}

impl From<StopReason> for AddErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

impl Effect for Add {
    type Output = u64;
    type Error = EffectError<AddErrorKind>;
    const NAME: &'static str = "add";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("refused", Happened::No, AddErrorKind::Refused);
    }
}

segno::effects! {
    enum Counting (CountingOutcome): Standard + { Add }
}

impl Perform<Add> for Session<AtomicU64> {
    async fn perform(&self, add: Add) -> Answer<Add> {
        Ok(self.state().fetch_add(add.0, Relaxed) + add.0)
    }
}

/// The best of some rounds: what disturbs a round only ever makes it slower.
const ROUNDS: usize = 20;

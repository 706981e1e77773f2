//! Runs a plan with many tapes, and makes a finding of the first run that is wrong.

use std::{
    cell::RefCell,
    ops::Range,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use segno_core::{PerformedBy, Trace};

use super::{
    end::End,
    finding::{Explored, Finding},
    laws::Standards,
    outcomes,
    simulation::{Ended, Plan, Run, Seen},
    tape::{Search, Tape, shrink},
    world::{Session, World},
};
use crate::panics;

/// Which tapes are tried.
#[derive(Clone, Debug)]
pub(super) enum Tapes {
    /// All with at most so many unusual decisions.
    Bounded(usize),
    /// Those of these seeds.
    Seeds(Range<u64>),
    /// This one.
    One(Tape),
}

/// A plan, the world that each run gets, and what must hold at its end.
pub(super) struct Trial<'t, S: Standards, W, C> {
    pub(super) plan: &'t Plan<S>,
    pub(super) world: W,
    pub(super) check: RefCell<C>,
}

impl<S, X, W, C> Trial<'_, S, W, C>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
    W: Fn() -> World<X>,
    C: FnMut(&World<X>, &[End]),
{
    /// Tries these tapes.
    pub(super) fn run(&self, tapes: Tapes) -> Result<Explored, Box<Finding>> {
        let explored = panics::quietly(|| match tapes {
            Tapes::Bounded(bound) => self.bounded(bound),
            Tapes::Seeds(seeds) => self.seeds(seeds),
            Tapes::One(tape) => self.one(tape),
        });
        outcomes::keep();
        explored
    }

    fn bounded(&self, bound: usize) -> Result<Explored, Box<Finding>> {
        let mut search = Search::new(bound);
        let mut steps = 0;
        loop {
            // Runs with fewer unusual decisions than this are run again, and were checked before.
            let least = search.level();
            let Some(tape) = search.next_tape() else { break };
            let (wrong, performed) = if least <= TWICE { self.twice(tape, least) } else { self.once(tape, least) };
            // Up to its last decision it is a run that was made before.
            let differs = tape.misfits().then(|| NOT_DETERMINISTIC.to_owned());
            if let Some(what) = differs.or(wrong) {
                let tape = tape.rewound();
                return Err(self.finding(what, &tape, search.runs()));
            }
            steps += performed;
            if search.runs() >= self.plan.limits.runs {
                let bound = format!("the first with at most {bound} unusual decisions in each (see `max_runs`)");
                return Ok(self.explored(search.runs(), steps, bound));
            }
        }
        let bound = match search.exhausted() {
            true => "all that there are".to_owned(),
            false => format!("at most {bound} unusual decision{} in each", if bound == 1 { "" } else { "s" }),
        };
        Ok(self.explored(search.runs(), steps, bound))
    }

    fn seeds(&self, seeds: Range<u64>) -> Result<Explored, Box<Finding>> {
        let mut steps = 0;
        for seed in seeds.clone() {
            let mut tape = Tape::seeded(seed);
            let (wrong, performed) =
                if seed == seeds.start { self.twice(&mut tape, 0) } else { self.once(&mut tape, 0) };
            steps += performed;
            if let Some(what) = wrong {
                let attempts = (SHRINK_EFFECTS / performed.max(1)).clamp(MIN_ATTEMPTS, MAX_ATTEMPTS);
                let smallest = shrink(&tape, attempts as u32, |tape| {
                    self.once(tape, 0).0.is_some_and(|other| is_same(&what, &other))
                });
                let what = self.once(&mut smallest.rewound(), 0).0.unwrap_or(what);
                return Err(self.finding(what, &smallest, seed - seeds.start + 1));
            }
        }
        let runs = seeds.end.saturating_sub(seeds.start);
        let last = seeds.end.saturating_sub(1);
        Ok(self.explored(runs, steps, format!("by the seeds from {} to {last}", seeds.start)))
    }

    /// The claim of a test that found nothing.
    fn explored(&self, runs: u64, steps: u64, bound: String) -> Explored {
        let limits = &self.plan.limits;
        let without = match (limits.faults, limits.stops.is_empty()) {
            (true, false) => "",
            (false, false) => ", without faults",
            (true, true) => ", without stops",
            (false, true) => ", without faults and stops",
        };
        Explored { runs, steps, bound: bound + without }
    }

    fn one(&self, mut tape: Tape) -> Result<Explored, Box<Finding>> {
        // What is replayed may have been found because two runs differ.
        let (wrong, steps) = if tape.is_replayed() { self.twice(&mut tape, 0) } else { self.once(&mut tape, 0) };
        let misfit = || tape.misfits().then(|| MISFIT.to_owned());
        match wrong.or_else(misfit) {
            Some(what) => Err(self.finding(what, &tape.rewound(), 1)),
            None => Ok(self.explored(1, steps, "by the tape that was given".into())),
        }
    }

    /// Runs a tape; tells what is wrong with the run, and how many effects were performed. What has fewer unusual decisions
    /// than `least` is not checked.
    fn once(&self, tape: &mut Tape, least: usize) -> (Option<String>, u64) {
        let (wrong, ended) = self.play(tape, Seen::Counted, least);
        (wrong, ended.steps)
    }

    /// Runs a tape twice: a handler that is a function of its answers asks for the same both times.
    fn twice(&self, tape: &mut Tape, least: usize) -> (Option<String>, u64) {
        let (wrong, first) = self.play(tape, Seen::Compared, least);
        let (_, second) = self.play(&mut tape.rewound(), Seen::Unseen, usize::MAX);
        let mut traces = first.traces.iter().zip(&second.traces);
        let differs = traces.find_map(|(one, other)| difference(one, other)).or_else(|| other_end(&first, &second));
        (differs.or(wrong), first.steps)
    }

    fn play(&self, tape: &mut Tape, seen: Seen, least: usize) -> (Option<String>, Ended<S>) {
        let world = Arc::new(panics::loudly(&self.world));
        let ended = Run::new(self.plan, world.clone(), tape, seen).finish();
        let wrong = match &ended.ends {
            Err(wrong) => Some(wrong.clone()),
            Ok(_) if tape.unusual() < least => None,
            Ok(ends) => self.checked(&world, ends, tape.unusual() == 0),
        };
        (wrong, ended)
    }

    /// What is wrong with the ends of a run.
    fn checked(&self, world: &World<X>, ends: &[End], normal: bool) -> Option<String> {
        let failed = ends.iter().find(|end| end.stopped().is_none() && end.error().is_some() && end.is_server_error());
        if let Some(failed) = failed.filter(|_| normal && !self.plan.limits.may_fail) {
            return Some(format!("nothing went wrong, and the handler {failed} (if it may, say so by `may_fail`)"));
        }
        let check = || (self.check.borrow_mut())(world, ends);
        let panic = catch_unwind(AssertUnwindSafe(check)).err()?;
        Some(format!("a check failed: {}", panics::message(&*panic)))
    }

    /// The finding of a tape, with all that happens in its run.
    fn finding(&self, what: String, tape: &Tape, runs: u64) -> Box<Finding> {
        let mut again = tape.rewound();
        let (other, ended) = self.play(&mut again, Seen::Logged, 0);
        // The same tape shows the same: else there is something that the tape does not decide.
        let what = match other {
            Some(other) if is_same(&what, &other) || what.starts_with(NOT_DETERMINISTIC) || what == MISFIT => what,
            None if what.starts_with(NOT_DETERMINISTIC) || what == MISFIT => what,
            Some(other) => format!("{NOT_DETERMINISTIC}: once {what}\n  and once {other}"),
            None => format!("{NOT_DETERMINISTIC}: once {what}\n  and once nothing is wrong"),
        };
        let (replay, unusual) = (again.to_string(), again.unusual());
        Box::new(Finding { what, log: ended.log, replay, unusual, runs })
    }
}

/// Whether two texts tell of the same thing: but for numbers, in their first lines. A smaller run that fails for another
/// reason is another finding.
fn is_same(what: &str, other: &str) -> bool {
    let told = |text: &str| -> String {
        text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_ascii_digit()).collect()
    };
    told(what) == told(other)
}

/// The first entry in which two traces of the same run differ.
fn difference<S: Standards>(one: &Trace<S>, other: &Trace<S>) -> Option<String> {
    let both = one.entries.len().max(other.entries.len());
    let differs = (0..both).map(|at| (one.entries.get(at), other.entries.get(at))).find(|(one, other)| one != other);
    differs.map(|(one, other)| format!("{NOT_DETERMINISTIC}: it differs first in\n    {one:?}\n    {other:?}"))
}

/// What differs in how the handlers ended.
fn other_end<S: Standards>(one: &Ended<S>, other: &Ended<S>) -> Option<String> {
    let shown = |ended: &Ended<S>| match &ended.ends {
        Ok(ends) => ends.iter().map(|end| (end.to_string(), end.text())).collect(),
        Err(wrong) => vec![(wrong.clone(), String::new())],
    };
    let (one, other) = (shown(one), shown(other));
    let differs = one.iter().zip(&other).find(|(one, other)| one != other);
    differs.map(|(one, other)| format!("{NOT_DETERMINISTIC}: it ends once with\n    {one:?}\n    {other:?}"))
}

const NOT_DETERMINISTIC: &str = "the handler is not deterministic: the same run, twice, is not the same (does it depend on \
    a `HashMap`'s order, on ambient time or chance, or on state outside of the world?)";

const MISFIT: &str =
    "the replay string does not fit any longer: the handler, the world or segno have changed since it was printed";

/// Runs with so many unusual decisions are made twice and compared: they are few beside those with more, and lead through
/// every error path.
const TWICE: usize = 1;

/// How many effects may be performed to make a failing run smaller: a second or two in a debug build.
const SHRINK_EFFECTS: u64 = 400_000;

/// Even a large run is tried so often: that is enough to halve it some times.
const MIN_ATTEMPTS: u64 = 20;

/// A small run has not more decisions than this to try.
const MAX_ATTEMPTS: u64 = 2_000;

//! Which outcomes of which lines were driven by tests.

mod kept;
mod line;
mod page;
mod process;
mod report;

use std::{
    collections::HashMap,
    fmt,
    panic::Location,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use segno_core::EffectSet;

pub use line::AskingLine;
use line::Table;
pub(super) use process::{keep, of_process};
pub use report::Report;

/// Collects which outcomes were driven, of each line of a handler that asks for an effect.
///
/// Give it to explorations and simulations, and look at its [`report`](Self::report). Clones collect into the same place. What
/// is run again (to see whether it is the same, or to go on from there) counts again.
///
/// ```
/// use segno::{HttpReply, Io, Request, Response, Result};
/// use segno::testing::{Outcomes, World, explore};
///
/// async fn page(mut io: Io, _: Request) -> Result<Response> {
///     let page = io.http_get("http://feeds.internal/7").await?.success()?;
///     Ok(Response::text(page.text().into_owned()))
/// }
///
/// let outcomes = Outcomes::new();
/// let world = || World::new().peer("feeds.internal", |_| Ok(HttpReply::new(200, "notes")));
/// explore(page, world).outcomes(&outcomes).check(|_world, _end| ());
/// outcomes.report().assert_at_least(1.0);
///
/// let outcomes = Outcomes::new();
/// explore(page, world).outcomes(&outcomes).without_faults().check(|_world, _end| ());
/// let report = outcomes.report();
/// let missing: Vec<_> = report.missing().map(|(_line, outcome)| outcome).collect();
/// assert_eq!(missing, ["timeout", "connection refused", "503"]);
/// ```
///
/// # A whole run of tests
///
/// With the environment variable `SEGNO_OUTCOMES`, every exploration, simulation and script is collected, without a change
/// to a test. It names a directory, from the root, since `cargo` runs the tests of each package in a folder of its own. Each
/// process keeps a file there, and the program `segno-outcomes` makes one table, or page, of all of them; it fails if too
/// few outcomes were driven:
///
/// ```sh
/// cargo install segno --no-default-features --features testing
/// SEGNO_OUTCOMES=$PWD/target/outcomes cargo test
/// segno-outcomes target/outcomes --html target/outcomes.html --at-least 90
/// ```
///
/// Nothing removes the files of an earlier run but you.
#[derive(Clone, Default)]
pub struct Outcomes(Arc<Mutex<HashMap<Asked, Seen>>>);

/// A line that asks, and the name of what it asks for.
type Asked = (Option<&'static Location<'static>>, &'static str);

/// What was seen of a line.
#[derive(Debug, Default)]
struct Seen {
    ok: u64,
    /// By their names, in the order of the menu.
    faults: Vec<(&'static str, u64)>,
    other: u64,
    /// None as long as no stop could have come.
    stopped: Option<u64>,
}

impl Outcomes {
    /// Collects nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What was collected so far.
    pub fn report(&self) -> Report {
        let mut table = Table::default();
        for ((location, effect), seen) in &*self.seen() {
            let (file, line) = location.map_or((NOWHERE, 0), |location| (location.file(), location.line()));
            let counts = table.line(file, line, effect);
            counts.add(line::OK, seen.ok);
            seen.faults.iter().for_each(|(fault, count)| counts.add(fault, *count));
            if seen.other > 0 {
                counts.add(line::OTHER, seen.other);
            }
            if let Some(stopped) = seen.stopped {
                counts.add(line::STOPPED, stopped);
            }
        }
        Report::new(table)
    }

    /// An effect was answered: as it was performed, or with a fault of its menu. `stopped` says whether its handler had been
    /// stopped before, so that no other stop could have come.
    pub(super) fn driven<S: EffectSet>(
        &self,
        location: Option<&'static Location<'static>>,
        effect: &S,
        fault: Option<&'static str>,
        outcome: &S::Outcome,
        stopped: bool,
    ) {
        let failed = S::error(outcome).is_some();
        let fault = fault.or_else(|| if failed { same(effect, outcome) } else { None });
        self.count(location, effect, fault, failed, stopped);
    }

    /// An effect was answered with what a test said, which may be a fault of its menu.
    pub(super) fn said<S: EffectSet>(
        &self,
        location: Option<&'static Location<'static>>,
        effect: &S,
        outcome: &S::Outcome,
        stopped: bool,
    ) {
        self.count(location, effect, same(effect, outcome), S::error(outcome).is_some(), stopped);
    }

    /// The handler of an effect was stopped while it waited for it.
    pub(super) fn stopped<S: EffectSet>(&self, location: Option<&'static Location<'static>>, effect: &S) {
        // What holds is waited for, and hears nothing of the stop.
        if !effect.holds() {
            let mut seen = self.seen();
            let line = seen.entry((location, effect.name())).or_default();
            line.list(effect);
            *line.stopped.get_or_insert(0) += 1;
        }
    }

    fn count<S: EffectSet>(
        &self,
        location: Option<&'static Location<'static>>,
        effect: &S,
        fault: Option<&'static str>,
        failed: bool,
        stopped: bool,
    ) {
        let mut seen = self.seen();
        let line = seen.entry((location, effect.name())).or_default();
        line.list(effect);
        if !stopped && !effect.holds() {
            line.stopped.get_or_insert(0);
        }
        let named = fault.and_then(|fault| line.faults.iter_mut().find(|(name, _)| *name == fault));
        match named {
            Some((_, count)) => *count += 1,
            None if failed => line.other += 1,
            None => line.ok += 1,
        }
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Asked, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outcomes").field("lines", &self.seen().len()).finish()
    }
}

impl Seen {
    /// Adds the faults of this effect's menu; a line may ask for several values, with several menus.
    fn list(&mut self, effect: &impl EffectSet) {
        effect.faults(&mut |fault| {
            if self.faults.iter().all(|(name, _)| *name != fault.name) {
                self.faults.push((fault.name, 0));
            }
        });
    }
}

/// The fault of the effect's menu that has this very outcome.
fn same<S: EffectSet>(effect: &S, outcome: &S::Outcome) -> Option<&'static str> {
    let mut names = Vec::new();
    effect.faults(&mut |fault| names.push(fault.name));
    let number = (0..names.len()).find(|number| effect.fail(*number).as_ref() == Some(outcome))?;
    Some(names[number])
}

/// Where the line of an effect stands that nobody knows.
const NOWHERE: &str = "(unknown)";

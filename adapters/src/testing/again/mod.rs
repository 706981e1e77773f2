//! A handler once more: driven by what another run was answered, and compared with what that asked.

mod alignment;

use std::{
    collections::HashMap,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
};

use segno_core::{EffectSet, Entry, Path, Place, Step, Tasklet, Ticket, Trace};

use self::alignment::Alignment;
use crate::panics;

/// Drives a handler from its beginning by the answers and the stops of a trace, in their order.
///
/// # Errors
///
/// If it does not do the same: ask, tell, abandon and be refused the same at the same places.
pub(in crate::testing) fn again<T: 'static, S: EffectSet>(
    tasklet: Tasklet<T, S>,
    recorded: &Trace<S>,
) -> Result<Again<T, S>, Divergence> {
    Rerun::new(recorded).run(tasklet)
}

/// A second run that did the same as the first.
#[derive(Debug)]
pub(in crate::testing) struct Again<T, S: EffectSet> {
    pub(in crate::testing) end: Ended<T>,
    /// What it did.
    pub(in crate::testing) trace: Trace<S>,
}

/// How a second run ended.
#[derive(Debug)]
pub(in crate::testing) enum Ended<T> {
    Done(T),
    Panicked(String),
    Foreign(Place),
    Runaway(Place),
    /// The trace is at its end, and the handler is not: what it waits for.
    Waits(String),
}

/// How a second run differs from the first.
#[derive(Debug)]
pub(in crate::testing) struct Divergence {
    /// Where the first difference is and what it is, in a few words.
    pub(in crate::testing) verdict: String,
    /// Both runs, line by line.
    pub(in crate::testing) alignment: String,
    /// How the second one ended.
    pub(in crate::testing) end: String,
}

/// Whether what is asked is what was recorded.
type Same<'a, S> = Box<dyn Fn(&S, &S) -> bool + 'a>;

/// What answers where there is no recording.
pub(in crate::testing) type Fakes<S> = Box<dyn FnMut(&S) -> Option<<S as EffectSet>::Outcome>>;

/// How a second run is made.
pub(in crate::testing) struct Rerun<'a, S: EffectSet> {
    recorded: &'a Trace<S>,
    same: Same<'a, S>,
    partial: bool,
    edits: Vec<(Path, S::Outcome)>,
    fakes: Option<Fakes<S>>,
}

impl<'a, S: EffectSet> Rerun<'a, S> {
    pub(in crate::testing) fn new(recorded: &'a Trace<S>) -> Self {
        Self {
            recorded,
            same: Box::new(|recorded, asked| recorded == asked),
            partial: false,
            edits: Vec::new(),
            fakes: None,
        }
    }

    /// Compares what was recorded with what is asked in this way.
    pub(in crate::testing) fn same(mut self, same: impl Fn(&S, &S) -> bool + 'a) -> Self {
        self.same = Box::new(same);
        self
    }

    /// The handler may do more than was recorded.
    pub(in crate::testing) fn partial(mut self, partial: bool) -> Self {
        self.partial = partial;
        self
    }

    /// Gives these answers instead of the recorded ones. From the first of them on nothing is compared any longer.
    pub(in crate::testing) fn edits(mut self, edits: Vec<(Path, S::Outcome)>) -> Self {
        self.edits = edits;
        self
    }

    /// Answers from this what the trace does not answer. From there on nothing is compared any longer.
    pub(in crate::testing) fn fakes(mut self, fakes: Option<Fakes<S>>) -> Self {
        self.fakes = fakes;
        self
    }

    pub(in crate::testing) fn run<T: 'static>(self, tasklet: Tasklet<T, S>) -> Result<Again<T, S>, Divergence> {
        let events = self.recorded.entries.iter().map(Event::of).collect();
        let asked = self.recorded.entries.iter().filter_map(asked).collect();
        let tasklet = tasklet.record();
        let run = Run {
            rerun: self,
            tasklet,
            events,
            said: 0,
            asked,
            pending: Vec::new(),
            locations: HashMap::new(),
            free: 0,
        };
        run.finish()
    }
}

/// The place and the effect, if this entry asked.
fn asked<S: EffectSet>(entry: &Entry<S>) -> Option<(&Path, &S)> {
    match entry {
        Entry::Asked { path, effect } => Some((path, effect)),
        Entry::Refused { .. }
        | Entry::Answered { .. }
        | Entry::Abandoned { .. }
        | Entry::Detached { .. }
        | Entry::Told { .. }
        | Entry::Stopped { .. } => None,
    }
}

/// What comes from the driver.
enum Event<'a, S: EffectSet> {
    Answer(&'a Path, &'a S::Outcome),
    Stop(segno_core::StopReason),
    /// What comes from the handler, or was taken already.
    None,
}

impl<'a, S: EffectSet> Event<'a, S> {
    fn of(entry: &'a Entry<S>) -> Self {
        match entry {
            Entry::Answered { path, outcome } => Self::Answer(path, outcome),
            Entry::Stopped { reason } => Self::Stop(*reason),
            Entry::Asked { .. }
            | Entry::Refused { .. }
            | Entry::Abandoned { .. }
            | Entry::Detached { .. }
            | Entry::Told { .. } => Self::None,
        }
    }
}

struct Run<'a, T: 'static, S: EffectSet> {
    rerun: Rerun<'a, S>,
    tasklet: Tasklet<T, S>,
    events: Vec<Event<'a, S>>,
    /// How many of them, from the first on, were said.
    said: usize,
    /// What was recorded to be asked, by its place.
    asked: HashMap<&'a Path, &'a S>,
    pending: Vec<Pending<S>>,
    locations: HashMap<Path, &'static Location<'static>>,
    /// How many answers came from elsewhere.
    free: usize,
}

struct Pending<S> {
    path: Path,
    ticket: Ticket,
    effect: S,
}

impl<T: 'static, S: EffectSet> Run<'_, T, S> {
    fn finish(mut self) -> Result<Again<T, S>, Divergence> {
        if let Some(Event::Stop(reason)) = self.events.first() {
            self.tasklet.stop(*reason);
            self.events[0] = Event::None;
        }
        let end = self.drive();
        let trace = self.tasklet.take_trace().unwrap_or_default();
        if let Some((path, _)) = self.rerun.edits.first() {
            let verdict = format!("the edited answer to {path} was never asked for");
            return Err(self.diverged(verdict, &trace, &end));
        }
        let alignment = Alignment::new(&self.rerun.recorded.entries, &trace.entries, &self.rerun.same);
        match alignment.verdict(&self.locations, self.rerun.partial) {
            Some(verdict) if self.free == 0 => Err(self.diverged(verdict, &trace, &end)),
            Some(_) | None => Ok(Again { end, trace }),
        }
    }

    fn diverged(&self, verdict: String, trace: &Trace<S>, end: &Ended<T>) -> Divergence {
        let alignment = Alignment::new(&self.rerun.recorded.entries, &trace.entries, &self.rerun.same);
        Divergence { verdict, alignment: alignment.show(&self.locations), end: end.to_string() }
    }

    fn drive(&mut self) -> Ended<T> {
        loop {
            let step = match catch_unwind(AssertUnwindSafe(|| self.tasklet.step())) {
                Ok(step) => step,
                Err(panic) => return Ended::Panicked(panics::message(&*panic)),
            };
            match step {
                Step::Perform(ticket, effect) => self.perform(ticket, effect),
                Step::Abandon(ticket) | Step::Detach(ticket) => self.pending.retain(|pending| pending.ticket != ticket),
                Step::Tell(effect) => self.tell(&effect),
                Step::Waiting => match self.feed() {
                    Ok(true) => {}
                    Ok(false) => return Ended::Waits(self.waits()),
                    Err(refused) => return Ended::Waits(refused),
                },
                Step::Done(end) => return Ended::Done(end),
                Step::Foreign(place) => return Ended::Foreign(place),
                Step::Runaway(place) => return Ended::Runaway(place),
                Step::Dead => return Ended::Waits("it has ended before".into()),
            }
        }
    }

    fn perform(&mut self, ticket: Ticket, effect: S) {
        // A stop may have come before the driver heard of it.
        let Some(path) = self.tasklet.path(ticket) else { return };
        if let Some(location) = self.tasklet.location(ticket) {
            self.locations.insert(path.clone(), location);
        }
        self.pending.push(Pending { path, ticket, effect });
    }

    /// What is told happens in the world of the fakes, if that is where the handler is.
    fn tell(&mut self, effect: &S) {
        if let (true, Some(fakes)) = (self.free > 0, &mut self.rerun.fakes) {
            // Nobody waits for the answer.
            let _ = fakes(effect);
        }
    }

    /// Says the next thing to the handler, if there is any; an error says why an answer does not fit.
    fn feed(&mut self) -> Result<bool, String> {
        while let Some(Event::None) = self.events.get(self.said) {
            self.said += 1;
        }
        for at in self.said..self.events.len() {
            match self.events[at] {
                Event::Stop(reason) => {
                    self.events[at] = Event::None;
                    // What it ends is abandoned in the next steps; a `COMMIT` stays.
                    self.tasklet.stop(reason);
                    return Ok(true);
                }
                Event::Answer(path, outcome) => {
                    let Some(index) = self.waiting_for(path) else { continue };
                    let outcome = self.edited(&self.pending[index].path.clone()).unwrap_or_else(|| outcome.clone());
                    self.events[at] = Event::None;
                    return self.answer(index, outcome).map(|()| true);
                }
                Event::None => {}
            }
        }
        for index in 0..self.pending.len() {
            let path = self.pending[index].path.clone();
            if let Some(outcome) = self.edited(&path).or_else(|| self.faked(index)) {
                return self.answer(index, outcome).map(|()| true);
            }
        }
        Ok(false)
    }

    /// The pending effect that the recorded answer at this place is given to.
    fn waiting_for(&self, path: &Path) -> Option<usize> {
        let recorded = *self.asked.get(path)?;
        let is_here = |pending: &Pending<S>| pending.path == *path;
        let is_same = |pending: &Pending<S>| (self.rerun.same)(recorded, &pending.effect);
        let here = self.pending.iter().position(is_here);
        let index = here.filter(|index| is_same(&self.pending[*index])).or_else(|| {
            // An edited answer belongs to its place; a changed effect gets the old answer, to see what comes after it.
            let edited = self.rerun.edits.iter().any(|(edited, _)| edited == path);
            here.filter(|index| self.pending[*index].effect.name() == recorded.name() && (edited || self.free == 0))
        });
        index.or_else(|| self.pending.iter().position(is_same))
    }

    fn edited(&mut self, path: &Path) -> Option<S::Outcome> {
        let at = self.rerun.edits.iter().position(|(edited, _)| edited == path)?;
        self.free += 1;
        Some(self.rerun.edits.remove(at).1)
    }

    fn faked(&mut self, index: usize) -> Option<S::Outcome> {
        let outcome = self.rerun.fakes.as_mut()?(&self.pending[index].effect)?;
        self.free += 1;
        (self.free <= FAKED).then_some(outcome)
    }

    fn answer(&mut self, index: usize, outcome: S::Outcome) -> Result<(), String> {
        let Pending { path, ticket, effect } = self.pending.remove(index);
        let answered = self.tasklet.answer(ticket, outcome);
        answered.map_err(|error| format!("the answer to {} at {path} does not fit: {error}", effect.name()))
    }

    fn waits(&self) -> String {
        let pending = self.pending.iter().map(|Pending { path, effect, .. }| {
            let place = self.locations.get(path).map_or_else(String::new, |location| format!(" at {location}"));
            format!("{} ({path}){place}", effect.name())
        });
        let faked =
            if self.free > FAKED { format!(", after {FAKED} answers that were not recorded") } else { String::new() };
        format!("the recording has no answer to {}{faked}", pending.collect::<Vec<_>>().join(", nor to "))
    }
}

impl<T> fmt::Display for Ended<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done(_) => f.write_str("the handler returned"),
            Self::Panicked(message) => write!(f, "the handler panicked: {message}"),
            Self::Foreign(place) => write!(f, "the handler awaited something that is not an effect, {place}"),
            Self::Runaway(place) => write!(f, "the handler was stopped and would not end, {place}"),
            Self::Waits(what) => write!(f, "the handler did not end: {what}"),
        }
    }
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n\n{}\n  {}", self.verdict, self.alignment, self.end)
    }
}

/// A handler that needs more answers than that loops on what it is told.
const FAKED: usize = 10_000;

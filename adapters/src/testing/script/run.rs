//! The run of a script: a tasklet, step by step, against what is expected.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use segno_core::{
    ChatUnsubscribe, Effect, Has, Path, Response, Result, Sleep, SqlClose, Step as Told, StopReason, Tasklet, Ticket,
    Trace,
};

use super::{
    driven::Driven,
    own::{Own, Scriptable, Sleepers},
    plan::{Forbidden, Given, Met, Plan},
    report::{Log, Report, place},
};
use crate::{
    panics,
    testing::{
        difference::{short, without_sets},
        responded::Responded,
    },
};

pub(super) struct Run<S: Scriptable> {
    tasklet: Tasklet<Result<Response>, S>,
    plan: Plan<S>,
    own: Own<S>,
    /// What comes when the handler waits, in the order in which it was asked.
    events: VecDeque<Event<S>>,
    /// What comes when nothing else does.
    deferred: VecDeque<Event<S>>,
    sleepers: Sleepers<S>,
    /// What is never answered.
    pending: Vec<(Ticket, String)>,
    driven: Driven<S>,
    asked: usize,
    log: Log,
    progress: Arc<Mutex<String>>,
}

enum Event<S: Scriptable> {
    Answer {
        ticket: Ticket,
        effect: S,
        outcome: S::Outcome,
        /// Whether it fails the run if nobody takes it.
        due: bool,
    },
    Stop(StopReason),
}

impl<S: Scriptable> Run<S> {
    pub(super) fn new(
        tasklet: Tasklet<Result<Response>, S>,
        plan: Plan<S>,
        own: Own<S>,
        progress: Arc<Mutex<String>>,
    ) -> Self {
        Self {
            tasklet,
            plan,
            own,
            events: VecDeque::new(),
            deferred: VecDeque::new(),
            sleepers: Sleepers::new(),
            pending: Vec::new(),
            driven: Driven::new(),
            asked: 0,
            log: Log::default(),
            progress,
        }
    }

    /// Runs the handler to its end, or to the first thing that is not as it is expected.
    pub(super) fn finish(&mut self) -> Result<Responded, String> {
        loop {
            let step = catch_unwind(AssertUnwindSafe(|| self.tasklet.step()));
            match step.map_err(|panic| self.failure(&format!("the handler panicked: {}", panics::message(&*panic))))? {
                Told::Perform(ticket, effect) => self.asked(ticket, effect)?,
                Told::Tell(effect) => self.told(&effect)?,
                Told::Abandon(ticket) | Told::Detach(ticket) => self.abandoned(ticket)?,
                Told::Waiting => self.waits()?,
                Told::Done(end) => return self.ended(end),
                Told::Foreign(place) => {
                    return Err(self.failure(&format!("the handler awaited something that is not an effect, {place}")));
                }
                Told::Runaway(place) => {
                    return Err(self.failure(&format!("the handler was stopped and would not end, {place}")));
                }
                Told::Dead => return Err(self.failure("the handler has ended before")),
            }
        }
    }

    fn asked(&mut self, ticket: Ticket, effect: S) -> Result<(), String> {
        let (location, path) = (self.tasklet.location(ticket), self.tasklet.path(ticket));
        self.driven.asked(ticket, &effect, location);
        let at = location.map_or_else(String::new, |location| format!(" at {location}"));
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) =
            format!("the last effect that it asked for is {}{at}", short(&effect));
        self.asked += 1;
        if self.asked > MOST_EFFECTS {
            let what = format!("the handler has asked for {MOST_EFFECTS} effects and has not ended: is it in a loop?");
            return Err(self.failure(&what));
        }
        let met = match self.meet(&effect, &at, true)? {
            Some(met) => met,
            None => Met { given: self.own_answer(&effect, &at)?, deferred: false, exact: false },
        };
        self.log.asked(effect.name(), &effect, &place(path.as_ref(), location));
        let event = match met.given {
            Given::Answer(outcome) => Event::Answer { ticket, effect, outcome, due: met.exact },
            Given::Stop(reason) => Event::Stop(reason),
            Given::Until(moment) => {
                self.sleepers.add(moment, ticket, effect);
                return Ok(());
            }
            Given::Pending => {
                self.pending.push((ticket, self.why_pending(&effect, &at, path)));
                return Ok(());
            }
        };
        let events = if met.deferred { &mut self.deferred } else { &mut self.events };
        events.push_back(event);
        Ok(())
    }

    fn told(&mut self, effect: &S) -> Result<(), String> {
        let at = " (told: nobody waits for it)";
        let met = self.meet(effect, at, false)?;
        // The end of a subscription or of a stream of rows is no decision of the handler's.
        let is_end =
            <S as Has<ChatUnsubscribe>>::project(effect).is_some() || <S as Has<SqlClose>>::project(effect).is_some();
        let expectable = !is_end || self.plan.next_is(effect.name());
        if met.is_none() && expectable {
            return Err(self.unexpected(effect, at));
        }
        self.log.asked(effect.name(), effect, &"told: nobody waits for it");
        if let Some(Met { given: Given::Stop(reason), .. }) = met {
            self.events.push_back(Event::Stop(reason));
        }
        Ok(())
    }

    /// What the script says to the effect. The test's own code runs here.
    fn meet(&mut self, effect: &S, at: &str, awaited: bool) -> Result<Option<Met<S>>, String> {
        let what = match catch_unwind(AssertUnwindSafe(|| self.plan.meet(effect, awaited))) {
            Ok(Ok(met)) => return Ok(met),
            Ok(Err(Forbidden(expected))) => format!("which must never be asked: {expected}"),
            Err(panic) => format!("and the test's own code panicked: {}", panics::message(&*panic)),
        };
        Err(self.failure(&format!("{}  {what}", asked_for(effect, at))))
    }

    /// What the script says by itself, unless the next expectation should have been met.
    fn own_answer(&mut self, effect: &S, at: &str) -> Result<Given<S>, String> {
        if self.plan.next_is(effect.name()) {
            return Err(self.unexpected(effect, at));
        }
        match self.own.answer(effect) {
            Ok(Some(given)) => Ok(given),
            Ok(None) => Err(self.unexpected(effect, at)),
            Err(wrong) => Err(self.failure(&format!("{}  {wrong}", asked_for(effect, at)))),
        }
    }

    fn unexpected(&self, effect: &S, at: &str) -> String {
        let asked = asked_for(effect, at);
        let mut what = match self.plan.is_over() {
            true => format!("nothing more was expected, and {asked}"),
            false => format!("{asked}  which is not what was expected"),
        };
        if let Some(lacks) = self.own.lacks(effect.name()) {
            what += &format!("\n  {lacks}");
        }
        self.report(&what, Some(effect))
    }

    fn abandoned(&mut self, ticket: Ticket) -> Result<(), String> {
        self.driven.abandoned(ticket);
        self.pending.retain(|(pending, _)| *pending != ticket);
        self.sleepers.remove(ticket);
        let answer = |event: &Event<S>| matches!(event, Event::Answer { ticket: of, .. } if *of == ticket);
        let take = |events: &mut VecDeque<_>| events.iter().position(answer).and_then(|place| events.remove(place));
        match take(&mut self.events).or_else(|| take(&mut self.deferred)) {
            Some(Event::Answer { effect, outcome, due: true, .. }) => {
                let what = format!("the answer to {} was never taken: {outcome:?}", effect.name());
                Err(self.failure(&format!("{what}\n  expect it by `expect_pending`")))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Lets one thing happen: an answer, or one that was deferred, or the end of a sleep.
    fn waits(&mut self) -> Result<(), String> {
        let next = self.events.pop_front().or_else(|| self.deferred.pop_front()).or_else(|| self.wake());
        match next {
            Some(Event::Answer { ticket, effect, outcome, .. }) => {
                let path = self.tasklet.path(ticket).map_or_else(String::new, |path| path.to_string());
                self.log.answered(effect.name(), &outcome, &path);
                self.own.sent(&effect, &outcome);
                self.driven.answered(ticket, &outcome);
                let answered = self.tasklet.answer(ticket, outcome);
                answered.map_err(|error| self.failure(&format!("{}: {error}", effect.name())))
            }
            Some(Event::Stop(reason)) => {
                self.log.noted(format!("stopped: {reason}"));
                self.driven.stopped();
                self.tasklet.stop(reason);
                // Only the first one counts.
                for events in [&mut self.events, &mut self.deferred] {
                    events.retain(|event| !matches!(event, Event::Stop(_)));
                }
                Ok(())
            }
            None => {
                let pending: Vec<_> = self.pending.iter().map(|(_, pending)| pending.as_str()).collect();
                let pending = pending.join(",\n    and for ");
                Err(self.failure(&format!("the handler waits for ever: for {pending}")))
            }
        }
    }

    fn wake(&mut self) -> Option<Event<S>> {
        let clock = self.own.clock.as_mut()?;
        let (until, ticket, effect) = self.sleepers.next()?;
        let outcome = clock.jump(until);
        self.log.noted(format!("the clock jumps to {:?} after its start", clock.passed()));
        Some(Event::Answer { ticket, effect, outcome, due: false })
    }

    fn why_pending(&self, effect: &S, at: &str, path: Option<Path>) -> String {
        let path = path.map_or_else(String::new, |path| format!(" ({path})"));
        let clock = match &self.own.clock {
            None if effect.name() == Sleep::NAME => ", and no clock is set",
            Some(_) if effect.name() == Sleep::NAME => ", whatever the clock says",
            Some(_) | None => "",
        };
        format!("{} asked{at}{path}, which is expected to stay pending{clock}", effect.name())
    }

    fn ended(&mut self, end: Result<Response>) -> Result<Responded, String> {
        if let Some(Event::Stop(reason)) = self.events.front().or_else(|| self.deferred.front()) {
            return Err(self.failure(&format!("the handler has ended before it could be stopped: {reason}")));
        }
        if !self.plan.is_met() || !self.own.left_over().is_empty() {
            let end = end.map_or_else(|error| format!("failed: {error}"), |_| "responded".into());
            return Err(self.failure(&format!("the handler {end}, and more was expected of it")));
        }
        let (head, written) = (self.own.head.take(), self.own.written.split().freeze());
        let written = head.map(|head| (head, written));
        let responded = Responded::of(end, written).map_err(|wrong| self.failure(wrong))?;
        Ok(Responded { passed: self.own.passed(), ..responded })
    }

    /// What the handler did, and was told.
    pub(super) fn trace(&mut self) -> Trace<S> {
        self.tasklet.take_trace().unwrap_or_default()
    }

    fn failure(&self, what: &str) -> String {
        self.report(what, None)
    }

    fn report(&self, what: &str, asked: Option<&S>) -> String {
        let mut report = Report::new(what, &self.log);
        report.expected(&self.plan.rest(asked));
        report.section("stubs", self.plan.stubs(asked));
        let left_over = self.own.left_over();
        if !left_over.is_empty() {
            report.section("random numbers that nobody drew", vec![format!("{left_over:?}")]);
        }
        if let Some(passed) = self.own.passed() {
            report.section("virtual time", vec![format!("{passed:?} after the clock's start")]);
        }
        report.text()
    }
}

fn asked_for<S: Scriptable>(effect: &S, at: &str) -> String {
    let shown = format!("{effect:?}");
    format!("the handler asked for {}{at}:\n    {}\n", effect.name(), without_sets(&shown))
}

/// Many more than any page asks for, and few enough to be over in a second or two: one that goes on is in a loop that
/// stubs or the clock feed for ever.
const MOST_EFFECTS: usize = 100_000;

//! The one place in which a tasklet's handler and its driver meet.
//!
//! Everything that decides what a lane may do, what the driver is told, and in which order, is in this module. A handler's
//! asks come in from above ([`Slot::ask`], [`Slot::take`], [`Slot::withdraw`], [`Slot::tell`]), forks open and close lanes,
//! and the tasklet goes through its turns from below ([`Slot::accept`], [`Slot::turn`], [`Slot::stop`]). No code of a
//! user runs while the slot is locked, but the `Clone` of what is being recorded.

mod driver;
mod lanes;

use alloc::{boxed::Box, collections::VecDeque, sync::Arc, vec::Vec};
use core::panic::Location;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    effect::EffectSet,
    error::{Happened, Place, StopReason, Stopped},
    path::{Path, Ticket},
    trace::{Entry, Trace},
};

/// A handle on the slot: one is in each `Io`, one in the tasklet, one in its generator.
#[derive(Debug)]
pub(crate) struct Shared<S: EffectSet>(Arc<Mutex<Slot<S>>>);

impl<S: EffectSet> Shared<S> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Slot::new())))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Slot<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: EffectSet> Clone for Shared<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

#[derive(Debug)]
pub(crate) struct Slot<S: EffectSet> {
    mail: Mail<S>,
    lanes: Vec<Lane<S>>,
    /// The first of the closed lanes, which are linked by their parents.
    free: u32,
    /// The lane whose answer came: the only one that a fork polls.
    current: u32,
    /// What the last effect was, and where it was asked.
    last: Option<(&'static Kind<S>, &'static Location<'static>)>,
    /// What a tasklet does not need that asks for one effect after the other, so that it is small while it waits.
    extra: Option<Box<Extra<S>>>,
}

#[derive(Debug)]
struct Extra<S: EffectSet> {
    /// What the driver is to be told after what is in the mail.
    queue: VecDeque<Out<S>>,
    stop: Option<Stop>,
    fault: Option<Fault>,
    trace: Option<Trace<S>>,
}

impl<S: EffectSet> Default for Extra<S> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), stop: None, fault: None, trace: None }
    }
}

/// That the tasklet was stopped.
#[derive(Debug)]
struct Stop {
    reason: StopReason,
    /// The lanes that it has answered, in path order, and that have not run since.
    woken: VecDeque<u32>,
    /// How many effects it has refused.
    refused: u32,
    /// How many effects may still be performed in a cleanup.
    budget: u32,
}

/// An answer and an effect never wait at the same time, so they share their place.
#[derive(Debug)]
enum Mail<S: EffectSet> {
    Empty,
    Out(Out<S>),
    Answer(S::Outcome),
}

/// What the driver is told.
#[derive(Debug)]
pub(crate) enum Out<S> {
    Ask(Ticket, S),
    Abandon(Ticket),
    Detach(Ticket),
    Tell(S),
}

/// Why a tasklet cannot go on.
#[derive(Debug)]
pub(crate) enum Fault {
    Foreign(Place),
    Runaway(Place),
}

#[derive(Debug)]
struct Lane<S: EffectSet> {
    parent: u32,
    fork: u32,
    index: u32,
    /// How many forks were made in this lane, in program order.
    forks: u32,
    /// How many effects were asked in this lane, in program order.
    asked: u32,
    /// The number of the newest ticket. It goes on when the lane's place is taken by another, so that no ticket comes twice.
    number: u32,
    cleanup: bool,
    state: State,
    /// The newest effect's type, and the line that asked for it.
    newest: Option<(&'static Kind<S>, &'static Location<'static>)>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The place of a lane that has ended.
    Closed,
    /// The lane runs. If it has just been polled and is still here, it awaits something foreign.
    Running,
    /// An effect is with the driver.
    Asked { holds: bool },
    /// The driver's answer is on its way.
    Answered,
    /// A stop has answered.
    Stopped,
    /// The lanes of a join or race run in its stead.
    Forked,
    /// It waits for the end of the lane beside it.
    Parked,
}

/// What an ask came to.
pub(crate) enum Asked {
    Pending,
    Refused(Stopped),
}

/// Whether the generator has to poll the handler again before it yields.
pub(crate) enum Turn<S> {
    Again,
    Yield(Yield<S>),
}

/// What the generator yields: the first thing to tell the driver, if there is any, and what comes after it.
#[derive(Debug)]
pub(crate) struct Yield<S> {
    pub(crate) first: Option<Out<S>>,
    /// The slot has more to tell.
    pub(crate) more: bool,
    /// The handler cannot go on.
    pub(crate) faulty: bool,
}

/// An effect that a lane asks for, with all that the slot needs to know of it.
pub(crate) struct Question<S: EffectSet> {
    pub(crate) effect: S,
    pub(crate) holds: bool,
    pub(crate) kind: &'static Kind<S>,
    pub(crate) location: &'static Location<'static>,
}

/// What the slot needs to know of an effect's type.
#[derive(Debug)]
pub(crate) struct Kind<S: EffectSet> {
    pub(crate) name: &'static str,
    pub(crate) fits: fn(&S::Outcome) -> bool,
}

/// The handler's side.
impl<S: EffectSet> Slot<S> {
    pub(crate) fn ask(&mut self, lane: u32, question: Question<S>) -> Asked {
        let Question { effect, holds, kind, location } = question;
        self.last = Some((kind, location));
        let cleanup = self.lanes[lane as usize].cleanup;
        if let Some(stop) = self.stop_mut()
            && !stop.allows(cleanup, holds)
        {
            if stop.refused < RUNAWAY_AFTER {
                let refused = Asked::Refused(Stopped { reason: stop.reason, happened: Happened::No });
                if self.traced() {
                    self.record(Entry::Refused { path: self.next_path(lane), effect });
                }
                return refused;
            }
            self.extra().fault = Some(Fault::Runaway(self.place(lane)));
            return Asked::Pending;
        }
        let asking = &mut self.lanes[lane as usize];
        asking.asked += 1;
        asking.number = asking.number.wrapping_add(1);
        asking.state = State::Asked { holds };
        asking.newest = self.last;
        let ticket = Ticket { lane, number: asking.number };
        if self.traced() {
            self.record(Entry::Asked { path: self.path(lane), effect: effect.clone() });
        }
        self.push(Out::Ask(ticket, effect));
        Asked::Pending
    }

    /// The answer to the lane's ask, if it has come.
    pub(crate) fn take(&mut self, lane: u32) -> Option<Result<S::Outcome, Stopped>> {
        let state = &mut self.lanes[lane as usize].state;
        match state {
            State::Answered => {
                *state = State::Running;
                let next = self.next_mail();
                match core::mem::replace(&mut self.mail, next) {
                    Mail::Answer(outcome) => Some(Ok(outcome)),
                    Mail::Empty | Mail::Out(_) => None,
                }
            }
            State::Stopped => {
                *state = State::Running;
                let reason = self.stopped()?;
                Some(Err(Stopped { reason, happened: Happened::Unknown }))
            }
            State::Closed | State::Running | State::Asked { .. } | State::Forked | State::Parked => None,
        }
    }

    /// Takes back what the lane has asked: nobody waits for it any longer.
    pub(crate) fn withdraw(&mut self, lane: u32) {
        let withdrawn = &mut self.lanes[lane as usize];
        let ticket = Ticket { lane, number: withdrawn.number };
        match core::mem::replace(&mut withdrawn.state, State::Running) {
            State::Asked { holds } => {
                if self.traced() {
                    let path = self.path(lane);
                    self.record(if holds { Entry::Detached { path } } else { Entry::Abandoned { path } });
                }
                self.push(if holds { Out::Detach(ticket) } else { Out::Abandon(ticket) });
            }
            State::Answered => {
                if let Mail::Answer(_) = self.mail {
                    self.mail = self.next_mail();
                }
            }
            State::Stopped => {
                if let Some(stop) = self.stop_mut() {
                    stop.woken.retain(|woken| *woken != lane);
                }
            }
            kept @ (State::Closed | State::Forked) => self.lanes[lane as usize].state = kept,
            State::Running | State::Parked => {}
        }
    }

    pub(crate) fn tell(&mut self, effect: S) {
        if self.traced() {
            self.record(Entry::Told { effect: effect.clone() });
        }
        self.push(Out::Tell(effect));
    }

    pub(crate) fn park(&mut self, lane: u32) {
        self.lanes[lane as usize].state = State::Parked;
    }

    pub(crate) fn stopped(&self) -> Option<StopReason> {
        Some(self.extra.as_ref()?.stop.as_ref()?.reason)
    }

    /// Whether an effect that does not hold would not be performed if the lane asked for it now.
    pub(crate) fn refuses(&self, lane: u32) -> bool {
        let stop = self.extra.as_ref().and_then(|extra| extra.stop.as_ref());
        stop.is_some_and(|stop| !self.lanes[lane as usize].cleanup || stop.budget == 0)
    }

    /// Switches the lane's cleanup, and tells what it was.
    pub(crate) fn cleanup(&mut self, lane: u32, on: bool) -> bool {
        core::mem::replace(&mut self.lanes[lane as usize].cleanup, on)
    }

    /// The place of the lane's newest effect.
    pub(crate) fn path(&self, lane: u32) -> Path {
        Path::new(self.branches(lane), self.lanes[lane as usize].asked)
    }

    /// The place that the lane's next effect will have.
    pub(crate) fn next_path(&self, lane: u32) -> Path {
        Path::new(self.branches(lane), self.lanes[lane as usize].asked + 1)
    }

    fn push(&mut self, out: Out<S>) {
        match self.mail {
            Mail::Empty => self.mail = Mail::Out(out),
            Mail::Out(_) | Mail::Answer(_) => self.extra().queue.push_back(out),
        }
    }

    /// What comes into the mail when it is emptied.
    fn next_mail(&mut self) -> Mail<S> {
        self.extra.as_mut().and_then(|extra| extra.queue.pop_front()).map_or(Mail::Empty, Mail::Out)
    }

    fn extra(&mut self) -> &mut Extra<S> {
        self.extra.get_or_insert_default()
    }

    fn stop_mut(&mut self) -> Option<&mut Stop> {
        self.extra.as_mut()?.stop.as_mut()
    }

    fn traced(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.trace.is_some())
    }

    fn record(&mut self, entry: Entry<S>) {
        if let Some(trace) = self.trace() {
            trace.entries.push(entry);
        }
    }
}

impl Stop {
    /// Whether an effect may still be asked: in a cleanup, within its budget, or to end a transaction.
    fn allows(&mut self, cleanup: bool, holds: bool) -> bool {
        let allowed = cleanup && (holds || self.budget > 0);
        if !allowed {
            self.refused += 1;
        } else if !holds {
            self.budget -= 1;
        }
        allowed
    }
}

/// The handler itself.
pub(crate) const ROOT: u32 = 0;

/// No lane has this number: each takes tens of bytes, so that memory ends first.
const NO_LANE: u32 = u32::MAX;

/// How many effects a stopped handler may be refused before it counts as one that will not end: many more than a
/// page has, few enough to be over in microseconds.
const RUNAWAY_AFTER: u32 = 1_000;

/// How many effects a stopped handler may still have performed by [`Io::cleanup`](crate::Io::cleanup): enough to
/// release what one request holds, too few to go on as if nothing had happened.
pub(crate) const CLEANUP_BUDGET: u32 = 16;

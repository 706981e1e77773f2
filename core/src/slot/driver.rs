//! The driver's side of the slot: answers, turns and stops.

use alloc::vec::Vec;
use core::panic::Location;

use super::{CLEANUP_BUDGET, Fault, Mail, Out, ROOT, Slot, State, Stop, Turn, Yield};
use crate::{
    effect::EffectSet,
    error::{AnswerErrorKind, StopReason},
    path::{Path, Ticket},
    trace::{Entry, Trace},
};

impl<S: EffectSet> Slot<S> {
    /// Says whether this outcome may be answered under this ticket, and marks its lane.
    pub(crate) fn answer(&mut self, ticket: Ticket, outcome: &S::Outcome, busy: bool) -> Result<(), AnswerErrorKind> {
        let Some(lane) = self.lanes.get_mut(ticket.lane as usize).filter(|lane| ticket.number <= lane.number) else {
            return Err(AnswerErrorKind::Unknown);
        };
        if ticket.number != lane.number || !matches!(lane.state, State::Asked { .. }) {
            return Err(AnswerErrorKind::Late);
        }
        if busy || !matches!(self.mail, Mail::Empty) {
            return Err(AnswerErrorKind::Busy);
        }
        if !lane.newest.is_some_and(|(kind, _)| (kind.fits)(outcome)) {
            return Err(AnswerErrorKind::WrongType);
        }
        lane.state = State::Answered;
        self.current = ticket.lane;
        if self.traced() {
            let path = self.path(ticket.lane);
            self.record(Entry::Answered { path, outcome: outcome.clone() });
        }
        Ok(())
    }

    /// Takes in an answer that [`answer`](Self::answer) has let through.
    pub(crate) fn accept(&mut self, outcome: S::Outcome) {
        self.mail = Mail::Answer(outcome);
    }

    /// What comes after the handler was polled and has not ended.
    pub(crate) fn turn(&mut self, foreign: bool) -> Turn<S> {
        self.waits(ROOT);
        // An answer that the handler left lying: it awaits something else.
        if (foreign || matches!(self.mail, Mail::Answer(_))) && !self.faulty() {
            self.extra().fault = Some(Fault::Foreign(self.place(self.current)));
        }
        let faulty = self.faulty();
        if !faulty && self.wake() {
            return Turn::Again;
        }
        let first = self.pop();
        Turn::Yield(Yield { first, more: !matches!(self.mail, Mail::Empty), faulty })
    }

    /// Makes the next lane that a stop has answered the current one.
    pub(crate) fn wake(&mut self) -> bool {
        let woken = self.stop_mut().and_then(|stop| stop.woken.pop_front());
        self.current = woken.unwrap_or(self.current);
        woken.is_some()
    }

    pub(crate) fn pop(&mut self) -> Option<Out<S>> {
        let next = self.next_mail();
        match core::mem::replace(&mut self.mail, next) {
            Mail::Out(out) => Some(out),
            Mail::Empty | Mail::Answer(_) => None,
        }
    }

    /// Answers every pending effect that does not hold, in path order, and tells whether there was any. The first reason
    /// stays.
    pub(crate) fn stop(&mut self, reason: StopReason) -> bool {
        if self.stopped().is_some() {
            return false;
        }
        self.record(Entry::Stopped { reason });
        let mut lanes: Vec<u32> = (0..self.lanes.len() as u32).filter(|lane| self.stoppable(*lane)).collect();
        lanes.sort_by_cached_key(|lane| self.branches(*lane));
        for lane in &lanes {
            let stopped = &mut self.lanes[*lane as usize];
            stopped.state = State::Stopped;
            let ticket = Ticket { lane: *lane, number: stopped.number };
            self.push(Out::Abandon(ticket));
        }
        let any = !lanes.is_empty();
        self.extra().stop = Some(Stop { reason, woken: lanes.into(), refused: 0, budget: CLEANUP_BUDGET });
        any
    }

    pub(super) fn stoppable(&self, lane: u32) -> bool {
        let lane = &self.lanes[lane as usize];
        !lane.cleanup && matches!(lane.state, State::Asked { holds: false, .. })
    }

    pub(crate) fn faulty(&self) -> bool {
        self.extra.as_ref().is_some_and(|extra| extra.fault.is_some())
    }

    pub(crate) fn fault(&mut self) -> Option<Fault> {
        self.extra.as_mut()?.fault.take()
    }

    /// The place and the line of an effect that is with the driver.
    pub(crate) fn pending(&self, ticket: Ticket) -> Option<(Path, &'static Location<'static>)> {
        let lane = self.lanes.get(ticket.lane as usize)?;
        let pending = lane.number == ticket.number && matches!(lane.state, State::Asked { .. });
        let (_, location) = lane.newest.filter(|_| pending)?;
        Some((self.path(ticket.lane), location))
    }

    pub(crate) fn last(&self) -> Option<(&'static str, &'static Location<'static>)> {
        self.last.map(|(kind, location)| (kind.name, location))
    }

    /// Begins to record, if it has not begun.
    pub(crate) fn begin_trace(&mut self) {
        let begun = || Trace { entries: Vec::with_capacity(USUAL_ENTRIES) };
        self.extra().trace.get_or_insert_with(begun);
    }

    pub(crate) fn trace(&mut self) -> Option<&mut Trace<S>> {
        self.extra.as_mut()?.trace.as_mut()
    }
}

/// Room for what a usual page asks and is answered, so that its trace is not moved while it grows.
const USUAL_ENTRIES: usize = 32;

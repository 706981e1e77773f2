//! What a script drives, for the coverage of outcomes.

use std::panic::Location;

use segno_core::{EffectSet, Ticket};

use crate::testing::outcomes::{Outcomes, of_process};

/// The effects that the handler waits for, if somebody counts what becomes of them.
pub(super) struct Driven<S> {
    outcomes: Option<&'static Outcomes>,
    waiting: Vec<Waiting<S>>,
    stopped: bool,
}

struct Waiting<S> {
    ticket: Ticket,
    effect: S,
    location: Option<&'static Location<'static>>,
}

impl<S: EffectSet> Driven<S> {
    pub(super) fn new() -> Self {
        Self { outcomes: of_process(), waiting: Vec::new(), stopped: false }
    }

    pub(super) fn asked(&mut self, ticket: Ticket, effect: &S, location: Option<&'static Location<'static>>) {
        if self.outcomes.is_some() {
            self.waiting.push(Waiting { ticket, effect: effect.clone(), location });
        }
    }

    pub(super) fn answered(&mut self, ticket: Ticket, outcome: &S::Outcome) {
        if let (Some(outcomes), Some(Waiting { effect, location, .. })) = (self.outcomes, self.gone(ticket)) {
            outcomes.said(location, &effect, outcome, self.stopped);
        }
    }

    pub(super) fn stopped(&mut self) {
        if let Some(outcomes) = self.outcomes.filter(|_| !self.stopped) {
            self.waiting.iter().for_each(|waiting| outcomes.stopped(waiting.location, &waiting.effect));
        }
        self.stopped = true;
    }

    /// Nobody waits for the effect any longer.
    fn gone(&mut self, ticket: Ticket) -> Option<Waiting<S>> {
        let place = self.waiting.iter().position(|waiting| waiting.ticket == ticket)?;
        Some(self.waiting.remove(place))
    }

    pub(super) fn abandoned(&mut self, ticket: Ticket) {
        self.gone(ticket);
    }
}

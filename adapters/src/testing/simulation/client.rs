//! One client's handler in a run, and what it waits for.

use std::{panic::Location, sync::Arc, task::Waker};

use segno_core::{EffectSet, PerformedBy, Response, Result, StopReason, Tasklet, Ticket, Trace};

use crate::testing::{
    end::End,
    world::{Boxed, Received, Session, perform, poll},
};

/// A client that has come, and its handler.
pub(super) struct Actor<S: EffectSet, X> {
    /// Gone when it has ended.
    pub(super) tasklet: Option<Tasklet<Result<Response>, S>>,
    /// Gone when nothing of it is left to be performed.
    pub(super) session: Option<Arc<Session<X>>>,
    pub(super) received: Received,
    pub(super) pending: Vec<Pending<S>>,
    pub(super) unheard: Vec<Unheard<S>>,
    pub(super) stopped: Option<StopReason>,
    pub(super) asked: u32,
    pub(super) end: Option<End>,
    pub(super) trace: Trace<S>,
}

/// An effect that its handler waits for.
pub(super) struct Pending<S: EffectSet> {
    pub(super) ticket: Ticket,
    pub(super) effect: S,
    pub(super) location: Option<&'static Location<'static>>,
    pub(super) progress: Progress<S::Outcome>,
    /// Whether the tape has decided what becomes of it.
    pub(super) decided: bool,
    /// The fault's name, and what it is answered with when it is done, instead of what it gave.
    pub(super) instead: Option<(&'static str, S::Outcome)>,
}

/// How far an effect is.
pub(super) enum Progress<O> {
    /// Nothing was done.
    Fresh,
    /// It waits for something in the world.
    Parked(Boxed<O>),
    /// It is done, and its handler has not heard.
    Done(O),
}

/// An effect for which nobody waits, and which must be finished.
pub(super) struct Unheard<S: EffectSet> {
    pub(super) number: u64,
    pub(super) future: Boxed<S::Outcome>,
}

impl<S: EffectSet, X> Actor<S, X> {
    pub(super) fn new(tasklet: Tasklet<Result<Response>, S>, session: Arc<Session<X>>, received: Received) -> Self {
        Self {
            tasklet: Some(tasklet),
            session: Some(session),
            received,
            pending: Vec::new(),
            unheard: Vec::new(),
            stopped: None,
            asked: 0,
            end: None,
            trace: Trace::default(),
        }
    }

    pub(super) fn pending(&mut self, ticket: Ticket) -> Option<&mut Pending<S>> {
        self.pending.iter_mut().find(|pending| pending.ticket == ticket)
    }

    pub(super) fn take(&mut self, ticket: Ticket) -> Option<Pending<S>> {
        let place = self.pending.iter().position(|pending| pending.ticket == ticket)?;
        Some(self.pending.remove(place))
    }

    /// Forgets what belongs to the run alone, when the handler has ended and nothing of it is left.
    pub(super) fn tidy(&mut self) {
        if self.tasklet.is_none() && self.unheard.is_empty() {
            self.session = None;
        }
    }
}

impl<S: EffectSet> Pending<S> {
    /// Carries the effect on as far as it goes. `waker` is only made if it has to wait.
    pub(super) fn advance<X: Send + Sync + 'static>(&mut self, session: &Arc<Session<X>>, waker: impl FnOnce() -> Waker)
    where
        S: PerformedBy<Session<X>>,
    {
        let before = std::mem::replace(&mut self.progress, Progress::Fresh);
        let mut future = match before {
            Progress::Done(outcome) => {
                self.progress = Progress::Done(outcome);
                return;
            }
            Progress::Fresh => perform(self.effect.clone(), session),
            Progress::Parked(future) => future,
        };
        self.progress = match poll(&mut future, waker) {
            Some(outcome) => Progress::Done(outcome),
            None => Progress::Parked(future),
        };
    }
}

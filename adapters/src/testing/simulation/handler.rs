//! A run: handlers that run on, and what they say.

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno_core::{PerformedBy, Replay, Response, Result as Responds, Step, StopReason, Ticket};

use super::{
    client::{Pending, Progress, Unheard},
    event::Event,
    run::{Run, Wrong},
};
use crate::{
    panics,
    testing::{
        end::End,
        laws::Standards,
        responded::Responded,
        world::{Boxed, Session, perform, poll},
    },
};

impl<S, X> Run<'_, S, X>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
{
    pub(super) fn stop(&mut self, client: usize, reason: StopReason) -> Result<(), Wrong> {
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let Some(tasklet) = &mut actor.tasklet else { return Ok(()) };
        if actor.stopped.is_none() {
            actor.stopped = Some(reason);
            for outcomes in self.outcomes {
                actor.pending.iter().for_each(|pending| outcomes.stopped(pending.location, &pending.effect));
            }
            tasklet.stop(reason);
            self.note(client, || match reason {
                StopReason::Disconnected => "STOPPED: its client went away",
                StopReason::Deadline => "STOPPED: its time is over",
                StopReason::Shutdown => "STOPPED: the server shuts down",
            });
            if let Some(log) = &mut self.log {
                log.mark();
            }
        }
        self.step(client)?;
        // What holds is not stopped, and goes on.
        let held =
            self.actors[client].iter().flat_map(|actor| &actor.pending).map(|held| Event::Effect(client, held.ticket));
        let held: Vec<_> = held.filter(|held| !self.ready.contains(held)).collect();
        self.ready.extend(held);
        Ok(())
    }

    /// Runs a handler until it waits or ends.
    pub(super) fn step(&mut self, client: usize) -> Result<(), Wrong> {
        let mut panicked = None;
        loop {
            let Some(actor) = &mut self.actors[client] else { return Ok(()) };
            let Some(tasklet) = &mut actor.tasklet else { return Ok(()) };
            match catch_unwind(AssertUnwindSafe(|| tasklet.step())) {
                Err(panic) => panicked = Some(format!("the handler panicked: {}", panics::message(&*panic))),
                Ok(Step::Perform(ticket, effect)) => self.asked(client, ticket, effect)?,
                Ok(Step::Abandon(ticket)) => {
                    self.note_effect(client, ticket, "(abandoned)");
                    self.take(client, ticket);
                    self.ready.retain(|event| *event != Event::Effect(client, ticket));
                }
                Ok(Step::Detach(ticket)) => self.detached(client, ticket)?,
                Ok(Step::Tell(effect)) => self.told(client, effect)?,
                Ok(Step::Waiting) => return Ok(()),
                Ok(Step::Done(end)) => return self.ended(client, end),
                Ok(Step::Foreign(place)) => {
                    return Err(format!("the handler awaited something that is not an effect, {place}"));
                }
                Ok(Step::Runaway(place)) => {
                    return Err(format!("the handler was stopped and would not end, {place}"));
                }
                Ok(Step::Dead) => return Err(panicked.unwrap_or_else(|| "the handler has ended before".into())),
            }
        }
    }

    fn asked(&mut self, client: usize, ticket: Ticket, effect: S) -> Result<(), Wrong> {
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        actor.asked += 1;
        if actor.asked > self.plan.limits.effects {
            let limit = self.plan.limits.effects;
            return Err(format!("endless loop: a handler has asked for more than {limit} effects (see `max_effects`)"));
        }
        let location = actor.tasklet.as_ref().and_then(|tasklet| tasklet.location(ticket));
        let at_once = effect.replay() == Replay::Pure;
        actor.pending.push(Pending {
            ticket,
            effect,
            location,
            progress: Progress::Fresh,
            decided: false,
            instead: None,
        });
        if at_once {
            // A sleep begins when it is asked for.
            self.carry_on(client, ticket)?;
            if self.pending(client, ticket).is_some_and(|pending| matches!(pending.progress, Progress::Parked(_))) {
                return Ok(());
            }
        }
        self.ready.push_back(Event::Effect(client, ticket));
        Ok(())
    }

    /// The effect is finished, with nobody waiting for it.
    fn detached(&mut self, client: usize, ticket: Ticket) -> Result<(), Wrong> {
        self.ready.retain(|event| *event != Event::Effect(client, ticket));
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let Some(pending) = actor.take(ticket) else { return Ok(()) };
        let Some(session) = &actor.session else { return Ok(()) };
        match pending.progress {
            Progress::Fresh => {
                let future = perform(pending.effect, session);
                self.finish_unheard(client, future)
            }
            Progress::Parked(future) => self.finish_unheard(client, future),
            Progress::Done(_) => Ok(()),
        }
    }

    fn told(&mut self, client: usize, effect: S) -> Result<(), Wrong> {
        if let Some(log) = &mut self.log {
            log.effect(self.world.clock().now(), client, &effect, "(told: nobody waits)", None);
        }
        let Some(session) = self.actors[client].as_ref().and_then(|actor| actor.session.as_ref()) else {
            return Ok(());
        };
        let future = perform(effect, session);
        self.finish_unheard(client, future)
    }

    fn finish_unheard(&mut self, client: usize, future: Boxed<S::Outcome>) -> Result<(), Wrong> {
        self.unheard += 1;
        let number = self.unheard;
        if let Some(actor) = &mut self.actors[client] {
            actor.unheard.push(Unheard { number, future });
        }
        self.unheard(client, number)
    }

    pub(super) fn unheard(&mut self, client: usize, number: u64) -> Result<(), Wrong> {
        let woken = &self.woken;
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let Some(place) = actor.unheard.iter().position(|unheard| unheard.number == number) else { return Ok(()) };
        let future = &mut actor.unheard[place].future;
        let waker = || woken.waker(Event::Unheard(client, number));
        let done = catch_unwind(AssertUnwindSafe(|| poll(future, waker)))
            .map_err(|panic| format!("what performs an effect panicked: {}", panics::message(&*panic)))?;
        if done.is_some() {
            actor.unheard.remove(place);
            actor.tidy();
        }
        Ok(())
    }

    fn ended(&mut self, client: usize, end: Responds<Response>) -> Result<(), Wrong> {
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let trace = actor.tasklet.take().and_then(|mut tasklet| tasklet.take_trace()).unwrap_or_default();
        let end = End { responded: Responded::of(end, actor.received.written())?, stopped: actor.stopped };
        actor.tidy();
        if let Some(log) = &mut self.log {
            log.note(self.world.clock().now(), Some(client), end.to_string());
        }
        let broken = self.plan.laws.broken(&trace, &end);
        actor.end = Some(end);
        if self.keeps_traces {
            actor.trace = trace;
        }
        broken.map_or(Ok(()), Err)
    }
}

//! A run: what an event does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno_core::{
    ChatSend, EffectSet, Has, Perform, PerformedBy, Sql, SqlFetch, SqlOpen, StopReason, Ticket, Transaction,
};

use super::{
    client::{Actor, Pending, Progress},
    event::Event,
    options::{Fate, Options},
    run::{Persistent, Run, Wrong},
};
use crate::{
    panics,
    testing::{
        difference::short,
        laws::Standards,
        world::{Boxed, Received, Session, poll},
    },
};

impl<S, X> Run<'_, S, X>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
{
    pub(super) fn happens(&mut self, event: Event) -> Result<(), Wrong> {
        self.steps += 1;
        if self.steps > self.plan.limits.steps {
            return Err(format!("endless loop: the run has not ended after {} events", self.plan.limits.steps));
        }
        match event {
            Event::Arrives(client) => self.arrives(client),
            Event::Vanishes(client) => self.vanishes(client),
            Event::Stops(client, reason) => self.stop(client, reason),
            Event::Says(number) => self.says(number),
            Event::Effect(client, ticket) => self.effect(client, ticket),
            Event::Unheard(client, number) => self.unheard(client, number),
        }
    }

    fn arrives(&mut self, client: usize) -> Result<(), Wrong> {
        let request = &self.plan.clients[client].request;
        let received = Received::new(request.body.clone());
        let session = Session::new(self.world.clone(), received.clone()).into();
        let tasklet = self.plan.handler.tasklet(request.request()).record();
        self.actors[client] = Some(Actor::new(tasklet, session, received));
        self.note(client, || "arrives");
        self.step(client)
    }

    fn vanishes(&mut self, client: usize) -> Result<(), Wrong> {
        if self.actors[client].is_none() {
            // It comes in the same moment.
            self.ready.push_back(Event::Vanishes(client));
            return Ok(());
        }
        self.stop(client, StopReason::Disconnected)
    }

    fn says(&mut self, number: usize) -> Result<(), Wrong> {
        let said = &self.plan.said[number];
        let send = ChatSend { room: said.room.clone().into(), message: said.message.as_str().into() };
        let session = self.world.chat().session();
        let mut sent = Box::pin(async move { session.perform(send).await }) as Boxed<_>;
        let reached = poll(&mut sent, || std::task::Waker::noop().clone());
        if let Some(log) = &mut self.log {
            log.note(self.world.clock().now(), None, format!("somebody says {said:?} -> {reached:?}"));
        }
        Ok(())
    }

    /// An effect's turn: the tape says what becomes of it, the first time.
    fn effect(&mut self, client: usize, ticket: Ticket) -> Result<(), Wrong> {
        let timed = self.next_moment().is_some();
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let stoppable = actor.stopped.is_none();
        let late = self.plan.limits.faults && (timed || actor.pending.len() > 1);
        let Some(pending) = actor.pending(ticket) else { return Ok(()) };
        if pending.decided {
            return self.go_on(client, ticket);
        }
        pending.decided = true;
        let limits = &self.plan.limits;
        let stays = |stays: &&Persistent| stays.location == pending.location && stays.effect == pending.effect.name();
        if let Some((name, applied)) = self.persistent.iter().find(stays).map(|stays| (stays.name, stays.applied))
            && let Some(fault) = fault_named(&pending.effect, name)
        {
            return self.fails(client, ticket, fault, name, applied);
        }
        let stops = if stoppable { &limits.stops[..] } else { &[] };
        let options = Options { faults: limits.faults, stops, late };
        let number = self.tape.pick(1, options.count(&pending.effect));
        match options.fate(&pending.effect, number) {
            Fate::Performed => self.go_on(client, ticket),
            Fate::Failed { fault, name, applied, persistent } => {
                if persistent {
                    let (location, effect) = (pending.location, pending.effect.name());
                    self.persistent.push(Persistent { location, effect, name, applied });
                }
                self.fails(client, ticket, fault, name, applied)
            }
            Fate::Stopped { reason, applied } => {
                if applied {
                    self.carry_on(client, ticket)?;
                    self.note_effect(client, ticket, "-> carried out, but nobody heard of it");
                }
                self.stop(client, reason)
            }
            Fate::Late => {
                self.carry_on(client, ticket)?;
                self.note_effect(client, ticket, "-> carried out, and its answer comes late");
                self.late.push_back(Event::Effect(client, ticket));
                Ok(())
            }
        }
    }

    /// Carries an effect on, and answers it if it is done.
    fn go_on(&mut self, client: usize, ticket: Ticket) -> Result<(), Wrong> {
        self.carry_on(client, ticket)?;
        let Some(pending) = self.pending(client, ticket) else { return Ok(()) };
        if let Progress::Parked(_) | Progress::Fresh = pending.progress {
            return Ok(());
        }
        self.answer(client, ticket)
    }

    /// The effect fails, carried out or not.
    fn fails(
        &mut self,
        client: usize,
        ticket: Ticket,
        fault: usize,
        name: &'static str,
        applied: bool,
    ) -> Result<(), Wrong> {
        if applied {
            self.carry_on(client, ticket)?;
        }
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let Some(session) = actor.session.clone() else { return Ok(()) };
        let Some(pending) = actor.pending(ticket) else { return Ok(()) };
        pending.instead = pending.effect.fail(fault).map(|outcome| (name, outcome));
        if applied && matches!(pending.progress, Progress::Parked(_)) {
            // It is carried out when its turn in the world comes, and fails then.
            return Ok(());
        }
        if !applied {
            pending.progress = Progress::Fresh;
            lose(&pending.effect, &session);
        }
        self.answer(client, ticket)
    }

    /// Answers an effect that is done, or that fails.
    fn answer(&mut self, client: usize, ticket: Ticket) -> Result<(), Wrong> {
        let Some(actor) = &mut self.actors[client] else { return Ok(()) };
        let Some(Pending { effect, location, progress, instead, .. }) = actor.take(ticket) else { return Ok(()) };
        let applied = matches!(progress, Progress::Done(_));
        let (fault, outcome) = match (instead, progress) {
            (Some((fault, outcome)), _) => (Some(fault), outcome),
            (None, Progress::Done(outcome)) => (None, outcome),
            (None, Progress::Fresh | Progress::Parked(_)) => return Ok(()),
        };
        if let Some(log) = &mut self.log {
            let how = match (fault, applied) {
                (None, _) => "->",
                (Some(_), true) => "-> FAULT, though carried out:",
                (Some(_), false) => "-> FAULT:",
            };
            let became = format!("{how} {}", short(&outcome));
            log.effect(self.world.clock().now(), client, &effect, &became, location);
            if fault.is_some() {
                log.mark();
            }
        }
        for outcomes in self.outcomes {
            outcomes.driven(location, &effect, fault, &outcome, actor.stopped.is_some());
        }
        if let Some(tasklet) = &mut actor.tasklet {
            tasklet.answer(ticket, outcome).map_err(|error| format!("{}: {error}", effect.name()))?;
        }
        self.step(client)
    }

    /// Carries an effect on as far as it goes, without a word to its handler.
    pub(super) fn carry_on(&mut self, client: usize, ticket: Ticket) -> Result<(), Wrong> {
        let woken = &self.woken;
        let Some(Actor { session: Some(session), pending, .. }) = &mut self.actors[client] else { return Ok(()) };
        let Some(pending) = pending.iter_mut().find(|pending| pending.ticket == ticket) else { return Ok(()) };
        let waker = || woken.waker(Event::Effect(client, ticket));
        let done = catch_unwind(AssertUnwindSafe(|| pending.advance(session, waker)));
        done.map_err(|panic| {
            self.note_effect(client, ticket, "-> PANIC");
            format!("what performs an effect panicked: {}", panics::message(&*panic))
        })
    }

    pub(super) fn pending(&mut self, client: usize, ticket: Ticket) -> Option<&mut Pending<S>> {
        self.actors[client].as_mut()?.pending(ticket)
    }

    pub(super) fn take(&mut self, client: usize, ticket: Ticket) {
        if let Some(actor) = &mut self.actors[client] {
            actor.take(ticket);
        }
    }

    pub(super) fn note(&mut self, client: usize, what: impl FnOnce() -> &'static str) {
        if let Some(log) = &mut self.log {
            log.note(self.world.clock().now(), Some(client), what());
        }
    }

    pub(super) fn note_effect(&mut self, client: usize, ticket: Ticket, became: &str) {
        let Some(log) = &mut self.log else { return };
        if let Some(pending) = self.actors[client].as_mut().and_then(|actor| actor.pending(ticket)) {
            log.effect(self.world.clock().now(), client, &pending.effect, became, pending.location);
        }
    }
}

/// The number of this fault in the effect's menu: a line may ask for several effects of one name, as a transaction does
/// for its beginning and its end, and what strikes the one need not be able to strike the other.
fn fault_named(effect: &impl EffectSet, name: &str) -> Option<usize> {
    let (mut number, mut found) = (0, None);
    effect.faults(&mut |fault| {
        if fault.name == name {
            found = Some(number);
        }
        number += 1;
    });
    found
}

/// The connection of a transaction or of a stream of rows is lost, and with it what the transaction did.
fn lose<S: Standards, X>(effect: &S, session: &Session<X>) {
    let opened = || <S as Has<SqlOpen>>::project(effect).map(|open| &*open.sql);
    let statement = <S as Has<Sql>>::project(effect).or_else(opened);
    let control = <S as Has<Transaction>>::project(effect).map(|transaction| &transaction.id);
    if let Some(id) = statement.and_then(|sql| sql.transaction.as_ref()).or(control) {
        session.lose(id);
    }
    if let Some(SqlFetch { id }) = effect.project() {
        session.lose_stream(id);
    }
}

//! A run: which event comes next.

use std::{
    collections::{BTreeMap, VecDeque},
    panic::Location,
    sync::Arc,
    time::Duration,
};

use segno_core::{ChatRecv, EffectSet, Has, PerformedBy, StopReason, Tasklet, Trace};

use super::{
    Log, Plan,
    alarm::Woken,
    client::{Actor, Pending, Progress},
    event::Event,
    log::shown,
};
use crate::testing::{
    end::End,
    laws::Standards,
    outcomes::Outcomes,
    tape::Tape,
    world::{Session, World},
};

/// A run under way.
pub(in crate::testing) struct Run<'r, S: EffectSet, X> {
    pub(super) plan: &'r Plan<S>,
    pub(super) world: Arc<World<X>>,
    pub(super) tape: &'r mut Tape,
    /// By the number of their client; those who have not come are not there.
    pub(super) actors: Vec<Option<Actor<S, X>>>,
    /// What can happen at once, in the order in which it could.
    pub(super) ready: VecDeque<Event>,
    pub(super) woken: Arc<Woken>,
    /// What goes on when nothing else can.
    pub(super) late: VecDeque<Event>,
    /// What happens at a certain time; of several, in the order of the plan.
    schedule: BTreeMap<(Duration, usize), Event>,
    /// The client whose event was the last.
    last: Option<usize>,
    pub(super) persistent: Vec<Persistent>,
    pub(super) steps: u64,
    /// How many effects there were for which nobody waits.
    pub(super) unheard: u64,
    pub(super) log: Option<Log>,
    pub(super) outcomes: &'r [Outcomes],
    pub(super) keeps_traces: bool,
}

/// What is kept of a run, besides its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::testing) enum Seen {
    /// Which outcomes it drove.
    Counted,
    /// That, and the traces, to be compared with those of another run.
    Compared,
    /// The traces alone: it is the same run once more.
    Unseen,
    /// All that happened, line by line.
    Logged,
}

/// A fault that stays: it strikes whatever this line asks for by this name.
pub(super) struct Persistent {
    pub(super) location: Option<&'static Location<'static>>,
    pub(super) effect: &'static str,
    pub(super) name: &'static str,
    pub(super) applied: bool,
}

/// What is wrong with a run.
pub(super) type Wrong = String;

/// How a run ended.
#[derive(Debug)]
pub(in crate::testing) struct Ended<S: EffectSet> {
    /// The end of each client's request, in the order of the plan, or what is wrong.
    pub(in crate::testing) ends: Result<Vec<End>, Wrong>,
    /// What each handler asked and was answered.
    pub(in crate::testing) traces: Vec<Trace<S>>,
    /// How many effects were performed or failed.
    pub(in crate::testing) steps: u64,
    pub(in crate::testing) log: Log,
}

impl<'r, S, X> Run<'r, S, X>
where
    S: Standards + PerformedBy<Session<X>>,
    X: Send + Sync + 'static,
{
    pub(in crate::testing) fn new(plan: &'r Plan<S>, world: Arc<World<X>>, tape: &'r mut Tape, seen: Seen) -> Self {
        let began = world.clock().now().unix();
        let mut schedule = BTreeMap::new();
        let mut ready = VecDeque::new();
        let mut at = |after: Duration, event| {
            let number = schedule.len();
            schedule.insert((began.saturating_add(after), number), event);
        };
        for (number, client) in plan.clients.iter().enumerate() {
            match client.arrives {
                Duration::ZERO => ready.push_back(Event::Arrives(number)),
                after => at(after, Event::Arrives(number)),
            }
            if let Some(patience) = client.patience {
                at(client.arrives.saturating_add(patience), Event::Vanishes(number));
            }
        }
        for (number, said) in plan.said.iter().enumerate() {
            at(said.at, Event::Says(number));
        }
        Self {
            plan,
            world,
            tape,
            actors: plan.clients.iter().map(|_| None).collect(),
            ready,
            woken: Arc::default(),
            late: VecDeque::new(),
            schedule,
            last: None,
            persistent: Vec::new(),
            steps: 0,
            unheard: 0,
            log: (seen == Seen::Logged).then(Log::default),
            outcomes: if let Seen::Counted | Seen::Compared = seen { &plan.outcomes } else { &[] },
            keeps_traces: seen != Seen::Counted,
        }
    }

    /// Runs until nothing more can happen, or something is wrong.
    pub(in crate::testing) fn finish(mut self) -> Ended<S> {
        let wrong = loop {
            let happened = match self.next() {
                Some(event) => {
                    self.last = event.client().or(self.last);
                    self.happens(event)
                }
                None => match self.stuck() {
                    Ok(true) => Ok(()),
                    Ok(false) => break None,
                    Err(wrong) => Err(wrong),
                },
            };
            if let Err(wrong) = happened {
                break Some(wrong);
            }
        };
        let mut ends = Vec::with_capacity(self.actors.len());
        let mut traces = Vec::with_capacity(self.actors.len());
        for mut actor in self.actors.into_iter().flatten() {
            if let Some(trace) = actor.tasklet.as_mut().and_then(Tasklet::take_trace) {
                actor.trace = trace;
            }
            ends.extend(actor.end);
            traces.push(actor.trace);
        }
        let ends = wrong.map_or(Ok(ends), Err);
        Ended { ends, traces, steps: self.steps, log: self.log.unwrap_or_default() }
    }

    /// Chooses what happens next; nothing if nobody has anything to do, now or later.
    fn next(&mut self) -> Option<Event> {
        loop {
            self.collect();
            let moment = self.next_moment();
            let (ready, timed) = (self.ready.len() as u32, u32::from(moment.is_some()));
            if ready + timed == 0 {
                return self.late.pop_front();
            }
            let waiting = self.waiting();
            let stops = &self.plan.limits.stops;
            // Usually what is ready goes on, or else time passes.
            let (usual, unusual) = if ready > 0 { (ready, timed) } else { (timed, 0) };
            let chosen = self.tape.pick(usual, unusual + (waiting.len() * stops.len()) as u32);
            if let Some(stopped) = chosen.checked_sub(ready + timed) {
                let (client, reason) = (stopped as usize / stops.len(), stopped as usize % stops.len());
                return Some(Event::Stops(waiting[client], stops[reason]));
            }
            if chosen < ready {
                return self.ready.remove(self.place(chosen as usize));
            }
            // Time passes, though something may be on its way: then a timeout comes first.
            self.jump(moment?);
            self.collect();
            if ready > 0 && self.ready.len() > ready as usize {
                return self.ready.remove(ready as usize);
            }
        }
    }

    /// The clients whose handlers wait for somebody else: for a message, or for a lock. They may be stopped meanwhile.
    fn waiting(&self) -> Vec<usize> {
        if self.plan.limits.stops.is_empty() {
            return Vec::new();
        }
        let parked = |pending: &Pending<S>| pending.decided && matches!(pending.progress, Progress::Parked(_));
        let waits = |actor: &Actor<S, X>| actor.stopped.is_none() && actor.pending.iter().any(parked);
        let clients = self.actors.iter().enumerate();
        clients.filter(|(_, actor)| actor.as_ref().is_some_and(waits)).map(|(client, _)| client).collect()
    }

    /// The place of the choice of this number: first of all goes on who went last, and then whoever could go first.
    fn place(&self, chosen: usize) -> usize {
        let same = |event: &Event| event.client() == self.last;
        let first = self.ready.iter().position(same).unwrap_or(0);
        match chosen {
            0 => first,
            chosen if chosen <= first => chosen - 1,
            chosen => chosen,
        }
    }

    /// Takes in what was woken, but for what is over.
    fn collect(&mut self) {
        let before = self.ready.len();
        self.woken.drain(&mut self.ready);
        let mut at = before;
        while at < self.ready.len() {
            let waits = match self.ready[at] {
                Event::Effect(client, ticket) => {
                    self.actors[client].as_mut().is_some_and(|actor| actor.pending(ticket).is_some())
                }
                Event::Arrives(_) | Event::Vanishes(_) | Event::Stops(..) | Event::Says(_) | Event::Unheard(..) => true,
            };
            if waits {
                at += 1;
            } else {
                self.ready.remove(at);
            }
        }
    }

    pub(super) fn next_moment(&self) -> Option<Duration> {
        let scheduled = self.schedule.first_key_value().map(|((moment, _), _)| *moment);
        scheduled.into_iter().chain(self.world.clock().next()).min()
    }

    fn jump(&mut self, moment: Duration) {
        self.world.clock().jump(moment);
        while let Some(scheduled) = self.schedule.first_entry().filter(|scheduled| scheduled.key().0 <= moment) {
            self.ready.push_back(scheduled.remove());
        }
    }

    /// Nothing can happen any more. Tells whether something can after all: clients that wait for chat may give up.
    fn stuck(&mut self) -> Result<bool, Wrong> {
        let alive = |actor: &&Actor<S, X>| actor.tasklet.is_some();
        if !self.actors.iter().flatten().any(|actor| alive(&actor)) {
            return Ok(false);
        }
        let for_chat = |actor: &Actor<S, X>| {
            actor.pending.iter().all(|pending| <S as Has<ChatRecv>>::project(&pending.effect).is_some())
        };
        if self.plan.limits.waits && self.actors.iter().flatten().filter(alive).all(for_chat) {
            let patient = |actor: &Actor<S, X>| alive(&actor) && actor.stopped.is_none();
            let waiting = self.actors.iter().position(|actor| actor.as_ref().is_some_and(patient));
            if let Some(client) = waiting {
                return self.stop(client, StopReason::Disconnected).map(|()| true);
            }
        }
        let mut waits = String::new();
        for (client, actor) in self.actors.iter().enumerate() {
            for pending in actor.iter().flat_map(|actor| &actor.pending) {
                let place = pending.location.map_or_else(String::new, |place| format!(" at {place}"));
                let name = pending.effect.name();
                waits += &format!("\n  client {client} waits for {name}{place}: {}", shown(&pending.effect));
            }
        }
        Err(format!(
            "deadlock: no effect can go on, no timer runs, and nobody else comes{waits}\n  \
             (if a client may wait for chat that never comes, say so by `may_wait`)"
        ))
    }
}

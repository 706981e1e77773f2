//! The run of a script: a tasklet, step by step, against what is expected.

use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
};

use bytes::{Bytes, BytesMut};
use segno_core::{
    ChatUnsubscribe, Chunk, EffectSet, Error, Has, ReadBody, Respond, Response, ResponseHead, Result, Step as Told,
    StopReason, Tasklet, Ticket, Write,
};

use super::{
    expect::Check,
    report::{Log, failure},
    responded::Responded,
};
use crate::panics;

/// An effect set whose handlers serve HTTP: with the request's body and the response in it. [`Standard`](crate::Standard) is one, and
/// so is every set over it.
pub trait Scriptable: Has<ReadBody> + Has<Respond> + Has<Write> + Has<ChatUnsubscribe> {}

impl<S: Has<ReadBody> + Has<Respond> + Has<Write> + Has<ChatUnsubscribe>> Scriptable for S {}

/// One expectation.
pub(super) struct Step<S: Scriptable> {
    pub(super) description: String,
    pub(super) check: Check<S>,
    pub(super) reply: Reply<S>,
}

/// What is said to an expected effect.
pub(super) enum Reply<S: Scriptable> {
    Answer(AnswerWith<S>),
    Pending,
    Stop(StopReason),
}

/// Makes the answer to an effect; none if the effect is another one.
pub(super) type AnswerWith<S> = Box<dyn FnOnce(&S) -> Option<<S as EffectSet>::Outcome> + Send>;

pub(super) struct Run<S: Scriptable> {
    tasklet: Tasklet<Result<Response>, S>,
    steps: VecDeque<Step<S>>,
    /// What comes when the handler waits, in the order in which it was asked.
    events: VecDeque<(Ticket, &'static str, Event<S>)>,
    /// What is never answered.
    pending: Vec<(Ticket, String)>,
    body: Option<Bytes>,
    head: Option<ResponseHead>,
    written: BytesMut,
    log: Log,
    progress: Arc<Mutex<String>>,
}

enum Event<S: Scriptable> {
    Answer(S::Outcome),
    Stop(StopReason),
}

impl<S: Scriptable> Run<S> {
    pub(super) fn new(
        tasklet: Tasklet<Result<Response>, S>,
        steps: VecDeque<Step<S>>,
        body: Bytes,
        progress: Arc<Mutex<String>>,
    ) -> Self {
        Self {
            tasklet,
            steps,
            events: VecDeque::new(),
            pending: Vec::new(),
            body: Some(body).filter(|body| !body.is_empty()),
            head: None,
            written: BytesMut::new(),
            log: Log::default(),
            progress,
        }
    }

    pub(super) fn finish(mut self) -> Result<Responded, String> {
        loop {
            let step = catch_unwind(AssertUnwindSafe(|| self.tasklet.step()));
            match step.map_err(|panic| self.failure(&format!("the handler panicked: {}", panics::message(&*panic))))? {
                Told::Perform(ticket, effect) => self.asked(ticket, &effect)?,
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

    fn asked(&mut self, ticket: Ticket, effect: &S) -> Result<(), String> {
        let location = self.tasklet.location(ticket);
        let place = location.map_or_else(String::new, |location| format!(" at {location}"));
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) =
            format!("the last effect that it asked for is {effect:?}{place}");
        if let Some(outcome) = self.own(effect) {
            self.events.push_back((ticket, effect.name(), Event::Answer(outcome)));
            return Ok(());
        }
        let reply = self.matching(effect, &place)?;
        self.log.asked(effect.name(), effect, location);
        match reply {
            Reply::Answer(answer) => match answer(effect) {
                Some(outcome) => self.events.push_back((ticket, effect.name(), Event::Answer(outcome))),
                None => return Err(self.failure("the answer belongs to another effect")),
            },
            Reply::Pending => self.pending.push((ticket, format!("{} asked{place}", effect.name()))),
            Reply::Stop(reason) => self.events.push_back((ticket, effect.name(), Event::Stop(reason))),
        }
        Ok(())
    }

    fn told(&mut self, effect: &S) -> Result<(), String> {
        // The end of a subscription is no decision of the handler's.
        if <S as Has<ChatUnsubscribe>>::project(effect).is_none() {
            self.matching(effect, " (told: nobody waits for it)")?;
            self.log.asked(effect.name(), effect, None);
        }
        Ok(())
    }

    /// Takes the next expectation, if the effect meets it.
    fn matching(&mut self, effect: &S, place: &str) -> Result<Reply<S>, String> {
        let asked = format!("the handler asked for {}{place}:\n    {effect:?}\n", effect.name());
        let Some(next) = self.steps.front() else {
            return Err(self.failure(&format!("nothing more was expected, and {asked}")));
        };
        if let Err(difference) = (next.check)(effect) {
            return Err(self.failure(&format!("{asked}  which is not what was expected:\n{difference}")));
        }
        self.steps.pop_front().map(|step| step.reply).ok_or_else(String::new)
    }

    /// What the script answers by itself: the request's body, and the response.
    fn own(&mut self, effect: &S) -> Option<S::Outcome> {
        if let Some(ReadBody) = effect.project() {
            return Some(<S as Has<ReadBody>>::wrap(Ok(self.body.take().map(Chunk))));
        }
        if let Some(Respond(head)) = effect.project() {
            self.head = Some(head.clone());
            return Some(<S as Has<Respond>>::wrap(Ok(())));
        }
        let Write(piece) = effect.project()?;
        self.written.extend_from_slice(piece);
        Some(<S as Has<Write>>::wrap(Ok(())))
    }

    fn abandoned(&mut self, ticket: Ticket) -> Result<(), String> {
        self.pending.retain(|(pending, _)| *pending != ticket);
        let Some(index) = self.events.iter().position(|(event, _, _)| *event == ticket) else { return Ok(()) };
        match self.events.remove(index) {
            Some((_, name, Event::Answer(outcome))) => {
                let what =
                    format!("the answer to {name} was never taken: {outcome:?}\n  expect it by `expect_pending`");
                Err(self.failure(&what))
            }
            Some((_, _, Event::Stop(_))) | None => Ok(()),
        }
    }

    fn waits(&mut self) -> Result<(), String> {
        match self.events.pop_front() {
            None => {
                let pending: Vec<_> = self.pending.iter().map(|(_, pending)| pending.as_str()).collect();
                Err(self.failure(&format!("the handler waits for ever: for {}", pending.join(", and for "))))
            }
            Some((ticket, name, Event::Answer(outcome))) => {
                self.log.answered(name, &outcome);
                self.tasklet.answer(ticket, outcome).map_err(|error| self.failure(&format!("{name}: {error}")))
            }
            Some((_, _, Event::Stop(reason))) => {
                self.log.noted(&format!("stopped: {reason}"));
                self.tasklet.stop(reason);
                Ok(())
            }
        }
    }

    fn ended(self, end: Result<Response>) -> Result<Responded, String> {
        if !self.steps.is_empty() {
            let end = end.map_or_else(|error| format!("failed: {error}"), |_| "responded".into());
            return Err(self.failure(&format!("the handler {end}, and more was expected of it")));
        }
        let whole = match end {
            Ok(response) => response.into_whole(),
            Err(error) => {
                let written = self.head.map(|head| (head, self.written.freeze()));
                return Ok(failed(error, written));
            }
        };
        match (self.head.clone(), whole) {
            (None, Some((head, body))) => Ok(Responded { head, body, error: None, torn: false }),
            (Some(head), None) => Ok(Responded { head, body: self.written.freeze(), error: None, torn: false }),
            (Some(_), Some(_)) => Err(self.failure("the handler streamed a response, and returned another one")),
            (None, None) => Err(self.failure("the handler returned the end of a response that it never began")),
        }
    }

    fn failure(&self, what: &str) -> String {
        let rest: Vec<_> = self.steps.iter().map(|step| step.description.clone()).collect();
        failure(what, &self.log, &rest)
    }
}

/// What a client gets of a handler that failed: what was written, or what the error shows.
fn failed(error: Error, written: Option<(ResponseHead, Bytes)>) -> Responded {
    if let Some((head, body)) = written {
        return Responded { head, body, error: Some(error), torn: true };
    }
    let (status, text) = error.public();
    let (head, body) = (ResponseHead { status, ..ResponseHead::text() }, Bytes::from(text.to_owned()));
    Responded { head, body, error: Some(error), torn: false }
}

//! What a script answers by itself: the request's body, the response, the end of a stream of rows, the virtual clock, the
//! fixed random numbers.

use std::{collections::VecDeque, time::Duration};

use bytes::BytesMut;
use segno_core::{
    ChatUnsubscribe, Chunk, Effect, EffectSet, Has, Inform, Now, Random, ReadBody, ReadTrailers, Respond, ResponseHead,
    Rows, Sleep, SqlClose, SqlFetch, Ticket, Timestamp, Write,
};

use super::plan::Given;
use crate::testing::request::TestBody;

/// An effect set whose handlers serve HTTP: with the request's body and the response in it. [`Standard`](crate::Standard) is one, and
/// so is every set over it.
pub trait Scriptable:
    Has<ReadBody>
    + Has<ReadTrailers>
    + Has<Inform>
    + Has<Respond>
    + Has<Write>
    + Has<SqlFetch>
    + Has<SqlClose>
    + Has<ChatUnsubscribe>
{
}

impl<S> Scriptable for S where
    S: Has<ReadBody>
        + Has<ReadTrailers>
        + Has<Inform>
        + Has<Respond>
        + Has<Write>
        + Has<SqlFetch>
        + Has<SqlClose>
        + Has<ChatUnsubscribe>
{
}

/// The script's side of the exchange, and its virtual world.
pub(super) struct Own<S: EffectSet> {
    pub(super) body: TestBody,
    pub(super) head: Option<ResponseHead>,
    pub(super) written: BytesMut,
    pub(super) clock: Option<Clock<S>>,
    pub(super) numbers: Option<Numbers<S>>,
}

impl<S: Scriptable> Own<S> {
    pub(super) fn new(body: TestBody) -> Self {
        Self { body, head: None, written: BytesMut::new(), clock: None, numbers: None }
    }

    /// The answer, if the script has one. It says what is wrong if it should have one and has not.
    pub(super) fn answer(&mut self, effect: &S) -> Result<Option<Given<S>>, String> {
        let outcome = if let Some(ReadBody) = effect.project() {
            Some(<S as Has<ReadBody>>::wrap(Ok(self.body.read().map(Chunk))))
        } else if let Some(ReadTrailers) = effect.project() {
            Some(<S as Has<ReadTrailers>>::wrap(self.body.trailers()))
        } else if let Some(inform @ Inform(_)) = effect.project() {
            Some(<S as Has<Inform>>::wrap(inform.check()))
        } else if let Some(Respond(_)) = effect.project() {
            Some(<S as Has<Respond>>::wrap(Ok(())))
        } else if let Some(Write(_)) = effect.project() {
            Some(<S as Has<Write>>::wrap(Ok(())))
        } else if let Some(SqlFetch { .. }) = effect.project() {
            // A stream of rows has the batches that are expected, and no more.
            Some(<S as Has<SqlFetch>>::wrap(Ok(Rows::written(0, None))))
        } else {
            None
        };
        if let Some(outcome) = outcome {
            return Ok(Some(Given::Answer(outcome)));
        }
        if let Some(answer) = self.clock.as_ref().and_then(|clock| clock.answer(effect)) {
            return Ok(Some(answer));
        }
        match &mut self.numbers {
            Some(numbers) => numbers.answer(effect),
            None => Ok(None),
        }
    }

    /// Takes what of the response the handler was told to be sent.
    pub(super) fn sent(&mut self, effect: &S, outcome: &S::Outcome) {
        if let (Some(Respond(head)), Some(Ok(()))) = (effect.project(), <S as Has<Respond>>::answer(outcome)) {
            self.head = Some(head.clone());
        }
        if let (Some(Write(piece)), Some(Ok(()))) = (effect.project(), <S as Has<Write>>::answer(outcome)) {
            self.written.extend_from_slice(piece);
        }
    }

    /// What would have answered the effect, if the script had it.
    pub(super) fn lacks(&self, effect: &str) -> Option<&'static str> {
        match effect {
            Now::NAME | Sleep::NAME if self.clock.is_none() => {
                Some("no clock is set: `.clock(Timestamp::EPOCH)` sets one")
            }
            Random::NAME if self.numbers.is_none() => Some("no random numbers are set: `.random([…])` sets them"),
            _ => None,
        }
    }

    /// The random numbers that nobody drew.
    pub(super) fn left_over(&self) -> Vec<u64> {
        self.numbers.as_ref().map_or_else(Vec::new, |numbers| numbers.left.iter().copied().collect())
    }

    /// The virtual time since the beginning.
    pub(super) fn passed(&self) -> Option<Duration> {
        Some(self.clock.as_ref()?.passed())
    }
}

/// A clock that stands still until all wait.
pub(super) struct Clock<S: EffectSet> {
    start: Timestamp,
    now: Timestamp,
    answer: fn(&S, Timestamp) -> Option<Given<S>>,
    woken: fn() -> S::Outcome,
}

impl<S: EffectSet> Clock<S> {
    pub(super) fn new(start: Timestamp) -> Self
    where
        S: Has<Now> + Has<Sleep>,
    {
        Self {
            start,
            now: start,
            answer: |effect, now| {
                if let Some(Now) = effect.project() {
                    return Some(Given::Answer(<S as Has<Now>>::wrap(Ok(now))));
                }
                let Sleep(time) = effect.project()?;
                Some(Given::Until(Timestamp::from_unix(now.unix().saturating_add(*time))))
            },
            woken: || <S as Has<Sleep>>::wrap(Ok(())),
        }
    }

    fn answer(&self, effect: &S) -> Option<Given<S>> {
        (self.answer)(effect, self.now)
    }

    /// Goes on to this moment; gives the answer to the sleep that ends there.
    pub(super) fn jump(&mut self, to: Timestamp) -> S::Outcome {
        self.now = to;
        (self.woken)()
    }

    pub(super) fn passed(&self) -> Duration {
        self.now.since(self.start)
    }
}

/// Random numbers that are no longer random.
pub(super) struct Numbers<S: EffectSet> {
    left: VecDeque<u64>,
    range: fn(&S) -> Option<&Random>,
    drawn: fn(u64) -> S::Outcome,
}

impl<S: EffectSet> Numbers<S> {
    pub(super) fn new() -> Self
    where
        S: Has<Random>,
    {
        Self {
            left: VecDeque::new(),
            range: |effect| effect.project(),
            drawn: |number| <S as Has<Random>>::wrap(Ok(number)),
        }
    }

    pub(super) fn add(&mut self, numbers: impl IntoIterator<Item = u64>) {
        self.left.extend(numbers);
    }

    fn answer(&mut self, effect: &S) -> Result<Option<Given<S>>, String> {
        let Some(Random { low, high }) = (self.range)(effect) else { return Ok(None) };
        match self.left.pop_front() {
            Some(number) if (*low..=*high).contains(&number) => Ok(Some(Given::Answer((self.drawn)(number)))),
            Some(number) => Err(format!("the next of the fixed random numbers is {number}, not from {low} to {high}")),
            None => Err("the fixed random numbers are used up".into()),
        }
    }
}

/// Those that wait for the clock, in the order in which they asked.
#[derive(Debug)]
pub(super) struct Sleepers<S> {
    waiting: Vec<(Timestamp, Ticket, S)>,
}

impl<S> Sleepers<S> {
    pub(super) fn new() -> Self {
        Self { waiting: Vec::new() }
    }

    pub(super) fn add(&mut self, until: Timestamp, ticket: Ticket, effect: S) {
        self.waiting.push((until, ticket, effect));
    }

    pub(super) fn remove(&mut self, ticket: Ticket) {
        self.waiting.retain(|(_, waiting, _)| *waiting != ticket);
    }

    /// The one that wakes first, and of several the one that asked first.
    pub(super) fn next(&mut self) -> Option<(Timestamp, Ticket, S)> {
        let earliest = (0..self.waiting.len()).min_by_key(|place| self.waiting[*place].0)?;
        Some(self.waiting.remove(earliest))
    }
}

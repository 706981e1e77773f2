//! What is expected, stubbed and forbidden, and which of it an effect meets.

use std::collections::VecDeque;

use segno_core::{Answer, Effect, EffectSet, Has, StopReason, Timestamp};

use super::expect::{Check, Expect};

/// All that a script says about effects.
pub(super) struct Plan<S: EffectSet> {
    exact: VecDeque<Expectation<S>>,
    stubs: Vec<Expectation<S>>,
    forbidden: Vec<Pattern<S>>,
    last: Last,
}

/// What `times` and `deferred` are about.
enum Last {
    Exact,
    Stub,
    Other,
}

/// One expectation, or one stub.
pub(super) struct Expectation<S: EffectSet> {
    pattern: Pattern<S>,
    reply: Reply<S>,
    deferred: bool,
    /// How often it is to be asked. Unless it is said: once, and at least once of a stub.
    times: Option<usize>,
    asked: usize,
}

struct Pattern<S> {
    effect: &'static str,
    description: String,
    check: Check<S>,
}

/// What is said to an expected effect.
pub(super) enum Reply<S: EffectSet> {
    Answer(AnswerWith<S>),
    Pending,
    Stop(StopReason),
}

/// Makes the answer to an effect; none if the effect is another one.
type AnswerWith<S> = Box<dyn FnMut(&S) -> Option<<S as EffectSet>::Outcome> + Send>;

/// What an effect gets that was expected.
pub(super) struct Met<S: EffectSet> {
    pub(super) given: Given<S>,
    pub(super) deferred: bool,
    /// Whether this very effect had to come now, so that it counts whether its answer is taken.
    pub(super) exact: bool,
}

pub(super) enum Given<S: EffectSet> {
    Answer(S::Outcome),
    /// The end of a sleep, when the clock has come to this moment.
    Until(Timestamp),
    Pending,
    Stop(StopReason),
}

/// An effect that must never be asked was asked: what the script says of it.
pub(super) struct Forbidden(pub(super) String);

impl<S: EffectSet> Reply<S> {
    pub(super) fn with<E: Effect>(mut answer: impl FnMut(&E) -> Answer<E> + Send + 'static) -> Self
    where
        S: Has<E>,
    {
        Self::Answer(Box::new(move |effect| Some(<S as Has<E>>::wrap(answer(<S as Has<E>>::project(effect)?)))))
    }
}

impl<S: EffectSet> Pattern<S> {
    fn of<E: Effect>(expected: Expect<E>) -> Self
    where
        S: Has<E>,
    {
        let description = expected.description();
        let check = move |effect: &S| match <S as Has<E>>::project(effect) {
            Some(effect) => expected.check(effect),
            None => Err(format!("expected {}\nasked    {}", E::NAME, effect.name())),
        };
        Self { effect: E::NAME, description, check: Box::new(check) }
    }

    /// What is expected, and what is wrong with the effect that was asked instead.
    fn told(&self, asked: Option<&S>) -> String {
        let wrong = asked.and_then(|asked| (self.check)(asked).err()).unwrap_or_default();
        let wrong = wrong.lines().map(|line| format!("\n    {line}"));
        format!("{}{}", self.description, wrong.collect::<String>())
    }
}

impl<S: EffectSet> Expectation<S> {
    pub(super) fn new<E: Effect>(expected: Expect<E>, reply: Reply<S>) -> Self
    where
        S: Has<E>,
    {
        Self { pattern: Pattern::of(expected), reply, deferred: false, times: None, asked: 0 }
    }

    /// Answers the effect, unless nobody waits for it.
    fn meet(&mut self, effect: &S, awaited: bool, exact: bool) -> Met<S> {
        self.asked += 1;
        let given = match &mut self.reply {
            // The check has seen that it is this effect.
            Reply::Answer(answer) if awaited => answer(effect).map_or(Given::Pending, Given::Answer),
            Reply::Answer(_) | Reply::Pending => Given::Pending,
            Reply::Stop(reason) => Given::Stop(*reason),
        };
        Met { given, deferred: self.deferred, exact }
    }
}

impl<S: EffectSet> Plan<S> {
    pub(super) fn new() -> Self {
        Self { exact: VecDeque::new(), stubs: Vec::new(), forbidden: Vec::new(), last: Last::Other }
    }

    pub(super) fn expect(&mut self, expectation: Expectation<S>) {
        self.exact.push_back(expectation);
        self.last = Last::Exact;
    }

    pub(super) fn stub(&mut self, stub: Expectation<S>) {
        self.stubs.push(stub);
        self.last = Last::Stub;
    }

    pub(super) fn forbid<E: Effect>(&mut self, expected: Expect<E>)
    where
        S: Has<E>,
    {
        self.forbidden.push(Pattern::of(expected));
        self.last = Last::Other;
    }

    #[track_caller]
    pub(super) fn set_times(&mut self, times: usize) {
        assert!(times > 0, "`times(0)` says nothing: `never` expects that an effect is not asked");
        let last = self.last("times");
        assert!(last.times.is_none(), "`times` was said before of {}", last.pattern.description);
        last.times = Some(times);
    }

    #[track_caller]
    pub(super) fn defer(&mut self) {
        let last = self.last("deferred");
        let answers = !matches!(last.reply, Reply::Pending);
        assert!(answers, "{} stays pending: it has no answer that could be deferred", last.pattern.description);
        last.deferred = true;
    }

    #[track_caller]
    fn last(&mut self, what: &str) -> &mut Expectation<S> {
        let last = match self.last {
            Last::Exact => self.exact.back_mut(),
            Last::Stub => self.stubs.last_mut(),
            Last::Other => None,
        };
        last.unwrap_or_else(|| panic!("`{what}` is said of an expectation or a stub, right after it"))
    }

    /// What the effect gets: by the next expectation, or else by the latest stub that it fits.
    pub(super) fn meet(&mut self, effect: &S, awaited: bool) -> Result<Option<Met<S>>, Forbidden> {
        if let Some(forbidden) = self.forbidden.iter().find(|forbidden| (forbidden.check)(effect).is_ok()) {
            return Err(Forbidden(forbidden.description.clone()));
        }
        if let Some(next) = self.exact.front_mut().filter(|next| (next.pattern.check)(effect).is_ok()) {
            let met = next.meet(effect, awaited, true);
            if next.asked == next.times.unwrap_or(1) {
                self.exact.pop_front();
            }
            return Ok(Some(met));
        }
        let mut stubs = self.stubs.iter_mut().rev();
        let stub = stubs.find(|stub| stub.times != Some(stub.asked) && (stub.pattern.check)(effect).is_ok());
        Ok(stub.map(|stub| stub.meet(effect, awaited, false)))
    }

    /// Whether the next expectation is about an effect of this name.
    pub(super) fn next_is(&self, effect: &str) -> bool {
        self.exact.front().is_some_and(|next| next.pattern.effect == effect)
    }

    /// Whether no exact expectation is left.
    pub(super) fn is_over(&self) -> bool {
        self.exact.is_empty()
    }

    /// Whether all that had to be asked was asked.
    pub(super) fn is_met(&self) -> bool {
        let met = |stub: &Expectation<S>| stub.asked > 0 && stub.times.is_none_or(|times| stub.asked == times);
        self.is_over() && self.stubs.iter().all(met)
    }

    /// What is still expected, the next first, with what is wrong with the effect that was asked instead.
    pub(super) fn rest(&self, asked: Option<&S>) -> Vec<String> {
        let describe = |(place, next): (usize, &Expectation<S>)| {
            let told = next.pattern.told(asked.filter(|_| place == 0));
            match next.times.unwrap_or(1) - next.asked {
                1 => told,
                left => format!("{left} times {told}"),
            }
        };
        self.exact.iter().enumerate().map(describe).collect()
    }

    /// The stubs, how often they were asked, and why they do not fit the effect that was asked, if it is of their kind.
    pub(super) fn stubs(&self, asked: Option<&S>) -> Vec<String> {
        let describe = |stub: &Expectation<S>| {
            let told = stub.pattern.told(asked.filter(|asked| asked.name() == stub.pattern.effect));
            match (stub.asked, stub.times) {
                (asked, Some(times)) => format!("asked {asked} of {times} times: {told}"),
                (0, None) => format!("never asked: {told}"),
                (asked, None) => format!("asked {asked} times: {told}"),
            }
        };
        self.stubs.iter().map(describe).collect()
    }

    /// What is expected of exact order, in short.
    pub(super) fn descriptions(&self) -> Vec<&str> {
        self.exact.iter().map(|next| next.pattern.description.as_str()).collect()
    }
}

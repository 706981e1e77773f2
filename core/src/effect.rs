//! What an effect is, what can go wrong with it, and a set of them.

use alloc::borrow::Cow;
use core::fmt::{self, Debug};

use crate::error::{EffectError, Failure, Happened, Stopped};

/// What an effect is answered with: its output, or its error.
pub type Answer<E> = Result<<E as Effect>::Output, <E as Effect>::Error>;

/// A typed I/O request, as plain data.
///
/// A handler asks for it through [`Io::perform`](crate::Io::perform) and gets an [`Answer`]; a backend that implements
/// [`Perform`](crate::Perform) for it carries it out. An effect owns all its data and holds no closure and no handle, so that it can be compared,
/// written down and performed again.
///
/// ```
/// use segno_core::{Effect, Replay, Stopped};
///
/// /// Takes this many cents from the customer's card.
/// #[derive(Clone, Debug, PartialEq)]
/// struct Charge { cents: u64 }
///
/// impl Effect for Charge {
///     type Output = bool;
///     type Error = Stopped;
///     const NAME: &'static str = "charge";
///
///     fn replay(&self) -> Replay { Replay::Once }
/// }
/// ```
pub trait Effect: Clone + Debug + PartialEq + Send + 'static {
    /// What a success gives.
    type Output: Clone + Debug + PartialEq + Send + 'static;

    /// What a failure says. Use [`Stopped`] for an effect that cannot fail in any other way, and
    /// [`EffectError`](crate::EffectError) with a kind of your own for others.
    type Error: Failure + Clone + PartialEq + Send + 'static + From<Stopped>;

    /// The effect's name in traces, logs and JSON: unique within a set, lower case, never changed.
    const NAME: &'static str;

    /// How this very value may be repeated: a select is not an insert. There is no default, since a wrong one charges
    /// a customer twice.
    fn replay(&self) -> Replay;

    /// Whether a stop waits for its answer instead of abandoning it, as it does for a `COMMIT`; if its lane is gone, it
    /// is [detached](crate::Step::Detach): finished, with nobody waiting.
    fn holds(&self) -> bool {
        false
    }

    /// Writes down what can go wrong with this very value, for those who try handlers out: each is tried where a handler
    /// asks for the effect. By default, nothing.
    fn faults(&self, menu: &mut Menu<'_, Self>) {
        let _ = menu;
    }
}

/// How often an effect may be performed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Replay {
    /// It touches nothing outside: a clock, a random number, a pause.
    Pure,
    /// It reads only: repeating it changes nothing, but may give another answer.
    Read,
    /// Repeating it under the same key has no further effect.
    Idempotent(Cow<'static, str>),
    /// It must not be repeated unless it surely did not happen.
    Once,
}

/// One thing that can go wrong with an effect; listed in a [`Menu`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What goes wrong, in a few words: unique within the effect's menu.
    pub name: &'static str,
    /// Whether the effect is carried out all the same; [`Unknown`](Happened::Unknown): it may be, or not.
    pub happened: Happened,
    /// Whether it is an unusual output, and no error.
    pub answers: bool,
}

/// Where an effect writes down what can go wrong with it; see [`Effect::faults`].
///
/// ```
/// use segno_core::{Effect, EffectError, Happened, Menu, Replay, StopReason};
///
/// /// Takes this many cents from the customer's card.
/// #[derive(Clone, Debug, PartialEq)]
/// struct Charge { cents: u64 }
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum ChargeErrorKind { Declined, Timeout, Stopped(StopReason) }
///
/// impl From<StopReason> for ChargeErrorKind {
///     fn from(reason: StopReason) -> Self { Self::Stopped(reason) }
/// }
///
/// impl Effect for Charge {
///     type Output = bool;
///     type Error = EffectError<ChargeErrorKind>;
///     const NAME: &'static str = "charge";
///
///     fn replay(&self) -> Replay { Replay::Once }
///
///     fn faults(&self, menu: &mut Menu<'_, Self>) {
///         menu.kind("declined", Happened::No, ChargeErrorKind::Declined);
///         // Tried out in both ways: the card was charged, or not.
///         menu.kind("timeout", Happened::Unknown, ChargeErrorKind::Timeout);
///         menu.answers("nothing to charge", Happened::No, || false);
///     }
/// }
/// ```
pub struct Menu<'a, E: Effect> {
    visit: &'a mut dyn FnMut(Fault),
    /// The number of the fault whose answer is to be made.
    wanted: Option<usize>,
    seen: usize,
    made: Option<Answer<E>>,
}

impl<'a, E: Effect> Menu<'a, E> {
    /// Shows every fault of this effect.
    pub fn list(effect: &E, visit: &'a mut dyn FnMut(Fault)) {
        effect.faults(&mut Self { visit, wanted: None, seen: 0, made: None });
    }

    /// Makes the answer of one fault of this effect, by its number in the [`list`](Self::list), from 0.
    pub fn make(effect: &E, number: usize) -> Option<Answer<E>> {
        let mut menu = Menu { visit: &mut |_| {}, wanted: Some(number), seen: 0, made: None };
        effect.faults(&mut menu);
        menu.made
    }

    /// It may fail like this. `happened` says the same as the error.
    pub fn fails(&mut self, name: &'static str, happened: Happened, error: impl FnOnce() -> E::Error) {
        self.add(Fault { name, happened, answers: false }, || Err(error()));
    }

    /// It may be answered with this output, instead of what it gives: a reply that says 503, whether the other server has
    /// done what it was asked for, or not.
    pub fn answers(&mut self, name: &'static str, happened: Happened, output: impl FnOnce() -> E::Output) {
        self.add(Fault { name, happened, answers: true }, || Ok(output()));
    }

    fn add(&mut self, fault: Fault, answer: impl FnOnce() -> Answer<E>) {
        match self.wanted {
            None => (self.visit)(fault),
            Some(wanted) if wanted == self.seen => self.made = Some(answer()),
            Some(_) => {}
        }
        self.seen += 1;
    }
}

impl<E: Effect<Error = EffectError<K>>, K> Menu<'_, E> {
    /// It may fail with this kind of error; the message is the fault's name.
    pub fn kind(&mut self, name: &'static str, happened: Happened, kind: K) {
        self.fails(name, happened, || EffectError::new(kind, happened, name));
    }
}

impl<E: Effect> Debug for Menu<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Menu").field("seen", &self.seen).finish_non_exhaustive()
    }
}

/// What a lost answer says of an effect: one that only reads has not happened, whoever asks.
pub(crate) fn lost(effect: &impl Effect) -> Happened {
    match effect.replay() {
        Replay::Pure | Replay::Read => Happened::No,
        Replay::Idempotent(_) | Replay::Once => Happened::Unknown,
    }
}

/// The enum of all effects that an application's handlers may ask for; made by [`effects!`](crate::effects).
pub trait EffectSet: Clone + Debug + PartialEq + Send + 'static {
    /// The enum of the answers to these effects.
    type Outcome: Clone + Debug + PartialEq + Send + 'static;

    /// Shows the [names](Effect::NAME) of all effects in the set, its base's first.
    fn names(visit: &mut dyn FnMut(&'static str));

    /// The [name](Effect::NAME) of the effect.
    fn name(&self) -> &'static str;

    /// How the effect may be [repeated](Effect::replay).
    fn replay(&self) -> Replay;

    /// Whether a stop [waits](Effect::holds) for the effect.
    fn holds(&self) -> bool;

    /// The error, if the outcome is one: for logs.
    fn error(outcome: &Self::Outcome) -> Option<&dyn Failure>;

    /// Shows what can [go wrong](Effect::faults) with the effect.
    fn faults(&self, visit: &mut dyn FnMut(Fault));

    /// The outcome of one of these faults, by its number from 0.
    fn fail(&self, number: usize) -> Option<Self::Outcome>;
}

/// Says that an effect set contains the effect `E`; made by [`effects!`](crate::effects).
///
/// A helper that is generic over the set names what it asks for:
///
/// ```
/// use segno_core::{Has, Io, Now, Result, Timestamp};
///
/// async fn two_times<S: Has<Now>>(io: &mut Io<S>) -> Result<(Timestamp, Timestamp)> {
///     Ok((io.now().await?, io.now().await?))
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "the effect set `{Self}` does not contain the effect `{E}`",
    label = "`{E}` is not in `{Self}`",
    note = "add it with `segno::effects! {{ enum Name: {Self} + {{ {E} }} }}`"
)]
pub trait Has<E: Effect>: EffectSet {
    /// The effect as a member of the set.
    fn inject(effect: E) -> Self;

    /// The effect, if this is the one.
    fn project(&self) -> Option<&E>;

    /// The answer as a member of the set's outcomes.
    fn wrap(answer: Answer<E>) -> Self::Outcome;

    /// The answer, if this outcome is one of `E`.
    fn answer(outcome: &Self::Outcome) -> Option<&Answer<E>>;

    /// The answer by value; gives the outcome back if it is not one of `E`.
    fn unwrap(outcome: Self::Outcome) -> Result<Answer<E>, Self::Outcome>;
}

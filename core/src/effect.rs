//! What an effect is, and a set of them.

use alloc::borrow::Cow;
use core::fmt::Debug;

use crate::error::Stopped;

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
    type Error: Clone + Debug + PartialEq + Send + 'static + From<Stopped>;

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

/// The enum of all effects that an application's handlers may ask for; made by [`effects!`](crate::effects).
pub trait EffectSet: Clone + Debug + PartialEq + Send + 'static {
    /// The enum of the answers to these effects.
    type Outcome: Clone + Debug + PartialEq + Send + 'static;

    /// The [name](Effect::NAME) of the effect.
    fn name(&self) -> &'static str;

    /// How the effect may be [repeated](Effect::replay).
    fn replay(&self) -> Replay;

    /// Whether a stop [waits](Effect::holds) for the effect.
    fn holds(&self) -> bool;

    /// The error, if the outcome is one: for logs.
    fn error(outcome: &Self::Outcome) -> Option<&dyn Debug>;
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

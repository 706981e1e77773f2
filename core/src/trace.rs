//! What a tasklet did: enough to run it again.

use alloc::vec::Vec;

use crate::{effect::EffectSet, error::StopReason, path::Path};

/// What one tasklet asked, was answered and was told, in order.
///
/// Recorded by [`Tasklet::record`](crate::Tasklet::record). The answers and the stop in it are all that a handler
/// depends on besides its request: whoever gives the same ones again, in this order, sees the same handler.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S: serde::Serialize, S::Outcome: serde::Serialize",
        deserialize = "S: serde::Deserialize<'de>, S::Outcome: serde::Deserialize<'de>"
    ))
)]
pub struct Trace<S: EffectSet> {
    /// The events, oldest first.
    pub entries: Vec<Entry<S>>,
}

impl<S: EffectSet> Default for Trace<S> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

/// One event of a [`Trace`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S: serde::Serialize, S::Outcome: serde::Serialize",
        deserialize = "S: serde::Deserialize<'de>, S::Outcome: serde::Deserialize<'de>"
    ))
)]
pub enum Entry<S: EffectSet> {
    /// The handler asked for an effect.
    Asked {
        /// Where in the handler.
        path: Path,
        /// Which.
        effect: S,
    },
    /// The handler asked for an effect after a stop, outside of a cleanup: it was answered with the stop, and the driver
    /// has not heard of it.
    Refused {
        /// The place that it would have had.
        path: Path,
        /// Which.
        effect: S,
    },
    /// The driver answered.
    Answered {
        /// The effect that it answered.
        path: Path,
        /// What it answered.
        outcome: S::Outcome,
    },
    /// The handler no longer waits for an effect.
    Abandoned {
        /// The effect.
        path: Path,
    },
    /// Nobody waits for an effect any longer that must be finished all the same: whether it happened is unknown.
    Detached {
        /// The effect.
        path: Path,
    },
    /// The handler told the driver to perform an effect for which nobody waits.
    Told {
        /// Which.
        effect: S,
    },
    /// The driver stopped the handler. Every pending effect that does not hold was answered with it.
    Stopped {
        /// Why.
        reason: StopReason,
    },
}

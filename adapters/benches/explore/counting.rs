//! An effect set of its own, with one effect more.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use segno::{Answer, Effect, EffectError, Happened, Menu, Perform, Replay, Standard, StopReason, testing::Session};

/// Adds a number to the world's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Add(pub(crate) u64);

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum AddErrorKind {
    Refused,
    Stopped(StopReason),
}

impl From<StopReason> for AddErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

impl Effect for Add {
    type Output = u64;
    type Error = EffectError<AddErrorKind>;
    const NAME: &'static str = "add";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("refused", Happened::No, AddErrorKind::Refused);
    }
}

segno::effects! {
    pub(crate) enum Counting (CountingOutcome): Standard + { Add }
}

pub(crate) type Io = segno::Io<Counting>;

impl Perform<Add> for Session<AtomicU64> {
    async fn perform(&self, add: Add) -> Answer<Add> {
        Ok(self.state().fetch_add(add.0, Relaxed) + add.0)
    }
}

//! A world with a bank, and an effect of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use segno::{
    Answer, Effect, EffectError, Happened, Menu, Perform, Replay, Standard, StopReason,
    testing::{Session, World},
};

/// Takes this many cents from the customer's account.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Charge(pub(crate) u64);

#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum ChargeErrorKind {
    Declined,
    Timeout,
    Stopped(StopReason),
}

impl From<StopReason> for ChargeErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

impl Effect for Charge {
    type Output = u64;
    type Error = EffectError<ChargeErrorKind>;
    const NAME: &'static str = "charge";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("declined", Happened::No, ChargeErrorKind::Declined);
        menu.kind("timeout", Happened::Unknown, ChargeErrorKind::Timeout);
    }
}

segno::effects! {
    pub(crate) enum Shop (ShopOutcome): Standard + { Charge }
}

pub(crate) type Io = segno::Io<Shop>;

#[derive(Debug, Default)]
pub(crate) struct Bank {
    pub(crate) charged: AtomicU64,
}

impl Perform<Charge> for Session<Bank> {
    async fn perform(&self, charge: Charge) -> Answer<Charge> {
        Ok(self.state().charged.fetch_add(charge.0, Relaxed) + charge.0)
    }
}

pub(crate) fn world() -> World<Bank> {
    World::new().state(Bank::default())
}

pub(crate) fn charged(world: &World<Bank>) -> u64 {
    world.own().charged.load(Relaxed)
}

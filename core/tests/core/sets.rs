//! Effect sets: users' own effects beside the standard ones, and their way through JSON.

use segno_core::{
    Answer, Effect, EffectSet, Has, Now, Perform, PerformedBy, Replay, Step, Stopped, Tasklet, Timestamp,
};

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Charge {
    cents: u64,
}

impl Effect for Charge {
    type Output = bool;
    type Error = Stopped;
    const NAME: &'static str = "charge";

    fn replay(&self) -> Replay {
        Replay::Once
    }
}

#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Rate;

impl Effect for Rate {
    type Output = f32;
    type Error = Stopped;
    const NAME: &'static str = "rate";

    fn replay(&self) -> Replay {
        Replay::Read
    }
}

segno_core::effects! {
    /// A set without a base.
    pub(crate) enum Bank (BankOutcome): { Charge, Now }
}

segno_core::effects! {
    /// A set over a set.
    pub(crate) enum Shop (ShopOutcome): Bank + { Rate }
}

/// A helper that knows only what it asks for.
async fn pay<S: Has<Charge> + Has<Rate>>(io: &mut segno_core::Io<S>) -> Result<bool, Stopped> {
    let rate = io.perform(Rate).await?;
    io.perform(Charge { cents: (1000.0 * rate) as u64 }).await
}

struct Till;

impl Perform<Charge> for Till {
    async fn perform(&self, charge: Charge) -> Answer<Charge> {
        Ok(charge.cents == 1500)
    }
}

impl Perform<Rate> for Till {
    async fn perform(&self, _: Rate) -> Answer<Rate> {
        Ok(1.5)
    }
}

impl Perform<Now> for Till {
    async fn perform(&self, _: Now) -> Answer<Now> {
        Ok(Timestamp::EPOCH)
    }
}

#[test]
fn own_effects_are_asked_and_performed() {
    let mut tasklet = Tasklet::new(async |mut io: segno_core::Io<Shop>| (pay(&mut io).await, io.now().await));
    let mut names = Vec::new();
    let end = loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => {
                names.push((effect.name(), effect.replay()));
                let performed = std::pin::pin!(effect.perform_on(&Till));
                let mut context = std::task::Context::from_waker(std::task::Waker::noop());
                let std::task::Poll::Ready(outcome) = performed.poll(&mut context) else { panic!() };
                tasklet.answer(ticket, outcome).unwrap();
            }
            Step::Done(end) => break end,
            step => panic!("{step:?}"),
        }
    };
    assert_eq!(end, (Ok(true), Ok(Timestamp::EPOCH)));
    assert_eq!(names, [("rate", Replay::Read), ("charge", Replay::Once), ("now", Replay::Pure)]);
}

#[test]
fn a_set_names_its_effects_its_base_s_first() {
    let mut names = Vec::new();
    Shop::names(&mut |name| names.push(name));
    assert_eq!(names, ["charge", "now", "rate"]);
}

#[test]
fn what_does_not_belong_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}

#[cfg(feature = "serde")]
#[path = "json.rs"]
mod json;

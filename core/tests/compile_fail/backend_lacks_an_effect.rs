//! A backend that cannot perform every effect of a set does not compile.

use segno_core::{Answer, Effect, Perform, PerformedBy, Replay, Stopped};

#[derive(Clone, Debug, PartialEq)]
struct Charge;

#[derive(Clone, Debug, PartialEq)]
struct Refund;

macro_rules! effect {
    ($effect:ident $name:literal) => {
        impl Effect for $effect {
            type Output = ();
            type Error = Stopped;
            const NAME: &'static str = $name;
            fn replay(&self) -> Replay {
                Replay::Once
            }
        }
    };
}

effect!(Charge "charge");
effect!(Refund "refund");

segno_core::effects! {
    enum Bank (BankOutcome): { Charge, Refund }
}

struct Poor;

impl Perform<Charge> for Poor {
    async fn perform(&self, _: Charge) -> Answer<Charge> {
        Ok(())
    }
}

fn serve<B>(_: B)
where
    Bank: PerformedBy<B>,
{
}

fn main() {
    serve(Poor);
}

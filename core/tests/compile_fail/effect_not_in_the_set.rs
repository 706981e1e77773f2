//! An effect that the set does not contain cannot be asked for.

use segno_core::{Effect, Io, Replay, Stopped};

#[derive(Clone, Debug, PartialEq)]
struct Charge;

impl Effect for Charge {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "charge";
    fn replay(&self) -> Replay {
        Replay::Once
    }
}

async fn pay(mut io: Io) {
    io.perform(Charge).await.unwrap();
}

fn main() {
    drop(pay);
}

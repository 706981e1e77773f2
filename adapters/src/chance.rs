//! Random numbers.

use std::sync::{Arc, Mutex, PoisonError};

use segno_core::Random;

/// Where random numbers come from.
#[derive(Clone, Debug)]
pub(crate) enum Chance {
    /// The system: nobody can guess them.
    System,
    /// A seed: the same in every run.
    Seeded(Arc<Mutex<fastrand::Rng>>),
}

impl Chance {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::Seeded(Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))))
    }

    /// A number from the range, each as likely as any other.
    pub(crate) fn draw(&self, random: &Random) -> u64 {
        let Random { low, high } = *random;
        let span = high.saturating_sub(low);
        let mask = u64::MAX.checked_shr(span.leading_zeros()).unwrap_or(0);
        loop {
            // A number above the span is drawn again: to fold it in would favour some of the others.
            let drawn = self.bits() & mask;
            if drawn <= span {
                return low + drawn;
            }
        }
    }

    fn bits(&self) -> u64 {
        match self {
            // Linux has random numbers from its start on; where a system has none, there is no safe way to go on.
            Self::System => getrandom::u64().unwrap_or_else(|error| panic!("no random numbers: {error}")),
            Self::Seeded(generator) => generator.lock().unwrap_or_else(PoisonError::into_inner).u64(..),
        }
    }
}

//! What may become of an effect, as choices of the tape.

use segno_core::{EffectSet, Happened, Replay, StopReason};

/// What becomes of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is performed, and answered with what it gave.
    Performed,
    /// It is answered with this fault of its menu.
    Failed { fault: usize, name: &'static str, applied: bool, persistent: bool },
    /// Its handler is stopped while it is on its way.
    Stopped { reason: StopReason, applied: bool },
    /// It is carried out, and its answer comes after everything else.
    Late,
}

/// What may become of an effect, besides being performed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options<'a> {
    /// Whether it may fail.
    pub(super) faults: bool,
    /// The reasons for which its handler may be stopped now.
    pub(super) stops: &'a [StopReason],
    /// Whether its answer may come after something else.
    pub(super) late: bool,
}

impl Options<'_> {
    /// How many unusual fates the effect may have.
    pub(super) fn count(self, effect: &impl EffectSet) -> u32 {
        let mut count = 0;
        if self.faults {
            effect.faults(&mut |fault| count += 2 * variants(fault.happened).len() as u32);
        }
        let applications = applications(effect).len();
        count + (self.stops.len() * applications) as u32 + u32::from(self.late && applications > 1)
    }

    /// The fate of this number, from 1: first what is on the effect's menu.
    pub(super) fn fate(self, effect: &impl EffectSet, number: u32) -> Fate {
        let Some(mut left) = number.checked_sub(1) else { return Fate::Performed };
        let mut found = None;
        let mut fault_number = 0;
        if self.faults {
            effect.faults(&mut |fault| {
                let variants = variants(fault.happened);
                let once = variants.iter().map(|applied| (*applied, false));
                for (applied, persistent) in once.chain(variants.iter().map(|applied| (*applied, true))) {
                    if left == 0 && found.is_none() {
                        found = Some(Fate::Failed { fault: fault_number, name: fault.name, applied, persistent });
                    }
                    left = left.saturating_sub(1);
                }
                fault_number += 1;
            });
        }
        found.unwrap_or_else(|| self.stop(applications(effect), left as usize))
    }

    fn stop(self, applications: &[bool], number: usize) -> Fate {
        match self.stops.get(number / applications.len()) {
            Some(reason) => Fate::Stopped { reason: *reason, applied: applications[number % applications.len()] },
            None => Fate::Late,
        }
    }
}

/// Whether a fault may strike before the effect is carried out, and after.
fn variants(happened: Happened) -> &'static [bool] {
    match happened {
        Happened::No => &[false],
        Happened::Yes => &[true],
        Happened::Unknown => &[false, true],
    }
}

/// Whether a stop may come before the effect is carried out, and after: of what only reads, nobody can tell.
fn applications(effect: &impl EffectSet) -> &'static [bool] {
    match effect.replay() {
        Replay::Idempotent(_) | Replay::Once if !effect.holds() => &[false, true],
        Replay::Pure | Replay::Read | Replay::Idempotent(_) | Replay::Once => &[false],
    }
}

//! What may become of an effect, as choices of the tape.

use segno_core::{EffectSet, Happened, Replay, StopReason};

/// What becomes of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is performed, and answered with what it gave.
    Performed,
    /// It is answered with this fault of its menu.
    Failed { fault: usize, name: &'static str, applied: bool, answers: bool, persistent: bool },
    /// Its handler is stopped while it is on its way.
    Stopped { reason: StopReason, applied: bool },
}

/// How many fates an effect may have besides being performed.
pub(super) fn count(effect: &impl EffectSet, faults: bool, stops: usize) -> u32 {
    let mut count = 0;
    if faults {
        effect.faults(&mut |fault| count += variants(fault.happened).len() as u32 + 1);
    }
    count + (stops * applications(effect).len()) as u32
}

/// The fate of this number, from 1 in the order of the menu; what is less is [`Fate::Performed`].
pub(super) fn fate(effect: &impl EffectSet, faults: bool, stops: &[StopReason], number: u32) -> Fate {
    let Some(mut left) = number.checked_sub(1) else { return Fate::Performed };
    let mut found = None;
    let mut place = 0;
    if faults {
        effect.faults(&mut |fault| {
            let persistent = (false, true);
            let variants = variants(fault.happened).iter().map(|applied| (*applied, false)).chain([persistent]);
            for (applied, persistent) in variants {
                if found.is_none() && left == 0 {
                    found = Some(Fate::Failed {
                        fault: place,
                        name: fault.name,
                        applied,
                        answers: fault.answers,
                        persistent,
                    });
                }
                left = left.wrapping_sub(1);
            }
            place += 1;
        });
    }
    found.unwrap_or_else(|| {
        let applications = applications(effect);
        let left = left as usize;
        match stops.get(left / applications.len()) {
            Some(reason) => Fate::Stopped { reason: *reason, applied: applications[left % applications.len()] },
            None => Fate::Performed,
        }
    })
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

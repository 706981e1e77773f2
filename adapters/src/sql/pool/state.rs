//! What is idle, and who waits.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use smol::channel::Sender;

use super::{Grant, Kept};

/// One tasklet, as a user of connections.
#[derive(Default)]
pub(in crate::sql) struct Holder {
    /// Whether a connection may be held for it.
    pub(super) holds: AtomicBool,
    /// Whether nothing is to be held for it any longer.
    pub(super) gone: AtomicBool,
    /// How many of its lanes wait.
    pub(super) waiting: AtomicUsize,
}

/// Who has what.
pub(super) struct State {
    /// Those that nobody uses, the one that was used last at the end.
    pub(super) idle: Vec<Idle>,
    /// How many places are free.
    pub(super) free: usize,
    /// Those that wait, the first one first. While somebody does, no place is free, and all that is idle is held.
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) next: u64,
    /// What was made before a connection was lost is of an older generation.
    pub(super) generation: u64,
    pub(super) closed: bool,
    /// Whether a task looks after those that are idle for too long.
    pub(super) swept: bool,
}

pub(super) struct Idle {
    pub(super) kept: Kept,
    pub(super) since: Instant,
    pub(super) holder: Option<Arc<Holder>>,
}

pub(super) struct Waiting {
    pub(super) number: u64,
    pub(super) since: Instant,
    pub(super) holder: Arc<Holder>,
    pub(super) sender: Sender<Grant>,
}

impl State {
    /// The connection that is held for this tasklet, or else the one of those held for nobody that was used last.
    pub(super) fn take_idle(&mut self, holder: &Arc<Holder>) -> Option<Idle> {
        let is_held = |idle: &Idle| idle.holder.as_ref().is_some_and(|other| Arc::ptr_eq(other, holder));
        let found = self.idle.iter().rposition(is_held);
        let found = found.or_else(|| self.idle.iter().rposition(|idle| idle.holder.is_none()))?;
        Some(self.idle.remove(found))
    }

    /// Who gets the connection that this tasklet gives back; nobody, if it is to be held for its next statement.
    pub(super) fn next(&mut self, now: Instant, holder: Option<&Arc<Holder>>) -> Option<Waiting> {
        let first = self.waiting.front()?;
        let goes_on = holder.filter(|holder| !first.starves(now) && !holder.gone.load(Ordering::SeqCst));
        match goes_on {
            None => self.waiting.pop_front(),
            Some(holder) if holder.waiting.load(Ordering::SeqCst) > 0 => {
                let lane = self.waiting.iter().position(|waiting| Arc::ptr_eq(&waiting.holder, holder))?;
                self.waiting.remove(lane)
            }
            Some(_) => None,
        }
    }
}

impl Waiting {
    pub(super) fn starves(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.since) >= PATIENCE
    }
}

/// How long one waits for a connection that is held for another tasklet, while that computes: some hundred statements of a
/// fast database, so that to hold connections pays, and too short for a person to notice.
pub(super) const PATIENCE: Duration = Duration::from_millis(5);

//! The tree of lanes: opening, closing, and the names of places in it.

use alloc::vec::Vec;

use super::{Fault, Lane, Mail, NO_LANE, ROOT, Slot, State};
use crate::{effect::EffectSet, error::Place, path::Path};

impl<S: EffectSet> Slot<S> {
    pub(super) fn new() -> Self {
        let lanes = alloc::vec![Lane::new(ROOT, 0, 0, 0, false)];
        Self { mail: Mail::Empty, lanes, free: NO_LANE, current: ROOT, last: None, extra: None }
    }

    /// Begins a fork in `parent`; its lanes are opened one by one.
    pub(crate) fn fork(&mut self, parent: u32) {
        let forking = &mut self.lanes[parent as usize];
        forking.forks += 1;
        forking.state = State::Forked;
    }

    /// Opens the next lane of the fork in `parent`.
    pub(crate) fn open(&mut self, parent: u32, index: u32) -> u32 {
        let Lane { forks, cleanup, .. } = self.lanes[parent as usize];
        match self.free {
            NO_LANE => {
                self.lanes.push(Lane::new(parent, forks, index, 0, cleanup));
                self.lanes.len() as u32 - 1
            }
            lane => {
                let place = &mut self.lanes[lane as usize];
                self.free = place.parent;
                *place = Lane::new(parent, forks, index, place.number, cleanup);
                lane
            }
        }
    }

    /// Closes a lane whose future has ended or was dropped. Closing it again does nothing.
    pub(crate) fn close(&mut self, lane: u32) {
        let closing = &mut self.lanes[lane as usize];
        if matches!(closing.state, State::Closed) {
            return;
        }
        if self.current == lane {
            self.current = closing.parent;
        }
        closing.state = State::Closed;
        closing.parent = self.free;
        self.free = lane;
    }

    /// Ends the fork in `parent`, whose lanes are closed.
    pub(crate) fn unfork(&mut self, parent: u32) {
        self.lanes[parent as usize].state = State::Running;
    }

    /// Looks at a lane that was polled and has not ended: does it wait for anything that the core knows?
    pub(crate) fn waits(&mut self, lane: u32) {
        let foreign = match self.lanes[lane as usize].state {
            State::Running | State::Answered => true,
            State::Stopped => self.current == lane,
            State::Closed | State::Asked { .. } | State::Forked | State::Parked => false,
        };
        if foreign && !self.faulty() {
            self.extra().fault = Some(Fault::Foreign(self.place(lane)));
        }
    }

    /// Which lane of the fork in `parent` the current answer is for: itself, or a lane below it.
    pub(crate) fn child(&self, parent: u32) -> Option<usize> {
        let mut lane = self.current;
        while lane != ROOT {
            let Lane { parent: above, index, .. } = self.lanes[lane as usize];
            if above == parent {
                return Some(index as usize);
            }
            lane = above;
        }
        None
    }

    pub(super) fn place(&self, lane: u32) -> Place {
        Place { lane: Path::new(self.branches(lane), 0), last: self.last() }
    }

    pub(super) fn branches(&self, mut lane: u32) -> Vec<(u32, u32)> {
        let mut branches = Vec::new();
        while lane != ROOT {
            let Lane { parent, fork, index, .. } = self.lanes[lane as usize];
            branches.push((fork, index));
            lane = parent;
        }
        branches.reverse();
        branches
    }
}

impl<S: EffectSet> Lane<S> {
    pub(super) fn new(parent: u32, fork: u32, index: u32, number: u32, cleanup: bool) -> Self {
        Self { parent, fork, index, forks: 0, asked: 0, number, cleanup, state: State::Running, newest: None }
    }
}

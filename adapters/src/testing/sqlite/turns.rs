//! Who writes next: those who wait for the lock, in the order in which they came.

use std::{collections::VecDeque, task::Waker};

/// The queue of those who wait.
#[derive(Debug, Default)]
pub(super) struct Turns {
    /// Each with its number, and with its waker until it is called.
    waiting: VecDeque<(u64, Option<Waker>)>,
    /// The number of the next who comes.
    next: u64,
}

impl Turns {
    /// Whether it is the turn of this one, who may not be in the queue yet.
    pub(super) fn reached(&self, number: Option<u64>) -> bool {
        self.waiting.front().is_none_or(|(first, _)| Some(*first) == number)
    }

    /// Enters the queue, or stays in it with another waker; gives the number there, and the old waker.
    pub(super) fn wait(&mut self, number: Option<u64>, waker: Waker) -> (u64, Option<Waker>) {
        let place = self.waiting.iter_mut().find(|(waiting, _)| Some(*waiting) == number);
        if let Some((number, old)) = place {
            return (*number, old.replace(waker));
        }
        let number = self.next;
        self.next += 1;
        self.waiting.push_back((number, Some(waker)));
        (number, None)
    }

    /// Leaves the queue; gives the waker that is not needed any longer.
    pub(super) fn leave(&mut self, number: u64) -> Option<Waker> {
        let at = self.waiting.iter().position(|(waiting, _)| *waiting == number)?;
        self.waiting.remove(at)?.1
    }

    /// The waker of the first, if it was not called before.
    pub(super) fn call(&mut self) -> Option<Waker> {
        self.waiting.front_mut()?.1.take()
    }
}

//! Every tape up to a bound.

use super::{Source, Taken, Tape};

/// Tries every tape with at most so many unusual decisions, the least unusual first: so the first run that fails has as few
/// of them as can be.
///
/// ```
/// use segno::testing::Search;
///
/// // Twenty decisions with three unusual choices each: 1 + 20·3 + 190·9 runs with at most two of them.
/// let mut search = Search::new(2);
/// while let Some(tape) = search.next_tape() {
///     (0..20).for_each(|_| { tape.pick(1, 3); });
/// }
/// assert_eq!((search.runs(), search.exhausted()), (1_771, false));
/// ```
///
/// The memory that this takes is one tape, however many runs there are: for each number of unusual decisions it goes
/// through the tree of tapes once more, and runs the few tapes with fewer of them again to find their branches.
#[derive(Clone, Debug)]
pub struct Search {
    bound: usize,
    /// How many unusual decisions the tapes have that are tried now.
    level: usize,
    /// The tape of the run that is under way, or was the last.
    tape: Option<Tape>,
    /// How many tapes of earlier runs were new.
    runs: u64,
    /// Whether the level has left out a tape that has more unusual decisions.
    more: bool,
    exhausted: bool,
}

impl Search {
    /// A search with at most `bound` unusual decisions in a run.
    pub fn new(bound: usize) -> Self {
        Self { bound, level: 0, tape: None, runs: 0, more: false, exhausted: false }
    }

    /// The tape for the next run; none if all were run.
    pub fn next_tape(&mut self) -> Option<&mut Tape> {
        let next = match self.tape.take() {
            None => Tape::normal(),
            Some(last) => {
                self.runs += u64::from(last.unusual() == self.level);
                self.following(last)?
            }
        };
        Some(self.tape.insert(next))
    }

    /// How many unusual decisions the tapes have that are tried now.
    pub fn level(&self) -> usize {
        self.level
    }

    /// Whether the last run was with a new tape, and not one of a level before.
    pub fn is_new(&self) -> bool {
        self.tape.as_ref().is_some_and(|tape| tape.unusual() == self.level)
    }

    /// How many different tapes were run.
    pub fn runs(&self) -> u64 {
        self.runs + u64::from(self.is_new())
    }

    /// Whether there is no tape with more unusual decisions: then all were run, and the bound bounded nothing.
    pub fn exhausted(&self) -> bool {
        self.exhausted
    }

    /// The tape after this one: the last decision that can be raised, is raised; after the last of a level, the next begins.
    fn following(&mut self, mut tape: Tape) -> Option<Tape> {
        let mut unusual = tape.unusual();
        for at in (0..tape.taken.len()).rev() {
            let taken = tape.taken[at];
            unusual -= usize::from(taken.chosen > 0);
            if taken.chosen + 1 == taken.of {
                continue;
            }
            if unusual == self.level {
                self.more = true;
                continue;
            }
            let Source::Replayed(decisions) = &mut tape.source else { return None };
            decisions.clear();
            decisions.extend_from_slice(&tape.taken[..at]);
            decisions.push(Taken { chosen: taken.chosen + 1, ..taken });
            tape.taken.clear();
            return Some(tape);
        }
        self.exhausted = !std::mem::take(&mut self.more);
        if self.exhausted || self.level == self.bound {
            return None;
        }
        self.level += 1;
        Some(Tape::normal())
    }
}

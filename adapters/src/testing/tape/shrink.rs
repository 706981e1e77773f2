//! From a run that fails to the smallest one that does.

use super::{Taken, Tape};

/// Makes a failing tape smaller while it still fails: fewer unusual decisions, and the first of the unusual ones where it
/// is possible. `fails` runs a tape; at most `attempts` times.
///
/// ```
/// use segno::testing::{Tape, shrink};
///
/// // Fails if two decisions in a row are unusual.
/// let fails = |tape: &mut Tape| {
///     let picked: Vec<u32> = (0..6).map(|_| tape.pick(1, 3)).collect();
///     picked.windows(2).any(|pair| pair[0] > 0 && pair[1] > 0)
/// };
/// let mut tape = "v1:3.0.2.3.1.2".parse().unwrap();
/// assert!(fails(&mut tape));
/// assert_eq!(shrink(&tape, 100, fails).to_string(), "v1:0*4.1/4.1/4");
/// ```
pub fn shrink(failed: &Tape, attempts: u32, mut fails: impl FnMut(&mut Tape) -> bool) -> Tape {
    let mut best = failed.rewound();
    let mut decisions = failed.decisions();
    let mut left = attempts;
    let mut attempt = |decisions: &mut Vec<Taken>, smaller: Vec<Taken>| {
        if left == 0 || smaller == *decisions {
            return false;
        }
        left -= 1;
        let mut tape = Tape::replayed(smaller);
        if !fails(&mut tape) {
            return false;
        }
        *decisions = tape.decisions();
        best = tape.rewound();
        true
    };
    // Large pieces first: a long run mostly fails for a few of its decisions.
    let mut piece = decisions.len().next_power_of_two();
    while piece > 0 {
        let mut at = 0;
        while at < decisions.len() {
            let mut smaller = decisions.clone();
            let end = (at + piece).min(smaller.len());
            smaller[at..end].iter_mut().for_each(|decision| decision.chosen = 0);
            attempt(&mut decisions, smaller);
            at += piece;
        }
        piece /= 2;
    }
    let mut at = 0;
    while at < decisions.len() {
        for lower in 1..decisions[at].chosen {
            let mut smaller = decisions.clone();
            smaller[at].chosen = lower;
            if attempt(&mut decisions, smaller) {
                break;
            }
        }
        at += 1;
    }
    best
}

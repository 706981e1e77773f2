//! What a test has found.

use std::fmt;

use super::simulation::Log;

/// Something wrong that a run has shown: the smallest such run that was found.
#[derive(Clone, Debug)]
pub struct Finding {
    pub(super) what: String,
    pub(super) log: Log,
    pub(super) replay: String,
    pub(super) unusual: usize,
    pub(super) runs: u64,
}

impl Finding {
    /// What is wrong.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// The replay string: what [`replay`](super::Explore::replay) takes to show it again.
    pub fn replay(&self) -> &str {
        &self.replay
    }

    /// How many unusual decisions it takes.
    pub fn unusual(&self) -> usize {
        self.unusual
    }

    /// How many runs it took to find it.
    pub fn runs(&self) -> u64 {
        self.runs
    }
}

/// What is wrong, the run line by line, and how to run it again.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs = if self.runs == 1 { "run" } else { "runs" };
        let decisions = if self.unusual == 1 { "decision" } else { "decisions" };
        writeln!(
            f,
            "{}\n\n  found after {} {runs}, with {} unusual {decisions}:\n",
            self.what, self.runs, self.unusual
        )?;
        write!(f, "{}", self.log)?;
        write!(f, "\n  to run it again: .replay(\"{}\")", self.replay)
    }
}

/// What a test without a finding has done: the bound of its claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explored {
    pub(super) runs: u64,
    pub(super) steps: u64,
    pub(super) bound: String,
}

impl Explored {
    /// What was explored, if nothing was found; a finding fails the test.
    #[track_caller]
    pub(super) fn claim(explored: Result<Self, Box<Finding>>) -> Self {
        let explored = match explored {
            Ok(explored) => explored,
            // Not in a closure, which would hide the line of the test.
            Err(finding) => panic!("{finding}"),
        };
        // A claim is worth as much as its bound: a test that prints shows it. One run claims nothing.
        if explored.runs > 1 {
            println!("{explored}");
        }
        explored
    }

    /// How many different runs there were.
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// How many events there were (effects that were performed or failed, clients that came and went), in these runs and in those that were run again to find their branches.
    pub fn steps(&self) -> u64 {
        self.steps
    }
}

/// `explored 1771 runs, at most 2 unusual decisions in each`
impl fmt::Display for Explored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "explored {} run{}, {}", self.runs, if self.runs == 1 { "" } else { "s" }, self.bound)
    }
}

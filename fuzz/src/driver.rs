//! A driver that answers late, twice, wrongly, in any order or not at all, and checks what a tasklet promises.

use std::collections::BTreeSet;

use arbitrary::Arbitrary;
use segno_core::{
    AnswerErrorKind, EffectSet, Entry, Happened, Io, Path, Result, Standard, StandardOutcome, Step, StopReason,
    Tasklet, Ticket, Trace,
};

use crate::{
    answer::{failure, success, wrong},
    ledger::Ledger,
    program::{Act, play},
};

/// A handler, and what its driver does each time the handler waits.
#[derive(Arbitrary, Debug)]
pub struct Case {
    handler: Vec<Act>,
    moves: Vec<Move>,
}

/// What a driver does when the handler waits; an effect is chosen by its position among the pending ones.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Move {
    Succeed(u8),
    Fail(u8, Did),
    Stop(Why),
    Abort,
    /// Answers with the outcome of another effect: refused.
    Wrong(u8),
    /// Answers what is pending no longer: refused.
    Late(u8),
    /// Answers twice: the second is refused.
    Twice(u8),
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Did {
    No,
    Yes,
    Unknown,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Why {
    Disconnected,
    Deadline,
    Shutdown,
}

/// Runs the case to its end; panics if the tasklet breaks a promise.
pub fn drive(case: &Case) {
    let mut driver = Driver::new(&case.handler);
    let mut moves = case.moves.iter();
    for _ in 0..STEPS {
        if driver.step() {
            if driver.aborted {
                return;
            }
            let trace = driver.tasklet.trace().expect("it was recorded");
            return assert_eq!(replay(&case.handler, &trace), trace, "the same answers make the same run");
        }
        match moves.next() {
            Some(next) => driver.make(*next),
            // Whoever would go on for ever is told to end.
            None if driver.stopped => driver.make(Move::Succeed(0)),
            None => driver.make(Move::Stop(Why::Shutdown)),
        }
    }
    panic!("no end after {STEPS} moves");
}

struct Driver {
    tasklet: Tasklet<Result<()>>,
    /// Oldest first.
    pending: Vec<(Ticket, Standard)>,
    gone: Vec<(Ticket, Standard)>,
    paths: BTreeSet<Path>,
    ledger: Ledger,
    stopped: bool,
    aborted: bool,
}

impl Driver {
    fn new(handler: &[Act]) -> Self {
        Self {
            tasklet: tasklet(handler),
            pending: Vec::new(),
            gone: Vec::new(),
            paths: BTreeSet::new(),
            ledger: Ledger::default(),
            stopped: false,
            aborted: false,
        }
    }

    /// Steps until the tasklet waits; says whether it has ended.
    fn step(&mut self) -> bool {
        loop {
            match self.tasklet.step() {
                Step::Perform(ticket, effect) => self.perform(ticket, effect),
                Step::Abandon(ticket) => assert!(!self.give_up(ticket).holds(), "what holds is not abandoned"),
                Step::Detach(ticket) => assert!(self.give_up(ticket).holds(), "only what holds is detached"),
                Step::Tell(effect) => self.ledger.asked(&effect),
                Step::Waiting => {
                    assert!(!self.pending.is_empty(), "it waits for nothing");
                    return false;
                }
                Step::Done(_) | Step::Foreign(_) => break,
                Step::Runaway(_) => {
                    assert!(self.stopped, "only what was stopped runs away");
                    break;
                }
                Step::Dead => {
                    assert!(self.aborted, "only what was aborted is dead before it ends");
                    break;
                }
            }
        }
        assert!(matches!(self.tasklet.step(), Step::Dead), "the end comes once");
        assert!(self.pending.is_empty(), "left pending: {:?}", self.pending);
        self.ledger.close();
        true
    }

    fn perform(&mut self, ticket: Ticket, effect: Standard) {
        assert!(self.pending.iter().all(|(pending, _)| *pending != ticket), "a ticket names one effect");
        if let Some(path) = self.tasklet.path(ticket) {
            assert!(self.paths.insert(path), "a path names one effect");
        }
        self.ledger.asked(&effect);
        self.pending.push((ticket, effect));
    }

    /// Takes what is pending under this ticket.
    fn give_up(&mut self, ticket: Ticket) -> Standard {
        let at = self.pending.iter().position(|(pending, _)| *pending == ticket);
        let (ticket, effect) = self.pending.remove(at.expect("only what is pending is given up"));
        self.gone.push((ticket, effect.clone()));
        effect
    }

    fn make(&mut self, next: Move) {
        match next {
            Move::Succeed(at) => self.answer(at.into(), success),
            Move::Fail(at, did) => self.answer(at.into(), |effect| failure(effect, did.into())),
            Move::Stop(why) => {
                self.stopped = true;
                self.tasklet.stop(why.into());
            }
            Move::Abort => {
                self.aborted = true;
                self.tasklet.abort();
            }
            Move::Wrong(at) => {
                let (ticket, effect) = &self.pending[usize::from(at) % self.pending.len()];
                let outcome = wrong(effect);
                self.refused(*ticket, outcome, &[AnswerErrorKind::WrongType]);
            }
            Move::Late(at) if !self.gone.is_empty() => {
                let (ticket, effect) = &self.gone[usize::from(at) % self.gone.len()];
                let outcome = success(effect);
                self.refused(*ticket, outcome, &[AnswerErrorKind::Late, AnswerErrorKind::Unknown]);
            }
            Move::Late(_) => {}
            Move::Twice(at) => {
                let (ticket, effect) = self.pending[usize::from(at) % self.pending.len()].clone();
                self.answer(at.into(), success);
                self.refused(ticket, success(&effect), &[AnswerErrorKind::Late, AnswerErrorKind::Busy]);
            }
        }
    }

    fn answer(&mut self, at: usize, outcome: impl FnOnce(&Standard) -> StandardOutcome) {
        let (ticket, effect) = self.pending.remove(at % self.pending.len());
        let outcome = outcome(&effect);
        self.ledger.answered(&effect, &outcome);
        self.tasklet.answer(ticket, outcome).expect("what is pending can be answered");
        self.gone.push((ticket, effect));
    }

    fn refused(&mut self, ticket: Ticket, outcome: StandardOutcome, kinds: &[AnswerErrorKind]) {
        let error = self.tasklet.answer(ticket, outcome.clone()).expect_err("it is to be refused");
        assert!(kinds.contains(&error.kind), "refused as {:?}", error.kind);
        assert_eq!(error.outcome, outcome, "a refused outcome is handed back");
    }
}

/// Runs the handler again with the answers of the trace; gives the trace of that run.
fn replay(handler: &[Act], trace: &Trace<Standard>) -> Trace<Standard> {
    let mut driver = Driver::new(handler);
    for entry in &trace.entries {
        match entry {
            Entry::Answered { path, outcome } => {
                assert!(!driver.step(), "the replayed run ends too early");
                let at =
                    driver.pending.iter().position(|(ticket, _)| driver.tasklet.path(*ticket).as_ref() == Some(path));
                driver.answer(at.expect("the effect is pending again"), |_| outcome.clone());
            }
            Entry::Stopped { reason } => {
                assert!(!driver.step(), "the replayed run ends too early");
                driver.stopped = true;
                driver.tasklet.stop(*reason);
            }
            Entry::Asked { .. }
            | Entry::Refused { .. }
            | Entry::Abandoned { .. }
            | Entry::Detached { .. }
            | Entry::Told { .. } => {}
        }
    }
    assert!(driver.step(), "the replayed run ends as well");
    driver.tasklet.trace().expect("it was recorded")
}

fn tasklet(handler: &[Act]) -> Tasklet<Result<()>> {
    let handler = handler.to_vec();
    Tasklet::new(async move |mut io: Io| play(&mut io, &handler).await).record()
}

impl From<Did> for Happened {
    fn from(did: Did) -> Self {
        match did {
            Did::No => Self::No,
            Did::Yes => Self::Yes,
            Did::Unknown => Self::Unknown,
        }
    }
}

impl From<Why> for StopReason {
    fn from(why: Why) -> Self {
        match why {
            Why::Disconnected => Self::Disconnected,
            Why::Deadline => Self::Deadline,
            Why::Shutdown => Self::Shutdown,
        }
    }
}

/// No input of the fuzzer's size makes as many.
const STEPS: usize = 200_000;

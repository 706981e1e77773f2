//! A driver that keeps no rule: it answers before it steps, what is another tasklet's, what is over, and what is dead.

use arbitrary::Arbitrary;
use segno_core::{AnswerErrorKind, Happened, Io, Result, Standard, StandardOutcome, Step, StopReason, Tasklet, Ticket};

use crate::{
    answer::{failure, success, wrong},
    program::{Act, play},
};

/// Two handlers, and what their driver does with them.
#[derive(Arbitrary, Debug)]
pub struct Misuse {
    handlers: [Vec<Act>; 2],
    moves: Vec<(bool, Move)>,
}

/// What is done to one of the tasklets; an effect is chosen by its position among all that either has ever asked for.
#[derive(Arbitrary, Clone, Copy, Debug)]
enum Move {
    /// Steps once, and not until it waits.
    Step,
    Succeed(u8),
    Fail(u8),
    Wrong(u8),
    Stop,
    Abort,
    /// Asks about a ticket, and for the trace.
    Look(u8),
    TakeTrace,
}

/// Does all that to the tasklets; panics if one of them does what no driver's mistake may make it do.
pub fn misuse(case: &Misuse) {
    let mut tasklets = case.handlers.each_ref().map(|handler| Misused::new(handler));
    let mut asked = Vec::new();
    for (second, next) in &case.moves {
        tasklets[usize::from(*second)].make(*next, &mut asked);
    }
    for mut tasklet in tasklets {
        tasklet.end(&mut asked);
    }
}

struct Misused {
    tasklet: Tasklet<Result<()>>,
    /// Whether it has told its end.
    over: bool,
    aborted: bool,
    /// Whether it was answered, and has not been stepped since.
    answered: bool,
}

type Asked = Vec<(Ticket, Standard)>;

impl Misused {
    fn new(handler: &[Act]) -> Self {
        let handler = handler.to_vec();
        let tasklet = Tasklet::new(async move |mut io: Io| play(&mut io, &handler).await).record();
        Self { tasklet, over: false, aborted: false, answered: false }
    }

    fn make(&mut self, next: Move, asked: &mut Asked) {
        match next {
            Move::Step => drop(self.step(asked)),
            Move::Succeed(at) => self.answer(at, asked, success),
            Move::Fail(at) => self.answer(at, asked, |effect| failure(effect, Happened::Unknown)),
            Move::Wrong(at) => self.answer(at, asked, wrong),
            Move::Stop => self.tasklet.stop(StopReason::Deadline),
            Move::Abort => {
                self.aborted = true;
                self.tasklet.abort();
            }
            Move::Look(at) => self.look(at, asked),
            Move::TakeTrace => assert!(self.tasklet.take_trace().is_some(), "it was recorded"),
        }
    }

    /// Steps once; says whether it waits or is over.
    fn step(&mut self, asked: &mut Asked) -> bool {
        let step = self.tasklet.step();
        assert!(!self.over || matches!(step, Step::Dead), "after its end it is dead: {step:?}");
        self.answered = false;
        match step {
            Step::Perform(ticket, effect) => {
                asked.push((ticket, effect));
                false
            }
            Step::Abandon(_) | Step::Detach(_) | Step::Tell(_) => false,
            Step::Waiting => {
                assert!(!self.aborted, "who was aborted waits for nothing");
                true
            }
            Step::Done(_) | Step::Foreign(_) | Step::Runaway(_) | Step::Dead => {
                self.over = true;
                true
            }
        }
    }

    fn answer(&mut self, at: u8, asked: &Asked, outcome: impl FnOnce(&Standard) -> StandardOutcome) {
        let Some((ticket, effect)) = asked.get(usize::from(at) % asked.len().max(1)) else { return };
        let outcome = outcome(effect);
        let dead = self.over || self.aborted;
        match self.tasklet.answer(*ticket, outcome.clone()) {
            // The other tasklet's ticket may be one of this, too.
            Ok(()) => {
                assert!(!dead && !self.answered, "one answer between two steps, while it lives");
                self.answered = true;
            }
            Err(error) => {
                assert_eq!(error.outcome, outcome, "a refused outcome is handed back");
                assert!(!dead || error.kind == AnswerErrorKind::Dead, "refused as {:?}", error.kind);
            }
        }
    }

    fn look(&self, at: u8, asked: &Asked) {
        let Some((ticket, _)) = asked.get(usize::from(at) % asked.len().max(1)) else { return };
        let (path, location) = (self.tasklet.path(*ticket), self.tasklet.location(*ticket));
        assert_eq!(path.is_some(), location.is_some(), "what is pending has a path and a line");
        assert!(self.tasklet.trace().is_some(), "it was recorded");
    }

    /// Brings it to its end: whoever waits is stopped, and then aborted.
    fn end(&mut self, asked: &mut Asked) {
        for last in [Move::Stop, Move::Abort] {
            let waits = (0..STEPS).any(|_| self.step(asked));
            assert!(waits, "no end after {STEPS} steps");
            self.make(last, asked);
        }
        assert!((0..STEPS).any(|_| self.step(asked) && self.over), "an aborted tasklet ends");
        assert!(matches!(self.tasklet.step(), Step::Dead), "and stays dead");
    }
}

/// No input of the fuzzer's size makes as many.
const STEPS: usize = 200_000;

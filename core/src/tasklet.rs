//! One handler, running or suspended, and how to drive it.

use alloc::boxed::Box;
use core::{future::Future, panic::Location, pin::Pin};

use crate::{
    effect::EffectSet,
    error::{AnswerError, AnswerErrorKind, Place, StopReason},
    generator::{Generator, Resume, Resumed},
    io::Io,
    path::{Path, Ticket},
    slot::{Fault, Out, ROOT, Shared},
    standard::Standard,
    trace::Trace,
};

/// One handler, running or suspended. Pure and synchronous: no waker, no clock, no thread.
///
/// A driver calls, in this order:
///
/// 1. [`step`](Self::step), and does what it says, until it says [`Waiting`](Step::Waiting) or the handler has ended;
/// 2. [`answer`](Self::answer) for **one** of the pending effects, or [`stop`](Self::stop);
/// 3. and again from 1.
///
/// Calls out of order are refused with an error and change nothing.
///
/// ```
/// use segno_core::{Io, Standard, StandardOutcome, Step, Tasklet, Timestamp};
///
/// let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await.unwrap());
/// let Step::Perform(ticket, Standard::Now(_)) = tasklet.step() else { panic!() };
/// assert!(matches!(tasklet.step(), Step::Waiting));
///
/// tasklet.answer(ticket, StandardOutcome::Now(Ok(Timestamp::EPOCH))).unwrap();
/// assert!(matches!(tasklet.step(), Step::Done(Timestamp::EPOCH)));
/// assert!(matches!(tasklet.step(), Step::Dead));
/// ```
///
/// Dropping a tasklet drops its handler where it stands. What that tells (a rollback) can then reach nobody: the backend's
/// session ends it. A driver that wants to hear it calls [`abort`](Self::abort) first.
#[derive(Debug)]
pub struct Tasklet<T, S: EffectSet = Standard> {
    slot: Shared<S>,
    generator: Option<Generator<S, T>>,
    state: State<T, S>,
    /// Whether the slot has more to tell.
    more: bool,
}

/// What comes when the slot has nothing more to tell.
#[derive(Debug)]
enum State<T, S: EffectSet> {
    Run,
    Waiting,
    Answered(S::Outcome),
    Ended(Box<T>),
    Faulty,
    Dead,
}

/// What a tasklet wants of its driver.
#[must_use = "a step says what the driver has to do"]
#[derive(Debug, PartialEq)]
pub enum Step<T, S = Standard> {
    /// Perform this effect, and answer it under this ticket.
    Perform(Ticket, S),
    /// Nobody waits for this effect any longer: drop it if it can be dropped. It takes no answer.
    Abandon(Ticket),
    /// Nobody waits for this effect any longer, but it must be finished. It takes no answer.
    Detach(Ticket),
    /// Perform this effect; nobody waits for it, and it takes no answer.
    Tell(S),
    /// The handler waits: answer one of the pending effects, or stop it.
    Waiting,
    /// The handler has ended with this value. Pending effects were abandoned before.
    Done(T),
    /// The handler awaited something that is no effect: it cannot be driven, and has been dropped.
    Foreign(Place),
    /// The stopped handler went on asking: it would never end, and has been dropped.
    Runaway(Place),
    /// The handler has ended before: it returned, panicked, was faulty or aborted.
    Dead,
}

impl<T: 'static, S: EffectSet> Tasklet<T, S> {
    /// A handler that has not begun to run.
    pub fn new<F>(handler: impl FnOnce(Io<S>) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        Self::boxed(|io| Box::pin(handler(io)))
    }

    /// A handler whose future is boxed already.
    pub(crate) fn boxed<F>(handler: impl FnOnce(Io<S>) -> Pin<Box<F>>) -> Self
    where
        F: Future<Output = T> + Send + ?Sized + 'static,
    {
        let slot = Shared::new();
        let handler = handler(Io { slot: slot.clone(), lane: ROOT });
        let generator = Some(Generator::new(slot.clone(), handler));
        Self { slot, generator, state: State::Run, more: false }
    }

    /// Runs the handler until it has something to say.
    ///
    /// # Panics
    ///
    /// If the handler panics, with its panic. The next steps then tell what its unwinding left to do, and
    /// [`Dead`](Step::Dead).
    pub fn step(&mut self) -> Step<T, S> {
        loop {
            if self.more {
                if let Some(out) = self.slot.lock().pop() {
                    return out.into();
                }
                self.more = false;
            }
            if let State::Waiting = self.state {
                return Step::Waiting;
            }
            // A handler that panics leaves its tasklet dead.
            let told = match core::mem::replace(&mut self.state, State::Dead) {
                State::Run => self.resume(Resume::Run),
                State::Answered(outcome) => self.resume(Resume::Answer(outcome)),
                State::Ended(end) => Some(Step::Done(*end)),
                State::Faulty => Some(self.slot.lock().fault().map_or(Step::Dead, Into::into)),
                // A waiting one has returned above.
                State::Dead | State::Waiting => Some(Step::Dead),
            };
            if let Some(step) = told {
                return step;
            }
        }
    }

    /// Answers a pending effect. The handler runs with it in the next step.
    ///
    /// # Errors
    ///
    /// If the ticket is unknown, if the effect was answered, abandoned or stopped before, if the outcome belongs to another
    /// effect, or if the tasklet has not told all that it has to tell, or not taken the answer before. The outcome is handed
    /// back, and nothing has changed.
    pub fn answer(&mut self, ticket: Ticket, outcome: S::Outcome) -> Result<(), AnswerError<S::Outcome>> {
        let busy = !matches!(self.state, State::Waiting);
        let checked = match self.ended() {
            true => Err(AnswerErrorKind::Dead),
            false => self.slot.lock().answer(ticket, &outcome, busy),
        };
        match checked {
            Ok(()) => {
                self.state = State::Answered(outcome);
                Ok(())
            }
            Err(kind) => Err(AnswerError { kind, outcome }),
        }
    }

    /// Asks the handler to stop: every pending effect is answered with [`Stopped`](crate::Stopped), in path order, and every
    /// effect that is asked later, but for a cleanup's; a `COMMIT` or `ROLLBACK` that is pending stays so. Only the first
    /// stop counts.
    pub fn stop(&mut self, reason: StopReason) {
        if self.ended() {
            return;
        }
        if self.slot.lock().stop(reason) {
            self.more = true;
            if matches!(self.state, State::Waiting) {
                self.state = State::Run;
            }
        }
    }

    /// Drops the handler where it stands. What it abandons and tells thereby comes in the next steps, then
    /// [`Dead`](Step::Dead).
    pub fn abort(&mut self) {
        self.state = State::Dead;
        self.generator = None;
        self.more = true;
    }

    /// Begins to record what the tasklet does. Without it, recording costs nothing.
    #[must_use]
    pub fn record(self) -> Self {
        self.slot.lock().begin_trace();
        self
    }

    /// The record so far, if the tasklet keeps one.
    pub fn trace(&self) -> Option<Trace<S>> {
        self.slot.lock().trace().cloned()
    }

    /// Takes the record so far, and begins a new one.
    pub fn take_trace(&mut self) -> Option<Trace<S>> {
        self.slot.lock().trace().map(core::mem::take)
    }

    /// Where in the handler's structure the effect of this ticket was asked, while it is pending.
    pub fn path(&self, ticket: Ticket) -> Option<Path> {
        Some(self.slot.lock().pending(ticket)?.0)
    }

    /// The line that asked for the effect of this ticket, while it is pending.
    pub fn location(&self, ticket: Ticket) -> Option<&'static Location<'static>> {
        Some(self.slot.lock().pending(ticket)?.1)
    }

    /// The name and the line of the last effect that was asked for.
    pub fn last(&self) -> Option<(&'static str, &'static Location<'static>)> {
        self.slot.lock().last()
    }

    /// Whether the handler has ended, though its last steps may not have been told yet.
    pub fn ended(&self) -> bool {
        matches!(self.state, State::Ended(_) | State::Faulty | State::Dead)
    }

    /// Runs the handler on; gives the first thing that it has to say, if any.
    fn resume(&mut self, with: Resume<S>) -> Option<Step<T, S>> {
        // If the handler panics, its unwinding has something to tell.
        self.more = true;
        match self.generator.as_mut()?.resume(with) {
            Resumed::Yielded(yielded) => {
                self.more = yielded.more;
                self.state = State::Waiting;
                if yielded.faulty {
                    self.abort();
                    self.state = State::Faulty;
                }
                yielded.first.map(Into::into)
            }
            Resumed::Ended(end) => {
                self.generator = None;
                let Some(out) = self.slot.lock().pop() else {
                    self.more = false;
                    return Some(Step::Done(end));
                };
                self.state = State::Ended(Box::new(end));
                Some(out.into())
            }
        }
    }
}

impl<T, S> From<Out<S>> for Step<T, S> {
    fn from(out: Out<S>) -> Self {
        match out {
            Out::Ask(ticket, effect) => Self::Perform(ticket, effect),
            Out::Abandon(ticket) => Self::Abandon(ticket),
            Out::Detach(ticket) => Self::Detach(ticket),
            Out::Tell(effect) => Self::Tell(effect),
        }
    }
}

impl<T, S> From<Fault> for Step<T, S> {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Foreign(place) => Self::Foreign(place),
            Fault::Runaway(place) => Self::Runaway(place),
        }
    }
}

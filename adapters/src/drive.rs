//! The drive loop: runs a tasklet against a session. It knows no runtime, and every async adapter uses it.

use std::{
    any::Any,
    fmt,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    task::Poll,
    thread,
    time::Instant,
};

use segno_core::{EffectSet, PerformedBy, Place, Step, StopReason, Tasklet, Ticket};

use crate::{backend::Session, in_flight::InFlight, observer::Observed, panics, watchdog};

/// Runs a tasklet to its end, with its effects performed by `session`: a handler is also a job.
///
/// Effects of its lanes are performed at the same time; what it abandons is dropped; what it tells or must not leave
/// half-way is finished before this returns. When `stop` gives a reason, the handler is stopped; a job that is never
/// stopped takes [`std::future::pending`].
///
/// # Errors
///
/// If the handler or what performs its effects panicked, if it awaited what is no effect, or did not end though it was
/// stopped.
pub async fn drive<T, S, B>(
    tasklet: Tasklet<T, S>,
    session: &B,
    stop: impl Future<Output = StopReason>,
) -> Result<T, DriveError>
where
    T: 'static,
    S: PerformedBy<B>,
    B: Session,
{
    let mut driver = Driver::new(tasklet, session);
    let end = driver.run(stop).await;
    driver.finish().await;
    end
}

/// Why a handler has no result.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum DriveError {
    /// It panicked, with this message.
    #[error("the handler panicked: {0}")]
    Panicked(String),
    /// What performed one of its effects panicked, with this message.
    #[error("what performed an effect panicked: {0}")]
    EffectPanicked(String),
    /// It awaited something that is no effect.
    #[error("the handler awaited something that is not an effect, {0}; ask its `Io` instead")]
    Foreign(Place),
    /// It was stopped, and went on asking for effects all the same.
    #[error("the handler was stopped and would not end, {0}; end it when an effect fails with `Stopped`")]
    Runaway(Place),
    /// It has ended before.
    #[error("the handler has ended before")]
    Dead,
}

/// A tasklet, its session, and the effects that are performed.
pub(crate) struct Driver<'a, T: 'static, S: PerformedBy<B>, B> {
    tasklet: Tasklet<T, S>,
    session: &'a B,
    in_flight: InFlight<'a, Key, Performed<S>>,
    observed: Option<Box<dyn Observed<S>>>,
}

/// Who waits for an effect.
#[derive(PartialEq)]
enum Key {
    /// The handler.
    Asked(Ticket),
    /// Nobody: it was told, or its lane is gone.
    Unheard,
}

/// An effect that was performed, for the answer and for the log.
struct Performed<S: EffectSet> {
    outcome: S::Outcome,
    name: &'static str,
    since: Option<Instant>,
}

impl<'a, T, S, B> Driver<'a, T, S, B>
where
    T: 'static,
    S: PerformedBy<B>,
    B: Session,
{
    pub(crate) fn new(tasklet: Tasklet<T, S>, session: &'a B) -> Self {
        Self { tasklet, session, in_flight: InFlight::new(), observed: None }
    }

    /// Shows the tasklet's trace, while it runs, to those who want to see it.
    pub(crate) fn observed(mut self, observed: Option<Box<dyn Observed<S>>>) -> Self {
        if observed.is_some() {
            self.tasklet = self.tasklet.record();
        }
        self.observed = observed;
        self
    }

    /// Ends the observation, with the last of the trace.
    pub(crate) fn unobserved(&mut self) -> Option<Box<dyn Observed<S>>> {
        self.show();
        self.observed.take()
    }

    /// Runs the handler to its end. What was told may not be finished then.
    pub(crate) async fn run(&mut self, stop: impl Future<Output = StopReason>) -> Result<T, DriveError> {
        let mut stop = pin!(stop);
        let mut stopped = false;
        let mut panicked = None;
        loop {
            match self.step() {
                Ok(Next::Stepped) => {}
                Ok(Next::Ended(end)) => return Ok(end),
                Err(DriveError::Dead) => return Err(panicked.unwrap_or(DriveError::Dead)),
                // What the handler leaves behind is told before it is dead.
                Err(error @ DriveError::Panicked(_)) => panicked = Some(error),
                Err(error) => return Err(error),
                Ok(Next::Waits) => {
                    self.show();
                    let event = poll_fn(|context| {
                        if let Poll::Ready((key, performed)) = self.in_flight.poll_next(context) {
                            return Poll::Ready(Event::Performed(key, performed));
                        }
                        // Only now: what is performed without waiting, such as the reading of a body that has come, needs
                        // nobody to watch for the client. That which never waits is pending now and then all the same.
                        if !stopped && let Poll::Ready(reason) = stop.as_mut().poll(context) {
                            stopped = true;
                            return Poll::Ready(Event::Stop(reason));
                        }
                        self.session.waits();
                        Poll::Pending
                    });
                    match event.await {
                        Event::Stop(reason) => self.tasklet.stop(reason),
                        Event::Performed(key, Ok(performed)) => self.performed(key, performed),
                        Event::Performed(Key::Unheard, Err(panic)) => log_panic(&*panic),
                        // There is no answer to give: the handler cannot go on.
                        Event::Performed(Key::Asked(_), Err(panic)) => {
                            return Err(DriveError::EffectPanicked(panics::message(&*panic)));
                        }
                    }
                }
            }
        }
    }

    /// Drops the handler, if it has not ended, and all that it waits for.
    pub(crate) fn abort(&mut self) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.tasklet.abort())) {
            tracing::error!(panic = panics::message(&*panic), "a handler panicked while it was dropped");
        }
        while let Ok(Next::Stepped) = self.step() {}
        self.session.waits();
    }

    /// Finishes what was told and what must not be left half-way.
    pub(crate) async fn finish(mut self) {
        self.abort();
        while !self.in_flight.is_empty() {
            match poll_fn(|context| self.in_flight.poll_next(context)).await {
                (_, Ok(performed)) => log(&performed),
                (_, Err(panic)) => log_panic(&*panic),
            }
        }
    }

    /// Shows what the tasklet did since it was asked last: its own record does not grow.
    fn show(&mut self) {
        if let Some(observed) = &mut self.observed
            && let Some(trace) = self.tasklet.take_trace()
        {
            observed.add(trace);
        }
    }

    /// Steps the tasklet, and does what it says.
    fn step(&mut self) -> Result<Next<T>, DriveError> {
        let step = catch_unwind(AssertUnwindSafe(|| watchdog::step(&mut self.tasklet)));
        match step.map_err(|panic| DriveError::Panicked(panics::message(&*panic)))? {
            Step::Perform(ticket, effect) => self.perform(Key::Asked(ticket), effect),
            Step::Tell(effect) => self.perform(Key::Unheard, effect),
            Step::Abandon(ticket) => self.in_flight.remove(&Key::Asked(ticket)),
            Step::Detach(ticket) => self.in_flight.rename(&Key::Asked(ticket), Key::Unheard),
            Step::Waiting => return Ok(Next::Waits),
            Step::Done(end) => return Ok(Next::Ended(end)),
            Step::Foreign(place) => return Err(DriveError::Foreign(place)),
            Step::Runaway(place) => return Err(DriveError::Runaway(place)),
            Step::Dead => return Err(DriveError::Dead),
        }
        Ok(Next::Stepped)
    }

    fn perform(&mut self, key: Key, effect: S) {
        let (name, session) = (effect.name(), self.session);
        let since = tracing::enabled!(tracing::Level::DEBUG).then(Instant::now);
        self.in_flight.push(key, async move { Performed { outcome: effect.perform_on(session).await, name, since } });
    }

    fn performed(&mut self, key: Key, performed: Performed<S>) {
        log(&performed);
        if let Key::Asked(ticket) = key
            && let Err(error) = self.tasklet.answer(ticket, performed.outcome)
        {
            // The loop above answers one pending effect after each wait, and nothing else.
            tracing::error!(effect = performed.name, %error, "an answer was refused");
        }
    }
}

/// What comes after a step.
enum Next<T> {
    Stepped,
    Waits,
    Ended(T),
}

enum Event<S: EffectSet> {
    Stop(StopReason),
    Performed(Key, thread::Result<Performed<S>>),
}

fn log<S: EffectSet>(performed: &Performed<S>) {
    let Some(since) = performed.since else { return };
    let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
    match S::error(&performed.outcome) {
        None => tracing::debug!(effect = performed.name, micros, "performed"),
        Some(error) => tracing::debug!(effect = performed.name, micros, ?error, "failed"),
    }
}

fn log_panic(panic: &(dyn Any + Send)) {
    tracing::error!(panic = panics::message(panic), "what performed an effect panicked; nobody waited for it");
}

impl<T: 'static, S: PerformedBy<B>, B> fmt::Debug for Driver<'_, T, S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("last", &self.tasklet.last()).finish_non_exhaustive()
    }
}

//! The script: expectations, and what comes of them.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use segno_core::{Answer, Effect, Error, Handler, Has, IntoHandler, Result, StopReason};

use super::{
    expect::Expect,
    request::TestRequest,
    responded::Responded,
    run::{Reply, Run, Scriptable, Step},
};

/// Begins a script for this handler, or this router, and this request.
///
/// See the [module](super) for an example.
///
/// # Panics
///
/// If it is a router whose routes are in conflict.
#[track_caller]
pub fn script<S: Scriptable>(handler: impl IntoHandler<S>, request: TestRequest) -> Script<S> {
    match handler.into_handler() {
        Ok(handler) => Script { handler, request, steps: VecDeque::new() },
        Err(error) => panic!("{error}"),
    }
}

/// What a handler is expected to ask for, and what it is answered.
#[must_use = "a script runs when it is asked what the handler responds"]
pub struct Script<S: Scriptable> {
    handler: Handler<S>,
    request: TestRequest,
    steps: VecDeque<Step<S>>,
}

impl<S: Scriptable> Script<S> {
    /// Expects an effect next, and answers it with this output.
    pub fn expect<E: Effect>(self, expected: impl Into<Expect<E>>, output: E::Output) -> Self
    where
        S: Has<E>,
    {
        self.expect_with(expected, move |_| Ok(output))
    }

    /// Expects an effect next, and answers it with this error.
    pub fn expect_error<E: Effect>(self, expected: impl Into<Expect<E>>, error: E::Error) -> Self
    where
        S: Has<E>,
    {
        self.expect_with(expected, move |_| Err(error))
    }

    /// Expects an effect next, and answers it with what this closure makes of it.
    pub fn expect_with<E: Effect>(
        self,
        expected: impl Into<Expect<E>>,
        answer: impl FnOnce(&E) -> Answer<E> + Send + 'static,
    ) -> Self
    where
        S: Has<E>,
    {
        let answer = move |effect: &S| Some(<S as Has<E>>::wrap(answer(<S as Has<E>>::project(effect)?)));
        self.step(expected.into(), Reply::Answer(Box::new(answer)))
    }

    /// Expects an effect next that is never answered: the lane of a race that loses, or one that a stop ends.
    pub fn expect_pending<E: Effect>(self, expected: impl Into<Expect<E>>) -> Self
    where
        S: Has<E>,
    {
        self.step(expected.into(), Reply::Pending)
    }

    /// Expects an effect next, and stops the handler instead of answering it.
    pub fn expect_stopped<E: Effect>(self, expected: impl Into<Expect<E>>, reason: StopReason) -> Self
    where
        S: Has<E>,
    {
        self.step(expected.into(), Reply::Stop(reason))
    }

    /// Runs the handler, and expects a response with this status: returned, streamed, or an error's.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected.
    #[track_caller]
    pub fn responds(self, status: u16) -> Responded {
        let responded = match self.run() {
            Ok(responded) => responded,
            Err(failure) => panic!("{failure}"),
        };
        if let (true, Some(error)) = (responded.torn, &responded.error) {
            panic!("the handler failed in the middle of its response: {error}\n{responded}");
        }
        let found = responded.head.status.as_u16();
        let why = responded.error.as_ref().map_or_else(String::new, |error| format!("\n  the handler failed: {error}"));
        assert!(found == status, "expected a response with status {status}, got {found}{why}\n{responded}");
        responded
    }

    /// Runs the handler, and expects it to fail, before its response or in the middle of it; gives its error.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected.
    #[track_caller]
    pub fn fails(self) -> Error {
        match self.run() {
            Err(failure) => panic!("{failure}"),
            Ok(Responded { error: Some(error), .. }) => error,
            Ok(responded) => panic!("expected the handler to fail, it responded\n{responded}"),
        }
    }

    fn step<E: Effect>(mut self, expected: Expect<E>, reply: Reply<S>) -> Self
    where
        S: Has<E>,
    {
        let description = expected.description().to_owned();
        let check = move |effect: &S| match <S as Has<E>>::project(effect) {
            Some(effect) => expected.check(effect),
            None => Err(format!("    expected {}\n    asked    {}\n", E::NAME, effect.name())),
        };
        self.steps.push_back(Step { description, check: Box::new(check), reply });
        self
    }

    /// Runs the handler on a thread of its own, so that one that never asks again is found.
    fn run(self) -> Result<Responded, String> {
        let Self { handler, request, steps } = self;
        let progress = Arc::new(Mutex::new(String::from("the handler has asked for nothing")));
        let (done, ended) = mpsc::channel();
        let (seen, body) = (progress.clone(), request.body.clone());
        let tasklet = handler.tasklet(request.request());
        let worker = move || {
            // The test may have given up.
            let _ = done.send(Run::new(tasklet, steps, body, seen).finish());
        };
        let thread = thread::Builder::new().name("script".into()).spawn(worker);
        thread.map_err(|error| format!("the script cannot be run: {error}"))?;
        ended.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let last = progress.lock().unwrap_or_else(PoisonError::into_inner);
            Err(format!("the handler has run for {PATIENCE:?} without an end; {last}"))
        })
    }
}

impl<S: Scriptable> fmt::Debug for Script<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected: Vec<_> = self.steps.iter().map(|step| &step.description).collect();
        f.debug_struct("Script").field("request", &self.request).field("expected", &expected).finish_non_exhaustive()
    }
}

/// How long a scripted handler may run: none of its waits takes time, so this is for those that never end.
const PATIENCE: Duration = Duration::from_secs(10);

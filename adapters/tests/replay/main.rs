//! Recorded requests: what is written, what is hidden, and how they run again.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a handler of a test asks for few of the many effects")]

mod again;
mod broken;
mod edits;
mod kept;
mod peer;
mod secrets;
mod streams;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use segno::{
    Io, Request, Response, Result, Standard, StandardOutcome, Step, StopReason, Tasklet,
    record::{RecordedEnd, RecordedEndKind, Recorder},
};
use tempfile::TempDir;

/// A directory for one test's traces.
fn directory() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// The files in it, by name.
fn files(directory: &TempDir) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs a handler to its end, as a server would, and records it.
fn record<F: Future<Output = Result<Response>> + Send + 'static>(
    recorder: &Recorder,
    request: Request,
    handler: impl Fn(Io, Request) -> F,
    answer: impl FnMut(&Standard) -> StandardOutcome,
) {
    record_stopped(recorder, request, handler, answer, |_| false);
}

/// The same, with a stop before the first effect for which `stops` says so is answered.
fn record_stopped<F: Future<Output = Result<Response>> + Send + 'static>(
    recorder: &Recorder,
    request: Request,
    handler: impl Fn(Io, Request) -> F,
    mut answer: impl FnMut(&Standard) -> StandardOutcome,
    stops: impl Fn(&Standard) -> bool,
) {
    let mut stopped = false;
    let mut open = recorder.begin(&request);
    let mut tasklet = Tasklet::new(|io| handler(io, request)).record();
    let mut pending = Vec::new();
    let end = loop {
        match catch_unwind(AssertUnwindSafe(|| tasklet.step())) {
            Ok(Step::Perform(ticket, effect)) => pending.push((ticket, effect)),
            Ok(Step::Tell(_)) => {}
            Ok(Step::Abandon(ticket) | Step::Detach(ticket)) => pending.retain(|(pending, _)| *pending != ticket),
            Ok(Step::Waiting) => {
                open.add(tasklet.take_trace().unwrap());
                if !stopped && stops(&pending[0].1) {
                    stopped = true;
                    tasklet.stop(StopReason::Deadline);
                } else {
                    let (ticket, effect) = pending.remove(0);
                    tasklet.answer(ticket, answer(&effect)).unwrap();
                }
            }
            Ok(Step::Done(Ok(response))) => {
                let status = response.into_whole().map_or(200, |(head, _)| head.status.as_u16());
                break RecordedEnd::new(status, RecordedEndKind::Responded, None);
            }
            Ok(Step::Done(Err(error))) => {
                break RecordedEnd::new(error.public().0.as_u16(), RecordedEndKind::Failed, Some(&error.to_string()));
            }
            Ok(step) => panic!("{step:?}"),
            Err(panic) => {
                break RecordedEnd::new(500, RecordedEndKind::Panicked, panic.downcast_ref::<&str>().copied());
            }
        }
    };
    open.add(tasklet.take_trace().unwrap());
    open.end(end);
    recorder.flush();
}

/// What the test's failure says.
#[track_caller]
fn failure<T>(test: impl FnOnce() -> T) -> String {
    match catch_unwind(AssertUnwindSafe(test)) {
        Ok(_) => panic!("it must fail"),
        Err(panic) => panic.downcast_ref::<String>().unwrap().clone(),
    }
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in\n{message}");
    }
}

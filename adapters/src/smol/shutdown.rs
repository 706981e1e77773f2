//! The end of a server, in three phases: it says that it will end; it takes nothing new; it stops what still runs.

use std::{convert::Infallible, sync::Arc};

use smol::channel::{Receiver, Sender, bounded};

/// What connections see of the phases.
#[derive(Clone, Debug)]
pub(crate) struct Phases(Arc<Begun>);

#[derive(Debug)]
struct Begun {
    leaving: Receiver<Infallible>,
    draining: Receiver<Infallible>,
    stopping: Receiver<Infallible>,
}

/// Begins the phases, one after the other: a phase has begun when its sender is gone.
#[derive(Debug)]
pub(crate) struct Control {
    leaving: Option<Sender<Infallible>>,
    draining: Option<Sender<Infallible>>,
    stopping: Option<Sender<Infallible>>,
}

pub(crate) fn phases() -> (Control, Phases) {
    let (leave, leaving) = bounded(1);
    let (drain, draining) = bounded(1);
    let (stop, stopping) = bounded(1);
    let control = Control { leaving: Some(leave), draining: Some(drain), stopping: Some(stop) };
    (control, Phases(Arc::new(Begun { leaving, draining, stopping })))
}

impl Control {
    /// Requests are served as before, and told that their connections end.
    pub(crate) fn leave(&mut self) {
        self.leaving = None;
    }

    /// Connections that wait for a request end; others end after their response.
    pub(crate) fn drain(&mut self) {
        self.leaving = None;
        self.draining = None;
    }

    /// Handlers are stopped.
    pub(crate) fn stop(&mut self) {
        self.stopping = None;
    }
}

impl Phases {
    /// Whether the end of the server has begun.
    pub(crate) fn is_leaving(&self) -> bool {
        self.0.leaving.is_closed()
    }

    /// Ends when nothing new is taken any longer.
    pub(crate) async fn draining(&self) {
        ended(&self.0.draining).await;
    }

    /// Ends when handlers are stopped.
    pub(crate) async fn stopping(&self) {
        ended(&self.0.stopping).await;
    }
}

async fn ended(phase: &Receiver<Infallible>) {
    // Nothing is ever sent: this is an error, when the sender is gone.
    let Err(_) = phase.recv().await;
}

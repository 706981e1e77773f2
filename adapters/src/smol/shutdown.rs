//! The end of a server, in two phases: it takes nothing new; then it stops what still runs.

use std::convert::Infallible;

use smol::channel::{Receiver, Sender, bounded};

/// What connections see of the phases.
#[derive(Clone, Debug)]
pub(crate) struct Phases {
    draining: Receiver<Infallible>,
    stopping: Receiver<Infallible>,
}

/// Begins the phases, one after the other: a phase has begun when its sender is gone.
#[derive(Debug)]
pub(crate) struct Control {
    draining: Option<Sender<Infallible>>,
    stopping: Option<Sender<Infallible>>,
}

pub(crate) fn phases() -> (Control, Phases) {
    let (drain, draining) = bounded(1);
    let (stop, stopping) = bounded(1);
    (Control { draining: Some(drain), stopping: Some(stop) }, Phases { draining, stopping })
}

impl Control {
    /// Connections that wait for a request end; others end after their response.
    pub(crate) fn drain(&mut self) {
        self.draining = None;
    }

    /// Handlers are stopped.
    pub(crate) fn stop(&mut self) {
        self.stopping = None;
    }
}

impl Phases {
    pub(crate) fn is_draining(&self) -> bool {
        self.draining.is_closed()
    }

    /// Ends when nothing new is taken any longer.
    pub(crate) async fn draining(&self) {
        ended(&self.draining).await;
    }

    /// Ends when handlers are stopped.
    pub(crate) async fn stopping(&self) {
        ended(&self.stopping).await;
    }
}

async fn ended(phase: &Receiver<Infallible>) {
    // Nothing is ever sent: this is an error, when the sender is gone.
    let Err(_) = phase.recv().await;
}

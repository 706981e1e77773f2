//! The threads that run handlers.

use std::{io, sync::Arc, thread, time::Duration};

use smol::{
    Executor,
    channel::{Receiver, Sender, bounded},
};

/// The threads that run handlers.
pub(crate) struct Workers {
    pub(crate) executor: Arc<Executor<'static>>,
    stop: Sender<()>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Workers {
    pub(crate) fn start(count: usize) -> io::Result<Self> {
        let executor = Arc::new(Executor::new());
        let (stop, stopped) = bounded(1);
        let mut workers = Self { executor, stop, threads: Vec::new() };
        for number in 0..count.max(1) {
            let (executor, stopped) = (workers.executor.clone(), stopped.clone());
            let thread = thread::Builder::new().name(format!("segno-{number}"));
            workers.threads.push(thread.spawn(move || run_tasks(&executor, &stopped))?);
        }
        Ok(workers)
    }

    /// Ends the threads; tasks that have not ended are dropped, and their sessions with them.
    pub(crate) fn stop(self) {
        drop(self.stop);
        for _ in 0..GLANCES_AT_WORKERS {
            if self.threads.iter().all(thread::JoinHandle::is_finished) {
                break;
            }
            thread::sleep(GLANCE_AT_WORKERS);
        }
        let stuck = self.threads.iter().filter(|thread| !thread.is_finished()).count();
        if stuck > 0 {
            tracing::error!(stuck, "threads are left behind in handlers that never ask for anything");
        }
    }
}

fn run_tasks(executor: &Executor<'_>, stopped: &Receiver<()>) {
    // Nothing is sent: this ends when the sender is gone.
    let _ = smol::block_on(executor.run(stopped.recv()));
}

/// A worker ends when its task waits: at once, unless a handler keeps it. It is waited for a second.
const GLANCES_AT_WORKERS: u32 = 100;
const GLANCE_AT_WORKERS: Duration = Duration::from_millis(10);

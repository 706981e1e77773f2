//! A statement under way whose rows come in batches.
//!
//! No task carries it on: it goes on while somebody reads, so that rows nobody reads wait in the database. It is always
//! in order to drop it; its connection is then given back as one is whose statement was abandoned.

use std::{
    future::poll_fn,
    task::{Context, Poll},
};

use segno_core::{Rows, SqlError};
use smol::channel::{self, Receiver};

use super::driver::{Batches, Boxed};

pub(super) struct Cursor {
    /// The statement, with the connection that it runs on, until it has ended.
    running: Option<Boxed<'static, Result<(), SqlError>>>,
    batches: Receiver<Rows>,
    /// Why it ended early: told after the batches that came before.
    failed: Option<SqlError>,
}

impl Cursor {
    /// A statement that begins when it is first read, and sends this many rows at once.
    pub(super) fn new(size: usize, run: impl FnOnce(Batches) -> Boxed<'static, Result<(), SqlError>>) -> Self {
        // One batch waits to be read, while another is collected.
        let (sender, batches) = channel::bounded(1);
        Self { running: Some(run(Batches { size, sender })), batches, failed: None }
    }

    /// The next batch; an empty one at the end. It may be dropped at any time: no row is lost.
    pub(super) async fn next(&mut self) -> Result<Rows, SqlError> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Rows, SqlError>> {
        if let Some(running) = &mut self.running
            && let Poll::Ready(end) = running.as_mut().poll(context)
        {
            self.running = None;
            self.failed = end.err();
        }
        match self.batches.try_recv() {
            Ok(batch) => Poll::Ready(Ok(batch)),
            Err(_) if self.running.is_some() => Poll::Pending,
            Err(_) => Poll::Ready(self.failed.take().map_or_else(|| Ok(Rows::written(0, None)), Err)),
        }
    }
}

//! The client's side of one exchange: what a session reads from, and writes to.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll::{Pending, Ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use segno_core::{BodyError, BodyErrorKind, Chunk, Happened, Headers, Inform, ResponseHead, Result, WriteError};
use smol::lock::Mutex;

use super::{input::Input, options::ServerOptions, output::Output, shutdown::Phases};
use crate::backend::Wire;

/// The client's side of one exchange.
pub(crate) struct Client {
    reading: Mutex<Reading>,
    pub(crate) output: Mutex<Output>,
    /// Whether the client waits for `100 Continue`.
    waits: AtomicBool,
    phases: Phases,
    idle_time: Duration,
}

struct Reading {
    input: Input,
    /// How much longer the handler waits for the body.
    left: Duration,
}

impl Client {
    pub(crate) fn new(input: Input, output: Output, waits: bool, phases: Phases, options: &ServerOptions) -> Self {
        Self {
            reading: Mutex::new(Reading { input, left: options.body_time }),
            output: Mutex::new(output),
            waits: AtomicBool::new(waits),
            phases,
            idle_time: options.body_idle_time,
        }
    }

    /// Whether the connection will end with the body unread: it is long, or the client was never told to send it.
    pub(crate) async fn leaves_body(&self) -> bool {
        let input = &self.reading.lock().await.input;
        input.is_long() || (self.waits.load(Ordering::Relaxed) && !input.has_begun())
    }

    /// What is to be read and written next; and whether the client waits with its body, and was never told to go on.
    pub(crate) fn into_parts(self) -> (Input, Output, bool) {
        let input = self.reading.into_inner().input;
        let told_to_wait = self.waits.into_inner() && !input.has_begun();
        (input, self.output.into_inner(), told_to_wait)
    }

    /// Sends what the handler has written, whenever it waits: for this is polled after it. It never ends.
    pub(crate) async fn flush_when_idle<T>(&self) -> T {
        loop {
            // Where the lock is taken, a write is being performed, which sends what is queued.
            let queued = || self.output.try_lock().is_some_and(|output| output.is_queued());
            poll_fn(|_| if queued() { Ready(()) } else { Pending }).await;
            // The handler hears of a failure from its next write.
            let _ = self.output.lock().await.flush().await;
        }
    }
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Wire for Client {
    fn read_body(&self) -> Boxed<'_, Result<Option<Chunk>, BodyError>> {
        Box::pin(async {
            let mut reading = self.reading.lock().await;
            let Reading { input, left } = &mut *reading;
            if self.waits.swap(false, Ordering::Relaxed) && !input.has_begun() {
                self.output.lock().await.go_on().await;
            }
            let begun = Instant::now();
            let chunk = input.chunk(self.idle_time, *left).await;
            *left = left.saturating_sub(begun.elapsed());
            // Nothing can follow a body whose end is not known. A response that has begun cannot say so any longer.
            if let (Err(_), Some(mut output)) = (&chunk, self.output.try_lock()) {
                output.close();
            }
            match chunk {
                Err(error) if error.kind == BodyErrorKind::Timeout && left.is_zero() => {
                    Err(BodyError::new(error.kind, error.happened, "the client took too long to send the body"))
                }
                chunk => chunk,
            }
        })
    }

    fn read_trailers(&self) -> Boxed<'_, Result<Headers, BodyError>> {
        Box::pin(async {
            let trailers = self.reading.lock().await.input.trailers().map(Headers::from);
            trailers.ok_or_else(|| BodyError::new(BodyErrorKind::Order, Happened::No, TRAILERS_COME_LAST))
        })
    }

    fn inform(&self, inform: Inform) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async move { self.output.lock().await.inform(&inform).await })
    }

    fn respond(&self, head: ResponseHead) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async {
            let mut output = self.output.lock().await;
            if self.phases.is_leaving() {
                output.close();
            }
            output.respond(head).await
        })
    }

    fn write(&self, piece: Bytes) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async { self.output.lock().await.write(piece).await })
    }
}

const TRAILERS_COME_LAST: &str = "trailer fields come after the body: read it to its end first";

//! One connection: its requests, one after the other, each with a tasklet of its own.

use std::{
    future::Future,
    net::{Shutdown, SocketAddr},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll::{Pending, Ready},
    time::{Duration, Instant},
};

use async_io::Timer;
use bytes::Bytes;
use segno_core::{
    BodyError, BodyErrorKind, Chunk, EffectSet, Handler, Happened, Headers, Inform, PerformedBy, Request, Response,
    ResponseHead, Result, StopReason, WriteError,
};
use smol::{future, lock::Mutex, net::TcpStream};
use tracing::Instrument;

use super::{
    codec, failure,
    head::Head,
    input::{Input, NoHead},
    options::ServerOptions,
    output::Output,
    presence,
    shutdown::Phases,
};
use crate::{
    backend::{Backend, Exchange, Wire},
    drive::{DriveError, Driver},
    observer::{How, Observed, Observer},
    panics,
};

/// What all connections of a server share.
pub(crate) struct Service<S: PerformedBy<B::Session>, B: Backend> {
    pub(crate) handler: Handler<S>,
    pub(crate) backend: B,
    pub(crate) options: ServerOptions,
    pub(crate) phases: Phases,
    pub(crate) observer: Option<Box<dyn Observer<S>>>,
}

impl<S: PerformedBy<B::Session>, B: Backend> Service<S, B> {
    /// Serves a connection to its end.
    pub(crate) async fn serve(&self, stream: TcpStream, peer: SocketAddr) {
        // Small pieces of a page go out when they are written.
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let mut input = Input::new(stream.clone().into());
        loop {
            let head = match self.head(&mut input).await {
                Ok(head) => head,
                Err(NoHead::Refused(refusal)) => {
                    tracing::debug!(%peer, status = refusal.status.as_u16(), refusal.reason, "request refused");
                    let mut output = Output::new(stream, self.options.write_time, &http::Method::GET, false, true);
                    failure::refuse(&mut output, refusal).await;
                    return close(&mut input, output).await;
                }
                Err(NoHead::Ended) => return,
            };
            let span = tracing::info_span!("request", method = %head.method, path = head.uri.path(), %peer);
            match self.exchange(input, &stream, head, peer).instrument(span).await {
                Some(next) => input = next,
                None => return,
            }
        }
    }

    /// The head of the next request. A shutdown waits for one that has begun to come.
    async fn head(&self, input: &mut Input) -> Result<Head, NoHead> {
        let head = future::or(async { Some(input.head(&self.options).await) }, async {
            self.phases.draining().await;
            None
        });
        match head.await {
            Some(head) => head,
            None if input.is_empty() => Err(NoHead::Ended),
            None => input.head(&self.options).await,
        }
    }

    /// Serves one request; gives the input back if another may follow.
    async fn exchange(&self, input: Input, stream: &TcpStream, head: Head, peer: SocketAddr) -> Option<Input> {
        let since = Instant::now();
        let close_after = !head.keep_alive || self.phases.is_draining();
        let output = Output::new(stream.clone(), self.options.write_time, &head.method, head.old, close_after);
        let wire = Arc::new(Client {
            input: Mutex::new(input),
            output: Mutex::new(output),
            waits: AtomicBool::new(head.expects_continue),
            body_time: self.options.body_time,
        });
        let Head { method, uri, headers, .. } = head;
        match codec::decode(method, uri, headers).await {
            Some(request) => self.respond(request.with_peer(peer), &wire, stream).await,
            None => failure::refuse(&mut *wire.output.lock().await, failure::NOT_DECODED).await,
        }
        let Some(Client { input, output, waits, .. }) = Arc::into_inner(wire) else {
            // A session that is kept longer than its request keeps the connection: the client must not wait for it.
            tracing::warn!("the exchange was kept longer than its request: the connection ends");
            let _ = stream.shutdown(Shutdown::Both);
            return None;
        };
        let (mut input, output) = (input.into_inner(), output.into_inner());
        let micros = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status = output.status(), whole = output.is_whole(), micros, "response");
        if !output.is_whole() {
            return None;
        }
        let told_to_wait = waits.into_inner() && !input.has_begun();
        if output.closes() || told_to_wait || !(input.at_end() || input.skip_body().await) {
            close(&mut input, output).await;
            return None;
        }
        Some(input)
    }

    /// Runs the handler, and sends what it gives.
    async fn respond(&self, request: Request, wire: &Arc<Client>, stream: &TcpStream) {
        let observed = self.observer.as_ref().map(|observer| observer.begin(&request));
        // A handler's beginning, up to its future, is no step of its tasklet: it may panic here.
        let begun = catch_unwind(AssertUnwindSafe(|| {
            let session = self.backend.open(&request, Exchange::new(wire.clone()));
            (session, self.handler.tasklet(request))
        }));
        let (session, tasklet) = match begun {
            Ok(begun) => begun,
            Err(panic) => {
                let error = DriveError::Panicked(panics::message(&*panic));
                return finish(&mut *wire.output.lock().await, Err(error), None, observed).await;
            }
        };
        let mut driver = Driver::new(tasklet, &session).observed(observed);
        let stopped = OnceLock::new();
        let in_time = async {
            // Polled after the handler each time it was, so that it sees a stop at once.
            std::future::poll_fn(|_| if stopped.get().is_some() { Ready(()) } else { Pending }).await;
            Timer::after(self.options.cleanup_time).await;
            tracing::warn!(limit = ?self.options.cleanup_time, "a stopped handler did not end in time, and was dropped");
            Err(DriveError::Dead)
        };
        let run = driver.run(self.stop(stream, &stopped));
        let end = future::or(run, future::or(flush_when_idle(wire), in_time)).await;
        let observed = driver.unobserved();
        // A write that was abandoned in the middle must not keep the response.
        driver.abort();
        let mut output = wire.output.lock().await;
        finish(&mut output, end, stopped.get().copied(), observed).await;
        drop(output);
        let finished = async {
            driver.finish().await;
            true
        };
        let in_time = future::or(finished, async {
            Timer::after(self.options.cleanup_time).await;
            false
        });
        if !in_time.await {
            // What must not be left half-way runs to its end all the same: a session sees to that.
            tracing::warn!(limit = ?self.options.cleanup_time, "what an ended handler left to do took too long");
        }
    }

    /// Why the handler is to stop, when it is.
    async fn stop(&self, stream: &TcpStream, stopped: &OnceLock<StopReason>) -> StopReason {
        let disconnected = async {
            presence::gone(stream.clone().into()).await;
            StopReason::Disconnected
        };
        let deadline = async {
            match self.options.deadline {
                Some(time) => Timer::after(time).await,
                None => std::future::pending().await,
            };
            StopReason::Deadline
        };
        let shutdown = async {
            self.phases.stopping().await;
            StopReason::Shutdown
        };
        let reason = future::or(shutdown, future::or(deadline, disconnected)).await;
        *stopped.get_or_init(|| reason)
    }
}

/// Sends what the handler has written, whenever it waits: for this is polled after it. It never ends.
async fn flush_when_idle<T>(wire: &Client) -> T {
    loop {
        // Where the lock is taken, a write is being performed, which sends what is queued.
        let queued = || wire.output.try_lock().is_some_and(|output| output.is_queued());
        std::future::poll_fn(|_| if queued() { Ready(()) } else { Pending }).await;
        // The handler hears of a failure from its next write.
        let _ = wire.output.lock().await.flush().await;
    }
}

/// Sends what the handler gave, or what stands for it, and tells who observes it.
async fn finish<S: EffectSet>(
    output: &mut Output,
    end: Result<Result<Response>, DriveError>,
    stopped: Option<StopReason>,
    observed: Option<Box<dyn Observed<S>>>,
) {
    let how = observed.as_ref().map(|_| how(&end, output.has_begun(), stopped));
    send(output, end, stopped).await;
    if let (Some(observed), Some(how)) = (observed, how) {
        observed.end(output.status(), how);
    }
}

/// How a handler ended; `begun` says whether the client had seen anything of its response.
fn how(end: &Result<Result<Response>, DriveError>, begun: bool, stopped: Option<StopReason>) -> How {
    // To tear what nobody reads, or what the end of the server interrupts, is no mistake of the handler's.
    let excused = matches!(stopped, Some(StopReason::Disconnected | StopReason::Shutdown));
    match end {
        Ok(Ok(_)) => How::Responded,
        Ok(Err(error)) if begun && !excused && !failure::is_the_client_s(error) => How::Torn(error.to_string()),
        Ok(Err(error)) => How::Failed(error.to_string()),
        Err(DriveError::Panicked(message)) => How::Panicked(message.clone()),
        Err(error @ (DriveError::Foreign(_) | DriveError::Runaway(_))) => How::Faulty(error.to_string()),
        Err(error @ DriveError::EffectPanicked(_)) => How::Dropped(error.to_string()),
        Err(DriveError::Dead) => How::Dropped("it was stopped, and did not end in time".into()),
    }
}

/// Sends what the handler gave, or what stands for it.
async fn send(output: &mut Output, end: Result<Result<Response>, DriveError>, stopped: Option<StopReason>) {
    let error = match end {
        Ok(Ok(response)) => match response.into_whole() {
            Some((head, body)) if !output.has_begun() => match output.whole(head, body).await {
                Ok(()) => return,
                Err(error) => error.into(),
            },
            Some(_) => segno_core::Error::status(500, "Internal Server Error")
                .because("the handler streamed a response and returned another one: return what `end` gives"),
            None => return output.end().await,
        },
        Ok(Err(error)) => error,
        Err(error) => error.into(),
    };
    failure::respond(output, &error, stopped).await;
}

/// Ends a connection in such a way that the client sees the whole answer.
async fn close(input: &mut Input, output: Output) {
    output.shut_down();
    input.linger().await;
}

/// The client's side of one exchange.
struct Client {
    input: Mutex<Input>,
    output: Mutex<Output>,
    /// Whether the client waits for `100 Continue`.
    waits: AtomicBool,
    body_time: Duration,
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

impl Wire for Client {
    fn read_body(&self) -> Boxed<'_, Result<Option<Chunk>, BodyError>> {
        Box::pin(async {
            let mut input = self.input.lock().await;
            if self.waits.swap(false, Ordering::Relaxed) && !input.has_begun() {
                self.output.lock().await.go_on().await;
            }
            input.chunk(self.body_time).await
        })
    }

    fn read_trailers(&self) -> Boxed<'_, Result<Headers, BodyError>> {
        Box::pin(async {
            let trailers = self.input.lock().await.trailers().map(Headers::from);
            trailers.ok_or_else(|| BodyError::new(BodyErrorKind::Order, Happened::No, TRAILERS_COME_LAST))
        })
    }

    fn inform(&self, inform: Inform) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async move { self.output.lock().await.inform(&inform).await })
    }

    fn respond(&self, head: ResponseHead) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async { self.output.lock().await.respond(head).await })
    }

    fn write(&self, piece: Bytes) -> Boxed<'_, Result<(), WriteError>> {
        Box::pin(async { self.output.lock().await.write(piece).await })
    }
}

const TRAILERS_COME_LAST: &str = "trailer fields come after the body: read it to its end first";

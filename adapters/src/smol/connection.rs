//! One connection: its requests, one after the other, each with a tasklet of its own.

use std::{
    future::Future,
    net::Shutdown,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, OnceLock},
    task::Poll::{Pending, Ready},
    time::{Duration, Instant},
};

use async_io::Timer;
use http::{HeaderMap, Method, StatusCode, Uri, Version};
use segno_core::{EffectSet, Handler, PerformedBy, Request, Response, Result, StopReason};
use smol::future;
use tracing::Instrument;

use super::{
    access::Access,
    client::Client,
    codec,
    coding::Coding,
    failure,
    input::{Input, NoHead},
    options::ServerOptions,
    output::Output,
    peer::Peer,
    places::Places,
    presence,
    request_id::RequestId,
    server_fields::ServerFields,
    shutdown::Phases,
    socket::Socket,
};
use crate::{
    backend::{Backend, Exchange},
    drive::{DriveError, Driver},
    http1::{Refusal, RequestHead, RequestLimits},
    observer::{How, Observed, Observer},
    panics,
};

/// What all connections of a server share.
pub(crate) struct Service<S: PerformedBy<B::Session>, B: Backend> {
    pub(crate) handler: Handler<S>,
    pub(crate) backend: B,
    pub(crate) options: ServerOptions,
    pub(crate) places: Arc<Places>,
    pub(crate) phases: Phases,
    /// The path that the server answers for itself.
    pub(crate) health: Option<String>,
    pub(crate) observer: Option<Box<dyn Observer<S>>>,
}

impl<S: PerformedBy<B::Session>, B: Backend> Service<S, B> {
    /// Serves a connection to its end.
    pub(crate) async fn serve(&self, socket: Socket, peer: Peer) {
        // Small pieces of a page go out when they are written.
        if peer.address().is_some() && socket.system().set_tcp_nodelay(true).is_err() {
            return;
        }
        let mut input = Input::new(socket.clone(), self.options.request_limits());
        let mut is_first = true;
        loop {
            // Connections mostly wait for a request: what they need besides is boxed, so that they are small meanwhile.
            let next = match self.head(&mut input, is_first).await {
                Ok(head) => Box::pin(self.exchange(input, &socket, head, peer)).await,
                Err(NoHead::Refused(refusal)) => return Box::pin(self.refuse(input, socket, peer, refusal)).await,
                Err(NoHead::Ended) => return,
            };
            match next {
                Some(next) => input = next,
                None => return,
            }
            is_first = false;
        }
    }

    /// The head of the next request. One that has begun to come is waited for, whatever else there is.
    async fn head(&self, input: &mut Input, is_first: bool) -> Result<Box<RequestHead>, NoHead> {
        let head =
            future::or(async { Ok(input.head(&self.options).await) }, async { Err(self.dismissed(is_first).await) });
        match head.await {
            Ok(head) => head,
            Err(_) if input.is_empty() => Err(NoHead::Ended),
            Err(dismissal) => {
                if let Dismissal::Claimed = dismissal {
                    // Another connection has to make room.
                    self.places.claim();
                }
                input.head(&self.options).await
            }
        }
    }

    /// Why a connection that waits for a request is to wait no longer, when it is.
    async fn dismissed(&self, is_first: bool) -> Dismissal {
        let silent = async {
            if !is_first {
                return std::future::pending().await;
            }
            Timer::after(self.options.first_byte_time).await;
            Dismissal::Silent
        };
        let claimed = async {
            if is_first {
                // Its first request may be on its way.
                Timer::after(NEW).await;
            }
            self.places.claimed().await;
            Dismissal::Claimed
        };
        let draining = async {
            self.phases.draining().await;
            Dismissal::Draining
        };
        future::or(draining, future::or(silent, claimed)).await
    }

    /// Answers a request whose head is no good.
    async fn refuse(&self, mut input: Input, socket: Socket, peer: Peer, refusal: Refusal) {
        let id = self.options.request_id.as_ref().map(RequestId::new);
        let access = Access::refused(id.clone(), peer);
        let output = Output::new(socket, self.options.write_time, &Method::GET, Version::HTTP_11, true);
        let mut output = output.with_fields(self.fields(id));
        failure::refuse(&mut output, refusal).await;
        access.log_refused(&output, refusal);
        close(&mut input, output).await;
    }

    /// Serves one request; gives the input back if another may follow.
    async fn exchange(&self, input: Input, socket: &Socket, mut head: Box<RequestHead>, peer: Peer) -> Option<Input> {
        let id = self.options.request_id.as_ref().map(|field| RequestId::of(field, &mut head.headers));
        let is_health =
            self.health.as_deref() == Some(head.uri.path()) && [Method::GET, Method::HEAD].contains(&head.method);
        let access = Access::new(&head, id.clone(), peer, is_health);
        let close_after = !head.keep_alive || self.phases.is_leaving();
        let output = Output::new(socket.clone(), self.options.write_time, &head.method, head.version, close_after);
        let output = output.coded(Coding::offered(&self.options, &head.headers)).with_fields(self.fields(id));
        let wire = Arc::new(Client::new(input, output, head.expects_continue, self.phases.clone(), &self.options));
        let RequestHead { method, uri, headers, .. } = *head;
        if is_health {
            let leaves_body = wire.leaves_body().await;
            let mut output = wire.output.lock().await;
            if leaves_body {
                output.close();
            }
            self.answer_for_health(&mut output).await;
        } else {
            self.answer(Asked { method, uri, headers, peer }, &wire, socket).instrument(access.span()).await;
        }
        let Some((mut input, output, told_to_wait)) = Arc::into_inner(wire).map(Client::into_parts) else {
            // A session that is kept longer than its request keeps the connection: the client must not wait for it.
            tracing::warn!("the exchange was kept longer than its request: the connection ends");
            access.log_kept();
            let _ = socket.shutdown(Shutdown::Both);
            return None;
        };
        access.log(&output);
        if !output.is_whole() {
            return None;
        }
        if output.closes() || told_to_wait || !(input.at_end() || input.skip_body().await) {
            close(&mut input, output).await;
            return None;
        }
        Some(input)
    }

    /// What the server adds to a response.
    fn fields(&self, id: Option<RequestId>) -> ServerFields {
        let always = id.map(|RequestId { field, value }| (field, value));
        ServerFields { always, defaults: self.options.headers.clone() }
    }

    /// Answers a request by its handler.
    async fn answer(&self, asked: Asked, wire: &Arc<Client>, socket: &Socket) {
        let Asked { method, uri, headers, peer } = asked;
        let request = codec::decode(method, uri, headers).await;
        let request = request.map(|request| match peer.address() {
            Some(address) => request.with_peer(address),
            None => request,
        });
        match request {
            Some(request) => self.respond(request, wire, socket).await,
            None => failure::refuse(&mut *wire.output.lock().await, failure::NOT_DECODED).await,
        }
    }

    /// Tells a balancer whether to send more clients.
    async fn answer_for_health(&self, output: &mut Output) {
        match self.phases.is_leaving() {
            false => failure::send(output, StatusCode::OK, "ok").await,
            true => failure::send(output, StatusCode::SERVICE_UNAVAILABLE, "shutting down").await,
        }
    }

    /// Runs the handler, and sends what it gives.
    async fn respond(&self, request: Request, wire: &Arc<Client>, socket: &Socket) {
        let since = Instant::now();
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
                let mut output = wire.output.lock().await;
                return finish(&mut output, Err(error), None, observed, self.too_late(since)).await;
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
        let run = driver.run(self.stop(socket, &stopped));
        let end = future::or(run, future::or(wire.flush_when_idle(), in_time)).await;
        let observed = driver.unobserved();
        // A write that was abandoned in the middle must not keep the response.
        driver.abort();
        let leaves_body = wire.leaves_body().await;
        let mut output = wire.output.lock().await;
        if leaves_body || self.phases.is_leaving() {
            // The client is to know.
            output.close();
        }
        finish(&mut output, end, stopped.get().copied(), observed, self.too_late(since)).await;
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

    /// Ends when the client should have taken what the handler left for it: at the deadline of its request, or as much
    /// later as a stopped handler would have had.
    async fn too_late(&self, since: Instant) {
        match self.options.deadline {
            Some(time) => _ = Timer::after(time.saturating_sub(since.elapsed()).max(self.options.cleanup_time)).await,
            None => std::future::pending().await,
        }
    }

    /// Why the handler is to stop, when it is.
    async fn stop(&self, socket: &Socket, stopped: &OnceLock<StopReason>) -> StopReason {
        let disconnected = async {
            presence::gone(socket, self.options.half_open_time).await;
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

/// Sends what the handler gave, or what stands for it, and tells who observes it.
async fn finish<S: EffectSet>(
    output: &mut Output,
    end: Result<Result<Response>, DriveError>,
    stopped: Option<StopReason>,
    observed: Option<Box<dyn Observed<S>>>,
    too_late: impl Future<Output = ()>,
) {
    let how = observed.as_ref().map(|_| how(&end, output.has_begun(), stopped));
    future::or(send(output, end, stopped), async {
        too_late.await;
        tracing::debug!("the client did not take its response before the deadline: the connection is cut");
    })
    .await;
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

/// Tells a client that its address has too many connections: without a look at its request, so that it costs little.
pub(crate) async fn turn_away(socket: Socket) {
    // A new socket takes so much at once.
    if let Some(Ok(_)) = future::poll_once(socket.write(TOO_MANY)).await
        && socket.shutdown(Shutdown::Write).is_ok()
    {
        Input::new(socket, RequestLimits::default()).linger().await;
    }
}

/// A request, before it is decoded.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    peer: Peer,
}

/// Why a connection that waits for a request is to wait no longer.
enum Dismissal {
    Draining,
    /// Its place is for another client.
    Claimed,
    /// It never sent anything.
    Silent,
}

/// How long a new connection keeps its place without a request while others wait for one: its request may be lost on its
/// way once, and come again.
const NEW: Duration = Duration::from_secs(1);

/// Those who read it are told to wait for longer than connections mostly take to end.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n\
    content-length: 45\r\nretry-after: 5\r\nconnection: close\r\n\r\n\
    there are too many connections from your side";

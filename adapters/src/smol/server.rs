//! The server: accepts, serves, and ends in order.

use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::Arc,
    thread,
    time::Duration,
};

use async_io::Timer;
use async_signal::{Signal, Signals};
use futures_lite::FutureExt;
use segno_core::{IntoHandler, PerformedBy, RouterError};
use smol::{
    Executor,
    channel::{Receiver, Sender, bounded},
    future,
    lock::Semaphore,
    net::TcpListener,
    stream::{self, Stream, StreamExt},
};

use super::{connection::Service, options::ServerOptions, shutdown::phases};
use crate::{backend::Backend, observer::Observer, watchdog};

/// Serves until SIGINT or SIGTERM; then it takes no new requests, finishes those that run, and returns.
///
/// A second signal stops the running handlers at once. What happens is told by `tracing`: without a subscriber, such as
/// `tracing_subscriber::fmt().init()`, neither the address nor a handler's failure is seen anywhere.
///
/// ```no_run
/// use segno::{Database, Io, Request, Response, Result, Router, smol::{Backend, serve}};
///
/// async fn hello(mut io: Io, _: Request) -> Result<Response> {
///     let visits: i64 = io.sql("select count(*) as n from visit", ()).await?.one()?.get("n")?;
///     Ok(Response::text(format!("hello, visitor {visits}")))
/// }
///
/// fn main() -> Result<()> {
///     let backend = Backend::new().database(Database::open("sqlite:visits.db")?);
///     Ok(serve("127.0.0.1:8080", Router::new().get("/", hello), backend)?)
/// }
/// ```
///
/// # Errors
///
/// If the router's routes are in conflict, or the address cannot be bound.
pub fn serve<S, B>(address: impl ToSocketAddrs, handler: impl IntoHandler<S>, backend: B) -> Result<(), ServeError>
where
    S: PerformedBy<B::Session>,
    B: Backend,
{
    Server::bind(address)?.serve(handler, backend)
}

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The router's routes do not fit together.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {error}{}", hint(error))]
    Bind {
        /// The address.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The system refuses threads or signals.
    #[error("the server cannot be started: {0}")]
    Start(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the system has dozens of kinds, and two of them a hint")]
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there: stop it, or choose another port",
        io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: choose another one",
        _ => "",
    }
}

/// A server that listens, and does not serve yet: for those who choose its options, its end, or a free port.
///
/// ```
/// use segno::{Request, Response, Router, smol::{Backend, Server}};
/// use std::io::{Read, Write};
///
/// let server = Server::bind("127.0.0.1:0").unwrap();
/// let address = server.local_address();
/// let client = std::thread::spawn(move || {
///     let mut stream = std::net::TcpStream::connect(address).unwrap();
///     stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
///     let mut answer = String::new();
///     stream.read_to_string(&mut answer).unwrap();
///     answer
/// });
/// let router: Router = Router::new().get("/", async |_, _| Ok(Response::text("hello")));
/// let client_is_done = smol::unblock(move || client.join().unwrap());
/// let (done, answer) = smol::channel::bounded(1);
/// server.run(router, Backend::new(), async move { done.send(client_is_done.await).await.unwrap() }).unwrap();
/// assert!(answer.recv_blocking().unwrap().ends_with("hello"));
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    options: ServerOptions,
}

impl Server {
    /// Listens on this address.
    ///
    /// # Errors
    ///
    /// If it cannot be bound.
    pub fn bind(address: impl ToSocketAddrs) -> Result<Self, ServeError> {
        let bound = (|| {
            let listener = std::net::TcpListener::bind(&address)?;
            // The standard library asks for a queue of 128: a burst of clients would wait for seconds to try again.
            rustix::net::listen(&listener, QUEUE)?;
            let address = listener.local_addr()?;
            Ok((TcpListener::from(async_io::Async::new(listener)?), address))
        })();
        match bound {
            Ok((listener, address)) => Ok(Self { listener, address, options: ServerOptions::default() }),
            Err(error) => {
                let named: Vec<_> = address.to_socket_addrs().into_iter().flatten().map(|a| a.to_string()).collect();
                let address = if named.is_empty() { "the address".into() } else { named.join(", ") };
                Err(ServeError::Bind { address, error })
            }
        }
    }

    /// Where it listens: with the port that the system chose, if it was 0.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Serves with these limits and times.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options;
        self
    }

    /// Serves until SIGINT or SIGTERM; a second signal ends the grace. See [`serve`].
    ///
    /// # Errors
    ///
    /// If the router's routes are in conflict, or the system refuses threads or signals.
    pub fn serve<S, B>(self, handler: impl IntoHandler<S>, backend: B) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session>,
        B: Backend,
    {
        self.serve_observed(handler, backend, None)
    }

    /// Serves until `shutdown` ends; then it takes no new requests, gives those that run their
    /// [grace](ServerOptions::grace), stops what still runs, and returns.
    ///
    /// It blocks, and runs handlers on threads of its own.
    ///
    /// # Errors
    ///
    /// If the router's routes are in conflict, or the system refuses threads.
    pub fn run<S, B>(
        self,
        handler: impl IntoHandler<S>,
        backend: B,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session>,
        B: Backend,
    {
        self.run_observed(handler, backend, shutdown, None)
    }

    pub(super) fn serve_observed<S, B>(
        self,
        handler: impl IntoHandler<S>,
        backend: B,
        observer: Option<Box<dyn Observer<S>>>,
    ) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session>,
        B: Backend,
    {
        let signals = Signals::new([Signal::Int, Signal::Term])?;
        self.run_until(handler, backend, signals.filter_map(|signal| signal.ok().map(drop)), observer)
    }

    pub(super) fn run_observed<S, B>(
        self,
        handler: impl IntoHandler<S>,
        backend: B,
        shutdown: impl Future<Output = ()>,
        observer: Option<Box<dyn Observer<S>>>,
    ) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session>,
        B: Backend,
    {
        let shutdown = pin!(stream::once_future(shutdown).chain(stream::pending()));
        self.run_until(handler, backend, shutdown, observer)
    }

    /// Serves until the first of these signals; the second ends the grace.
    fn run_until<S, B>(
        self,
        handler: impl IntoHandler<S>,
        backend: B,
        mut signals: impl Stream<Item = ()> + Unpin,
        observer: Option<Box<dyn Observer<S>>>,
    ) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session>,
        B: Backend,
    {
        let Self { listener, address, options } = self;
        let handler = handler.into_handler()?;
        watchdog::start();
        let workers = Workers::start(options.threads)?;
        let (mut control, phases) = phases();
        let grace = options.grace;
        // Ended handlers get their time to clean up, and their connections a moment more.
        let end = options.cleanup_time + options.write_time.min(Duration::from_secs(1));
        let service = Arc::new(Service { handler, backend, options, phases, observer });
        let (alive, all_ended) = bounded::<()>(1);
        tracing::info!(%address, "listening");
        smol::block_on(async {
            let accepting = accept(listener, service, workers.executor.clone(), alive);
            future::or(accepting, async { signals.next().await.unwrap_or_default() }).await;
            tracing::info!("shutting down: no new requests");
            control.drain();
            let ended = async {
                // Nothing is sent: this ends when the last connection drops its sender.
                let _ = all_ended.recv().await;
            };
            let ended = &mut Box::pin(ended);
            let hurry = async {
                let signalled = async { signals.next().await.unwrap_or_default() };
                let waited = async { _ = Timer::after(grace).await };
                future::or(signalled, waited).await;
                tracing::info!("shutting down: stopping what still runs");
                control.stop();
                Timer::after(end).await;
                tracing::warn!("shutting down: some requests did not end");
            };
            future::or(ended, hurry).await;
        });
        workers.stop();
        tracing::info!("shut down");
        Ok(())
    }
}

/// Accepts connections for ever, and serves each in a task of its own.
async fn accept<S, B>(
    listener: TcpListener,
    service: Arc<Service<S, B>>,
    executor: Arc<Executor<'static>>,
    alive: Sender<()>,
) where
    S: PerformedBy<B::Session>,
    B: Backend,
{
    let places = Arc::new(Semaphore::new(service.options.max_connections));
    loop {
        let place = places.acquire_arc().await;
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly there are no descriptors left: some will be, when other connections end.
                tracing::error!(%error, "a connection could not be accepted");
                Timer::after(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (service, alive) = (service.clone(), alive.clone());
        let connection = async move {
            if AssertUnwindSafe(service.serve(stream, peer)).catch_unwind().await.is_err() {
                tracing::error!(%peer, "a connection panicked; no other is harmed");
            }
            drop((place, alive));
        };
        executor.spawn(connection).detach();
    }
}

/// The threads that run handlers.
struct Workers {
    executor: Arc<Executor<'static>>,
    stop: Sender<()>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Workers {
    fn start(count: usize) -> io::Result<Self> {
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
    fn stop(self) {
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

/// How many clients may wait to be accepted: as many as Linux allows if it is told nothing else.
const QUEUE: i32 = 4096;

/// How long to wait for descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

//! The server: accepts, serves, and ends in order.

use std::{
    future::Future,
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use async_io::{Async, Timer};
use async_signal::{Signal, Signals};
use segno_core::{IntoHandler, PerformedBy};
use smol::{
    channel::bounded,
    future,
    stream::{self, Stream, StreamExt},
};

use super::{
    accept::accept,
    connection::Service,
    descriptors,
    listener::Listener,
    options::ServerOptions,
    places::Places,
    serve_error::ServeError,
    shutdown::{Control, phases},
    workers::Workers,
};
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
    listeners: Vec<Listener>,
    options: ServerOptions,
    health: Option<String>,
}

impl Server {
    /// Listens on this address: the short form for one [`Listener::tcp`].
    ///
    /// # Errors
    ///
    /// If it cannot be bound.
    pub fn bind(address: impl ToSocketAddrs) -> Result<Self, ServeError> {
        Listener::tcp(address).map(Self::new)
    }

    /// Listens here; see [`Listener`].
    pub fn new(listener: impl Into<Listener>) -> Self {
        Self { listeners: vec![listener.into()], options: ServerOptions::default(), health: None }
    }

    /// Listens here as well.
    #[must_use]
    pub fn listen(mut self, listener: impl Into<Listener>) -> Self {
        self.listeners.push(listener.into());
        self
    }

    /// The first address where it listens: with the port that the system chose, if it was 0.
    ///
    /// # Panics
    ///
    /// If it listens on unix sockets alone.
    #[track_caller]
    pub fn local_address(&self) -> SocketAddr {
        let mut addresses = self.listeners.iter().filter_map(Listener::local_address);
        addresses.next().expect("the server listens on no address, but on unix sockets alone")
    }

    /// Answers GET and HEAD for this path before any handler: 200 and `ok`, or 503 and `shutting down` once the shutdown has
    /// begun. A balancer that asks here sends clients elsewhere in time, if the server has some
    /// [`drain_time`](ServerOptions::drain_time).
    ///
    /// It says that the server takes requests, and nothing of what handlers need: a route of your own may ask the
    /// database. In the access log it is at the level `debug`.
    ///
    /// ```no_run
    /// use segno::{Request, Response, Router, smol::{Backend, Server, ServerOptions}};
    /// use std::time::Duration;
    ///
    /// # fn main() -> segno::Result<()> {
    /// let router: Router = Router::new().get("/", async |_, _| Ok(Response::text("hello")));
    /// let options = ServerOptions { drain_time: Duration::from_secs(10), ..ServerOptions::default() };
    /// let server = Server::bind("127.0.0.1:8080")?.health("/health").options(options);
    /// Ok(server.serve(router, Backend::new())?)
    /// # }
    /// ```
    #[must_use]
    pub fn health(mut self, path: &str) -> Self {
        self.health = Some(path.into());
        self
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
        let Self { listeners, options, health } = self;
        let handler = handler.into_handler()?;
        descriptors::raise();
        watchdog::start();
        let workers = Workers::start(options.threads)?;
        let named: Vec<_> = listeners.iter().map(Listener::to_string).collect();
        let (sockets, files): (Vec<_>, Vec<_>) = listeners.into_iter().map(Listener::into_parts).unzip();
        let sockets = sockets.into_iter().map(Async::new).collect::<io::Result<_>>()?;
        let (control, phases) = phases();
        let end = End::new(&options, control);
        let places = Places::new(options.max_connections, options.most_of_one_address());
        let service = Arc::new(Service { handler, backend, options, places, phases, health, observer });
        let (alive, all_ended) = bounded::<()>(1);
        tracing::info!(address = %named.join(", "), "listening");
        let accepting = accept(sockets, service, workers.executor.clone(), alive);
        let accepting = async move {
            let _files = files;
            accepting.await;
        };
        let all_ended = async {
            // Nothing is sent: this ends when the last connection drops its sender.
            let _ = all_ended.recv().await;
        };
        smol::block_on(end.come(accepting, all_ended, &mut signals));
        workers.stop();
        tracing::info!("shut down");
        Ok(())
    }
}

/// How a server comes to its end.
struct End {
    control: Control,
    drain_time: Duration,
    grace: Duration,
    /// What handlers get that were stopped.
    last: Duration,
}

impl End {
    fn new(options: &ServerOptions, control: Control) -> Self {
        // Ended handlers get their time to clean up, and their connections a moment more.
        let last = options.cleanup_time.saturating_add(options.write_time.min(Duration::from_secs(1)));
        Self { control, drain_time: options.drain_time, grace: options.grace, last }
    }

    /// Accepts until the first signal, and goes through the phases of the end; another signal leaps to the last one.
    async fn come(
        mut self,
        accepting: impl Future<Output = ()>,
        all_ended: impl Future<Output = ()>,
        mut signals: impl Stream<Item = ()> + Unpin,
    ) {
        let mut accepting = Box::pin(accepting);
        future::or(&mut accepting, signalled(&mut signals)).await;
        self.control.leave();
        if !self.drain_time.is_zero() {
            tracing::info!(time = ?self.drain_time, "shutting down: told to those who ask for the health");
        }
        let drained = async {
            let waited = async { _ = Timer::after(self.drain_time).await };
            future::or(&mut accepting, waited).await;
            false
        };
        let hurried = async {
            signalled(&mut signals).await;
            true
        };
        let hurried = future::or(hurried, drained).await;
        drop(accepting);
        tracing::info!("shutting down: no new requests");
        self.control.drain();
        let hurry = async {
            if !hurried {
                let waited = async { _ = Timer::after(self.grace).await };
                future::or(signalled(&mut signals), waited).await;
            }
            tracing::info!("shutting down: stopping what still runs");
            self.control.stop();
            Timer::after(self.last).await;
            tracing::warn!("shutting down: some requests did not end");
        };
        future::or(all_ended, hurry).await;
    }
}

async fn signalled(signals: &mut (impl Stream<Item = ()> + Unpin)) {
    signals.next().await.unwrap_or_default();
}

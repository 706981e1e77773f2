//! A server of a test's own, on a free port, until the test drops it.

use std::{
    future::Future,
    net::SocketAddr,
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use segno::{
    EffectSet, IntoHandler, PerformedBy, Router,
    adapter::Backend as Opens,
    smol::{Backend, ServeError, Server, ServerOptions},
};
use smol::channel::{Sender, bounded};

use crate::client::{Client, PATIENCE};

/// A server that runs.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    stop: Option<Sender<()>>,
    ended: Receiver<Result<(), ServeError>>,
}

impl Running {
    /// A server with the default backend and options.
    pub(crate) fn new(router: Router) -> Self {
        Self::with(router, Backend::new(), options())
    }

    pub(crate) fn with<S, B>(handler: impl IntoHandler<S> + Send + 'static, backend: B, options: ServerOptions) -> Self
    where
        S: PerformedBy<B::Session> + EffectSet,
        B: Opens,
    {
        Self::serve(Server::bind("127.0.0.1:0").unwrap().options(options), handler, backend)
    }

    /// A server that listens already.
    pub(crate) fn serve<S, B>(server: Server, handler: impl IntoHandler<S> + Send + 'static, backend: B) -> Self
    where
        S: PerformedBy<B::Session> + EffectSet,
        B: Opens,
    {
        let address = server.local_address();
        let (stop, stopped) = bounded::<()>(1);
        let (send, ended) = mpsc::channel();
        thread::spawn(move || {
            let shutdown = async move { _ = stopped.recv().await };
            // Nobody listens if the test has failed.
            let _ = send.send(server.run(handler, backend, shutdown));
        });
        Self { address, stop: Some(stop), ended }
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// Begins the shutdown.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }

    /// Waits for the end of a shutdown.
    pub(crate) fn has_ended(&self, within: Duration) -> bool {
        self.ended.recv_timeout(within).is_ok_and(|end| end.is_ok())
    }
}

/// The default options, on two threads, with a shutdown that waits for nobody.
pub(crate) fn options() -> ServerOptions {
    ServerOptions {
        threads: 2,
        // All clients of a test have one address.
        max_connections_per_address: Some(usize::MAX),
        grace: Duration::ZERO,
        cleanup_time: Duration::from_secs(1),
        ..ServerOptions::default()
    }
}

/// Waits until this holds: a test that waits longer has failed.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        thread::sleep(GLANCE);
    }
}

/// The same for tests that are futures.
pub(crate) async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    smol::future::or(future, async {
        smol::Timer::after(PATIENCE).await;
        panic!("not within {PATIENCE:?}: {what}")
    })
    .await
}

/// How often a condition is looked at.
const GLANCE: Duration = Duration::from_millis(2);

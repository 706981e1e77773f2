//! A server that records what its handlers do.

use std::{future::Future, net::SocketAddr};

use segno_core::{EffectSet, IntoHandler, PerformedBy, Request, Trace};
use serde::Serialize;

use super::{options::ServerOptions, serve_error::ServeError, server::Server};
use crate::{
    backend::Backend,
    observer::{How, Observed, Observer},
    record::{OpenTrace, RecordedEnd, RecordedEndKind, Recorder},
};

impl Server {
    /// Records what the handlers do. Their effect set is made with `#[serde]`, if it is one of your own.
    ///
    /// ```no_run
    /// use segno::{Request, Response, Router, record::Recorder, smol::{Backend, Server}};
    ///
    /// # fn main() -> segno::Result<()> {
    /// let router: Router = Router::new().get("/", async |_, _| Ok(Response::text("hello")));
    /// let server = Server::bind("127.0.0.1:8080")?.record(Recorder::new("traces")?);
    /// Ok(server.serve(router, Backend::new())?)
    /// # }
    /// ```
    pub fn record(self, recorder: Recorder) -> RecordedServer {
        RecordedServer { server: self, recorder }
    }
}

/// A [`Server`] that records what its handlers do; made by [`Server::record`].
#[derive(Debug)]
pub struct RecordedServer {
    server: Server,
    recorder: Recorder,
}

impl RecordedServer {
    /// Where it listens; see [`Server::local_address`].
    pub fn local_address(&self) -> SocketAddr {
        self.server.local_address()
    }

    /// Serves with these limits and times.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.server = self.server.options(options);
        self
    }

    /// Serves until SIGINT or SIGTERM; see [`Server::serve`].
    ///
    /// # Errors
    ///
    /// As of [`Server::serve`].
    pub fn serve<S, B>(self, handler: impl IntoHandler<S>, backend: B) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session> + Serialize,
        S::Outcome: Serialize,
        B: Backend,
    {
        self.server.serve_observed(handler, backend, Some(Box::new(self.recorder)))
    }

    /// Serves until `shutdown` ends; see [`Server::run`].
    ///
    /// # Errors
    ///
    /// As of [`Server::run`].
    pub fn run<S, B>(
        self,
        handler: impl IntoHandler<S>,
        backend: B,
        shutdown: impl Future<Output = ()>,
    ) -> Result<(), ServeError>
    where
        S: PerformedBy<B::Session> + Serialize,
        S::Outcome: Serialize,
        B: Backend,
    {
        self.server.run_observed(handler, backend, shutdown, Some(Box::new(self.recorder)))
    }
}

impl<S> Observer<S> for Recorder
where
    S: EffectSet + Serialize,
    S::Outcome: Serialize,
{
    fn begin(&self, request: &Request) -> Box<dyn Observed<S>> {
        Box::new(Self::begin::<S>(self, request))
    }
}

impl<S> Observed<S> for OpenTrace<S>
where
    S: EffectSet + Serialize,
    S::Outcome: Serialize,
{
    fn add(&mut self, trace: Trace<S>) {
        Self::add(self, trace);
    }

    fn end(self: Box<Self>, status: u16, how: How) {
        let (kind, message) = match &how {
            How::Responded => (RecordedEndKind::Responded, None),
            How::Failed(error) => (RecordedEndKind::Failed, Some(error)),
            How::Torn(error) => (RecordedEndKind::Torn, Some(error)),
            How::Panicked(panic) => (RecordedEndKind::Panicked, Some(panic)),
            How::Faulty(error) => (RecordedEndKind::Faulty, Some(error)),
            How::Dropped(error) => (RecordedEndKind::Dropped, Some(error)),
        };
        Self::end(*self, RecordedEnd::new(status, kind, message.map(String::as_str)));
    }
}

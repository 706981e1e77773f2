//! Handlers as values: to be stored, wrapped and run.

use alloc::{boxed::Box, string::String, sync::Arc};
use core::{fmt, future::Future, pin::Pin};

use crate::{
    effect::EffectSet, error::Result, io::Io, request::Request, response::Response, standard::Standard,
    tasklet::Tasklet,
};

/// A request handler as a value; cheap to clone.
///
/// Any `async fn(Io, Request) -> Result<Response>` becomes one. State comes by capture:
///
/// ```
/// use std::sync::Arc;
/// use segno_core::{Handler, Io, Request, Response, Result};
///
/// async fn motto(motto: Arc<str>, mut io: Io, _: Request) -> Result<Response> {
///     Ok(Response::text(format!("{motto} {}", io.now().await?)))
/// }
///
/// let words: Arc<str> = "dal segno".into();
/// let handler: Handler = Handler::new(move |io, request| motto(words.clone(), io, request));
/// ```
pub struct Handler<S: EffectSet = Standard>(Arc<Function<S>>);

type Function<S> = dyn Fn(Io<S>, Request) -> HandlerFuture + Send + Sync;

/// What a handler is while it runs.
pub type HandlerFuture = Pin<Box<dyn Future<Output = Result<Response>> + Send>>;

impl<S: EffectSet> Handler<S> {
    /// This function as a handler.
    pub fn new<F>(function: impl Fn(Io<S>, Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        Self::boxed(move |io, request| Box::pin(function(io, request)))
    }

    /// A function whose future is boxed already.
    pub(crate) fn boxed(function: impl Fn(Io<S>, Request) -> HandlerFuture + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// Runs the handler within another one, as part of it.
    pub fn call(&self, io: Io<S>, request: Request) -> HandlerFuture {
        (self.0)(io, request)
    }

    /// The handler at its beginning, for a driver.
    pub fn tasklet(&self, request: Request) -> Tasklet<Result<Response>, S> {
        Tasklet::boxed(|io| self.call(io, request))
    }

    /// The handler within another one, which gets it beside its request and may call it, or not.
    ///
    /// Of a response that was streamed the head was sent before the inner handler returns: status and fields that the outer
    /// one sets then are seen by nobody. What every response is to have is for the server to add.
    ///
    /// ```
    /// use segno_core::{Handler, Io, Request, Response, Result};
    ///
    /// async fn hello(_: Io, _: Request) -> Result<Response> {
    ///     Ok(Response::text("hello"))
    /// }
    ///
    /// async fn for_members(io: Io, request: Request, next: Handler) -> Result<Response> {
    ///     match request.header("authorization") {
    ///         Some(_) => next.call(io, request).await,
    ///         None => Ok(Response::text("who are you?").status(401)),
    ///     }
    /// }
    ///
    /// let handler = Handler::new(hello).with(for_members);
    /// ```
    #[must_use]
    pub fn with<F>(self, outer: impl Fn(Io<S>, Request, Self) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Response>> + Send + 'static,
    {
        Self::new(move |io, request| outer(io, request, self.clone()))
    }
}

/// What can be served and tested: a [`Handler`], a [`Router`](crate::Router), or a handler function itself.
pub trait IntoHandler<S: EffectSet> {
    /// As a handler.
    ///
    /// # Errors
    ///
    /// If a router's routes are in conflict.
    fn into_handler(self) -> Result<Handler<S>, RouterError>;
}

impl<S: EffectSet> IntoHandler<S> for Handler<S> {
    fn into_handler(self) -> Result<Self, RouterError> {
        Ok(self)
    }
}

impl<S, H, F> IntoHandler<S> for H
where
    S: EffectSet,
    H: Fn(Io<S>, Request) -> F + Send + Sync + 'static,
    F: Future<Output = Result<Response>> + Send + 'static,
{
    fn into_handler(self) -> Result<Handler<S>, RouterError> {
        Ok(Handler::new(self))
    }
}

/// A router whose routes do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the route `{path}` cannot be added: {reason}")]
pub struct RouterError {
    pub(crate) path: String,
    pub(crate) reason: String,
}

impl<S: EffectSet> Clone for Handler<S> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<S: EffectSet> fmt::Debug for Handler<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handler")
    }
}

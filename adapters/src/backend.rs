//! What an adapter's server needs of those who perform effects.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use segno_core::{BodyError, Chunk, Happened, Headers, Inform, Request, ResponseHead, WriteError, WriteErrorKind};

/// Opens a session for each tasklet. It is shared by all of them.
///
/// A session [performs](crate::Perform) the effects of one tasklet, and holds what belongs to it alone: its transactions, its
/// subscriptions, its exchange with the client. Dropping it gives everything back: open transactions are rolled back.
pub trait Backend: Send + Sync + 'static {
    /// What performs the effects of one tasklet.
    type Session: Session + Send + 'static;

    /// A session for the handler of this request. Effects on the request's body and the response go to `exchange`.
    fn open(&self, request: &Request, exchange: Exchange) -> Self::Session;
}

/// What performs the effects of one tasklet, as [`drive`](crate::drive) sees it.
///
/// ```
/// struct Own;
///
/// impl segno::adapter::Session for Own {}
/// ```
pub trait Session: Sync {
    /// The tasklet waits: none of its effects in flight can go on at the moment. Or it has ended.
    ///
    /// What the session keeps for the next effect, and others may need, is given back here, as
    /// [`SqlSession::waits`](crate::SqlSession::waits) does with a connection. It is called often, and must not wait.
    fn waits(&self) {}
}

/// The client's side of a session: the request's body, and the response.
///
/// A job without HTTP has [none](Self::none).
#[derive(Clone)]
pub struct Exchange(Option<Arc<dyn Wire>>);

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What an adapter's connection does for an [`Exchange`].
pub(crate) trait Wire: Send + Sync {
    fn read_body(&self) -> Boxed<'_, Result<Option<Chunk>, BodyError>>;
    fn read_trailers(&self) -> Boxed<'_, Result<Headers, BodyError>>;
    fn inform(&self, inform: Inform) -> Boxed<'_, Result<(), WriteError>>;
    fn respond(&self, head: ResponseHead) -> Boxed<'_, Result<(), WriteError>>;
    fn write(&self, piece: Bytes) -> Boxed<'_, Result<(), WriteError>>;
}

impl Exchange {
    pub(crate) fn new(wire: Arc<dyn Wire>) -> Self {
        Self(Some(wire))
    }

    /// For a handler that runs without a client: its request has no body, and it cannot stream a response.
    pub fn none() -> Self {
        Self(None)
    }

    /// Performs [`ReadBody`](crate::ReadBody).
    ///
    /// # Errors
    ///
    /// If the body is not whole, not valid or too long.
    pub async fn read_body(&self) -> Result<Option<Chunk>, BodyError> {
        match &self.0 {
            Some(wire) => wire.read_body().await,
            None => Ok(None),
        }
    }

    /// Performs [`ReadTrailers`](crate::ReadTrailers).
    ///
    /// # Errors
    ///
    /// If the body was not read to its end.
    pub async fn read_trailers(&self) -> Result<Headers, BodyError> {
        match &self.0 {
            Some(wire) => wire.read_trailers().await,
            None => Ok(Headers::default()),
        }
    }

    /// Performs [`Inform`].
    ///
    /// # Errors
    ///
    /// If it is no interim response, or the head of the response was sent before.
    pub async fn inform(&self, inform: Inform) -> Result<(), WriteError> {
        self.wire()?.inform(inform).await
    }

    /// Performs [`Respond`](crate::Respond).
    ///
    /// # Errors
    ///
    /// If a head was sent before, or this one cannot be sent.
    pub async fn respond(&self, head: ResponseHead) -> Result<(), WriteError> {
        self.wire()?.respond(head).await
    }

    /// Performs [`Write`](crate::Write).
    ///
    /// # Errors
    ///
    /// If the client is gone, or takes nothing for too long.
    pub async fn write(&self, piece: Bytes) -> Result<(), WriteError> {
        self.wire()?.write(piece).await
    }

    fn wire(&self) -> Result<&dyn Wire, WriteError> {
        self.0.as_deref().ok_or_else(|| {
            WriteError::new(WriteErrorKind::Order, Happened::No, "this handler runs without a client to respond to")
        })
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("client", &self.0.is_some()).finish()
    }
}

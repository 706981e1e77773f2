//! Exchanges: one request, one reply.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use segno_core::{Happened, HttpError, HttpErrorKind};
use smol::io::{AsyncRead, AsyncWrite};

use super::{
    connection::{Connection, Connector},
    options::HttpClientOptions,
    origin::Origin,
    pool::{Pool, PoolLimits},
    reply::{Reply, ReplyDecoder, ReplyError, ReplyLimits},
    request::Request,
    tls::{connector, is_tls_error},
};

/// Carries out exchanges over connections of its own.
#[derive(Debug)]
pub(super) struct Exchanger {
    connector: Connector,
    pool: Arc<Pool>,
    limits: ReplyLimits,
}

impl Exchanger {
    pub(super) fn new(options: &HttpClientOptions) -> Result<Self, HttpError> {
        let pool = PoolLimits {
            max_connections: options.max_connections,
            max_idle: options.max_idle,
            max_idle_per_origin: options.max_idle_per_origin,
            idle_time: options.idle_time,
        };
        Ok(Self {
            connector: Connector::new(
                connector(&options.root_certificates)?,
                options.addresses.clone(),
                options.connect_time_limit,
            ),
            pool: Pool::new(pool),
            limits: ReplyLimits { max_head: options.max_head, max_body: options.max_body },
        })
    }

    /// Sends the request and reads the reply, within the time limit. When it is dropped before, its connection is
    /// closed.
    pub(super) async fn exchange(&self, request: &Request) -> Result<Reply, HttpError> {
        let message = Message::new(request)?;
        let limit = request.time_limit;
        limit.bound(self.attempts(request, &message)).await.unwrap_or_else(|| {
            let text = format!("{}: no whole reply within {:?}", request.origin, limit.length());
            Err(HttpError::new(HttpErrorKind::Timeout, message.happened(), text))
        })
    }

    /// An idle connection may be closed by the server while the request is on its way. So a request that was not
    /// answered with a single byte is sent once more, over a fresh one, if that cannot make it happen twice.
    async fn attempts(&self, request: &Request, message: &Message) -> Result<Reply, HttpError> {
        let (lease, idle) = self.pool.lease(&request.origin, request.public_only).await;
        let (connection, outcome) = match idle {
            Some(idle) => {
                let (connection, outcome) = self.attempt(idle, request, message).await;
                match outcome {
                    Err(failure) if failure.unanswered && (request.repeatable || !message.is_sent()) => {
                        drop(connection);
                        self.attempt_afresh(request, message).await?
                    }
                    outcome => (connection, outcome),
                }
            }
            None => self.attempt_afresh(request, message).await?,
        };
        let reply = outcome.map_err(|failure| failure.error)?;
        if reply.reusable && !request.owns_connection() {
            lease.give_back(request.origin.clone(), connection);
        }
        Ok(reply)
    }

    async fn attempt_afresh(
        &self,
        request: &Request,
        message: &Message,
    ) -> Result<(Connection, Result<Reply, Failure>), HttpError> {
        let connection = self.connector.connect(&request.origin, request.public_only).await.map_err(|error| {
            // A first attempt may have reached the server.
            HttpError { happened: message.happened(), ..error }
        })?;
        Ok(self.attempt(connection, request, message).await)
    }

    async fn attempt(
        &self,
        mut connection: Connection,
        request: &Request,
        message: &Message,
    ) -> (Connection, Result<Reply, Failure>) {
        let mut attempt = Attempt {
            connection: &mut connection,
            message,
            written: 0,
            writing: Writing::Message,
            decoder: ReplyDecoder::new(self.limits, request.method == http::Method::HEAD),
            buffer: vec![0; READ_BUFFER],
        };
        let outcome = poll_fn(|cx| attempt.poll(cx)).await;
        let Attempt { decoder, writing, .. } = attempt;
        let unanswered = !decoder.received();
        let outcome = match outcome {
            Ok(()) => {
                let mut reply = decoder.into_reply();
                // A server that answered early still waits for the rest of the request.
                reply.reusable &= writing == Writing::Done;
                Ok(reply)
            }
            Err(error) => {
                // The server has given its answer to the whole request, though nobody can take it.
                let answered = decoder.answered() && writing == Writing::Done;
                let happened = if answered && error.is_about_reply() { Happened::Yes } else { message.happened() };
                Err(Failure { error: error.explain(&request.origin, happened), unanswered })
            }
        };
        (connection, outcome)
    }
}

/// The bytes of a request, and whether any of them was sent.
struct Message {
    /// The head, and the body if it is small: they then go out in one packet.
    head: Vec<u8>,
    body: bytes::Bytes,
    sent: AtomicBool,
}

impl Message {
    fn new(request: &Request) -> Result<Self, HttpError> {
        let (mut head, mut body) = (request.head()?, request.body.clone());
        if body.len() <= SMALL_BODY {
            head.extend_from_slice(&body);
            body.clear();
        }
        Ok(Self { head, body, sent: AtomicBool::new(false) })
    }

    fn after(&self, written: usize) -> &[u8] {
        match self.head.get(written..) {
            Some(rest) if !rest.is_empty() => rest,
            _ => self.body.get(written - self.head.len()..).unwrap_or_default(),
        }
    }

    fn is_sent(&self) -> bool {
        self.sent.load(Ordering::Relaxed)
    }

    /// Whether the request happened if no whole reply came.
    fn happened(&self) -> Happened {
        if self.is_sent() { Happened::Unknown } else { Happened::No }
    }
}

/// Why an attempt failed.
struct Failure {
    error: HttpError,
    /// Whether not even a part of a reply came.
    unanswered: bool,
}

/// One attempt at an exchange: writes and reads at the same time, since a server may answer before it has read the
/// whole request.
struct Attempt<'a> {
    connection: &'a mut Connection,
    message: &'a Message,
    written: usize,
    writing: Writing,
    decoder: ReplyDecoder,
    buffer: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writing {
    Message,
    Flush,
    Done,
    /// The other side takes no more; its reply may have come before.
    Broken,
}

impl Attempt<'_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ExchangeError>> {
        for _ in 0..ROUNDS {
            let wrote = self.poll_write(cx);
            let read = self.poll_read(cx)?;
            match read {
                Poll::Ready(true) => return Poll::Ready(Ok(())),
                Poll::Ready(false) => {}
                Poll::Pending if wrote => {}
                Poll::Pending => return Poll::Pending,
            }
        }
        // Others in this thread have a right to it, too.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what can be written now; says whether anything was.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> bool {
        let before = (self.written, self.writing);
        let mut connection = Pin::new(&mut *self.connection);
        if self.writing == Writing::Message {
            match connection.as_mut().poll_write(cx, self.message.after(self.written)) {
                Poll::Ready(Ok(0) | Err(_)) => self.writing = Writing::Broken,
                Poll::Ready(Ok(length)) => {
                    self.message.sent.store(true, Ordering::Relaxed);
                    self.written += length;
                    if self.message.after(self.written).is_empty() {
                        self.writing = Writing::Flush;
                    }
                }
                Poll::Pending => {}
            }
        }
        // Without a read in between: the reply may be there already, and must not look like an early one.
        if self.writing == Writing::Flush {
            match connection.poll_flush(cx) {
                Poll::Ready(Ok(())) => self.writing = Writing::Done,
                Poll::Ready(Err(_)) => self.writing = Writing::Broken,
                Poll::Pending => {}
            }
        }
        before != (self.written, self.writing)
    }

    /// Reads what can be read now; says whether the reply is whole.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Result<Poll<bool>, ExchangeError> {
        match Pin::new(&mut *self.connection).poll_read(cx, &mut self.buffer) {
            Poll::Ready(Ok(0)) => {
                self.decoder.end()?;
                Ok(Poll::Ready(true))
            }
            Poll::Ready(Ok(length)) => Ok(Poll::Ready(self.decoder.receive(&self.buffer[..length])?)),
            Poll::Ready(Err(error)) => Err(ExchangeError::Io(error)),
            Poll::Pending => Ok(Poll::Pending),
        }
    }
}

/// What ended an attempt.
#[derive(Debug, thiserror::Error)]
enum ExchangeError {
    #[error("the connection was lost: {0}")]
    Io(#[source] io::Error),
    #[error(transparent)]
    Reply(#[from] ReplyError),
}

impl ExchangeError {
    /// Whether the bytes of the reply are what is wrong.
    fn is_about_reply(&self) -> bool {
        match self {
            Self::Io(_) | Self::Reply(ReplyError::Cut(_)) => false,
            Self::Reply(ReplyError::TooLarge(..) | ReplyError::Malformed(_) | ReplyError::Chunked(_)) => true,
        }
    }

    fn explain(&self, origin: &Origin, happened: Happened) -> HttpError {
        let kind = match self {
            Self::Io(error) if is_tls_error(error) => HttpErrorKind::Tls,
            Self::Io(_) | Self::Reply(ReplyError::Cut(_)) => HttpErrorKind::ConnectionLost,
            Self::Reply(ReplyError::TooLarge(..)) => HttpErrorKind::TooLarge,
            Self::Reply(ReplyError::Malformed(_) | ReplyError::Chunked(_)) => HttpErrorKind::Protocol,
        };
        HttpError::new(kind, happened, format!("{origin}: {self}"))
    }
}

/// A request this large is worth one copy, so that it goes out in one packet or one TLS record.
const SMALL_BODY: usize = 16 * 1024;

/// The size of the largest TLS record.
const READ_BUFFER: usize = 16 * 1024;

/// How many reads and writes of one exchange may follow each other before other tasks of the thread get their turn:
/// about half a megabyte.
const ROUNDS: usize = 32;

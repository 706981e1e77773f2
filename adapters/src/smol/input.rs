//! What a client sends: heads, one at a time, and bodies, when they are asked for.

use std::{
    cell::RefCell,
    io::Read,
    time::{Duration, Instant},
};

use async_io::Timer;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use segno_core::{BodyError, BodyErrorKind, Chunk, Happened};
use smol::future;

use super::{options::ServerOptions, socket::Socket};
use crate::http1::{Framing, Refusal, RequestDecoder, RequestEvent, RequestHead, RequestLimits};

/// The reading half of a connection.
#[derive(Debug)]
pub(crate) struct Input {
    socket: Socket,
    decoder: RequestDecoder,
    /// What has come and is not used: the next requests, if the client does not wait for answers.
    buffer: BytesMut,
    body: Body,
    trailers: Option<HeaderMap>,
    /// When the head that is being read began to come.
    head_since: Option<Instant>,
    read_size: usize,
}

/// What is left of the current request's body.
#[derive(Debug)]
enum Body {
    Unread,
    AtEnd,
    Failed(BodyError),
}

/// What came instead of a request.
#[derive(Debug)]
pub(crate) enum NoHead {
    /// The client has ended the connection, or asked for nothing for too long.
    Ended,
    Refused(Refusal),
}

impl Input {
    pub(crate) fn new(socket: Socket, limits: RequestLimits) -> Self {
        Self {
            socket,
            decoder: RequestDecoder::new(limits),
            buffer: BytesMut::new(),
            body: Body::AtEnd,
            trailers: None,
            head_since: None,
            read_size: READ_SIZE,
        }
    }

    /// Whether nothing of a next request has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty() && self.decoder.is_between_requests()
    }

    /// Reads the head of the next request, when the body of the one before is at its end. It may be dropped, and called
    /// again: a head that has begun gets no more time by that.
    pub(crate) async fn head(&mut self, options: &ServerOptions) -> Result<Box<RequestHead>, NoHead> {
        let waits = Instant::now();
        self.read_size = READ_SIZE;
        loop {
            match self.decoder.decode(&mut self.buffer) {
                RequestEvent::Head(head) => {
                    self.body = Body::Unread;
                    self.trailers = None;
                    self.head_since = None;
                    if head.framing == Framing::Length(0) {
                        self.take_end();
                    }
                    return Ok(head);
                }
                RequestEvent::Refused(refusal) => return Err(NoHead::Refused(refusal)),
                // A body whose end was not seen is followed by no head: the connection ends instead.
                RequestEvent::NeedsMore | RequestEvent::Data(_) | RequestEvent::Trailers(_) | RequestEvent::End => {}
            }
            // All of the head must come in this time, else a client could send a byte now and then for ever.
            let time = match self.is_empty() {
                true => options.idle_time.saturating_sub(waits.elapsed()),
                false => options.head_time.saturating_sub(self.head_since.get_or_insert_with(Instant::now).elapsed()),
            };
            match self.fill(time).await {
                Ok(0) | Err(Unread::Failed) => return Err(NoHead::Ended),
                Err(Unread::Timeout) if self.is_empty() => return Err(NoHead::Ended),
                Err(Unread::Timeout) => return Err(NoHead::Refused(TOO_SLOW)),
                Ok(_) => {}
            }
        }
    }

    /// The next piece of the body; `None` at its end. The client may send nothing for as long as `idle`, and may take
    /// `time` in all: much can come that is no piece, such as chunk extensions and trailers.
    pub(crate) async fn chunk(&mut self, idle: Duration, time: Duration) -> Result<Option<Chunk>, BodyError> {
        let begun = Instant::now();
        loop {
            if let Some(found) = self.buffered_chunk()? {
                return Ok(found.map(Chunk));
            }
            // What has come already is read in any case.
            match self.fill(idle.min(time.saturating_sub(begun.elapsed()))).await {
                Ok(0) | Err(Unread::Failed) => {
                    return self.fail(BodyErrorKind::Incomplete, "the client ended the body before it was whole");
                }
                Err(Unread::Timeout) => {
                    return self.fail(BodyErrorKind::Timeout, "the client sent nothing for too long");
                }
                Ok(_) => {}
            }
        }
    }

    /// Whether the body, as far as it is known, is at its end.
    pub(crate) fn at_end(&mut self) -> bool {
        matches!(self.buffered_chunk(), Ok(Some(None)))
    }

    /// Whether something of the body has come, or there is none: no use in telling the client to go on.
    pub(crate) fn has_begun(&self) -> bool {
        !self.buffer.is_empty() || matches!(self.body, Body::AtEnd)
    }

    /// Whether so much is left of the body that it will not be read for the sake of another request.
    pub(crate) fn is_long(&self) -> bool {
        matches!(self.body, Body::Failed(_))
            || self.decoder.declared_left().is_some_and(|left| left > MAX_SKIPPED as u64)
    }

    /// The fields that came after the body, once it is at its end.
    pub(crate) fn trailers(&self) -> Option<HeaderMap> {
        matches!(self.body, Body::AtEnd).then(|| self.trailers.clone().unwrap_or_default())
    }

    /// Reads and drops what is left of the body, if it is little; says whether the next request can follow.
    pub(crate) async fn skip_body(&mut self) -> bool {
        let (mut skipped, begun) = (0, Instant::now());
        while skipped <= MAX_SKIPPED {
            match self.chunk(SKIP_TIME, SKIP_TIME.saturating_sub(begun.elapsed())).await {
                Ok(Some(chunk)) => skipped += chunk.0.len(),
                Ok(None) => return true,
                Err(_) => return false,
            }
        }
        false
    }

    /// Reads and drops what the client still sends, for a moment: a connection that is closed with input unread is reset,
    /// and the client may never see the answer.
    pub(crate) async fn linger(&mut self) {
        let (mut dropped, begun) = (0, Instant::now());
        while dropped <= MAX_LINGERED {
            self.buffer.clear();
            match self.fill(LINGER_TIME.saturating_sub(begun.elapsed())).await {
                Ok(length) if length > 0 => dropped += length,
                Ok(_) | Err(_) => return,
            }
        }
    }

    /// Takes a piece of the body from the buffer: `None` if there is too little, `Some(None)` at the body's end.
    fn buffered_chunk(&mut self) -> Result<Option<Option<Bytes>>, BodyError> {
        match &self.body {
            Body::Failed(error) => return Err(error.clone()),
            Body::AtEnd => return Ok(Some(None)),
            Body::Unread => {}
        }
        match self.decoder.decode(&mut self.buffer) {
            RequestEvent::Data(data) => Ok(Some(Some(data))),
            RequestEvent::NeedsMore | RequestEvent::Head(_) => Ok(None),
            RequestEvent::Trailers(trailers) => {
                self.trailers = Some(trailers);
                self.take_end();
                Ok(Some(None))
            }
            RequestEvent::End => {
                self.body = Body::AtEnd;
                Ok(Some(None))
            }
            RequestEvent::Refused(refusal) if refusal.status == StatusCode::PAYLOAD_TOO_LARGE => {
                self.fail(BodyErrorKind::TooLarge, "the request's body is longer than the server takes")
            }
            RequestEvent::Refused(refusal) => self.fail(BodyErrorKind::Protocol, refusal.reason),
        }
    }

    /// Takes the end of a body of which nothing is left.
    fn take_end(&mut self) {
        if let RequestEvent::End = self.decoder.decode(&mut self.buffer) {
            self.body = Body::AtEnd;
        }
    }

    /// From now on the body is not readable: the same error comes again.
    fn fail<T>(&mut self, kind: BodyErrorKind, message: &str) -> Result<T, BodyError> {
        let error = BodyError::new(kind, Happened::Unknown, message);
        self.body = Body::Failed(error.clone());
        Err(error)
    }

    /// Reads what has come, or waits for it. It may be dropped at any time: nothing is lost, and nothing is half-read.
    async fn fill(&mut self, time: Duration) -> Result<usize, Unread> {
        let Self { socket, buffer, read_size, .. } = self;
        if buffer.is_empty() {
            // A connection that waits keeps no memory.
            *buffer = BytesMut::new();
        }
        let read = socket.read_with(|mut socket| {
            SCRATCH.with_borrow_mut(|scratch| {
                scratch.resize(LONG_READ_SIZE, 0);
                let length = socket.read(&mut scratch[..*read_size])?;
                buffer.extend_from_slice(&scratch[..length]);
                if length == *read_size {
                    // There is more where this came from: a long body.
                    *read_size = LONG_READ_SIZE;
                }
                Ok(length)
            })
        });
        let timeout = async {
            Timer::after(time).await;
            Err(Unread::Timeout)
        };
        future::or(async { read.await.map_err(|_| Unread::Failed) }, timeout).await
    }
}

thread_local! {
    /// What a read fills, before anybody knows how much comes: the memory of a connection is for what has come.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

enum Unread {
    /// The connection has ended, whatever the cause.
    Failed,
    Timeout,
}

/// As much as a socket mostly has at once.
const READ_SIZE: usize = 16 * 1024;

/// As much as is read at once of a body that is longer: fewer calls, and pieces that are worth a step of the handler.
const LONG_READ_SIZE: usize = 64 * 1024;

/// The answer to a head that does not come to its end.
const TOO_SLOW: Refusal = Refusal::new(StatusCode::REQUEST_TIMEOUT, "the head of the request took too long");

/// How much of an unread body is cheaper to read than to open another connection.
const MAX_SKIPPED: usize = 64 * 1024;

/// How long the rest of an unread body may keep its connection waiting.
const SKIP_TIME: Duration = Duration::from_millis(500);

/// What a client may send on while it does not know that the connection ends.
const MAX_LINGERED: usize = 1 << 20;

/// How long it may take for the answer to reach such a client.
const LINGER_TIME: Duration = Duration::from_secs(1);

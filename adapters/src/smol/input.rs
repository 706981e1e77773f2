//! What a client sends: heads, one at a time, and bodies, when they are asked for.

use std::{
    io::Read,
    time::{Duration, Instant},
};

use async_io::Timer;
use bytes::Bytes;
use http::HeaderMap;
use segno_core::{BodyError, BodyErrorKind, Chunk, Happened};
use smol::future;

use super::{
    chunked::{Chunked, ChunkedDecoder},
    head::{self, Framing, Head, Refusal},
    options::ServerOptions,
    socket::Socket,
};

/// The reading half of a connection.
#[derive(Debug)]
pub(crate) struct Input {
    stream: Socket,
    /// What has come and is not used: the next requests, if the client does not wait for answers.
    buffer: Vec<u8>,
    body: Body,
}

/// What is left of the current request's body.
#[derive(Debug)]
enum Body {
    Length(u64),
    Chunked { decoder: ChunkedDecoder, left: u64 },
    Failed(BodyError),
}

/// What came instead of a request.
#[derive(Debug)]
pub(crate) enum NoHead {
    /// The client has ended the connection, or asked for nothing for too long.
    Ended,
    Refused(Refusal),
}

impl From<Refusal> for NoHead {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Input {
    pub(crate) fn new(stream: Socket) -> Self {
        Self { stream, buffer: Vec::new(), body: Body::Length(0) }
    }

    /// Whether nothing of a next request has come.
    pub(crate) fn is_empty(&self) -> bool {
        self.buffer.is_empty()
    }

    /// Reads the head of the next request.
    pub(crate) async fn head(&mut self, options: &ServerOptions) -> Result<Head, NoHead> {
        let mut scanned = 0;
        let mut empty_lines = 0;
        let waits = Instant::now();
        let mut begun = None;
        loop {
            // An empty line or two before a request is left over from clients that end a body with one.
            let leading = self.buffer.chunks_exact(2).take_while(|pair| pair == b"\r\n").count();
            if leading > 0 {
                empty_lines += leading;
                if empty_lines > MAX_EMPTY_LINES {
                    return Err(head::ONLY_EMPTY_LINES.into());
                }
                self.buffer.drain(..2 * leading);
                scanned = 0;
            }
            if let Some(length) = head::find_end(&self.buffer, &mut scanned)? {
                let head = head::parse(&self.buffer[..length], options.max_body)?;
                self.buffer.drain(..length);
                self.body = match head.framing {
                    Framing::Length(length) => Body::Length(length),
                    Framing::Chunked => Body::Chunked { decoder: ChunkedDecoder::default(), left: options.max_body },
                };
                return Ok(head);
            }
            // All of the head must come in this time, else a client could send a byte now and then for ever.
            let time = match self.buffer.is_empty() {
                true => options.idle_time.saturating_sub(waits.elapsed()),
                false => options.head_time.saturating_sub(begun.get_or_insert_with(Instant::now).elapsed()),
            };
            match self.fill(time).await {
                Ok(0) | Err(Unread::Failed) => return Err(NoHead::Ended),
                Err(Unread::Timeout) if self.buffer.is_empty() => return Err(NoHead::Ended),
                Err(Unread::Timeout) => return Err(head::TOO_SLOW.into()),
                Ok(_) => {}
            }
        }
    }

    /// The next piece of the body; `None` at its end.
    pub(crate) async fn chunk(&mut self, time: Duration) -> Result<Option<Chunk>, BodyError> {
        loop {
            if let Some(found) = self.buffered_chunk()? {
                return Ok(found.map(Chunk));
            }
            match self.fill(time).await {
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

    /// The trailer fields that came after the body, once its end was read. They do not change until the next head.
    pub(crate) fn trailers(&mut self) -> Option<HeaderMap> {
        matches!(self.body, Body::Length(0)).then(HeaderMap::new)
    }

    /// Whether the body, as far as it is known, is at its end.
    pub(crate) fn at_end(&mut self) -> bool {
        matches!(self.body, Body::Length(0)) || matches!(self.buffered_chunk(), Ok(Some(None)))
    }

    /// Whether something of the body has come, or there is none: no use in telling the client to go on.
    pub(crate) fn has_begun(&self) -> bool {
        !self.buffer.is_empty() || matches!(self.body, Body::Length(0))
    }

    /// Reads and drops what is left of the body, if it is little; says whether the next request can follow.
    pub(crate) async fn skip_body(&mut self) -> bool {
        let (mut skipped, begun) = (0, Instant::now());
        while skipped <= MAX_SKIPPED {
            match self.chunk(SKIP_TIME.saturating_sub(begun.elapsed())).await {
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
        let (decoder, left) = match &mut self.body {
            Body::Failed(error) => return Err(error.clone()),
            Body::Length(0) => return Ok(Some(None)),
            Body::Length(_) if self.buffer.is_empty() => return Ok(None),
            Body::Length(left) => {
                let length = usize::try_from(*left).map_or(self.buffer.len(), |left| left.min(self.buffer.len()));
                *left -= length as u64;
                return Ok(Some(Some(take(&mut self.buffer, length))));
            }
            Body::Chunked { decoder, left } => (decoder, left),
        };
        let mut rest = &self.buffer[..];
        let decoded = decoder.decode(&mut rest).map(|decoded| match decoded {
            Chunked::Data(data) => Some(Some(Bytes::copy_from_slice(data))),
            Chunked::NeedsMore => None,
            Chunked::End => Some(None),
        });
        let used = self.buffer.len() - rest.len();
        let announced = decoder.announced();
        self.buffer.drain(..used);
        match decoded {
            Err(error) => self.fail(BodyErrorKind::Protocol, &error.to_string()),
            // Nobody needs to wait for data that is too long by what its size says.
            Ok(found) if length(&found).saturating_add(announced) > *left => {
                self.fail(BodyErrorKind::TooLarge, "the request's body is longer than the server takes")
            }
            Ok(Some(Some(data))) => {
                *left -= data.len() as u64;
                Ok(Some(Some(data)))
            }
            Ok(Some(None)) => {
                self.body = Body::Length(0);
                Ok(Some(None))
            }
            Ok(None) => Ok(None),
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
        let Self { stream, buffer, .. } = self;
        let read = stream.read_with(|mut stream| {
            let before = buffer.len();
            buffer.resize(before + READ_SIZE, 0);
            let read = stream.read(&mut buffer[before..]);
            buffer.truncate(before + read.as_ref().map_or(0, |length| *length));
            // A connection that waits keeps no memory for what has not come.
            if buffer.len() < READ_SIZE / 4 {
                buffer.shrink_to_fit();
            }
            read
        });
        let timeout = async {
            Timer::after(time).await;
            Err(Unread::Timeout)
        };
        future::or(async { read.await.map_err(|_| Unread::Failed) }, timeout).await
    }
}

enum Unread {
    /// The connection has ended, whatever the cause.
    Failed,
    Timeout,
}

fn take(buffer: &mut Vec<u8>, length: usize) -> Bytes {
    if length == buffer.len() {
        return std::mem::take(buffer).into();
    }
    let rest = buffer.split_off(length);
    std::mem::replace(buffer, rest).into()
}

fn length(found: &Option<Option<Bytes>>) -> u64 {
    found.iter().flatten().map(|data| data.len() as u64).sum()
}

/// As much as a socket mostly has at once.
const READ_SIZE: usize = 16 * 1024;

/// How many empty lines may stand before a request: RFC 9112 asks for one.
const MAX_EMPTY_LINES: usize = 8;

/// How much of an unread body is cheaper to read than to open another connection.
const MAX_SKIPPED: usize = 64 * 1024;

/// How long the rest of an unread body may keep its connection waiting.
const SKIP_TIME: Duration = Duration::from_millis(500);

/// What a client may send on while it does not know that the connection ends.
const MAX_LINGERED: usize = 1 << 20;

/// How long it may take for the answer to reach such a client.
const LINGER_TIME: Duration = Duration::from_secs(1);

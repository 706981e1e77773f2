//! What two readers make of the same bytes: segno's, and hyper's.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use arbitrary::{Arbitrary, Unstructured};
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use hyper::{
    body::{Body, Frame, Incoming},
    rt::{Read, ReadBufCursor, Write},
    server::conn::http1::Builder,
    service::service_fn,
};
use segno::adapter::http1::{RequestDecoder, RequestEvent, RequestLimits};

/// Bytes that may be requests, and how they are cut.
#[derive(Debug)]
pub struct Wire {
    bytes: Vec<u8>,
    /// The sizes of the pieces, one after the other and again from the first.
    sizes: Vec<usize>,
}

impl Wire {
    /// The first byte of the input says how the others are to be read: as they are, or as a choice of what requests are
    /// made of; and how long the pieces are.
    pub fn new(input: &[u8]) -> Self {
        let (first, rest) = input.split_first().unwrap_or((&0, &[]));
        let sizes = vec![usize::from(first & 0x7f) + 1, 1, 3];
        let bytes = if first & 0x80 == 0 { rest.to_vec() } else { phrases(rest) };
        Self { bytes, sizes }
    }

    fn pieces(&self) -> Vec<&[u8]> {
        let (mut rest, mut sizes) = (&self.bytes[..], self.sizes.iter().cycle());
        let mut pieces = Vec::new();
        while let Some((piece, after)) = sizes.next().and_then(|size| rest.split_at_checked(*size)) {
            pieces.push(piece);
            rest = after;
        }
        pieces.push(rest);
        pieces
    }
}

#[derive(Arbitrary, Debug)]
enum Phrase<'a> {
    Known(u8),
    Own(&'a [u8]),
}

fn phrases(input: &[u8]) -> Vec<u8> {
    let phrases = Vec::<Phrase<'_>>::arbitrary_take_rest(Unstructured::new(input)).unwrap_or_default();
    let text = |phrase: &Phrase<'_>| match phrase {
        Phrase::Known(number) => PHRASES[usize::from(*number) % PHRASES.len()].as_bytes().to_vec(),
        Phrase::Own(bytes) => bytes.to_vec(),
    };
    phrases.iter().flat_map(text).collect()
}

/// One whole request.
#[derive(Debug, PartialEq, Eq)]
struct Message {
    method: String,
    target: String,
    body: Vec<u8>,
}

/// Both read the same requests, as far as segno reads any; and it does not matter how the bytes are cut.
///
/// # Panics
///
/// If that does not hold.
pub fn compare(wire: &Wire) {
    let guarded = guarded(&[&wire.bytes]);
    assert_eq!(guarded, self::guarded(&wire.pieces()), "the cuts matter: {wire:?}");
    let by_hyper = by_hyper(&wire.bytes);
    let (messages, _) = guarded;
    for (number, message) in messages.iter().enumerate() {
        let shown = || wire.bytes.escape_ascii();
        match by_hyper.get(number) {
            Some(other) => assert_eq!(message, other, "request {number} of {}", shown()),
            None => assert!(has_long_extensions(&wire.bytes), "hyper refuses request {number} of {}", shown()),
        }
    }
}

/// The one thing that segno takes and hyper may not: chunk extensions of 16 KiB in one body. segno takes 4 KiB more than
/// there is data, so that this is only in what is long.
fn has_long_extensions(bytes: &[u8]) -> bool {
    bytes.len() > MAX_EXTENSIONS_OF_HYPER
}

/// The requests that segno reads, and why it stops.
fn guarded(pieces: &[&[u8]]) -> (Vec<Message>, Option<(u16, &'static str)>) {
    let mut decoder = RequestDecoder::new(RequestLimits::default());
    let mut buffer = BytesMut::new();
    let (mut messages, mut current, mut keeps_alive) = (Vec::new(), None, true);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        loop {
            match decoder.decode(&mut buffer) {
                RequestEvent::NeedsMore => break,
                RequestEvent::Refused(refusal) => return (messages, Some((refusal.status.as_u16(), refusal.reason))),
                RequestEvent::Head(head) => {
                    keeps_alive = head.keep_alive;
                    let (method, target) = (head.method.to_string(), head.uri.to_string());
                    current = Some(Message { method, target, body: Vec::new() });
                }
                RequestEvent::Data(data) => {
                    let message = current.as_mut().expect("a head comes first");
                    message.body.extend_from_slice(&data);
                }
                RequestEvent::Trailers(_) => {}
                RequestEvent::End => {
                    messages.extend(current.take());
                    if !keeps_alive {
                        return (messages, None);
                    }
                }
            }
        }
    }
    (messages, None)
}

/// The requests that hyper reads.
fn by_hyper(bytes: &[u8]) -> Vec<Message> {
    let messages = Mutex::new(Vec::new());
    let service = service_fn(|request: Request<Incoming>| async {
        let (head, body) = request.into_parts();
        if let Some(body) = read(body).await {
            let message = Message { method: head.method.to_string(), target: head.uri.to_string(), body };
            messages.lock().expect("nobody panics with it").push(message);
        }
        Ok::<_, Infallible>(Response::new(Empty))
    });
    let mut builder = Builder::new();
    // It counts fields in another way at its limit.
    builder.half_close(true).max_headers(MORE_FIELDS);
    let mut connection = pin!(builder.serve_connection(Memory(bytes.to_vec()), service));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(woken.clone());
    while connection.as_mut().poll(&mut Context::from_waker(&waker)).is_pending()
        && woken.0.swap(false, Ordering::Relaxed)
    {}
    let mut messages = messages.lock().expect("nobody panics with it");
    std::mem::take(&mut *messages)
}

/// The whole body; `None` if it is not valid.
async fn read(mut body: Incoming) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        bytes.extend_from_slice(&frame.ok()?.into_data().unwrap_or_default());
    }
    Some(bytes)
}

struct Empty;

impl Body for Empty {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    /// Without a length, a connection of HTTP/1.0 would have to end.
    fn is_end_stream(&self) -> bool {
        true
    }
}

/// A connection that has brought these bytes, and will bring no more.
struct Memory(Vec<u8>);

impl Read for Memory {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, mut buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let length = buffer.remaining().min(self.0.len());
        if length == 0 {
            return Poll::Pending;
        }
        buffer.put_slice(&self.0[..length]);
        self.0.drain(..length);
        Poll::Ready(Ok(()))
    }
}

impl Write for Memory {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What hyper says of itself.
const MAX_EXTENSIONS_OF_HYPER: usize = 16 * 1024;

/// More fields than segno takes.
const MORE_FIELDS: usize = 128;

/// What requests are made of, good and bad.
const PHRASES: &[&str] = &[
    "GET / HTTP/1.1\r\n",
    "POST /a?b HTTP/1.1\r\n",
    "HEAD http://y/ HTTP/1.1\r\n",
    "BREW / HTTP/1.1\r\n",
    "OPTIONS * HTTP/1.1\r\n",
    "POST / HTTP/1.0\r\n",
    "GET / HTTP/1.0\r\n",
    "CONNECT x:80 HTTP/1.1\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n",
    "Host: x\r\n",
    "Content-Length: ",
    "Content-Length: 5\r\n",
    "Content-Length: 0\r\n",
    "Transfer-Encoding: ",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Connection: ",
    "Connection: keep-alive\r\n",
    "Connection: close\r\n",
    "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\n",
    "X: ",
    "Trailer: X\r\n",
    "\r\n",
    "\r",
    "\n",
    " ",
    "\t",
    "\0",
    ":",
    ",",
    ";",
    "=",
    "\"",
    "\\",
    "5",
    "0",
    "5\r\nhello\r\n",
    "a\r\n0123456789\r\n",
    "5;a=b\r\nhello\r\n",
    "5;a=\"b\"\r\nhello\r\n",
    "0\r\n",
    "0\r\n\r\n",
    "0;a\r\nX: y\r\n\r\n",
    "hello",
    "chunked",
    "close",
    "keep-alive",
    "gzip",
    "ffffffffffffffff\r\n",
];

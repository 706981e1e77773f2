//! What a client gets: heads and bodies, always well-formed, or a connection that is cut.

use std::{io, net::Shutdown, time::Duration};

use async_io::Timer;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use segno_core::{Happened, ResponseHead, WriteError, WriteErrorKind};
use smol::{future, io::AsyncWriteExt, net::TcpStream};

use super::codec::{Delimiter, encode};

/// The writing half of a connection, for one response.
#[derive(Debug)]
pub(crate) struct Output {
    stream: TcpStream,
    /// How long the client may take nothing.
    time: Duration,
    is_head: bool,
    /// HTTP/1.0: a body without a length ends with the connection.
    old: bool,
    /// The connection ends after this response.
    close: bool,
    status: u16,
    /// The body is at its end when the connection is.
    until_close: bool,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing was sent.
    Start,
    /// The head was sent, and nothing may follow it.
    HeadOnly,
    /// The head was sent, and this many bytes of the body must follow.
    Length(u64),
    Chunked,
    UntilClose,
    /// The response is whole.
    End,
    /// It never will be.
    Broken,
}

impl Output {
    pub(crate) fn new(stream: TcpStream, time: Duration, method: &Method, old: bool, close: bool) -> Self {
        Self {
            stream,
            time,
            is_head: method == Method::HEAD,
            old,
            close: close || old,
            status: 0,
            until_close: false,
            state: State::Start,
        }
    }

    /// Whether the client has seen anything of the response.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.state, State::Start)
    }

    /// Whether the response is whole, so that another may follow if the connection stays open.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.state, State::End)
    }

    pub(crate) fn closes(&self) -> bool {
        self.close
    }

    /// The connection ends after this response.
    pub(crate) fn close(&mut self) {
        self.close = true;
    }

    /// The status that the client got; 0 if none.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// Ends the sending half: all that was written is delivered before it.
    pub(crate) fn shut_down(&self) {
        // A connection that is gone already needs no end.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Tells a client that waits for it to send the body.
    pub(crate) async fn go_on(&mut self) {
        if !self.has_begun() {
            // If the client is gone, reading the body will tell.
            let _ = self.deliver(b"HTTP/1.1 100 Continue\r\n\r\n", State::Start).await;
        }
    }

    /// Sends the head of a response whose body follows in pieces.
    pub(crate) async fn respond(&mut self, mut head: ResponseHead) -> Result<(), WriteError> {
        if self.has_begun() {
            return Err(refused(WriteErrorKind::Order, "the head of the response was sent before"));
        }
        let declared = self.check(&mut head)?;
        let delimiter = match declared {
            _ if has_no_body(head.status) => Delimiter::None,
            Some(length) => Delimiter::Length(length),
            None if self.old => Delimiter::Close,
            None => Delimiter::Chunked,
        };
        let bytes = self.encode(&head, delimiter).await?;
        self.until_close = delimiter == Delimiter::Close && !self.is_head;
        let then = match delimiter {
            Delimiter::None => State::HeadOnly,
            _ if self.is_head => State::HeadOnly,
            Delimiter::Length(length) => State::Length(length),
            Delimiter::Chunked => State::Chunked,
            Delimiter::Close => State::UntilClose,
        };
        self.deliver(&bytes, then).await
    }

    /// Sends a piece of the body.
    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<(), WriteError> {
        match self.state {
            State::Start | State::End => {
                Err(refused(WriteErrorKind::Order, "the body comes after the head, and before the end"))
            }
            State::HeadOnly => Err(refused(WriteErrorKind::NoBody, "this response has no body")),
            State::Broken => Err(refused(WriteErrorKind::ConnectionLost, "the connection is lost")),
            // A chunk without data would be the last.
            _ if piece.is_empty() => Ok(()),
            State::UntilClose => self.deliver(&piece, State::UntilClose).await,
            State::Length(left) => match left.checked_sub(piece.len() as u64) {
                Some(left) => self.deliver(&piece, State::Length(left)).await,
                None => {
                    self.state = State::Broken;
                    Err(refused(WriteErrorKind::TooLong, "more was written than Content-Length says"))
                }
            },
            State::Chunked => {
                let mut chunk = format!("{:x}\r\n", piece.len()).into_bytes();
                chunk.reserve_exact(piece.len() + b"\r\n".len());
                chunk.extend_from_slice(&piece);
                chunk.extend_from_slice(b"\r\n");
                self.deliver(&chunk, State::Chunked).await
            }
        }
    }

    /// Ends a response that was sent in pieces. If it is not whole, the connection will be cut.
    pub(crate) async fn end(&mut self) {
        let whole = match self.state {
            State::HeadOnly | State::Length(0) | State::UntilClose | State::End => true,
            State::Chunked => self.deliver(b"0\r\n\r\n", State::End).await.is_ok(),
            State::Start | State::Length(_) | State::Broken => false,
        };
        self.state = if whole { State::End } else { State::Broken };
    }

    /// Sends a whole response.
    pub(crate) async fn whole(&mut self, mut head: ResponseHead, body: Bytes) -> Result<(), WriteError> {
        let declared = self.check(&mut head)?;
        let delimiter = match declared {
            _ if has_no_body(head.status) => Delimiter::None,
            // What GET would send may be longer than what is here.
            Some(length) if self.is_head && body.is_empty() => Delimiter::Length(length),
            Some(_) | None => Delimiter::Length(body.len() as u64),
        };
        let mut bytes = self.encode(&head, delimiter).await?;
        if !self.is_head && delimiter != Delimiter::None {
            if body.len() > MAX_JOINED {
                self.deliver(&bytes, State::Broken).await?;
                return self.deliver(&body, State::End).await;
            }
            bytes.extend_from_slice(&body);
        }
        self.deliver(&bytes, State::End).await
    }

    /// Takes the framing out of a head, which is ours to write, and gives the length that it declares.
    fn check(&mut self, head: &mut ResponseHead) -> Result<Option<u64>, WriteError> {
        if head.status.is_informational() {
            return Err(refused(WriteErrorKind::Head, "an informational status is no response"));
        }
        if let Some(field) = HOP_BY_HOP.iter().find(|field| head.headers.contains_key(**field)) {
            return Err(refused(WriteErrorKind::Head, &format!("the field `{field}` is the server's to write")));
        }
        self.close |= takes_close(&mut head.headers);
        let Some(length) = head.headers.remove(header::CONTENT_LENGTH) else { return Ok(None) };
        let length = length.to_str().ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
        match length.and_then(|digits| digits.parse().ok()) {
            Some(length) => Ok(Some(length)),
            None => Err(refused(WriteErrorKind::Head, "the Content-Length is not a number")),
        }
    }

    async fn encode(&mut self, head: &ResponseHead, delimiter: Delimiter) -> Result<Vec<u8>, WriteError> {
        let encoded = encode(head, delimiter, self.close).await;
        self.status = head.status.as_u16();
        encoded.map_err(|error| refused(WriteErrorKind::Head, &format!("the head cannot be encoded: {error}")))
    }

    /// Sends all, if the client takes something every now and then; the response is then in the state `then`.
    ///
    /// It may be dropped: if something was sent by then and something was not, the response is broken.
    async fn deliver(&mut self, mut bytes: &[u8], then: State) -> Result<(), WriteError> {
        while !bytes.is_empty() {
            let stream = &mut self.stream;
            let written = future::or(async { stream.write(bytes).await }, async {
                Timer::after(self.time).await;
                Err(io::Error::new(io::ErrorKind::TimedOut, "it took nothing for too long"))
            });
            let written = match written.await {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                written => written,
            };
            self.state = State::Broken;
            bytes = &bytes[written.map_err(|error| lost(&error))?..];
        }
        self.state = then;
        Ok(())
    }
}

/// Whatever the reason: a body that is not whole must not seem to be. Where nothing but the connection's end says that it
/// is whole, the connection is reset.
impl Drop for Output {
    fn drop(&mut self) {
        if self.until_close && !self.is_whole() {
            let reset = rustix::net::sockopt::set_socket_linger(&self.stream, Some(Duration::ZERO));
            if let Err(error) = reset {
                tracing::debug!(%error, "a connection could not be reset");
            }
        }
    }
}

fn lost(error: &io::Error) -> WriteError {
    let timed_out = error.kind() == io::ErrorKind::TimedOut;
    let kind = if timed_out { WriteErrorKind::Timeout } else { WriteErrorKind::ConnectionLost };
    WriteError::new(kind, Happened::Unknown, format!("the client could not be reached: {error}"))
}

fn refused(kind: WriteErrorKind, message: &str) -> WriteError {
    WriteError::new(kind, Happened::No, message)
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// Takes `Connection` out of a head; says whether the handler wants the connection to end.
fn takes_close(headers: &mut HeaderMap) -> bool {
    let connection = headers.remove(header::CONNECTION);
    connection.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"close"))
}

/// Fields of a connection and not of a response, but for `Connection` itself.
const HOP_BY_HOP: [&str; 4] = ["transfer-encoding", "keep-alive", "upgrade", "trailer"];

/// A body that is not longer goes out with its head in one write; a longer one is not copied.
const MAX_JOINED: usize = 16 * 1024;

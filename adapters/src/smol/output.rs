//! What a client gets: heads and bodies, always well-formed, or a connection that is cut.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode, Version};
use segno_core::{Happened, Inform, ResponseHead, WriteError, WriteErrorKind};
use smol::future;

use super::{
    codec::{Delimiter, encode, interim},
    coding::Coding,
    send_buffer::SendBuffer,
    server_fields::ServerFields,
    socket::Socket,
};

/// The writing half of a connection, for one response.
#[derive(Debug)]
pub(crate) struct Output {
    buffer: SendBuffer,
    is_head: bool,
    /// HTTP/1.0: a body without a length ends with the connection, which stays open only if both sides say so.
    old: bool,
    /// The connection ends after this response.
    close: bool,
    status: u16,
    fields: ServerFields,
    /// The body is at its end when the connection is.
    until_close: bool,
    coding: Coding,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// Nothing was written.
    Start,
    /// The head was written, and nothing may follow it.
    HeadOnly,
    /// The head was written, and this many bytes of the body must follow.
    Length(u64),
    Chunked,
    UntilClose,
    /// The response is whole.
    End,
    /// It never will be.
    Broken,
}

impl Output {
    pub(crate) fn new(socket: Socket, time: Duration, method: &Method, version: Version, close: bool) -> Self {
        Self {
            buffer: SendBuffer::new(socket, time),
            is_head: method == Method::HEAD,
            old: version == Version::HTTP_10,
            close,
            status: 0,
            fields: ServerFields::default(),
            until_close: false,
            coding: Coding::default(),
            state: State::Start,
        }
    }

    /// The body may be coded like this.
    pub(crate) fn coded(mut self, coding: Coding) -> Self {
        self.coding = coding;
        self
    }

    /// The head will have these fields as well.
    pub(crate) fn with_fields(mut self, fields: ServerFields) -> Self {
        self.fields = fields;
        self
    }

    /// Whether the client has seen anything of the response, or will.
    pub(crate) fn has_begun(&self) -> bool {
        !matches!(self.state, State::Start)
    }

    /// Whether the response is whole, so that another may follow if the connection stays open.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.state, State::End) && self.buffer.is_empty()
    }

    /// Whether something waits to be [flushed](Self::flush).
    pub(crate) fn is_queued(&self) -> bool {
        !self.buffer.is_empty() && !matches!(self.state, State::Broken)
    }

    /// Sends all that was written. It may be dropped: what was not sent then waits on.
    pub(crate) async fn flush(&mut self) -> Result<(), WriteError> {
        let flushed = self.buffer.flush().await;
        if flushed.is_err() {
            self.state = State::Broken;
        }
        flushed
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

    /// How many bytes the system has taken for the client.
    pub(crate) fn sent(&self) -> u64 {
        self.buffer.sent()
    }

    /// Ends the sending half: all that was written is delivered before it.
    pub(crate) fn shut_down(&self) {
        self.buffer.shut_down();
    }

    /// Tells a client that waits for it to send the body.
    pub(crate) async fn go_on(&mut self) {
        if !self.has_begun() {
            self.buffer.extend(b"HTTP/1.1 100 Continue\r\n\r\n");
            // If the client is gone, reading the body will tell.
            let _ = self.flush().await;
        }
    }

    /// Sends an interim response; nothing to a client of HTTP/1.0, which would take it for the response.
    pub(crate) async fn inform(&mut self, inform: &Inform) -> Result<(), WriteError> {
        inform.check()?;
        match self.state {
            State::Start if self.old => Ok(()),
            State::Start => {
                self.buffer.extend(&interim(&inform.0));
                self.flush().await
            }
            State::Broken => Err(self.failure().await),
            State::HeadOnly | State::Length(_) | State::Chunked | State::UntilClose | State::End => {
                Err(refused(WriteErrorKind::Order, "an interim response comes before the head of the response"))
            }
        }
    }

    /// Writes the head of a response whose body follows in pieces.
    pub(crate) async fn respond(&mut self, mut head: ResponseHead) -> Result<(), WriteError> {
        if self.has_begun() {
            return Err(refused(WriteErrorKind::Order, "the head of the response was sent before"));
        }
        let declared = self.check(&mut head)?;
        let coded = self.coding.begin(&mut head, declared);
        self.begin(&head, declared.filter(|_| !coded)).await
    }

    async fn begin(&mut self, head: &ResponseHead, length: Option<u64>) -> Result<(), WriteError> {
        let delimiter = match length {
            _ if has_no_body(head.status) => Delimiter::None,
            _ if head.status == StatusCode::RESET_CONTENT => Delimiter::Length(0),
            Some(length) => Delimiter::Length(length),
            None if self.old => Delimiter::Close,
            None => Delimiter::Chunked,
        };
        self.close |= delimiter == Delimiter::Close;
        let bytes = self.encode(head, delimiter).await?;
        self.until_close = delimiter == Delimiter::Close && !self.is_head;
        self.buffer.extend(&bytes);
        self.state = match delimiter {
            Delimiter::None => State::HeadOnly,
            _ if self.is_head => State::HeadOnly,
            Delimiter::Length(length) => State::Length(length),
            Delimiter::Chunked => State::Chunked,
            Delimiter::Close => State::UntilClose,
        };
        Ok(())
    }

    /// Writes a piece of the body. It waits while the client has not taken enough of the pieces before.
    pub(crate) async fn write(&mut self, piece: Bytes) -> Result<(), WriteError> {
        if self.buffer.is_full() {
            self.flush().await?;
        }
        match self.state {
            State::Start | State::End => {
                Err(refused(WriteErrorKind::Order, "the body comes after the head, and before the end"))
            }
            State::HeadOnly => Err(refused(WriteErrorKind::NoBody, "this response has no body")),
            State::Broken => Err(self.failure().await),
            // A chunk without data would be the last.
            _ if piece.is_empty() => Ok(()),
            State::Chunked | State::UntilClose if self.coding.is_coded() => self.write_coded(piece).await,
            State::Chunked | State::UntilClose => {
                self.push(piece);
                Ok(())
            }
            State::Length(left) => match left.checked_sub(piece.len() as u64) {
                Some(left) => {
                    self.buffer.push(piece);
                    self.state = State::Length(left);
                    Ok(())
                }
                None => Err(self.too_long()),
            },
        }
    }

    /// Writes a piece of a body that is compressed on its way. If it is long, others get their turn in between.
    async fn write_coded(&mut self, mut piece: Bytes) -> Result<(), WriteError> {
        let state = self.state;
        loop {
            let part = piece.split_to(piece.len().min(MAX_CODED));
            let Some(coded) = self.coding.piece(part) else { return Err(self.too_long()) };
            self.state = state;
            self.push(coded);
            if piece.is_empty() {
                return Ok(());
            }
            // Until all of it is written: without a part, nobody can read what follows.
            self.state = State::Broken;
            if self.buffer.is_full() {
                self.flush().await?;
            }
            future::yield_now().await;
        }
    }

    /// Queues a piece of a body whose length is not known; an empty chunk would be the last.
    fn push(&mut self, piece: Bytes) {
        if piece.is_empty() {
            return;
        }
        if !matches!(self.state, State::Chunked) {
            return self.buffer.push(piece);
        }
        self.buffer.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        self.buffer.push(piece);
        self.buffer.extend(b"\r\n");
    }

    fn too_long(&mut self) -> WriteError {
        self.state = State::Broken;
        refused(WriteErrorKind::TooLong, "more was written than Content-Length says")
    }

    /// Why nothing can be sent any longer.
    async fn failure(&mut self) -> WriteError {
        let lost = || refused(WriteErrorKind::ConnectionLost, "the connection is lost");
        self.buffer.flush().await.err().unwrap_or_else(lost)
    }

    /// Ends a response that was sent in pieces. If it is not whole, the connection will be cut.
    pub(crate) async fn end(&mut self) {
        let whole = match self.state {
            State::HeadOnly | State::Length(0) | State::End => true,
            State::Chunked | State::UntilClose => self.end_coded(),
            State::Length(left) => {
                tracing::error!(
                    left,
                    "the handler has written less than its Content-Length says: the response is torn"
                );
                false
            }
            State::Start | State::Broken => false,
        };
        // What there is of a torn response is for the client to see.
        let flushed = self.flush().await;
        self.state = if whole && flushed.is_ok() { State::End } else { State::Broken };
    }

    /// Queues the end of a body whose length is not known; says whether it is as long as was announced.
    fn end_coded(&mut self) -> bool {
        let Some(rest) = self.coding.end() else { return false };
        self.push(rest);
        if let State::Chunked = self.state {
            self.buffer.extend(b"0\r\n\r\n");
        }
        true
    }

    /// Sends what was written of a response that will never be whole, so that the client sees how far it came.
    pub(crate) async fn tear(&mut self) {
        // If the client is gone, nobody is there to see it.
        let _ = self.flush().await;
        self.state = State::Broken;
    }

    /// Sends a whole response.
    pub(crate) async fn whole(&mut self, mut head: ResponseHead, mut body: Bytes) -> Result<(), WriteError> {
        if head.status == StatusCode::RESET_CONTENT {
            // It tells the client to clear its form, and has no content (RFC 9110, section 15.3.6).
            body.clear();
        }
        let declared = self.check(&mut head)?;
        let length = match declared {
            // What GET would send may be longer than what is here.
            Some(length) if self.is_head && body.is_empty() => length,
            Some(_) | None => body.len() as u64,
        };
        let (body, delimiter) = match self.coding.begin(&mut head, Some(length)) {
            _ if has_no_body(head.status) => (body, Delimiter::None),
            false => (body, Delimiter::Length(length)),
            // The head of what GET would send: nobody knows how long that would be.
            true if body.is_empty() => (body, Delimiter::None),
            true if body.len() > MAX_CODED => return self.whole_coded(&head, body).await,
            true => {
                let coded = self.coding.whole(body).ok_or_else(|| self.too_long())?;
                let length = coded.len() as u64;
                (coded, Delimiter::Length(length))
            }
        };
        let bytes = self.encode(&head, delimiter).await?;
        self.buffer.extend(&bytes);
        if !self.is_head && delimiter != Delimiter::None {
            self.buffer.push(body);
        }
        self.state = State::End;
        self.flush().await
    }

    /// Sends a whole response whose body is compressed part by part.
    async fn whole_coded(&mut self, head: &ResponseHead, body: Bytes) -> Result<(), WriteError> {
        self.begin(head, None).await?;
        if !self.is_head {
            self.write(body).await?;
        }
        self.end().await;
        Ok(())
    }

    /// Takes out of a head what is the server's to write, and gives the length that it declares.
    fn check(&mut self, head: &mut ResponseHead) -> Result<Option<u64>, WriteError> {
        let settled = self.fields.settle(head)?;
        self.close |= settled.close;
        Ok(settled.length)
    }

    async fn encode(&mut self, head: &ResponseHead, delimiter: Delimiter) -> Result<Vec<u8>, WriteError> {
        let connection = match (self.close, self.old) {
            (true, _) => Some("close"),
            (false, true) => Some("keep-alive"),
            (false, false) => None,
        };
        let encoded = encode(head, delimiter, connection).await;
        self.status = head.status.as_u16();
        encoded.map_err(|error| refused(WriteErrorKind::Head, &format!("the head cannot be encoded: {error}")))
    }
}

/// Whatever the reason: a body that is not whole must not seem to be. Where nothing but the connection's end says that it
/// is whole, the connection is reset.
impl Drop for Output {
    fn drop(&mut self) {
        if self.until_close
            && !self.is_whole()
            && let Err(error) = self.buffer.reset_at_end()
        {
            tracing::debug!(%error, "a connection could not be reset");
        }
    }
}

fn refused(kind: WriteErrorKind, message: &str) -> WriteError {
    WriteError::new(kind, Happened::No, message)
}

fn has_no_body(status: StatusCode) -> bool {
    matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED)
}

/// How much is compressed at once: it takes some milliseconds.
const MAX_CODED: usize = 64 * 1024;

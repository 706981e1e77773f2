//! What is on its way to the client: pieces that go out together.
//!
//! A handler that writes many pieces without waiting in between costs few system calls, and no piece is copied that is
//! long enough for the copy to matter. What is queued goes out when the handler waits for something, or when the queue is
//! full: see [`SendBuffer::flush`] and who calls it.

use std::{
    collections::VecDeque,
    io::{self, IoSlice},
    net::Shutdown,
    time::Duration,
};

use async_io::Timer;
use bytes::{Buf, Bytes};
use segno_core::{Happened, WriteError, WriteErrorKind};
use smol::future;

use super::socket::Socket;

/// The writing half of a connection, and what waits to be written to it.
#[derive(Debug)]
pub(super) struct SendBuffer {
    socket: Socket,
    /// How long the client may take nothing.
    time: Duration,
    queue: VecDeque<Bytes>,
    /// Short pieces behind the queue, joined.
    tail: Vec<u8>,
    /// How many bytes wait.
    length: usize,
    /// How many bytes the system has taken.
    sent: u64,
    failed: Option<WriteError>,
}

impl SendBuffer {
    pub(super) fn new(socket: Socket, time: Duration) -> Self {
        Self { socket, time, queue: VecDeque::new(), tail: Vec::new(), length: 0, sent: 0, failed: None }
    }

    pub(super) fn sent(&self) -> u64 {
        self.sent
    }

    /// From now on the end of the connection is an error for the client.
    pub(super) fn reset_at_end(&self) -> io::Result<()> {
        self.socket.reset_at_end()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether to flush before more is written.
    pub(super) fn is_full(&self) -> bool {
        self.length >= MAX_QUEUED
    }

    /// Ends the sending half: all that was sent is delivered before it.
    pub(super) fn shut_down(&self) {
        // A connection that is gone already needs no end.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// Queues bytes that are built here, such as a head.
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.length += bytes.len();
    }

    /// Queues a piece of a body.
    pub(super) fn push(&mut self, piece: Bytes) {
        if piece.len() <= MAX_COPIED {
            return self.extend(&piece);
        }
        self.close_tail();
        self.length += piece.len();
        self.queue.push_back(piece);
    }

    /// Sends all that is queued, if the client takes something every now and then.
    ///
    /// It may be dropped at any time: what was not sent then is still queued. An error comes again from then on.
    pub(super) async fn flush(&mut self) -> Result<(), WriteError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.close_tail();
        while !self.queue.is_empty() {
            let sent = match self.send().await {
                Ok(0) => Err(io::ErrorKind::WriteZero.into()),
                sent => sent,
            };
            match sent {
                Ok(length) => self.advance(length),
                Err(error) => {
                    let error = lost(&error);
                    self.failed = Some(error.clone());
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn send(&mut self) -> io::Result<usize> {
        let Self { socket, queue, time, .. } = self;
        let sent = async {
            match queue.front() {
                Some(only) if queue.len() == 1 => socket.write(only).await,
                _ => {
                    let mut slices = [IoSlice::new(&[]); MAX_SLICES];
                    for (slice, piece) in slices.iter_mut().zip(&*queue) {
                        *slice = IoSlice::new(piece);
                    }
                    socket.write_vectored(&slices[..queue.len().min(MAX_SLICES)]).await
                }
            }
        };
        future::or(sent, async {
            Timer::after(*time).await;
            Err(io::Error::new(io::ErrorKind::TimedOut, "it took nothing for too long"))
        })
        .await
    }

    fn advance(&mut self, mut sent: usize) {
        self.length -= sent;
        self.sent += sent as u64;
        while let Some(first) = self.queue.front_mut() {
            if sent < first.len() {
                return first.advance(sent);
            }
            sent -= first.len();
            self.queue.pop_front();
        }
    }

    fn close_tail(&mut self) {
        if !self.tail.is_empty() {
            self.queue.push_back(std::mem::take(&mut self.tail).into());
        }
    }
}

fn lost(error: &io::Error) -> WriteError {
    let timed_out = error.kind() == io::ErrorKind::TimedOut;
    let kind = if timed_out { WriteErrorKind::Timeout } else { WriteErrorKind::ConnectionLost };
    WriteError::new(kind, Happened::Unknown, format!("the client could not be reached: {error}"))
}

/// As much as a socket's own buffer mostly has at the beginning of a stream. A client that reads nothing costs so much
/// memory, and one piece.
const MAX_QUEUED: usize = 128 * 1024;

/// A piece that is not longer is joined with its neighbours: the copy is cheaper than to name it to the system.
const MAX_COPIED: usize = 4 * 1024;

/// How many pieces are named to the system at a time: with pieces of the length above, as much as the queue holds.
const MAX_SLICES: usize = 64;

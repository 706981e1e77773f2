//! One connection's socket, over TCP or a unix socket.

use std::{
    io::{self, IoSlice, Write},
    net::Shutdown,
    sync::Arc,
    time::Duration,
};

use async_io::Async;

/// A connected socket. Its clones are the same one.
#[derive(Clone, Debug)]
pub(crate) struct Socket(Arc<Async<socket2::Socket>>);

impl Socket {
    /// Takes over a connected socket of the system's.
    pub(crate) fn new(socket: socket2::Socket) -> io::Result<Self> {
        Ok(Self(Arc::new(Async::new(socket)?)))
    }

    /// What the system knows of it.
    pub(crate) fn system(&self) -> &socket2::Socket {
        self.0.get_ref()
    }

    /// Ends when something can be read, be it an end.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.0.readable().await
    }

    /// Reads as soon as something can be read.
    pub(crate) async fn read_with<R>(&self, read: impl FnMut(&socket2::Socket) -> io::Result<R>) -> io::Result<R> {
        self.0.read_with(read).await
    }

    /// Writes as much as the socket takes, as soon as it takes something.
    pub(crate) async fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_with(|mut socket| socket.write(bytes)).await
    }

    /// The same with several pieces, one behind the other.
    pub(crate) async fn write_vectored(&self, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_with(|mut socket| socket.write_vectored(pieces)).await
    }

    /// Ends one half, or both.
    pub(crate) fn shutdown(&self, half: Shutdown) -> io::Result<()> {
        self.system().shutdown(half)
    }

    /// From now on the end of the connection is an error for the client.
    pub(crate) fn reset_at_end(&self) -> io::Result<()> {
        self.system().set_linger(Some(Duration::ZERO))
    }
}

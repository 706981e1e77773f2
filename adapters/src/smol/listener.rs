//! Where a server listens: TCP, unix sockets, and sockets that a supervisor has opened.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener, ToSocketAddrs},
};

use socket2::{Domain, Protocol, SockAddr, Socket, Type};

use super::serve_error::ServeError;

#[cfg(unix)]
mod unix;

/// A socket on which a [`Server`](super::Server) listens.
///
/// A server may have several:
///
/// ```
/// use segno::smol::{Listener, ServeError, Server};
///
/// # fn main() -> Result<(), ServeError> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app.sock");
/// let server = Server::new(Listener::tcp("127.0.0.1:0")?)
///     .listen(Listener::tcp_shared("127.0.0.1:0")?)
///     .listen(Listener::unix(path)?);
/// # Ok(())
/// # }
/// ```
///
/// A socket that a supervisor has opened, such as systemd by socket activation, comes as a listener of the standard
/// library's, which crates like `listenfd` make of what was handed over: `Listener::from(listener)`. Sockets that are handed
/// over stay open while a new process takes the place of an old one, so that no client is refused meanwhile.
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    /// Removed when nobody listens any longer.
    #[cfg(unix)]
    _file: Option<unix::SocketFile>,
}

impl Listener {
    /// Listens on this address. Of several that a name stands for, it is the first that can be bound.
    ///
    /// `[::]:8080` is all addresses of IPv6, and on most systems those of IPv4 as well.
    ///
    /// # Errors
    ///
    /// If it cannot be bound.
    pub fn tcp(address: impl ToSocketAddrs) -> Result<Self, ServeError> {
        bind_first(&address, |_| Ok(()))
    }

    /// Listens on this address, and lets other processes of the same user listen there too (`SO_REUSEPORT`): each gets a part
    /// of the clients.
    ///
    /// On Linux a client that waits in the queue of one process is not served by another one, and is refused if that process
    /// ends: where processes come and go, one socket that a supervisor hands to all is the better choice.
    ///
    /// # Errors
    ///
    /// If it cannot be bound, as when somebody listens there who does not share.
    #[cfg(unix)]
    pub fn tcp_shared(address: impl ToSocketAddrs) -> Result<Self, ServeError> {
        bind_first(&address, |socket| socket.set_reuse_port(true))
    }

    /// Where it listens, with the port that the system chose if it was 0; `None` for a unix socket.
    pub fn local_address(&self) -> Option<SocketAddr> {
        self.socket.local_addr().ok()?.as_socket()
    }

    /// The socket, and the file that stands for it: it is removed when it is dropped.
    pub(crate) fn into_parts(self) -> (Socket, impl Sized + use<>) {
        #[cfg(unix)]
        return (self.socket, self._file);
        #[cfg(not(unix))]
        (self.socket, ())
    }

    fn new(socket: Socket) -> Self {
        Self {
            socket,
            #[cfg(unix)]
            _file: None,
        }
    }
}

/// The address, or the path of the unix socket.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Ok(address) = self.socket.local_addr() else { return f.write_str("a socket without an address") };
        if let Some(address) = address.as_socket() {
            return address.fmt(f);
        }
        #[cfg(unix)]
        if let Some(path) = address.as_pathname() {
            return path.display().fmt(f);
        }
        f.write_str("a unix socket without a path")
    }
}

/// A socket that is bound already, and listens.
impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::new(listener.into())
    }
}

fn bind_first(
    address: &impl ToSocketAddrs,
    prepare: impl Fn(&Socket) -> io::Result<()>,
) -> Result<Listener, ServeError> {
    let addresses: Vec<_> = match address.to_socket_addrs() {
        Ok(addresses) => addresses.collect(),
        Err(error) => return Err(ServeError::Bind { address: "the address".into(), error }),
    };
    let mut failed = io::Error::new(io::ErrorKind::InvalidInput, "the name stands for no address");
    for address in &addresses {
        match bind(*address, &prepare) {
            Ok(socket) => return Ok(Listener::new(socket)),
            Err(error) => failed = error,
        }
    }
    let named: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    let address = if named.is_empty() { "the address".into() } else { named.join(", ") };
    Err(ServeError::Bind { address, error: failed })
}

fn bind(address: SocketAddr, prepare: impl Fn(&Socket) -> io::Result<()>) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Else a server could not be started anew while connections of the old one come to their end. On Windows this would mean
    // to share the port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    prepare(&socket)?;
    socket.bind(&SockAddr::from(address))?;
    socket.listen(QUEUE)?;
    Ok(socket)
}

/// How many clients may wait to be accepted: as many as Linux allows if it is told nothing else. With the standard library's
/// queue of 128, a burst of clients would wait for seconds to try again.
const QUEUE: i32 = 4096;

//! Who is at the other end of a connection.

use std::{fmt, net::SocketAddr};

/// The client of a connection. Those of unix sockets have no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(Option<SocketAddr>);

impl Peer {
    pub(crate) fn new(address: &socket2::SockAddr) -> Self {
        Self(address.as_socket())
    }

    pub(crate) fn address(self) -> Option<SocketAddr> {
        self.0
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("unix"),
        }
    }
}

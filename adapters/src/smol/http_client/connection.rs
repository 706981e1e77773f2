//! Connections: resolve, connect, shake hands.

use std::{
    fmt, io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use futures_rustls::{TlsConnector, pki_types::ServerName};
use segno_core::{Happened, HttpError, HttpErrorKind};
use smol::{
    io::{AsyncRead, AsyncWrite},
    lock::Semaphore,
    net::TcpStream,
};

use super::{
    addresses::{Addresses, is_public},
    origin::{Host, Origin},
    request::invalid,
    time_limit::TimeLimit,
    tls::{explain, tls_error},
};

/// Makes connections.
pub(super) struct Connector {
    tls: TlsConnector,
    addresses: Addresses,
    time_limit: Duration,
    lookups: Arc<Semaphore>,
}

impl Connector {
    pub(super) fn new(tls: TlsConnector, addresses: Addresses, time_limit: Duration) -> Self {
        Self { tls, addresses, time_limit, lookups: Arc::new(Semaphore::new(MAX_LOOKUPS)) }
    }

    /// A fresh connection. No failure of it has sent a byte of a request.
    pub(super) async fn connect(&self, origin: &Origin, public_only: bool) -> Result<Connection, HttpError> {
        let limit = TimeLimit::begin(self.time_limit);
        limit.bound(self.connect_within(limit, origin, public_only)).await.unwrap_or_else(|| {
            let message = format!("{origin}: no connection within {:?}", self.time_limit);
            Err(HttpError::new(HttpErrorKind::Timeout, Happened::No, message))
        })
    }

    async fn connect_within(
        &self,
        limit: TimeLimit,
        origin: &Origin,
        public_only: bool,
    ) -> Result<Connection, HttpError> {
        let mut addresses = self.resolve(origin).await?;
        let first = addresses.first().copied();
        // From here on nothing is resolved again: these very addresses are connected to.
        addresses.retain(|address| self.addresses.allow(*address) && (!public_only || is_public(address.ip())));
        if let Some(first) = first.filter(|_| addresses.is_empty()) {
            let why = match self.addresses.allow(first) {
                true => "is not public, as the request wants it",
                false => "is not one of the client's `addresses`",
            };
            let message = format!("{origin}: the host's address {} {why}", first.ip());
            return Err(HttpError::new(HttpErrorKind::Blocked, Happened::No, message));
        }
        let (stream, address) = connect_to_any(origin, &spread(addresses), limit).await?;
        // Best effort: without it a request only goes out later.
        stream.set_nodelay(true).ok();
        if !origin.secure {
            return Ok(Connection { address, stream: Box::new(stream) });
        }
        let name = match &origin.host {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| invalid(format!("{origin}: the host's name is not valid for TLS")))?,
        };
        let secured = self.tls.connect(name, stream).await;
        let secured =
            secured.map_err(|error| tls_error(format!("{origin}: the TLS handshake failed: {}", explain(&error))))?;
        Ok(Connection { address, stream: Box::new(secured) })
    }

    async fn resolve(&self, origin: &Origin) -> Result<Vec<SocketAddr>, HttpError> {
        let name = match &origin.host {
            Host::Address(address) => return Ok(vec![SocketAddr::new(*address, origin.port)]),
            Host::Name(name) => name,
        };
        let (lookup, place) = (self.lookups.acquire_arc().await, (name.clone(), origin.port));
        let resolved = smol::unblock(move || {
            // Nothing ends a lookup before its time: it counts until then, whoever has given up waiting for it.
            let _lookup = lookup;
            place.to_socket_addrs().map(Vec::from_iter)
        });
        resolved.await.map_err(|error| {
            let message = format!("{origin}: cannot resolve the host's name: {error}");
            HttpError::new(HttpErrorKind::Resolve, Happened::No, message)
        })
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { tls: _, addresses, time_limit, lookups: _ } = self;
        f.debug_struct("Connector")
            .field("addresses", addresses)
            .field("time_limit", time_limit)
            .finish_non_exhaustive()
    }
}

/// A connection to an origin.
#[derive(Debug)]
pub(super) struct Connection {
    address: SocketAddr,
    stream: Box<dyn Stream>,
}

impl Connection {
    /// The address at its other end.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether nothing came and the other side has not closed it: anything that came unasked makes it useless.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(&mut self.stream).poll_read(&mut context, &mut [0]).is_pending()
    }
}

/// What plain and secured connections are.
trait Stream: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + fmt::Debug + Send + Unpin> Stream for T {}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(cx)
    }
}

/// Tries one address after the other. Each gets its share of the time that is left, so that one that swallows packets
/// does not use it up for all.
async fn connect_to_any(
    origin: &Origin,
    addresses: &[SocketAddr],
    limit: TimeLimit,
) -> Result<(TcpStream, SocketAddr), HttpError> {
    let (mut kind, mut reason) = (HttpErrorKind::Connect, String::from("the name has no address"));
    for (index, address) in addresses.iter().enumerate() {
        let left = limit.left();
        let share = u32::try_from(addresses.len() - index).map_or(left, |shares| left / shares);
        match TimeLimit::begin(share).bound(TcpStream::connect(*address)).await {
            Some(Ok(stream)) => return Ok((stream, *address)),
            Some(Err(error)) => (kind, reason) = (HttpErrorKind::Connect, error.to_string()),
            None => (kind, reason) = (HttpErrorKind::Timeout, format!("{address} does not answer")),
        }
    }
    Err(HttpError::new(kind, Happened::No, format!("{origin}: cannot connect: {reason}")))
}

/// The first [`MAX_ADDRESSES`], so chosen that both families are among them: an address of the first family, one of
/// the other, and so on. Where one family is not routed, the second attempt already takes the other.
fn spread(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first_is_v6 = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let (mut first, mut other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    first.truncate(MAX_ADDRESSES);
    other.truncate(MAX_ADDRESSES);
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    let mut spread = Vec::with_capacity(MAX_ADDRESSES);
    while spread.len() < MAX_ADDRESSES {
        let before = spread.len();
        spread.extend(first.next());
        spread.extend(other.next());
        if spread.len() == before {
            break;
        }
    }
    spread
}

/// How many names are resolved at once. Each takes one of the 500 threads that smol has for what blocks, and with a name
/// server that does not answer, for half a minute: strangers' names must not take them all.
const MAX_LOOKUPS: usize = 64;

/// How many addresses of a name are tried: a share of the time below a second would only fail.
const MAX_ADDRESSES: usize = 8;

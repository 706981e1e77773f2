//! Connections: resolve, connect, shake hands.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use futures_rustls::{
    TlsConnector,
    client::TlsStream,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
    rustls::{self, ClientConfig, RootCertStore, crypto::ring},
};
use segno_core::{Happened, HttpError, HttpErrorKind};
use smol::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use super::{
    origin::{Host, Origin},
    request::invalid,
    time_limit::within,
};

/// Makes connections.
pub(super) struct Connector {
    tls: TlsConnector,
    time_limit: Duration,
}

impl Connector {
    /// One that trusts the public authorities, and these certificates beside them.
    ///
    /// # Errors
    ///
    /// If one of them is no certificate.
    pub(super) fn new(root_certificates: &[Vec<u8>], time_limit: Duration) -> Result<Self, HttpError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        for (index, certificate) in root_certificates.iter().enumerate() {
            add_root(&mut roots, certificate)
                .map_err(|reason| tls_error(format!("root certificate {index}: {reason}")))?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| tls_error(error.to_string()))?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { tls: TlsConnector::from(Arc::new(config)), time_limit })
    }

    /// A fresh connection. No failure of it has sent a byte of a request.
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Connection, HttpError> {
        within(self.time_limit, self.connect_unlimited(origin)).await.unwrap_or_else(|| {
            let message = format!("{origin}: no connection within {:?}", self.time_limit);
            Err(HttpError::new(HttpErrorKind::Timeout, Happened::No, message))
        })
    }

    async fn connect_unlimited(&self, origin: &Origin) -> Result<Connection, HttpError> {
        let end = Instant::now().checked_add(self.time_limit);
        let addresses = resolve(origin).await?;
        let stream = self.connect_to_any(origin, &addresses, end).await?;
        // Best effort: without it a request only goes out later.
        stream.set_nodelay(true).ok();
        if !origin.secure {
            return Ok(Connection::Plain(stream));
        }
        let name = match &origin.host {
            Host::Address(address) => ServerName::from(*address),
            Host::Name(name) => ServerName::try_from(name.clone())
                .map_err(|_| invalid(format!("{origin}: the host's name is not valid for TLS")))?,
        };
        let secured = self.tls.connect(name, stream).await;
        let secured = secured.map_err(|error| tls_error(format!("{origin}: the TLS handshake failed: {error}")))?;
        Ok(Connection::Tls(Box::new(secured)))
    }

    /// Tries one address after the other. Each gets its share of the time that is left, so that one that swallows
    /// packets does not use it up for all.
    async fn connect_to_any(
        &self,
        origin: &Origin,
        addresses: &[SocketAddr],
        end: Option<Instant>,
    ) -> Result<TcpStream, HttpError> {
        let mut reason = String::from("the name has no address");
        for (index, address) in addresses.iter().enumerate() {
            let left = end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            let share = u32::try_from(addresses.len() - index).map_or(left, |shares| left / shares);
            match within(share, TcpStream::connect(*address)).await {
                Some(Ok(stream)) => return Ok(stream),
                Some(Err(error)) => reason = error.to_string(),
                None => reason = format!("{address} does not answer"),
            }
        }
        let message = format!("{origin}: cannot connect: {reason}");
        Err(HttpError::new(HttpErrorKind::Connect, Happened::No, message))
    }
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector").field("time_limit", &self.time_limit).finish_non_exhaustive()
    }
}

/// A connection to an origin.
#[derive(Debug)]
pub(super) enum Connection {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    /// Whether nothing came and the other side has not closed it: anything that came unasked makes it useless.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(self.stream()).poll_read(&mut context, &mut [0]).is_pending()
    }

    fn stream(&mut self) -> &mut dyn Stream {
        match self {
            Self::Plain(stream) => stream,
            Self::Tls(stream) => &mut **stream,
        }
    }
}

/// What both kinds of connections are.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl AsyncRead for Connection {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().stream()).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(self.get_mut().stream()).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().stream()).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.get_mut().stream()).poll_close(cx)
    }
}

/// Whether a connection failed in its TLS rather than below it.
pub(super) fn is_tls_error(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>())
}

async fn resolve(origin: &Origin) -> Result<Vec<SocketAddr>, HttpError> {
    let name = match &origin.host {
        Host::Address(address) => return Ok(vec![SocketAddr::new(*address, origin.port)]),
        Host::Name(name) => name,
    };
    let addresses = smol::net::resolve((name.as_str(), origin.port)).await.map_err(|error| {
        let message = format!("{origin}: cannot resolve the host's name: {error}");
        HttpError::new(HttpErrorKind::Resolve, Happened::No, message)
    })?;
    Ok(spread(addresses))
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

/// Adds one certificate in DER, or all of a PEM text.
fn add_root(roots: &mut RootCertStore, certificate: &[u8]) -> Result<(), String> {
    if certificate.first() == Some(&DER_SEQUENCE) {
        return roots.add(CertificateDer::from(certificate)).map_err(|error| error.to_string());
    }
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(certificate) {
        roots.add(certificate.map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
        found = true;
    }
    if found { Ok(()) } else { Err(String::from("it holds no certificate")) }
}

fn tls_error(message: String) -> HttpError {
    HttpError::new(HttpErrorKind::Tls, Happened::No, message)
}

/// What every certificate in DER starts with.
const DER_SEQUENCE: u8 = 0x30;

/// How many addresses of a name are tried: a share of the time below a second would only fail.
const MAX_ADDRESSES: usize = 8;

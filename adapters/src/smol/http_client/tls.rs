//! TLS: whom the client trusts, and what it says when it does not.

use std::{error::Error, fmt::Write, io, sync::Arc, time::Duration};

use futures_rustls::{
    TlsConnector,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    rustls::{self, CertificateError, ClientConfig, RootCertStore, crypto::ring},
};
use segno_core::{Happened, HttpError, HttpErrorKind};

/// One that trusts the public authorities, and these certificates beside them.
///
/// # Errors
///
/// If one of them is no certificate.
pub(super) fn connector(root_certificates: &[Vec<u8>]) -> Result<TlsConnector, HttpError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (index, certificate) in root_certificates.iter().enumerate() {
        add_root(&mut roots, certificate).map_err(|reason| tls_error(format!("root certificate {index}: {reason}")))?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| tls_error(error.to_string()))?;
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The error of a connection over which nothing was sent.
pub(super) fn tls_error(message: String) -> HttpError {
    HttpError::new(HttpErrorKind::Tls, Happened::No, message)
}

/// Whether a connection failed in its TLS rather than below it.
pub(super) fn is_tls_error(error: &io::Error) -> bool {
    cause(error).is_some()
}

/// Why a handshake failed, for a person who does not know TLS.
pub(super) fn explain(error: &io::Error) -> String {
    match cause(error) {
        Some(rustls::Error::InvalidCertificate(error)) => explain_certificate(error),
        Some(rustls::Error::InvalidMessage(_)) => String::from("what answers there does not speak TLS"),
        Some(rustls::Error::AlertReceived(alert)) => format!("the server refuses the handshake: {alert:?}"),
        Some(error) => error.to_string(),
        None if error.kind() == io::ErrorKind::UnexpectedEof => String::from("the server closed the connection"),
        None => error.to_string(),
    }
}

fn explain_certificate(error: &CertificateError) -> String {
    if let CertificateError::ExpiredContext { time, not_after } = error {
        return format!("the server's certificate expired {} ago", days(*not_after, *time));
    }
    if let CertificateError::NotValidYetContext { time, not_before } = error {
        let days = days(*time, *not_before);
        return format!("the server's certificate is not valid yet, only in {days}, if this machine's clock is right");
    }
    if let CertificateError::NotValidForNameContext { presented, .. } = error {
        return format!("the server's certificate is for another name: {}", list(presented));
    }
    if *error == CertificateError::UnknownIssuer {
        return String::from(
            "the server's certificate is signed by no authority that is trusted; a self-signed one, or that of a \
             private authority, may be added to `HttpClientOptions::root_certificates`",
        );
    }
    let mut text = format!("the server's certificate is not valid: {error}");
    if let CertificateError::Other(other) = error
        && let Some(source) = other.source()
    {
        // Writing to a string cannot fail.
        write!(text, ": {source}").ok();
    }
    text
}

/// The names of a certificate, as far as a message has room for them.
fn list(names: &[String]) -> String {
    let shown: Vec<_> = names.iter().take(MAX_NAMES).map(|name| plain(name)).collect();
    let shown = shown.join(", ");
    match names.len().checked_sub(MAX_NAMES) {
        _ if names.is_empty() => String::from("it has none"),
        None | Some(0) => shown,
        Some(more) => format!("{shown} and {more} more"),
    }
}

/// A name without the kind that rustls puts around it.
fn plain(name: &str) -> &str {
    let inner = name.strip_suffix(')').and_then(|name| name.split_once('('));
    inner.map_or(name, |(_kind, name)| name.trim_matches('"'))
}

fn days(from: UnixTime, to: UnixTime) -> String {
    match Duration::from_secs(to.as_secs().saturating_sub(from.as_secs())).as_secs() / SECONDS_OF_A_DAY {
        0 => String::from("less than a day"),
        1 => String::from("1 day"),
        days => format!("{days} days"),
    }
}

fn cause(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
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

/// What every certificate in DER starts with.
const DER_SEQUENCE: u8 = 0x30;

/// How many names of a certificate a message shows: some have a hundred, and one line shows which site it is.
const MAX_NAMES: usize = 5;

const SECONDS_OF_A_DAY: u64 = 24 * 60 * 60;

//! What a request is for: its target, and its host.

use std::net::Ipv6Addr;

use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};

use super::refusal::Refusal;

/// Reads the target of a request line, which is visible ASCII.
pub(super) fn target(method: &Method, text: &str) -> Result<Uri, Refusal> {
    let has_form = match text.as_bytes() {
        b"*" => method == Method::OPTIONS,
        [b'/', ..] => true,
        _ => is_absolute(text),
    };
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    match text.parse::<Uri>() {
        Ok(uri) if has_form && is_path(path) && is_query(query) => Ok(uri),
        Ok(_) | Err(_) => Err(Refusal::bad("the target is not valid")),
    }
}

/// Why a request for a tunnel to this target is refused.
pub(super) fn no_tunnel(text: &str) -> Refusal {
    if is_authority(text) && text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        return Refusal::new(StatusCode::NOT_IMPLEMENTED, "this server is no proxy");
    }
    Refusal::bad("the target is not valid")
}

fn is_absolute(text: &str) -> bool {
    let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

/// Whether this has no character that RFC 3986 keeps out of paths and others read in two ways. `|`, `[` and `]` are sent by
/// browsers.
fn is_path(text: &str) -> bool {
    let is_allowed = |byte: u8| {
        byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\' | b'<' | b'>' | b'"' | b'{' | b'}' | b'^' | b'`')
    };
    text.bytes().all(is_allowed) && is_percent_encoded(text)
}

/// Browsers send more in queries, where no other reader looks for a delimiter.
fn is_query(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'<' | b'>' | b'"'))
}

/// Whether each `%` has two digits.
fn is_percent_encoded(text: &str) -> bool {
    let mut after = text.split('%').skip(1);
    after.all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|digit| digit.is_ascii_hexdigit()))
}

/// Checks where a request is to go. A target with a host of its own replaces the field `Host` (RFC 9112, section 3.2.2), so
/// that there is one truth about it.
pub(super) fn settle_host(uri: &Uri, headers: &mut HeaderMap, version: Version) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.next()) {
        (_, Some(_)) => return Err(Refusal::bad("there are two Host fields")),
        (None, None) if version == Version::HTTP_10 => {}
        (None, None) => return Err(Refusal::bad("the Host field is missing")),
        (Some(host), None) if host.to_str().is_ok_and(is_authority) => {}
        (Some(_), None) => return Err(Refusal::bad("the Host is not valid")),
    }
    let Some(authority) = uri.authority().map(http::uri::Authority::as_str) else { return Ok(()) };
    match HeaderValue::from_str(authority) {
        Ok(host) if is_authority(authority) => {
            headers.insert(header::HOST, host);
            Ok(())
        }
        Ok(_) | Err(_) => Err(Refusal::bad("the target's host is not valid")),
    }
}

/// A name or an address, and perhaps a port; no user, and nothing that could be taken for a path.
fn is_authority(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (text, ""),
    };
    let is_valid = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    // `parse` would take a sign.
    is_valid && port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
}

fn is_name(host: &str) -> bool {
    let is_name_byte = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' | b'%' => true,
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' => true,
        _ => byte.is_ascii_alphanumeric(),
    };
    !host.is_empty() && host.bytes().all(is_name_byte) && is_percent_encoded(host)
}

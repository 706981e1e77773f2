//! Which responses are compressed, and how: no socket is needed for either.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use segno_core::ResponseHead;

use crate::http1::fields;

/// Whether a client with these fields wants gzip rather than nothing: RFC 9110, section 12.5.3.
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let fields = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|field| field.to_str().ok());
    for coding in fields.flat_map(|field| field.split(',')) {
        let (name, parameters) = coding.split_once(';').unwrap_or((coding, ""));
        let name = name.trim().to_ascii_lowercase();
        let place = match name.as_str() {
            "gzip" | "x-gzip" => &mut gzip,
            "identity" => &mut identity,
            "*" => &mut any,
            _ => continue,
        };
        *place = Some(quality(parameters));
    }
    let gzip = gzip.or(any).unwrap_or_default();
    gzip > 0 && gzip >= identity.unwrap_or_default()
}

/// The weight of a coding in thousandths; 0 if it cannot be read.
fn quality(parameters: &str) -> u16 {
    let parameters = parameters.trim();
    if parameters.is_empty() {
        return 1_000;
    }
    let Some(("q" | "Q", weight)) = parameters.split_once('=').map(|(name, weight)| (name.trim(), weight.trim()))
    else {
        return 0;
    };
    match weight.split_once('.').unwrap_or((weight, "")) {
        ("1", zeros) if zeros.len() <= 3 && zeros.bytes().all(|digit| digit == b'0') => 1_000,
        ("0", digits) if digits.len() <= 3 && digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            format!("{digits:0<3}").parse().unwrap_or_default()
        }
        _ => 0,
    }
}

/// Makes a response ready for compression, if it is to be compressed; else it stays as it is, but for `Vary`.
///
/// `length` is that of its body, if it is known; the field `Content-Length` is not in the head any longer.
pub(crate) fn begin(head: &mut ResponseHead, is_accepted: bool, length: Option<u64>) -> Option<Compressor> {
    if head.status == StatusCode::NOT_MODIFIED {
        // What it stands for may have been compressed, and then its tag was a weak one.
        vary(&mut head.headers);
        if is_accepted {
            weaken(&mut head.headers);
        }
        return None;
    }
    if is_part(head) && may_be_transformed(&head.headers) && is_worth_it(&head.headers) {
        // The whole of it may have been compressed.
        vary(&mut head.headers);
    }
    if !can_be_compressed(head) || length.is_some_and(|length| length < SHORTEST) {
        return None;
    }
    vary(&mut head.headers);
    if !is_accepted {
        return None;
    }
    head.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    // A part of it would be a part of something else.
    head.headers.remove(header::ACCEPT_RANGES);
    weaken(&mut head.headers);
    Some(Compressor { encoder: GzEncoder::new(Vec::new(), Compression::new(LEVEL)), left: length })
}

fn can_be_compressed(head: &ResponseHead) -> bool {
    let headers = &head.headers;
    let has_body = !head.status.is_informational() && head.status != StatusCode::NO_CONTENT;
    let is_encoded = headers.contains_key(header::CONTENT_ENCODING);
    has_body && !is_encoded && !is_part(head) && may_be_transformed(headers) && is_worth_it(headers)
}

fn is_part(head: &ResponseHead) -> bool {
    head.status == StatusCode::PARTIAL_CONTENT || head.headers.contains_key(header::CONTENT_RANGE)
}

fn may_be_transformed(headers: &HeaderMap) -> bool {
    !fields::has_token(headers, &header::CACHE_CONTROL, "no-transform")
}

/// Whether content of this type becomes shorter. Images, sound, archives and what has no type do not.
fn is_worth_it(headers: &HeaderMap) -> bool {
    let field = headers.get(header::CONTENT_TYPE).and_then(|field| field.to_str().ok()).unwrap_or_default();
    let kind = field.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (top, sub) = kind.split_once('/').unwrap_or_default();
    top == "text" || sub.ends_with("+json") || sub.ends_with("+xml") || WORTH_IT.contains(&kind.as_str())
}

fn vary(headers: &mut HeaderMap) {
    let varies = ["*", "accept-encoding"].iter().any(|name| fields::has_token(headers, &header::VARY, name));
    if !varies {
        headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
}

/// Two encodings of the same are not the same byte for byte: that is what a weak tag says.
fn weaken(headers: &mut HeaderMap) {
    let Some(tag) = headers.get(header::ETAG).filter(|tag| tag.as_bytes().starts_with(b"\"")) else { return };
    let weak = [b"W/", tag.as_bytes()].concat();
    match HeaderValue::from_maybe_shared(Bytes::from(weak)) {
        Ok(weak) => headers.insert(header::ETAG, weak),
        // It is a tag's bytes and two letters; if that were no field, none would be better than a wrong one.
        Err(_) => headers.remove(header::ETAG),
    };
}

/// Compresses one body.
#[derive(Debug)]
pub(crate) struct Compressor {
    encoder: GzEncoder<Vec<u8>>,
    /// How much must follow, if the handler has said so.
    left: Option<u64>,
}

impl Compressor {
    /// What is to be sent for this piece, so that the client can read all of it now; none if it is more than the handler
    /// has announced.
    pub(crate) fn piece(&mut self, piece: &[u8]) -> Option<Bytes> {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(piece.len() as u64)?;
        }
        self.take(|encoder| {
            encoder.write_all(piece)?;
            encoder.flush()
        })
    }

    /// What is to be sent at the end; none if less has come than the handler has announced.
    pub(crate) fn end(&mut self) -> Option<Bytes> {
        if self.left.is_some_and(|left| left > 0) {
            return None;
        }
        self.take(GzEncoder::try_finish)
    }

    /// What is to be sent for a whole body.
    pub(crate) fn whole(&mut self, body: &[u8]) -> Option<Bytes> {
        self.take(|encoder| {
            encoder.write_all(body)?;
            encoder.try_finish()
        })
    }

    /// What the encoder gives. It writes to memory, which does not fail.
    fn take(&mut self, act: impl FnOnce(&mut GzEncoder<Vec<u8>>) -> io::Result<()>) -> Option<Bytes> {
        act(&mut self.encoder).ok()?;
        Some(std::mem::take(self.encoder.get_mut()).into())
    }
}

/// What is shorter fits into one packet with its head, compressed or not.
const SHORTEST: u64 = 1_024;

/// zlib's own choice between speed and length.
const LEVEL: u32 = 6;

/// The types that become much shorter, beside all of `text/`, `+json` and `+xml`.
const WORTH_IT: [&str; 9] = [
    "application/json",
    "application/javascript",
    "application/xml",
    "application/wasm",
    "application/x-ndjson",
    "application/manifest+json",
    "application/vnd.ms-fontobject",
    "font/ttf",
    "font/otf",
];

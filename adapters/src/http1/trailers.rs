//! The fields after a chunked body (RFC 9112, section 7.1.2).

use http::{HeaderMap, HeaderName, header};

use super::{fields, lines::FieldLines, refusal::Refusal};

/// Reads the trailers of one body.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailers {
    bytes: Vec<u8>,
    lines: FieldLines,
}

/// Why bytes are no trailers.
pub(super) enum TrailersError {
    TooLong,
    Invalid(&'static str),
}

impl From<Refusal> for TrailersError {
    fn from(refusal: Refusal) -> Self {
        Self::Invalid(refusal.reason)
    }
}

impl Trailers {
    /// Takes from the front of `input` what belongs to the trailers; gives them once they are whole.
    pub(super) fn decode(&mut self, input: &mut &[u8]) -> Result<Option<HeaderMap>, TrailersError> {
        while !input.is_empty() {
            let line = input.iter().position(|byte| *byte == b'\n').map_or(input.len(), |end| end + 1);
            let (taken, rest) = input.split_at(line.min(MAX_TRAILERS + 1 - self.bytes.len()));
            self.bytes.extend_from_slice(taken);
            *input = rest;
            if self.lines.end(&self.bytes, MAX_TRAILER_FIELDS)?.is_some() {
                let mut trailers = fields::parse(&self.bytes, self.lines.count())?;
                FORBIDDEN.iter().for_each(|name| drop(trailers.remove(name)));
                self.bytes = Vec::new();
                return Ok(Some(trailers));
            }
            if self.bytes.len() > MAX_TRAILERS {
                return Err(TrailersError::TooLong);
            }
        }
        Ok(None)
    }
}

/// What a trailer must not be (RFC 9110, section 6.5.1): what says where a message ends or goes, who sent it, what it asks
/// for and how its content is to be read. All of that was decided when the trailers came, so they are left out.
const FORBIDDEN: [HeaderName; 31] = [
    header::TRANSFER_ENCODING,
    header::CONTENT_LENGTH,
    header::HOST,
    header::TRAILER,
    header::TE,
    header::CONNECTION,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::EXPECT,
    header::MAX_FORWARDS,
    header::CACHE_CONTROL,
    header::PRAGMA,
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
    header::AUTHORIZATION,
    header::PROXY_AUTHORIZATION,
    header::WWW_AUTHENTICATE,
    header::COOKIE,
    header::SET_COOKIE,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-host"),
    HeaderName::from_static("x-forwarded-proto"),
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::CONTENT_RANGE,
];

/// How many bytes of trailers, framing included, may come: they are digests and states of a few hundred bytes.
const MAX_TRAILERS: usize = 8 * 1024;

/// How many trailers may come: as many as fields in a head.
const MAX_TRAILER_FIELDS: usize = 100;

//! How a body is coded on its way to the client: as it is, or compressed.

use bytes::Bytes;
use http::HeaderMap;
use segno_core::ResponseHead;

use super::options::ServerOptions;
#[cfg(feature = "gzip")]
use crate::gzip::{self, Compressor};

/// What becomes of the body of one response.
#[derive(Debug, Default)]
pub(crate) struct Coding {
    /// Whether the client accepts gzip; none if the server does not offer it.
    #[cfg(feature = "gzip")]
    offered: Option<bool>,
    /// What compresses the body, if it is compressed.
    #[cfg(feature = "gzip")]
    compressor: Option<Box<Compressor>>,
}

#[cfg(feature = "gzip")]
impl Coding {
    /// What this server offers to a client that has sent these fields.
    pub(crate) fn offered(options: &ServerOptions, headers: &HeaderMap) -> Self {
        Self { offered: options.gzip.then(|| gzip::is_accepted(headers)), compressor: None }
    }

    /// Settles what becomes of the body of a response, of this length if it is known; says whether it is compressed.
    pub(crate) fn begin(&mut self, head: &mut ResponseHead, length: Option<u64>) -> bool {
        self.compressor = self.offered.and_then(|is_accepted| gzip::begin(head, is_accepted, length)).map(Box::new);
        self.is_coded()
    }

    /// Whether what is sent is something else than what was written.
    pub(crate) fn is_coded(&self) -> bool {
        self.compressor.is_some()
    }

    /// What is sent for a whole body; none if it is not as long as was announced.
    pub(crate) fn whole(&mut self, body: Bytes) -> Option<Bytes> {
        self.compressor.as_mut().map_or(Some(body.clone()), |compressor| compressor.whole(&body))
    }

    /// What is sent for a piece; none if it is more than what was announced.
    pub(crate) fn piece(&mut self, piece: Bytes) -> Option<Bytes> {
        self.compressor.as_mut().map_or(Some(piece.clone()), |compressor| compressor.piece(&piece))
    }

    /// What is sent at the end of the pieces; none if they are less than what was announced.
    pub(crate) fn end(&mut self) -> Option<Bytes> {
        self.compressor.as_mut().map_or(Some(Bytes::new()), |compressor| compressor.end())
    }
}

#[cfg(not(feature = "gzip"))]
impl Coding {
    pub(crate) fn offered(_: &ServerOptions, _: &HeaderMap) -> Self {
        Self {}
    }

    pub(crate) fn begin(&mut self, _: &mut ResponseHead, _: Option<u64>) -> bool {
        false
    }

    pub(crate) fn is_coded(&self) -> bool {
        false
    }

    pub(crate) fn whole(&mut self, body: Bytes) -> Option<Bytes> {
        Some(body)
    }

    pub(crate) fn piece(&mut self, piece: Bytes) -> Option<Bytes> {
        Some(piece)
    }

    pub(crate) fn end(&mut self) -> Option<Bytes> {
        Some(Bytes::new())
    }
}

//! HTTP/1.1, without I/O: what every adapter's server reads requests with.

mod refusal;
mod text;

mod lines;

pub(crate) mod fields;

mod extension;
mod framing;
mod target;
mod trailers;

mod head;

mod chunked;
mod request;

#[cfg(feature = "http-client")]
pub(crate) use chunked::{Chunked, ChunkedDecoder, ChunkedError};
pub use framing::Framing;
pub use head::RequestHead;
pub use refusal::Refusal;
pub use request::{RequestDecoder, RequestEvent, RequestLimits};

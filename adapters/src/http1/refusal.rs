//! Why a request is not served.

use http::StatusCode;

/// A request that gets an answer of the server's own, and no other on its connection: what follows it is never read as a
/// request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", status.as_u16())]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What is wrong, for the client to read.
    pub reason: &'static str,
}

impl Refusal {
    pub(crate) const fn new(status: StatusCode, reason: &'static str) -> Self {
        Self { status, reason }
    }

    pub(crate) const fn bad(reason: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }
}

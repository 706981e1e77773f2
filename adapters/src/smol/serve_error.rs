//! Why a server does not serve.

use std::io;

use segno_core::RouterError;

/// Why a server does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The router's routes do not fit together.
    #[error(transparent)]
    Router(#[from] RouterError),
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {error}{}", hint(error))]
    Bind {
        /// The address, or the path of a unix socket.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// The system refuses threads or signals.
    #[error("the server cannot be started: {0}")]
    Start(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    #[allow(clippy::wildcard_enum_match_arm, reason = "the system has dozens of kinds, and two of them a hint")]
    match error.kind() {
        io::ErrorKind::AddrInUse => "; another program listens there: stop it, or choose another port",
        io::ErrorKind::PermissionDenied => "; ports below 1024 are for root: choose another one",
        _ => "",
    }
}

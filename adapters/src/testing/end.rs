//! How a handler ended, as its client sees it.

use std::fmt;

use http::HeaderMap;
use segno_core::{Error, StopReason};

use super::responded::Responded;

/// How one client's request ended.
#[derive(Debug)]
pub struct End {
    pub(super) responded: Responded,
    pub(super) stopped: Option<StopReason>,
}

impl End {
    /// Whether the client got the whole response: it was there to the end, and the handler did not fail in the middle.
    pub fn responded(&self) -> bool {
        !self.responded.torn && self.stopped != Some(StopReason::Disconnected)
    }

    /// The status that the client got; none if it went away.
    pub fn status(&self) -> Option<u16> {
        let here = self.stopped != Some(StopReason::Disconnected);
        here.then_some(self.responded.head.status.as_u16())
    }

    /// Whether the client got a whole response with a status of success (2xx).
    pub fn succeeded(&self) -> bool {
        self.responded() && self.responded.head.status.is_success()
    }

    /// Whether the handler made a response with 500 or more.
    pub(super) fn is_server_error(&self) -> bool {
        self.responded.head.status.is_server_error()
    }

    /// The header fields of the response, as the handler made them.
    pub fn headers(&self) -> &HeaderMap {
        &self.responded.head.headers
    }

    /// The body of the response, as far as the handler made it.
    pub fn body(&self) -> &[u8] {
        &self.responded.body
    }

    /// The body as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.body()).into_owned()
    }

    /// Whether the handler failed in the middle of its response, so that the connection is cut.
    pub fn torn(&self) -> bool {
        self.responded.torn
    }

    /// Why the handler was stopped, if it was.
    pub fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// What the handler failed with, if it did.
    pub fn error(&self) -> Option<&Error> {
        self.responded.error.as_ref()
    }
}

/// In one line: `responded 200`, `failed with 500: …`, and why it was stopped.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.responded.head.status.as_u16();
        match self.error() {
            Some(error) if self.torn() => write!(f, "was cut in the middle of its response: {error}")?,
            // What is shown to the client begins with its status.
            Some(error) if error.to_string().starts_with(&format!("{status}: ")) => write!(f, "failed with {error}")?,
            Some(error) => write!(f, "failed with {status}: {error}")?,
            None => write!(f, "responded {status}")?,
        }
        self.stopped.map_or(Ok(()), |reason| write!(f, " (stopped: {reason})"))
    }
}

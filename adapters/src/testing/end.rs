//! How a handler ended, as its client sees it.

use std::fmt;

use bytes::Bytes;
use http::HeaderMap;
use segno_core::{Error, Response, ResponseHead, Result, StopReason};

/// How one client's request ended.
#[derive(Debug)]
pub struct End {
    pub(super) head: Option<ResponseHead>,
    pub(super) body: Bytes,
    pub(super) error: Option<Error>,
    pub(super) torn: bool,
    pub(super) stopped: Option<StopReason>,
}

impl End {
    /// The end of a handler that returned this; `written` is what it has streamed.
    ///
    /// # Errors
    ///
    /// If that makes no response.
    pub(super) fn new(
        end: Result<Response>,
        written: Option<(ResponseHead, Bytes)>,
        stopped: Option<StopReason>,
    ) -> Result<Self, &'static str> {
        let made = |(head, body), error, torn| Self { head: Some(head), body, error, torn, stopped };
        match (end.map(Response::into_whole), written) {
            (Ok(Some(whole)), None) => Ok(made(whole, None, false)),
            (Ok(None), Some(written)) => Ok(made(written, None, false)),
            (Ok(Some(_)), Some(_)) => Err("the handler streamed a response, and returned another one"),
            (Ok(None), None) => Err("the handler returned the end of a response that it never began"),
            (Err(error), Some(written)) => Ok(made(written, Some(error), true)),
            (Err(error), None) => {
                let (status, text) = error.public();
                let whole = (ResponseHead { status, ..ResponseHead::text() }, Bytes::from(text.to_owned()));
                Ok(made(whole, Some(error), false))
            }
        }
    }

    /// Whether the client got the whole response: it was there to the end, and the handler did not fail in the middle.
    pub fn responded(&self) -> bool {
        self.head.is_some() && !self.torn && self.stopped != Some(StopReason::Disconnected)
    }

    /// The status that the client got; none if it went away.
    pub fn status(&self) -> Option<u16> {
        let here = self.stopped != Some(StopReason::Disconnected);
        self.head.as_ref().filter(|_| here).map(|head| head.status.as_u16())
    }

    /// Whether the client got a whole response with a status of success (2xx).
    pub fn succeeded(&self) -> bool {
        self.responded() && self.head.as_ref().is_some_and(|head| head.status.is_success())
    }

    /// The header fields of the response, as the handler made them.
    pub fn headers(&self) -> Option<&HeaderMap> {
        self.head.as_ref().map(|head| &*head.headers)
    }

    /// The body of the response, as far as the handler made it.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as text; what is not UTF-8 in it is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// Whether the handler failed in the middle of its response, so that the connection is cut.
    pub fn torn(&self) -> bool {
        self.torn
    }

    /// Why the handler was stopped, if it was.
    pub fn stopped(&self) -> Option<StopReason> {
        self.stopped
    }

    /// What the handler failed with, if it did.
    pub fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }
}

/// In one line: `responded 200`, `failed with 500: …`, and why it was stopped.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.head.as_ref().map_or(0, |head| head.status.as_u16());
        match &self.error {
            Some(error) if self.torn => write!(f, "was cut in the middle of its response: {error}")?,
            Some(error) => write!(f, "failed with {status}: {error}")?,
            None => write!(f, "responded {status}")?,
        }
        self.stopped.map_or(Ok(()), |reason| write!(f, " (stopped: {reason})"))
    }
}

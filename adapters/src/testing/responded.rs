//! What came of a script: the response, and questions about it.

use std::{fmt, time::Duration};

use bytes::Bytes;
use segno_core::{Error, Response, ResponseHead, Result};

/// What a handler responded.
#[derive(Debug)]
pub struct Responded {
    pub(super) head: ResponseHead,
    pub(super) body: Bytes,
    /// Why it failed, if it did.
    pub(super) error: Option<Error>,
    /// It failed in the middle of the response.
    pub(super) torn: bool,
    /// How long it took by the virtual clock, if there was one.
    pub(super) passed: Option<Duration>,
}

impl Responded {
    /// What a client gets of a handler that ended like this, after it has written that; or what the handler did wrong.
    pub(super) fn of(end: Result<Response>, written: Option<(ResponseHead, Bytes)>) -> Result<Self, &'static str> {
        let responded = |(head, body), error, torn| Self { head, body, error, torn, passed: None };
        match (end.map(Response::into_whole), written) {
            (Ok(None), Some(written)) => Ok(responded(written, None, false)),
            (Ok(Some(whole)), None) => Ok(responded(whole, None, false)),
            (Ok(Some(_)), Some(_)) => Err("the handler streamed a response, and returned another one"),
            (Ok(None), None) => Err("the handler returned the end of a response that it never began"),
            (Err(error), Some(written)) => Ok(responded(written, Some(error), true)),
            (Err(error), None) => {
                let (status, text) = error.public();
                let (head, body) = (ResponseHead { status, ..ResponseHead::text() }, text.to_owned().into());
                Ok(responded((head, body), Some(error), false))
            }
        }
    }

    /// Expects this status.
    #[track_caller]
    pub(super) fn expect_status(self, status: u16) -> Self {
        if let (true, Some(error)) = (self.torn, &self.error) {
            panic!("the handler failed in the middle of its response: {error}\n{self}");
        }
        let found = self.head.status.as_u16();
        let why = self.error.as_ref().map_or_else(String::new, |error| format!("\n  the handler failed: {error}"));
        assert!(found == status, "expected a response with status {status}, got {found}{why}\n{self}");
        self
    }

    /// Expects a failure.
    #[track_caller]
    pub(super) fn expect_failure(self) -> Error {
        let failed = format!("expected the handler to fail, it responded\n{self}");
        self.error.unwrap_or_else(|| panic!("{failed}"))
    }

    /// Expects this header field.
    ///
    /// # Panics
    ///
    /// If it is not there, or has another value.
    #[track_caller]
    pub fn header(self, name: &str, value: &str) -> Self {
        let found = self.head.headers.get(name).map(|found| String::from_utf8_lossy(found.as_bytes()).into_owned());
        assert!(found.as_deref() == Some(value), "expected the header field {name}: {value}, got {found:?}\n{self}");
        self
    }

    /// Expects this body.
    ///
    /// # Panics
    ///
    /// If it is another one.
    #[track_caller]
    pub fn body(self, body: &str) -> Self {
        assert!(self.body == body.as_bytes(), "expected the body {body:?}, got\n{self}");
        self
    }

    /// Expects this text somewhere in the body.
    ///
    /// # Panics
    ///
    /// If it is not there.
    #[track_caller]
    pub fn body_contains(self, text: &str) -> Self {
        assert!(self.text().contains(text), "expected {text:?} in the body, got\n{self}");
        self
    }

    /// Expects that it took this time by the [virtual clock](super::Script::clock).
    ///
    /// # Panics
    ///
    /// If it took another time, or if the script has no clock.
    #[track_caller]
    pub fn took(self, time: Duration) -> Self {
        let Some(passed) = self.passed else {
            panic!("the script has no clock: `.clock(Timestamp::EPOCH)` sets one");
        };
        assert!(passed == time, "expected that it took {time:?}, it took {passed:?} of virtual time\n{self}");
        self
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Display for Responded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "  {}", self.head.status)?;
        for (name, value) in self.head.headers.iter() {
            writeln!(f, "  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n{}", self.text())
    }
}

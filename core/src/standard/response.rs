//! The request's body and the response, as they go over the wire.

use alloc::format;

use bytes::Bytes;
use http::StatusCode;

use super::http::Headers;
use crate::{
    effect::{Effect, Menu, Replay},
    error::{EffectError, Happened, StopReason},
};

/// Reads the next piece of the request's body; asked by [`Body::chunk`](crate::Body::chunk).
///
/// Answered with `None` at the body's end. Nothing is taken from the socket before it is asked for.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReadBody;

impl Effect for ReadBody {
    type Output = Option<Chunk>;
    type Error = BodyError;
    const NAME: &'static str = "read_body";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("too large", Happened::No, BodyErrorKind::TooLarge);
        menu.kind("incomplete", Happened::No, BodyErrorKind::Incomplete);
    }
}

/// Reads the trailer fields that came after the request's body; asked by [`Body::trailers`](crate::Body::trailers).
///
/// Answered at the body's end, with what was kept of them: asked before, it fails, and reads nothing.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReadTrailers;

impl Effect for ReadTrailers {
    type Output = Headers;
    type Error = BodyError;
    const NAME: &'static str = "read_trailers";

    fn replay(&self) -> Replay {
        Replay::Read
    }
}

/// Sends an interim response (1xx), such as 103 Early Hints; asked by [`Io::inform`](crate::Io::inform).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Inform(pub ResponseHead);

impl Inform {
    /// Whether it can be sent at all: for those who perform it.
    ///
    /// # Errors
    ///
    /// [`WriteErrorKind::Head`] if its status is not interim, or 101, which ends HTTP on the connection; or if it has a
    /// field about a body or about the connection, since it has no body and leaves the connection as it is.
    pub fn check(&self) -> Result<(), WriteError> {
        let refused = |message| Err(WriteError::new(WriteErrorKind::Head, Happened::No, message));
        let Self(ResponseHead { status, headers }) = self;
        if !status.is_informational() || *status == StatusCode::SWITCHING_PROTOCOLS {
            return refused(format!("{} is no interim status: they are 100 to 199, without 101", status.as_u16()));
        }
        match FRAMING.iter().find(|field| headers.contains_key(**field)) {
            Some(field) => refused(format!("an interim response has no field `{field}`")),
            None => Ok(()),
        }
    }
}

impl Effect for Inform {
    type Output = ();
    type Error = WriteError;
    const NAME: &'static str = "inform";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("connection lost", Happened::Unknown, WriteErrorKind::ConnectionLost);
    }
}

/// Sends the head of a streamed response; asked by [`Io::respond`](crate::Io::respond).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Respond(pub ResponseHead);

impl Effect for Respond {
    type Output = ();
    type Error = WriteError;
    const NAME: &'static str = "respond";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("connection lost", Happened::Unknown, WriteErrorKind::ConnectionLost);
    }
}

/// The status and the header fields of a response.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResponseHead {
    /// The status.
    #[cfg_attr(feature = "serde", serde(with = "crate::serial::status"))]
    pub status: StatusCode,
    /// The header fields.
    pub headers: Headers,
}

/// Sends a piece of a streamed response; asked by [`ResponseStream::write`](crate::ResponseStream::write).
///
/// It is answered when the client has taken enough for more to be sent.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Write(#[cfg_attr(feature = "serde", serde(with = "crate::serial::bytes"))] pub Bytes);

impl Effect for Write {
    type Output = ();
    type Error = WriteError;
    const NAME: &'static str = "write";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("connection lost", Happened::Unknown, WriteErrorKind::ConnectionLost);
    }
}

/// A piece of a body, or of a file.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Chunk(#[cfg_attr(feature = "serde", serde(with = "crate::serial::bytes"))] pub Bytes);

/// Why the request's body could not be read.
pub type BodyError = EffectError<BodyErrorKind>;

/// The kinds of [`BodyError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum BodyErrorKind {
    /// The body is longer than the limit.
    TooLarge,
    /// The client ended the body before it was whole.
    Incomplete,
    /// The body's framing is not valid HTTP.
    Protocol,
    /// The client sent nothing for too long.
    Timeout,
    /// The body is not valid UTF-8.
    NotText,
    /// The trailer fields were asked for before the body was read to its end.
    Order,
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for BodyErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

/// Why the response could not be sent.
pub type WriteError = EffectError<WriteErrorKind>;

/// The kinds of [`WriteError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum WriteErrorKind {
    /// The head cannot be sent as it is: a framing header field, an interim status in the head of a response, or another
    /// one in an interim response.
    Head,
    /// A head was sent already, or none was sent before the first piece. Interim responses come before the head.
    Order,
    /// More was written than `Content-Length` says.
    TooLong,
    /// This response has no body: it answers HEAD, or its status allows none. The head was all.
    NoBody,
    /// The client took nothing for too long.
    Timeout,
    /// The connection was lost.
    ConnectionLost,
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for WriteErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

/// The fields that say where a message ends and what becomes of its connection.
const FRAMING: [&str; 6] = ["content-length", "transfer-encoding", "trailer", "connection", "keep-alive", "upgrade"];

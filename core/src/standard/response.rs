//! The request's body and the response, as they go over the wire.

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

/// A piece of a body.
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
    /// The head cannot be sent as it is: a framing header field, or an informational status.
    Head,
    /// A head was sent already, or none was sent before the first piece.
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

//! What can go wrong, and whether it happened all the same.
//!
//! Two kinds of error live here, named by who reads them: [`EffectError`] tells a handler why one effect failed;
//! [`Error`] tells a server why a whole handler did. This module imports nothing of the crate but [`Path`].

use alloc::{boxed::Box, string::String};
use core::{fmt, panic::Location};

use http::StatusCode;

use crate::path::Path;

/// The result of a handler, and of the helpers that it calls.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// Why a handler is asked to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum StopReason {
    /// The client went away: nobody will read the response.
    #[error("the client went away")]
    Disconnected,
    /// The time that the request may take is over.
    #[error("the request's time is over")]
    Deadline,
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Shutdown,
}

/// Whether an effect that failed was carried out all the same.
///
/// A refused connection surely did nothing, a violated constraint surely changed nothing; a connection that was lost
/// after a `COMMIT` was sent may have committed. A handler that retries must look at this first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Happened {
    /// The effect surely did not happen.
    No,
    /// The effect surely happened.
    Yes,
    /// Nobody can tell.
    #[default]
    Unknown,
}

/// A handler was told to stop, and this effect is not waited for any longer.
///
/// It is a value, not an unwinding: the handler goes on after the `?` or the `match` that it wrote, may clean up through
/// [`Io::cleanup`](crate::Io::cleanup), and returns.
///
/// ```
/// use segno_core::{Io, Result};
///
/// /// Holds a seat while the visitor decides.
/// async fn hold(io: &mut Io, seat: i64) -> Result<String> {
///     io.sql("insert into hold (seat) values (?1)", [seat]).await?;
///     match io.chat_recv("decisions").await {
///         Ok(decision) => Ok(decision.to_string()),
///         // The visitor went away, or the server is about to: what is asked now is still performed.
///         Err(error) => {
///             io.cleanup().sql("delete from hold where seat = ?1", [seat]).await?;
///             Err(error.into())
///         }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[error("stopped: {reason}")]
pub struct Stopped {
    /// Why.
    pub reason: StopReason,
    /// [`No`](Happened::No) if the effect was asked after the stop and so never performed,
    /// [`Unknown`](Happened::Unknown) if it was on its way when the stop came.
    pub happened: Happened,
}

/// What a failed effect tells whoever reads it, whatever its type: [`Stopped`] and [`EffectError`] do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say whether a failed effect was carried out",
    note = "use `EffectError<YourKind>` as the effect's error, or implement `Failure` for `{Self}`"
)]
pub trait Failure: fmt::Debug {
    /// Whether the effect was carried out all the same.
    fn happened(&self) -> Happened;
}

impl Failure for Stopped {
    fn happened(&self) -> Happened {
        self.happened
    }
}

impl<K: fmt::Debug> Failure for EffectError<K> {
    fn happened(&self) -> Happened {
        self.happened
    }
}

/// Why one effect failed: what kind of failure, in words, and whether it happened all the same.
///
/// Every standard effect has an alias of its own: [`SqlError`](crate::SqlError), [`HttpError`](crate::HttpError),
/// [`ChatError`](crate::ChatError), [`BodyError`](crate::BodyError), [`WriteError`](crate::WriteError),
/// [`FileError`](crate::FileError). Effects of your own may use it too, with a kind of their own:
///
/// ```
/// use segno_core::{EffectError, Happened, Stopped, StopReason};
///
/// #[derive(Clone, Debug, PartialEq)]
/// enum ChargeErrorKind { Declined, Stopped(StopReason) }
///
/// impl From<StopReason> for ChargeErrorKind {
///     fn from(reason: StopReason) -> Self { Self::Stopped(reason) }
/// }
///
/// let declined = EffectError::new(ChargeErrorKind::Declined, Happened::No, "the card has expired");
/// assert_eq!(declined.to_string(), "the card has expired");
///
/// let stopped = Stopped { reason: StopReason::Deadline, happened: Happened::Unknown };
/// let stopped = EffectError::<ChargeErrorKind>::from(stopped);
/// assert_eq!(stopped.kind, ChargeErrorKind::Stopped(StopReason::Deadline));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct EffectError<K> {
    /// The kind of failure: what a handler decides by.
    pub kind: K,
    /// Whether the effect was carried out all the same.
    pub happened: Happened,
    /// What a person who reads the log should know. It holds no secret, and is not for clients.
    pub message: Box<str>,
}

impl<K> EffectError<K> {
    /// An error of this kind.
    pub fn new(kind: K, happened: Happened, message: impl Into<String>) -> Self {
        Self { kind, happened, message: message.into().into_boxed_str() }
    }
}

impl<K: From<StopReason>> From<Stopped> for EffectError<K> {
    fn from(stopped: Stopped) -> Self {
        let message = alloc::format!("{stopped}");
        Self::new(stopped.reason.into(), stopped.happened, message)
    }
}

impl<K> fmt::Display for EffectError<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl<K: fmt::Debug> core::error::Error for EffectError<K> {}

/// Why a handler failed: any error, with the status and the text that a client may see.
///
/// `?` turns every error that implements [`core::error::Error`] into it. A client then gets a plain 500: what went wrong
/// goes to the log, never over the wire. [`Error::status`] is for the failures that a client should know about.
///
/// ```
/// use segno_core::{Error, Result};
///
/// fn author(name: &str) -> Result<u32> {
///     match name {
///         "Ada" => Ok(7),
///         name => Err(Error::status(404, format!("there is no author {name:?}"))),
///     }
/// }
///
/// assert_eq!(author("Eve").unwrap_err().public().0, 404);
/// let parse: Error = "x".parse::<u32>().unwrap_err().into();
/// assert_eq!(parse.public(), (http::StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"));
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    public: Option<(StatusCode, Box<str>)>,
    source: Option<Box<dyn core::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure that the client is told about: a status and a text for the response's body.
    ///
    /// A status that is not between 100 and 999 becomes 500.
    pub fn status(status: u16, text: impl Into<String>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self(Box::new(Inner { public: Some((status, text.into().into_boxed_str())), source: None }))
    }

    /// The same failure, shown to the client as this status and text; the log still has the cause.
    #[must_use]
    pub fn shown_as(mut self, status: u16, text: impl Into<String>) -> Self {
        self.0.public = Self::status(status, text).0.public;
        self
    }

    /// What a client may see of it: a status and a text.
    pub fn public(&self) -> (StatusCode, &str) {
        match &self.0.public {
            Some((status, text)) => (*status, text),
            None => (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }

    /// The same failure, with a cause that goes to the log alone.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn core::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(cause.into());
        self
    }

    /// The error that caused it, if it is an `E`.
    pub fn cause<E: core::error::Error + 'static>(&self) -> Option<&E> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

impl<E: core::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Self(Box::new(Inner { public: None, source: Some(Box::new(error)) }))
    }
}

/// The whole story, for the log: the cause and the causes below it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some((status, text)) = &self.0.public {
            write!(f, "{}: {text}", status.as_u16())?;
            separator = ": ";
        }
        let mut source = self.0.source.as_deref().map(|source| source as &dyn core::error::Error);
        while let Some(error) = source {
            write!(f, "{separator}{error}")?;
            separator = ": ";
            source = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({self})")
    }
}

/// Where in a handler something is or went wrong: the lane, and the last effect that it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The lane that the handler was in.
    pub lane: Path,
    /// The name and the line of the last effect that the tasklet asked for, if it asked for any.
    pub last: Option<(&'static str, &'static Location<'static>)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in lane {}, ", self.lane)?;
        match self.last {
            Some((effect, location)) => {
                write!(f, "after the effect `{effect}` asked at {location}")
            }
            None => f.write_str("before any effect was asked"),
        }
    }
}

/// A driver's answer was refused; the outcome is handed back.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerError<O> {
    /// Why it was refused.
    pub kind: AnswerErrorKind,
    /// What the driver wanted to say.
    pub outcome: O,
}

/// Why a driver's answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum AnswerErrorKind {
    /// No effect was ever asked under this ticket.
    #[error("no effect was asked under this ticket")]
    Unknown,
    /// The effect was answered, abandoned, stopped or detached before.
    #[error("the effect was answered or abandoned before")]
    Late,
    /// The outcome belongs to another effect.
    #[error("the outcome is of another effect's type")]
    WrongType,
    /// Another answer has not been taken yet: step until the tasklet waits, then answer.
    #[error("the tasklet does not wait yet: step it first")]
    Busy,
    /// The tasklet has ended.
    #[error("the tasklet has ended")]
    Dead,
}

impl<O> fmt::Display for AnswerError<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl<O: fmt::Debug> core::error::Error for AnswerError<O> {}

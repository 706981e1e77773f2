//! What a client gets when there is no response: a status and a short text, and never a detail.

use http::StatusCode;
use segno_core::{BodyError, BodyErrorKind, Error, Response, StopReason, WriteError, WriteErrorKind};

use super::output::Output;
use crate::{drive::DriveError, http1::Refusal};

/// Answers a request that the server refuses. The connection ends after it.
pub(crate) async fn refuse(output: &mut Output, refusal: Refusal) {
    output.close();
    send(output, refusal.status, refusal.reason).await;
}

/// Answers for a handler that has failed, and logs why.
pub(crate) async fn respond(output: &mut Output, error: &Error, stopped: Option<StopReason>) {
    let unwritten = error.cause::<WriteError>().map(|error| error.kind);
    if let Some(WriteErrorKind::NoBody) = unwritten {
        // The handler wrote on where no body can be: the response was whole before.
        return output.end().await;
    }
    let (status, text) = shown(error, stopped);
    match stopped {
        Some(reason) => tracing::debug!(%error, ?reason, "a stopped handler has ended"),
        None if is_the_client_s(error) => {
            tracing::debug!(%error, "the client went away while its response was written");
        }
        None if error.cause::<DriveError>().is_some() => tracing::error!(%error, "a handler could not be driven"),
        None if status.is_server_error() => tracing::error!(%error, "a handler has failed"),
        None => tracing::debug!(%error, status = status.as_u16(), "a handler refused"),
    }
    if let Some(StopReason::Shutdown) = stopped {
        output.close();
    }
    if error.cause::<BodyError>().is_some() {
        // Where the body ends is not known, or it is long: nothing can follow it.
        output.close();
    }
    match output.has_begun() {
        true => output.tear().await,
        false => send(output, status, text).await,
    }
}

/// Whether a handler has failed since its client took no more of the response.
pub(crate) fn is_the_client_s(error: &Error) -> bool {
    let unwritten = error.cause::<WriteError>().map(|error| error.kind);
    matches!(unwritten, Some(WriteErrorKind::ConnectionLost | WriteErrorKind::Timeout))
}

/// What the client may see of an error.
fn shown(error: &Error, stopped: Option<StopReason>) -> (StatusCode, &str) {
    let (status, text) = match error.public() {
        // An interim status is no response: the handler meant something else.
        (status, _) if status.is_informational() => INTERNAL,
        shown => shown,
    };
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        return (status, text);
    }
    match (error.cause::<BodyError>().map(|error| error.kind), stopped) {
        (Some(BodyErrorKind::TooLarge), _) => (StatusCode::PAYLOAD_TOO_LARGE, "the request's body is too long"),
        (Some(BodyErrorKind::Timeout), _) => (StatusCode::REQUEST_TIMEOUT, "the request's body took too long"),
        (Some(BodyErrorKind::Incomplete | BodyErrorKind::Protocol), _) => {
            (StatusCode::BAD_REQUEST, "the request's body is not whole")
        }
        (Some(BodyErrorKind::NotText), _) => (StatusCode::BAD_REQUEST, "the request's body is not UTF-8"),
        (_, Some(StopReason::Disconnected)) => (client_closed_request(), "the client went away"),
        (_, Some(StopReason::Deadline)) => (StatusCode::SERVICE_UNAVAILABLE, "the request took too long"),
        (_, Some(StopReason::Shutdown)) => (StatusCode::SERVICE_UNAVAILABLE, "the server is shutting down"),
        _ => (status, text),
    }
}

/// nginx's status for a client that did not wait: nobody reads it, but in the log it is no failure of the server's.
fn client_closed_request() -> StatusCode {
    StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST)
}

/// Sends a status and a short text.
pub(crate) async fn send(output: &mut Output, status: StatusCode, text: &str) {
    let Some((head, body)) = Response::text(format!("{text}\n")).status(status.as_u16()).into_whole() else { return };
    if let Err(error) = output.whole(head, body).await {
        tracing::debug!(%error, "the client could not be told");
    }
}

const INTERNAL: (StatusCode, &str) = (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");

/// The guard has let it through, and async-h1 has not.
pub(crate) const NOT_DECODED: Refusal = Refusal { status: StatusCode::BAD_REQUEST, reason: "the request is not valid" };

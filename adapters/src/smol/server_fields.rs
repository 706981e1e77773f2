//! What of a response's head is the server's: its framing, which handlers must not write, and the fields that it adds.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use segno_core::{Happened, ResponseHead, WriteError, WriteErrorKind};

use crate::http1::fields;

/// The fields that a server adds to the head of a response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerFields {
    /// In any case: the request's id.
    pub(crate) always: Option<(HeaderName, HeaderValue)>,
    /// If the response has nothing of the name.
    pub(crate) defaults: HeaderMap,
}

/// What a head says of its response's frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    /// How long the body is, if that is declared.
    pub(crate) length: Option<u64>,
    /// Whether the handler wants the connection to end.
    pub(crate) close: bool,
}

impl ServerFields {
    /// Takes the framing out of a head, and adds the server's fields.
    pub(crate) fn settle(&self, head: &mut ResponseHead) -> Result<Settled, WriteError> {
        if head.status.is_informational() {
            return Err(refused("an informational status is no response"));
        }
        let headers = &mut head.headers;
        if let Some(field) = HOP_BY_HOP.iter().find(|field| headers.contains_key(**field)) {
            return Err(refused(&format!("the field `{field}` is the server's to write")));
        }
        let close = takes_close(headers);
        if let Some((name, value)) = &self.always {
            headers.insert(name.clone(), value.clone());
        }
        for name in self.defaults.keys() {
            if !headers.contains_key(name) {
                self.defaults.get_all(name).iter().for_each(|value| _ = headers.append(name.clone(), value.clone()));
            }
        }
        Ok(Settled { length: takes_length(headers)?, close })
    }
}

/// Takes `Connection` out of a head; says whether the handler wants the connection to end.
fn takes_close(headers: &mut HeaderMap) -> bool {
    let close = fields::has_token(headers, &header::CONNECTION, "close");
    headers.remove(header::CONNECTION);
    close
}

fn takes_length(headers: &mut HeaderMap) -> Result<Option<u64>, WriteError> {
    let Some(length) = headers.remove(header::CONTENT_LENGTH) else { return Ok(None) };
    let length = length.to_str().ok().filter(|digits| digits.bytes().all(|digit| digit.is_ascii_digit()));
    match length.and_then(|digits| digits.parse().ok()) {
        Some(length) => Ok(Some(length)),
        None => Err(refused("the Content-Length is not a number")),
    }
}

fn refused(message: &str) -> WriteError {
    WriteError::new(WriteErrorKind::Head, Happened::No, message)
}

/// Fields of a connection and not of a response, but for `Connection` itself.
const HOP_BY_HOP: [&str; 4] = ["transfer-encoding", "keep-alive", "upgrade", "trailer"];

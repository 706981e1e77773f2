//! The access log: an event for each request, for those who count, bill or look for what went wrong.

use std::{borrow::Cow, time::Instant};

use http::{HeaderValue, Method, Uri, Version, header};
use tracing::Span;

use super::{output::Output, peer::Peer, request_id::RequestId};
use crate::http1::{Refusal, RequestHead};

/// What is told of a request when it has ended.
#[derive(Debug)]
pub(crate) struct Access {
    since: Instant,
    peer: Peer,
    id: Option<RequestId>,
    asked: Option<Asked>,
    /// Whether a balancer asks, each second and for ever.
    is_health: bool,
}

/// What stands in a head.
#[derive(Debug)]
struct Asked {
    method: Method,
    uri: Uri,
    version: Version,
    agent: Option<HeaderValue>,
}

impl Access {
    pub(crate) fn new(head: &RequestHead, id: Option<RequestId>, peer: Peer, is_health: bool) -> Self {
        let asked = Asked {
            method: head.method.clone(),
            uri: head.uri.clone(),
            version: head.version,
            agent: head.headers.get(header::USER_AGENT).cloned(),
        };
        Self { since: Instant::now(), peer, id, asked: Some(asked), is_health }
    }

    /// Of a request whose head is no good.
    pub(crate) fn refused(id: Option<RequestId>, peer: Peer) -> Self {
        Self { since: Instant::now(), peer, id, asked: None, is_health: false }
    }

    /// The span of the request, which what its handler does is told in.
    pub(crate) fn span(&self) -> Span {
        let Self { peer, id, asked, .. } = self;
        let (method, path) = asked.as_ref().map_or(("", ""), |asked| (asked.method.as_str(), asked.uri.path()));
        tracing::info_span!("request", method, path, %peer, request_id = id.as_ref().map(RequestId::as_str))
    }

    /// The request has ended with what was sent.
    pub(crate) fn log(&self, output: &Output) {
        self.tell(output.status(), output.sent(), output.is_whole(), None);
    }

    /// The request was refused, and this is why.
    pub(crate) fn log_refused(&self, output: &Output, refusal: Refusal) {
        self.tell(output.status(), output.sent(), output.is_whole(), Some(refusal.reason));
    }

    /// Somebody else still holds what was sent.
    pub(crate) fn log_kept(&self) {
        self.tell(0, 0, false, None);
    }

    fn tell(&self, status: u16, bytes: u64, whole: bool, refused: Option<&str>) {
        // Each line says all, whoever reads spans or does not.
        macro_rules! tell {
            ($level:ident) => {
                tracing::$level!(
                    target: "segno::access",
                    parent: None,
                    method = self.asked.as_ref().map_or("-", |asked| asked.method.as_str()),
                    path = self.asked.as_ref().map_or("-", |asked| asked.uri.path()),
                    version = self.asked.as_ref().map_or("-", Asked::version),
                    status,
                    bytes,
                    whole,
                    micros = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX),
                    peer = %self.peer,
                    request_id = self.id.as_ref().map(RequestId::as_str),
                    user_agent = self.asked.as_ref().and_then(Asked::agent).as_deref(),
                    refused,
                )
            };
        }
        match self.is_health {
            true => tell!(debug),
            false => tell!(info),
        }
    }
}

impl Asked {
    fn version(&self) -> &'static str {
        if self.version == Version::HTTP_10 { "HTTP/1.0" } else { "HTTP/1.1" }
    }

    /// As a text, which logs quote, so that nobody writes fields of his own into them.
    fn agent(&self) -> Option<Cow<'_, str>> {
        self.agent.as_ref().map(|agent| String::from_utf8_lossy(agent.as_bytes()))
    }
}

//! Surf, as the face of the client. Types of surf, http-client and http-types occur in this file only.
//!
//! A request goes through [`surf::Client`] into a transport of our own, and its reply comes back the
//! same way. http-types can neither say every method and status nor hold every header field (it panics at some that
//! are legal), so these travel beside its own values, in their extensions; so does the body of a request, which would be
//! copied for each redirect. The URL and the body of a reply travel in them.

use std::{mem, time::Duration};

use ::surf::{
    Url,
    http::{self as http_types, url},
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use segno_core::{Effect, Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest, HttpSend, Replay};

use super::{
    exchange::Exchanger,
    options::HttpClientOptions,
    origin::{Host, Origin},
    redirect::{Redirects, unfollowed},
    request::{Request, invalid},
    time_limit::TimeLimit,
};

/// A surf client over our own transport.
#[derive(Debug)]
pub(super) struct Surf {
    client: ::surf::Client,
    time_limit: Duration,
    max_redirects: u32,
    user_agent: Option<HeaderValue>,
}

impl Surf {
    pub(super) fn new(options: &HttpClientOptions) -> Result<Self, HttpError> {
        Ok(Self {
            client: ::surf::Client::with_http_client(Transport(Exchanger::new(options)?)),
            time_limit: options.time_limit,
            max_redirects: options.max_redirects,
            user_agent: options.user_agent.clone(),
        })
    }

    /// Sends the request, and after it where it is redirected to.
    pub(super) async fn send(&self, mut request: HttpRequest) -> Result<HttpReply, HttpError> {
        let limit = TimeLimit::begin(request.time_limit.map_or(self.time_limit, |limit| limit.min(self.time_limit)));
        let max_redirects = request.max_redirects.map_or(self.max_redirects, |max| max.min(self.max_redirects));
        if let (Some(agent), header::Entry::Vacant(entry)) =
            (&self.user_agent, request.headers.entry(header::USER_AGENT))
        {
            entry.insert(agent.clone());
        }
        let mut redirects = Redirects::new(max_redirects);
        let mut place = Place::parse(&request.url)?;
        loop {
            let reply = self.exchange(translate_request(request.clone(), place.url.clone(), limit)).await;
            let reply = reply.map_err(|error| redirects.explain(error))?;
            let next = match redirects.follow(&mut request, &place.origin, &reply) {
                Ok(None) => return Ok(reply),
                Ok(Some(location)) => place.redirected(&location),
                Err(error) => Err(error),
            };
            let next = next.map_err(|error| redirects.explain(error))?;
            redirects.go_on(&mut request, &place.origin, &next.origin);
            place = next;
        }
    }

    async fn exchange(&self, request: http_types::Request) -> Result<HttpReply, HttpError> {
        let mut response = self.client.send(request).await.map_err(into_http_error)?;
        let body = response.body_bytes().await.map_err(into_http_error)?;
        let mut response: http_types::Response = response.into();
        let Some(head) = response.ext_mut().remove::<ReplyHead>() else {
            return Err(lost("the reply's head", Happened::Yes));
        };
        Ok(HttpReply { status: head.status, headers: head.headers.into(), body: Bytes::from(body) })
    }
}

/// What of a request http-types cannot hold.
struct RequestHead {
    method: Method,
    headers: HeaderMap,
    body: Bytes,
    time_limit: TimeLimit,
    public_only: bool,
    repeatable: bool,
}

/// What of a reply http-types cannot hold.
struct ReplyHead {
    status: StatusCode,
    headers: HeaderMap,
}

#[derive(Debug)]
struct Transport(Exchanger);

#[http_client::async_trait]
impl http_client::HttpClient for Transport {
    async fn send(&self, mut request: http_client::Request) -> Result<http_client::Response, http_client::Error> {
        let Some(head) = request.ext_mut().remove::<RequestHead>() else {
            return Err(lost("the request's head", Happened::No).into());
        };
        let request = Request {
            origin: origin(request.url())?,
            method: head.method,
            target: request.url()[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            headers: head.headers,
            body: head.body,
            time_limit: head.time_limit,
            public_only: head.public_only,
            repeatable: head.repeatable,
        };
        let reply = self.0.exchange(&request).await?;
        // The nearest that http-types knows; the true one is in the extension.
        let status = http_types::StatusCode::try_from(reply.status.as_u16()).unwrap_or(http_types::StatusCode::Ok);
        let mut response = http_client::Response::new(status);
        response.set_body(reply.body);
        response.ext_mut().insert(ReplyHead { status: reply.status, headers: reply.headers });
        Ok(response)
    }
}

fn translate_request(request: HttpRequest, url: Url, time_limit: TimeLimit) -> http_types::Request {
    let effect = HttpSend(Box::new(request));
    let repeatable = match effect.replay() {
        Replay::Pure | Replay::Read | Replay::Idempotent(_) => true,
        Replay::Once => false,
    };
    let mut request = *effect.0;
    // The nearest that http-types knows; the true one is in the extension.
    let method = request.method.as_str().parse().unwrap_or(http_types::Method::Post);
    let mut translated = http_types::Request::new(method, url);
    translated.ext_mut().insert(RequestHead {
        method: request.method,
        headers: mem::take(&mut *request.headers),
        body: request.body,
        time_limit,
        public_only: request.public_only,
        repeatable,
    });
    translated
}

/// Where a request goes.
struct Place {
    url: Url,
    origin: Origin,
}

impl Place {
    fn parse(text: &str) -> Result<Self, HttpError> {
        Self::check(text, Url::parse(text))
    }

    /// Where the `Location` of a reply from here leads.
    fn redirected(&self, location: &str) -> Result<Self, HttpError> {
        let place = Self::check(location, self.url.join(location));
        let place = place.map_err(|error| unfollowed(&self.origin, error.message))?;
        if self.origin.secure && !place.origin.secure {
            return Err(unfollowed(&self.origin, "it leads from `https` to `http`, where anyone on the way can read"));
        }
        Ok(place)
    }

    fn check(text: &str, url: Result<Url, url::ParseError>) -> Result<Self, HttpError> {
        // The URL standard would drop them silently.
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(invalid("the URL holds a control character"));
        }
        // Neither this message nor any other holds the URL: it may hold secrets.
        let url = url.map_err(|error| invalid(format!("the URL is not valid: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("the URL holds a user's name or password, which belong in the `authorization` field"));
        }
        let origin = origin(&url)?;
        Ok(Self { url, origin })
    }
}

fn origin(url: &Url) -> Result<Origin, HttpError> {
    let secure = match url.scheme() {
        "http" => false,
        "https" => true,
        _ => return Err(invalid("the URL's scheme is neither `http` nor `https`")),
    };
    let host = match url.host() {
        Some(url::Host::Domain(name)) => Host::Name(name.to_owned()),
        Some(url::Host::Ipv4(address)) => Host::Address(address.into()),
        Some(url::Host::Ipv6(address)) => Host::Address(address.into()),
        None => return Err(invalid("the URL has no host")),
    };
    let port = url.port_or_known_default().ok_or_else(|| invalid("the URL has no port"))?;
    Ok(Origin { secure, host, port })
}

/// The transport's own error, as it was before it went through surf.
fn into_http_error(error: http_types::Error) -> HttpError {
    error
        .downcast()
        .unwrap_or_else(|error| HttpError::new(HttpErrorKind::Protocol, Happened::Unknown, format!("surf: {error}")))
}

fn lost(what: &str, happened: Happened) -> HttpError {
    HttpError::new(HttpErrorKind::Protocol, happened, format!("surf: {what} was lost on the way"))
}

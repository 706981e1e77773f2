//! Surf, as the face of the client. Types of surf, http-client and http-types occur in this file only.
//!
//! A request goes through [`surf::Client`] into a transport of our own, and its reply comes back the
//! same way. http-types can neither say every method and status nor hold every header field (it panics at some that
//! are legal), so these travel beside its own values, in their extensions; the URL and the bodies travel in them.

use std::{mem, time::Duration};

use ::surf::{
    Url,
    http::{self as http_types, url},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use segno_core::{Effect, Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest, HttpSend, Replay};

use super::{
    exchange::Exchanger,
    options::HttpClientOptions,
    origin::{Host, Origin},
    request::{Request, invalid},
};

/// A surf client over our own transport.
#[derive(Debug)]
pub(super) struct Surf(::surf::Client);

impl Surf {
    pub(super) fn new(options: &HttpClientOptions) -> Result<Self, HttpError> {
        Ok(Self(::surf::Client::with_http_client(Transport(Exchanger::new(options)?))))
    }

    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpReply, HttpError> {
        let request = translate_request(request)?;
        let mut response = self.0.send(request).await.map_err(into_http_error)?;
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
    time_limit: Option<Duration>,
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
        let body = request.body_bytes().await?;
        let request = Request {
            origin: origin(request.url())?,
            method: head.method,
            target: request.url()[url::Position::BeforePath..url::Position::AfterQuery].to_owned(),
            headers: head.headers,
            body: Bytes::from(body),
            time_limit: head.time_limit,
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

fn translate_request(request: HttpRequest) -> Result<http_types::Request, HttpError> {
    // The URL standard would drop them silently.
    if request.url.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(invalid("the URL holds a control character"));
    }
    // Neither this message nor any other holds the URL: it may hold secrets.
    let url = Url::parse(&request.url).map_err(|error| invalid(format!("the URL is not valid: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the URL holds a user's name or password: send them in the `authorization` field"));
    }
    origin(&url)?;
    let effect = HttpSend(Box::new(request));
    let repeatable = match effect.replay() {
        Replay::Pure | Replay::Read | Replay::Idempotent(_) => true,
        Replay::Once => false,
    };
    let mut request = *effect.0;
    // The nearest that http-types knows; the true one is in the extension.
    let method = request.method.as_str().parse().unwrap_or(http_types::Method::Post);
    let mut translated = http_types::Request::new(method, url);
    translated.set_body(&*request.body);
    translated.ext_mut().insert(RequestHead {
        method: request.method,
        headers: mem::take(&mut *request.headers),
        time_limit: request.time_limit,
        repeatable,
    });
    Ok(translated)
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

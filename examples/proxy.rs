//! A proxy: passes one upstream's status and body on, and waits for it three seconds at the most. A redirect is passed
//! on like any other reply, not followed: an upstream does not send its proxy elsewhere.
//!
//! Run it with `cargo run --example proxy`. It fetches from whatever listens on port 9000. What goes wrong on the way
//! becomes a 502 or, if the upstream is too slow, a 504; the log says more.
//!
//! ```text
//! $ curl -w '%{http_code}\n' 'http://127.0.0.1:8080/fetch?path=README.md'     # with nothing on port 9000
//! the upstream cannot be reached
//! 502
//! $ echo hello from upstream > README.md; python3 -m http.server 9000 &
//! $ curl -w '%{http_code}\n' 'http://127.0.0.1:8080/fetch?path=README.md'
//! hello from upstream
//! 200
//! ```

use std::time::Duration;

use segno::{
    Error, HttpError, HttpErrorKind, HttpReply, HttpRequest, Io, Request, Response, Result, Router,
    smol::{Backend, serve},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    Ok(serve("127.0.0.1:8080", router(), Backend::new())?)
}

fn router() -> Router {
    Router::new().get("/fetch", fetch)
}

async fn fetch(mut io: Io, request: Request) -> Result<Response> {
    let path: String = request.query("path")?.unwrap_or_default();
    // The slash ends the upstream's name: without it, a path could go on with `@other.host`.
    let url = format!("{UPSTREAM}/{}", path.trim_start_matches('/'));
    match io.http_send(HttpRequest::get(url).max_redirects(0).time_limit(PATIENCE)).await {
        Ok(reply) => pass_on(reply),
        Err(error) => Err(refusal(error)),
    }
}

/// The upstream's reply as ours. What is about its connection, and not about its body, is left behind.
fn pass_on(reply: HttpReply) -> Result<Response> {
    let response = Response::new(reply.status.as_u16(), reply.body);
    match reply.headers.get("content-type").and_then(|value| value.to_str().ok()) {
        Some(content_type) => Ok(response.header("content-type", content_type)?),
        None => Ok(response),
    }
}

/// What the client is told of a failure; the log has the rest.
fn refusal(error: HttpError) -> Error {
    let (status, text) = match error.kind {
        HttpErrorKind::Stopped(_) => return error.into(),
        HttpErrorKind::Request => (400, "there is no such path"),
        HttpErrorKind::Timeout => (504, "the upstream takes too long"),
        HttpErrorKind::Resolve | HttpErrorKind::Connect | HttpErrorKind::Tls | HttpErrorKind::Blocked => {
            (502, "the upstream cannot be reached")
        }
        HttpErrorKind::TooLarge
        | HttpErrorKind::Protocol
        | HttpErrorKind::ConnectionLost
        | HttpErrorKind::Redirect
        | HttpErrorKind::Status(_)
        | _ => (502, "the upstream gave no valid reply"),
    };
    Error::from(error).shown_as(status, text)
}

const UPSTREAM: &str = "http://127.0.0.1:9000";

/// Less than a visitor waits before they try again.
const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use segno::{
        Happened,
        testing::{Expect, get, http_send, script},
    };

    use super::*;

    #[test]
    fn status_body_and_type_are_passed_on() {
        let mut reply = HttpReply::new(404, "no such page");
        reply.headers.add("content-type", "text/plain").unwrap();
        reply.headers.add("connection", "close").unwrap();
        let responded = script(fetch, get("/fetch?path=page")).expect(fetched("http://127.0.0.1:9000/page"), reply);
        responded.responds(404).header("content-type", "text/plain").body("no such page");
    }

    #[test]
    fn no_path_leads_to_another_host() {
        for (path, url) in [
            ("/fetch", "http://127.0.0.1:9000/"),
            ("/fetch?path=/a/b?c=d", "http://127.0.0.1:9000/a/b?c=d"),
            ("/fetch?path=@example.com/", "http://127.0.0.1:9000/@example.com/"),
            ("/fetch?path=//example.com/", "http://127.0.0.1:9000/example.com/"),
            ("/fetch?path=http://example.com/", "http://127.0.0.1:9000/http://example.com/"),
        ] {
            script(fetch, get(path)).expect(fetched(url), HttpReply::new(200, "")).responds(200);
        }
    }

    #[test]
    fn failures_have_a_status_and_no_details() {
        for (kind, status) in [
            (HttpErrorKind::Request, 400),
            (HttpErrorKind::Resolve, 502),
            (HttpErrorKind::Connect, 502),
            (HttpErrorKind::Tls, 502),
            (HttpErrorKind::TooLarge, 502),
            (HttpErrorKind::Protocol, 502),
            (HttpErrorKind::ConnectionLost, 502),
            (HttpErrorKind::Timeout, 504),
        ] {
            let error = HttpError::new(kind, Happened::Unknown, "10.0.0.7 does not answer");
            let script = script(fetch, get("/fetch")).expect_error(fetched("http://127.0.0.1:9000/"), error);
            let body = script.responds(status).text();
            assert!(!body.contains("10.0.0.7"), "{kind:?} shows the client {body:?}");
        }
    }

    fn fetched(url: &'static str) -> Expect<segno::HttpSend> {
        http_send(HttpRequest::get(url).max_redirects(0).time_limit(PATIENCE))
    }
}

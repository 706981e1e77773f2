//! Redirects: what is asked next, and what is known of what was asked first.
//!
//! Surf has a middleware for them, but it sends each request once more to look at the reply, hands `Authorization` to
//! whoever the redirect names, and tells nobody that there were too many.

use std::fmt;

use http::{HeaderMap, Method, StatusCode, header};
use segno_core::{Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest};

use super::origin::Origin;

/// The redirects that one request has met.
#[derive(Debug)]
pub(super) struct Redirects {
    max: u32,
    followed: u32,
    first: First,
}

/// What became of the request that was to be sent at first.
#[derive(Clone, Copy, Debug)]
enum First {
    /// It is the one that is sent now.
    Sent,
    /// Some server has sent it on as it was.
    SentOn,
    /// A GET took its place, and tells nothing about it any longer.
    Replaced(Happened),
}

impl Redirects {
    pub(super) fn new(max: u32) -> Self {
        Self { max, followed: 0, first: First::Sent }
    }

    /// Where this reply sends the request, if it is a redirect that is to be followed. The request then is as it is to
    /// be sent there.
    ///
    /// # Errors
    ///
    /// If it is one too many, or its `Location` is not a single text.
    pub(super) fn follow(
        &mut self,
        request: &mut HttpRequest,
        origin: &Origin,
        reply: &HttpReply,
    ) -> Result<Option<String>, HttpError> {
        if self.max == 0 || !FOLLOWED.contains(&reply.status) {
            return Ok(None);
        }
        let mut locations = reply.headers.get_all(header::LOCATION).into_iter();
        let Some(location) = locations.next() else {
            return Ok(None);
        };
        self.rewrite(request, reply.status);
        if locations.any(|other| other != location) {
            return Err(unfollowed(origin, "it leads to several places"));
        }
        let location = std::str::from_utf8(location.as_bytes());
        let location = location.map_err(|_| unfollowed(origin, "its `location` is not UTF-8"))?;
        if self.followed == self.max {
            return Err(unfollowed(origin, "it is one too many"));
        }
        Ok(Some(location.to_owned()))
    }

    /// By RFC 9110, section 15.4, with what all browsers do (the fetch standard) where it leaves a choice.
    fn rewrite(&mut self, request: &mut HttpRequest, status: StatusCode) {
        let becomes_get = match status {
            StatusCode::SEE_OTHER => ![Method::GET, Method::HEAD].contains(&request.method),
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => request.method == Method::POST,
            _ => false,
        };
        if !becomes_get {
            if let First::Sent = self.first {
                self.first = First::SentOn;
            }
            return;
        }
        // Only a 303 is the answer to what was asked; others come before anything was done, too.
        let answered = status == StatusCode::SEE_OTHER;
        self.first = First::Replaced(if answered { Happened::Yes } else { Happened::Unknown });
        request.method = Method::GET;
        request.body.clear();
        let about_body = |name: &&header::HeaderName| name.as_str().starts_with("content-") || *name == header::EXPECT;
        let about_body: Vec<_> = request.headers.keys().filter(about_body).cloned().collect();
        remove(&mut request.headers, &about_body);
    }

    /// Goes on to where the last redirect leads, without what only the origin that it was meant for may know.
    pub(super) fn go_on(&mut self, request: &mut HttpRequest, from: &Origin, to: &Origin) {
        self.followed += 1;
        if from != to {
            remove(&mut request.headers, &CREDENTIALS);
        }
    }

    /// An error on the way, as an error of the request that was sent first.
    pub(super) fn explain(&self, mut error: HttpError) -> HttpError {
        error.happened = match (self.first, error.happened) {
            (First::SentOn, Happened::No) => Happened::Unknown,
            (First::Sent | First::SentOn, happened) | (First::Replaced(happened), _) => happened,
        };
        match self.followed {
            0 => {}
            1 => error.message = format!("{error}, after a redirect").into(),
            followed => error.message = format!("{error}, after {followed} redirects").into(),
        }
        error
    }
}

/// The error of a redirect that cannot be followed.
pub(super) fn unfollowed(origin: &Origin, reason: impl fmt::Display) -> HttpError {
    let message = format!("{origin}: the redirect cannot be followed: {reason}");
    HttpError::new(HttpErrorKind::Redirect, Happened::No, message)
}

fn remove(headers: &mut HeaderMap, names: &[header::HeaderName]) {
    for name in names {
        headers.remove(name);
    }
}

/// The statuses that send a request elsewhere; a 300 offers a choice, a 304 means the cache.
const FOLLOWED: [StatusCode; 5] = [
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::SEE_OTHER,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
];

const CREDENTIALS: [header::HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

//! Cookies: those that a request brings, and those that a response sets.
//!
//! ```
//! use std::time::Duration;
//! use segno::{Io, Request, Response, Result, cookies::{Cookie, Cookies, SetCookie}};
//!
//! async fn count(_: Io, request: Request) -> Result<Response> {
//!     let visits: u32 = Cookies::of(&request).get("visits").and_then(|text| text.parse().ok()).unwrap_or(0) + 1;
//!     let cookie = Cookie::new("visits", &visits.to_string()).max_age(Duration::from_secs(86_400));
//!     Ok(Response::text(format!("visit {visits}")).cookie(&cookie)?)
//! }
//! # #[cfg(feature = "testing")] {
//! use segno::testing::{get, script};
//!
//! script(count, get("/").header("cookie", "visits=6"))
//!     .responds(200)
//!     .header("set-cookie", "visits=7; HttpOnly; SameSite=Lax; Path=/; Max-Age=86400")
//!     .body("visit 7");
//! # }
//! ```
//!
//! A client can change a cookie at will: what must not be changed belongs on the server, and into the cookie a random name
//! for it. Mind that [`Io::random`](crate::Io::random) draws 64 bits: a session's name wants two of them.

use std::{fmt, time::Duration};

use http::header::{COOKIE, SET_COOKIE};
use percent_encoding::percent_decode_str;
use segno_core::{InvalidHeader, Request, Response, ResponseHead};

/// The cookies of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookies(Vec<(String, String)>);

impl Cookies {
    /// The cookies that this request brings. What cannot be read is no error, and no cookie.
    pub fn of(request: &Request) -> Self {
        let fields = request.headers.get_all(COOKIE).iter().filter_map(|field| str::from_utf8(field.as_bytes()).ok());
        let parts = fields.flat_map(|field| field.split(';')).map(|part| part.trim_matches([' ', '\t']));
        Self(parts.filter_map(read).collect())
    }

    /// The value of a cookie; the first of its name, which is the one with the longest path.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find_map(|(other, value)| (other == name).then_some(value))
    }

    /// All cookies, by name and value, as they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}

/// A cookie that a response sets.
///
/// If nothing else is said, no script can read it (`HttpOnly`), requests that come from other sites bring it only when
/// somebody follows a link (`SameSite=Lax`), it is sent with every request to this host (`Path=/`, no `Domain`), and it
/// ends with the browser's session. It is not [`secure`](Self::secure), since a server that speaks plain HTTP would lose
/// it: say so if yours is behind TLS.
///
/// Name and value may be any text: what a cookie cannot hold is percent-encoded, and [`Cookies`] decodes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Cookie(cookie::Cookie<'static>);

/// Which requests that come from other sites bring a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SameSite {
    /// None.
    Strict,
    /// Those by which somebody follows a link.
    Lax,
    /// All; the cookie is then `Secure`, since browsers want that.
    None,
}

impl Cookie {
    /// A cookie with this name and value. If the name begins with `__Host-` or `__Secure-`, it is
    /// [`secure`](Self::secure), since browsers take no other by that name.
    pub fn new(name: &str, value: &str) -> Self {
        let mut cookie = cookie::Cookie::new(name.to_owned(), value.to_owned());
        cookie.set_http_only(true);
        cookie.set_same_site(cookie::SameSite::Lax);
        cookie.set_path("/");
        if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
            cookie.set_secure(true);
        }
        Self(cookie)
    }

    /// What makes a browser forget the cookie of this name. Path and domain must be as they were when it was set.
    pub fn removal(name: &str) -> Self {
        Self::new(name, "").max_age(Duration::ZERO)
    }

    /// Lets the cookie last this long, and not only for the browser's session.
    #[must_use]
    pub fn max_age(mut self, age: Duration) -> Self {
        // The longest that a cookie can say is far beyond what browsers grant.
        self.0.set_max_age(age.try_into().unwrap_or(cookie::time::Duration::MAX));
        self
    }

    /// Has it sent over TLS alone.
    #[must_use]
    pub fn secure(mut self) -> Self {
        self.0.set_secure(true);
        self
    }

    /// Says which requests that come from other sites bring it.
    #[must_use]
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.0.set_same_site(match same_site {
            SameSite::Strict => cookie::SameSite::Strict,
            SameSite::Lax => cookie::SameSite::Lax,
            SameSite::None => cookie::SameSite::None,
        });
        self
    }

    /// Lets the page's scripts read it.
    #[must_use]
    pub fn for_scripts(mut self) -> Self {
        self.0.set_http_only(false);
        self
    }

    /// Has it sent with requests below this path only.
    ///
    /// # Errors
    ///
    /// If there is a semicolon or a control character in it.
    pub fn path(mut self, path: &str) -> Result<Self, InvalidAttribute> {
        self.0.set_path(checked(path)?);
        Ok(self)
    }

    /// Has it sent to this host and all hosts below it.
    ///
    /// # Errors
    ///
    /// If there is a semicolon or a control character in it.
    pub fn domain(mut self, domain: &str) -> Result<Self, InvalidAttribute> {
        self.0.set_domain(checked(domain)?);
        Ok(self)
    }
}

/// The name and the value of one cookie.
fn read(part: &str) -> Option<(String, String)> {
    let cookie = cookie::Cookie::parse(part).ok()?;
    let name = decoded(cookie.name())?;
    // A browser takes `__%48ost-a` from anybody, and one that begins with another alphabet's space, too.
    let is_disguised = |prefix: &&str| begins(&name, prefix) && !begins(part, prefix);
    if PREFIXES.iter().any(is_disguised) {
        return None;
    }
    // The quotes around a value are no part of it; those that were encoded are.
    let value = decoded(cookie.value_trimmed())?;
    Some((name, value))
}

/// In any case of the letters, as browsers compare.
fn begins(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn decoded(text: &str) -> Option<String> {
    Some(percent_decode_str(text).decode_utf8().ok()?.into_owned())
}

fn checked(value: &str) -> Result<String, InvalidAttribute> {
    match value.contains(|letter: char| letter == ';' || letter.is_control()) {
        true => Err(InvalidAttribute(value.to_owned())),
        false => Ok(value.to_owned()),
    }
}

/// As the field `Set-Cookie` has it.
impl fmt::Display for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.encoded().fmt(f)
    }
}

/// A path or a domain that a cookie cannot have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} holds a semicolon or a control character: no cookie can have it as an attribute")]
pub struct InvalidAttribute(String);

/// Responses, and heads of streamed ones, that set cookies.
pub trait SetCookie: Sized {
    /// Adds a cookie; those that were added before stay.
    ///
    /// # Errors
    ///
    /// If HTTP does not allow it.
    fn cookie(self, cookie: &Cookie) -> Result<Self, InvalidHeader>;
}

impl SetCookie for Response {
    fn cookie(self, cookie: &Cookie) -> Result<Self, InvalidHeader> {
        self.header(SET_COOKIE.as_str(), &cookie.to_string())
    }
}

impl SetCookie for ResponseHead {
    fn cookie(self, cookie: &Cookie) -> Result<Self, InvalidHeader> {
        self.header(SET_COOKIE.as_str(), &cookie.to_string())
    }
}

/// Names that begin so come from this host, or over TLS, by what browsers make sure of (RFC 6265bis, section 4.1.3).
const PREFIXES: [&str; 2] = ["__Host-", "__Secure-"];

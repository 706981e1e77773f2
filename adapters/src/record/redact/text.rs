//! Secrets in a text: in JSON, a form or a query, a header field, or anywhere.

mod json;

use super::{
    edit::{Edit, apply},
    names::Kind,
    secrets::Secrets,
};

/// The changes that take the secrets out of a line of a trace.
pub(super) fn entry(line: &str, secrets: &mut Secrets<'_>) -> Vec<Edit> {
    json::edits(line, true, secrets)
}

/// The changes that take the secrets out of a text that may be anything.
pub(super) fn edits(text: &str, secrets: &mut Secrets<'_>) -> Vec<Edit> {
    if text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
        return json::edits(text, false, secrets);
    }
    let mut edits = Vec::new();
    // What has spaces in it is prose or a program, where `=` means something else.
    if text.contains('=') && !text.trim_end().contains(char::is_whitespace) {
        pairs(text.trim_end(), secrets, &mut edits);
    }
    secrets.fill(text.as_bytes(), &mut edits);
    edits
}

/// The changes that take the secrets out of bytes that are no text.
pub(super) fn byte_edits(bytes: &[u8], secrets: &Secrets<'_>) -> Vec<Edit> {
    let mut edits = Vec::new();
    secrets.fill(bytes, &mut edits);
    edits
}

/// A value of which this part is secret, without it.
fn secret(text: &str, kind: Kind, secrets: &mut Secrets<'_>) -> String {
    match kind {
        Kind::Whole => secrets.token(text),
        Kind::Credentials => match text.split_once(' ') {
            Some((scheme, credentials)) => format!("{scheme} {}", secrets.token(credentials)),
            None => secrets.token(text),
        },
        Kind::Cookies => {
            let cookies: Vec<_> = text.split(';').map(|cookie| self::cookie(cookie, secrets)).collect();
            cookies.join(";")
        }
        Kind::SetCookie => match text.split_once(';') {
            Some((cookie, attributes)) => {
                let mut edits = Vec::new();
                secrets.fill(attributes.as_bytes(), &mut edits);
                format!("{};{}", self::cookie(cookie, secrets), apply(attributes, &edits))
            }
            None => cookie(text, secrets),
        },
    }
}

fn cookie(cookie: &str, secrets: &mut Secrets<'_>) -> String {
    match cookie.split_once('=') {
        Some((name, value)) => format!("{name}={}", secrets.token_of(value, value.trim_matches('"'))),
        None => secrets.token(cookie),
    }
}

/// Replaces the values of secret names in a form, or in the query of a URL.
fn pairs(text: &str, secrets: &mut Secrets<'_>, edits: &mut Vec<Edit>) {
    let mut from = 0;
    for end in text.match_indices(['?', '&', '#']).map(|(at, _)| at).chain([text.len()]) {
        let pair = &text[from..end];
        if let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next()
            && let Some((_, written)) = pair.split_once('=')
            && secrets.kind(&name).is_some()
            && !written.is_empty()
        {
            edits.push(Edit { range: end - written.len()..end, with: secrets.token_of(written, &value) });
        }
        from = end + 1;
    }
}

//! Which of a file's versions a client has already, and which piece of it the client wants: RFC 9110, sections 13 and 14.

use std::{ops::Range, time::UNIX_EPOCH};

use headers::{
    AcceptRanges, ContentRange, ETag, HeaderMapExt, IfMatch, IfModifiedSince, IfNoneMatch, IfUnmodifiedSince,
    LastModified,
};
use http::{HeaderMap, Method, header};
use http_range_header::{RangeUnsatisfiableError, parse_range_header};
use segno_core::{FileVersion, Request};

/// What a request is to get of a file.
#[derive(Debug, PartialEq)]
pub(super) enum Wanted {
    Whole,
    Part(Range<u64>),
    /// Nothing: the client has this version.
    NotModified,
    /// Nothing: the client wanted another version.
    Failed,
    /// Nothing: the file has no such part.
    NoSuchPart,
}

/// The fields by which a version of a file is known again.
#[derive(Debug)]
pub(super) struct Validators {
    tag: String,
    etag: ETag,
    modified: LastModified,
}

impl Validators {
    pub(super) fn of(version: FileVersion) -> Option<Self> {
        let tag = format!("\"{:x}-{:x}\"", version.modified.unix().as_nanos(), version.length);
        let modified = UNIX_EPOCH.checked_add(version.modified.unix())?;
        Some(Self { etag: tag.parse().ok()?, tag, modified: modified.into() })
    }

    /// Adds them to a response's fields.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.typed_insert(self.etag.clone());
        headers.typed_insert(self.modified);
        headers.typed_insert(AcceptRanges::bytes());
    }

    /// What this request is to get of a file with these validators.
    pub(super) fn judge(&self, request: &Request, length: u64) -> Wanted {
        let headers = &request.headers;
        let modified = self.modified.into();
        let as_wanted = match headers.typed_get::<IfMatch>() {
            Some(wanted) => wanted.is_any() || wanted.precondition_passes(&self.etag),
            None => headers.typed_get::<IfUnmodifiedSince>().is_none_or(|since| since.precondition_passes(modified)),
        };
        if !as_wanted {
            return Wanted::Failed;
        }
        let is_new = match headers.typed_get::<IfNoneMatch>() {
            Some(known) => known.precondition_passes(&self.etag),
            None => headers.typed_get::<IfModifiedSince>().is_none_or(|since| since.is_modified(modified)),
        };
        if !is_new {
            return Wanted::NotModified;
        }
        match request.method == Method::GET && self.is_of_the_same(headers) {
            true => part(headers, length),
            false => Wanted::Whole,
        }
    }

    /// Whether the part that is wanted is one of this version.
    ///
    /// A date is never enough: a file may change twice within a second, and who has a tag from us must not send a date.
    fn is_of_the_same(&self, headers: &HeaderMap) -> bool {
        headers.get(header::IF_RANGE).is_none_or(|value| value.as_bytes() == self.tag.as_bytes())
    }
}

/// Says which part of a file a response holds, or, without a part, how long a file without the wanted one is.
pub(super) fn put_range(headers: &mut HeaderMap, part: Option<Range<u64>>, length: u64) {
    let range = match part {
        // A part that does not lie within its file does not come from `part`.
        Some(part) => ContentRange::bytes(part, length).ok(),
        None => Some(ContentRange::unsatisfied_bytes(length)),
    };
    if let Some(range) = range {
        headers.typed_insert(range);
    }
}

/// The part of a file that the field `Range` asks for. What is no valid range, or more than one, asks for all.
fn part(headers: &HeaderMap, length: u64) -> Wanted {
    let mut fields = headers.get_all(header::RANGE).iter();
    let (Some(field), None) = (fields.next(), fields.next()) else { return Wanted::Whole };
    let Some(parsed) = field.to_str().ok().and_then(|field| parse_range_header(field).ok()) else {
        return Wanted::Whole;
    };
    match parsed.validate(length).as_deref() {
        Ok([part]) => Wanted::Part(*part.start()..part.end() + 1),
        Err(RangeUnsatisfiableError::Unsatisfiable) => Wanted::NoSuchPart,
        Ok(_) | Err(_) => Wanted::Whole,
    }
}

//! Header fields: read from their lines, and looked into.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::refusal::Refusal;

/// Reads a whole block of so many field lines, with the empty line at its end.
pub(super) fn parse(bytes: &[u8], count: usize) -> Result<HeaderMap, Refusal> {
    let mut few = [httparse::EMPTY_HEADER; FEW_FIELDS];
    let mut many = Vec::new();
    let room = if count <= FEW_FIELDS {
        few.as_mut_slice()
    } else {
        many.resize(count, httparse::EMPTY_HEADER);
        many.as_mut_slice()
    };
    match httparse::parse_headers(bytes, room) {
        Ok(httparse::Status::Complete((length, fields))) if length == bytes.len() => header_map(fields),
        Ok(_) => Err(Refusal::bad("the header is not valid")),
        Err(httparse::Error::HeaderName) => Err(BAD_NAME),
        Err(httparse::Error::HeaderValue) => Err(BAD_VALUE),
        Err(
            httparse::Error::NewLine
            | httparse::Error::Status
            | httparse::Error::Token
            | httparse::Error::TooManyHeaders
            | httparse::Error::Version,
        ) => Err(Refusal::bad("a header field is not valid")),
    }
}

fn header_map(fields: &[httparse::Header<'_>]) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::try_with_capacity(fields.len()).map_err(|_| TOO_MANY)?;
    for field in fields {
        let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| BAD_NAME)?;
        let value = HeaderValue::from_bytes(field.value).map_err(|_| BAD_VALUE)?;
        headers.try_append(name, value).map_err(|_| TOO_MANY)?;
    }
    Ok(headers)
}

/// The members of a list that may be spread over several lines; empty ones are among them.
pub(super) fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let values = headers.get_all(name).into_iter();
    values.flat_map(|value| value.as_bytes().split(|byte| *byte == b',').map(trim))
}

/// Without the spaces and tabs around it, which are all that may be there.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let start = bytes.iter().position(|byte| !is_space(byte)).unwrap_or(bytes.len());
    let end = bytes.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &bytes[start..end]
}

/// Whether a list in these fields has this token, in any case.
pub(crate) fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    members(headers, name).any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
}

/// Writes a field line.
pub(crate) fn write(bytes: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        bytes.extend_from_slice(part);
    }
}

/// More than a map of fields can hold, whatever the limit says.
const TOO_MANY: Refusal = Refusal::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "there are too many header fields");

const BAD_NAME: Refusal = Refusal::bad("a header field's name is not valid");
const BAD_VALUE: Refusal = Refusal::bad("a header field's value is not valid");

/// Browsers send some 20: so many need no memory of their own.
const FEW_FIELDS: usize = 32;

//! Reads replies: a pure machine, fed with the bytes of a connection however they were cut.
//!
//! It follows RFC 9112, section 6.3, and is strict where two readers could disagree about where a reply ends; what is
//! odd but clear (interim replies, unknown statuses, HTTP/1.0, equal lengths given twice) is read. It never reserves
//! memory for a length that was only declared.

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::http1::{Chunked, ChunkedDecoder, ChunkedError};

/// Reads the reply to one request.
#[derive(Debug)]
pub(super) struct ReplyDecoder {
    limits: ReplyLimits,
    /// Whether the request was a `HEAD`, whose reply has no body whatever it declares.
    bodiless: bool,
    state: State,
    /// The head as far as it came.
    head: Vec<u8>,
    /// The start of the line in `head` that is not complete yet.
    line: usize,
    interims: usize,
    received: bool,
    answered: bool,
    reply: Reply,
}

/// How large a reply may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReplyLimits {
    pub(super) max_head: usize,
    pub(super) max_body: usize,
}

/// A whole reply.
#[derive(Debug, Default)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    /// Whether the connection may carry another request.
    pub(super) reusable: bool,
}

/// Why bytes are no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReplyError {
    /// It is larger than a limit.
    #[error("the reply's {0} larger than the limit of {1}")]
    TooLarge(&'static str, usize),
    /// It is not HTTP/1.
    #[error("the reply is not valid HTTP/1.1: {0}")]
    Malformed(&'static str),
    /// Its chunks are not valid.
    #[error("the reply is not valid HTTP/1.1: {0}")]
    Chunked(#[from] ChunkedError),
    /// The connection ended before it did.
    #[error("the server closed the connection {0}")]
    Cut(&'static str),
}

impl ReplyDecoder {
    pub(super) fn new(limits: ReplyLimits, bodiless: bool) -> Self {
        Self {
            limits,
            bodiless,
            state: State::Head,
            head: Vec::new(),
            line: 0,
            interims: 0,
            received: false,
            answered: false,
            reply: Reply::default(),
        }
    }

    /// Takes bytes that came; says whether the reply is whole. Not to be called after that, or after an error.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> Result<bool, ReplyError> {
        self.received |= !bytes.is_empty();
        while !bytes.is_empty() && !self.is_done() {
            bytes = self.step(bytes)?;
        }
        if !bytes.is_empty() {
            // What was not asked for may be meant as the reply to the next request.
            self.reply.reusable = false;
        }
        Ok(self.is_done())
    }

    /// Takes notice that no more bytes will come. The reply is whole if it says so.
    pub(super) fn end(&mut self) -> Result<(), ReplyError> {
        match self.state {
            State::Done => Ok(()),
            State::UntilEnd => {
                self.state = State::Done;
                Ok(())
            }
            State::Head if !self.received => Err(ReplyError::Cut("without a reply")),
            State::Head => Err(ReplyError::Cut("in the head of its reply")),
            State::Length { .. } | State::Chunked(_) => Err(ReplyError::Cut("in the body of its reply")),
        }
    }

    /// Whether any byte came.
    pub(super) fn received(&self) -> bool {
        self.received
    }

    /// Whether the head of the final reply came.
    pub(super) fn answered(&self) -> bool {
        self.answered
    }

    /// The reply, once it is whole.
    pub(super) fn into_reply(self) -> Reply {
        self.reply
    }

    fn is_done(&self) -> bool {
        matches!(self.state, State::Done)
    }

    /// Takes some bytes from the front; gives the others back.
    fn step<'a>(&mut self, mut bytes: &'a [u8]) -> Result<&'a [u8], ReplyError> {
        match &mut self.state {
            State::Head => self.head(bytes),
            State::Length { left } => {
                let (data, rest) = bytes.split_at(bytes.len().min(*left));
                *left -= data.len();
                let whole = *left == 0;
                self.body(data)?;
                if whole {
                    self.state = State::Done;
                }
                Ok(rest)
            }
            State::Chunked(decoder) => {
                match decoder.decode(&mut bytes)? {
                    Chunked::Data(data) => self.body(data)?,
                    Chunked::NeedsMore => {}
                    Chunked::End => self.state = State::Done,
                }
                Ok(bytes)
            }
            State::UntilEnd => self.body(bytes).map(|()| &[][..]),
            State::Done => Ok(bytes),
        }
    }

    fn body(&mut self, data: &[u8]) -> Result<(), ReplyError> {
        if data.len() > self.limits.max_body - self.reply.body.len() {
            return Err(ReplyError::TooLarge("body is", self.limits.max_body));
        }
        self.reply.body.extend_from_slice(data);
        Ok(())
    }

    /// Takes one line of the head.
    fn head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], ReplyError> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let (line, rest) = bytes.split_at(end.map_or(bytes.len(), |end| end + 1));
        if line.len() > self.limits.max_head - self.head.len() {
            return Err(ReplyError::TooLarge("head is", self.limits.max_head));
        }
        self.head.extend_from_slice(line);
        // Another protocol may never send the end of what would be a head.
        if self.head.iter().zip(START).any(|(byte, expected)| byte != expected) {
            return Err(ReplyError::Malformed(describe(httparse::Error::Version)));
        }
        if end.is_some() {
            match self.head.get(self.line..) {
                Some(b"\r\n") => self.take_head()?,
                Some(line) if line.ends_with(b"\r\n") => self.line = self.head.len(),
                _ => return Err(ReplyError::Malformed("a line does not end with CR LF")),
            }
        }
        Ok(rest)
    }

    /// Takes the head, now that its last line came.
    fn take_head(&mut self) -> Result<(), ReplyError> {
        let head = Head::parse(&self.head)?;
        self.head.clear();
        self.line = 0;
        if head.status.is_informational() {
            self.interims += 1;
            // Nothing was asked that would switch the protocol.
            if head.status == StatusCode::SWITCHING_PROTOCOLS {
                return Err(ReplyError::Malformed("it switches to another protocol"));
            }
            if self.interims > MAX_INTERIMS {
                return Err(ReplyError::TooLarge("number of interim replies is", MAX_INTERIMS));
            }
            return Ok(());
        }
        self.answered = true;
        let framing = head.framing(self.bodiless, self.limits.max_body)?;
        self.reply.reusable = head.keeps_alive() && framing.1;
        self.state = framing.0;
        self.reply.status = head.status;
        self.reply.headers = head.headers;
        Ok(())
    }
}

#[derive(Debug)]
enum State {
    Head,
    Length { left: usize },
    Chunked(ChunkedDecoder),
    UntilEnd,
    Done,
}

/// The head of a reply, interim or final.
struct Head {
    status: StatusCode,
    headers: HeaderMap,
    /// The minor version of HTTP/1.
    version: u8,
}

impl Head {
    fn parse(bytes: &[u8]) -> Result<Self, ReplyError> {
        let mut fields = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut parsed = httparse::Response::new(&mut fields);
        match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => {
                return Err(ReplyError::Malformed("its head does not end where it should"));
            }
            Err(httparse::Error::TooManyHeaders) => {
                return Err(ReplyError::TooLarge("number of header fields is", MAX_HEADERS));
            }
            Err(error) => return Err(ReplyError::Malformed(describe(error))),
        }
        let status = StatusCode::from_u16(parsed.code.unwrap_or_default())
            .map_err(|_| ReplyError::Malformed("the status is below 100"))?;
        let mut headers = HeaderMap::with_capacity(parsed.headers.len());
        for field in parsed.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes());
            let value = HeaderValue::from_bytes(field.value);
            let (Ok(name), Ok(value)) = (name, value) else {
                return Err(ReplyError::Malformed("a header field is not valid"));
            };
            headers.append(name, value);
        }
        Ok(Self { status, headers, version: parsed.version.unwrap_or_default() })
    }

    /// How the body ends, and whether that leaves the connection usable.
    fn framing(&self, bodiless: bool, max_body: usize) -> Result<(State, bool), ReplyError> {
        let coded = self.headers.contains_key(header::TRANSFER_ENCODING);
        let length = self.length()?;
        if self.status == StatusCode::NO_CONTENT {
            // It has no body; a server that announces one all the same may send it, too.
            return Ok((State::Done, !coded && length.unwrap_or(0) == 0));
        }
        if bodiless || self.status == StatusCode::NOT_MODIFIED {
            return Ok((State::Done, true));
        }
        if coded {
            let codings = &mut self.tokens(header::TRANSFER_ENCODING);
            if !codings.next().is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked")) || codings.next().is_some()
            {
                return Err(ReplyError::Malformed("its transfer coding is not `chunked` alone"));
            }
            // With a length beside it, the two may have been meant for two readers.
            return Ok((State::Chunked(ChunkedDecoder::default()), length.is_none()));
        }
        match length {
            None => Ok((State::UntilEnd, false)),
            Some(0) => Ok((State::Done, true)),
            Some(length) => match usize::try_from(length) {
                Ok(left) if left <= max_body => Ok((State::Length { left }, true)),
                _ => Err(ReplyError::TooLarge("body is", max_body)),
            },
        }
    }

    /// The declared length; the same one may be given several times. One that does not fit is as large as can be.
    fn length(&self) -> Result<Option<u64>, ReplyError> {
        let mut length = None;
        for value in self.headers.get_all(header::CONTENT_LENGTH) {
            for item in value.as_bytes().split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                if item.is_empty() || !item.iter().all(u8::is_ascii_digit) {
                    return Err(ReplyError::Malformed("its length is not a number"));
                }
                let item = item
                    .iter()
                    .fold(0_u64, |sum, digit| sum.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
                if length.is_some_and(|length| length != item) {
                    return Err(ReplyError::Malformed("it has two different lengths"));
                }
                length = Some(item);
            }
        }
        Ok(length)
    }

    fn keeps_alive(&self) -> bool {
        self.version == 1 && !self.tokens(header::CONNECTION).any(|token| token.eq_ignore_ascii_case(b"close"))
    }

    /// The items of a list that may be spread over several lines.
    fn tokens(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let values = self.headers.get_all(name).into_iter();
        let items = values.flat_map(|value| value.as_bytes().split(|&byte| byte == b','));
        items.map(<[u8]>::trim_ascii).filter(|item| !item.is_empty())
    }
}

fn describe(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => "a header field's name is not valid",
        httparse::Error::HeaderValue => "a header field's value is not valid",
        httparse::Error::NewLine => "a line does not end with CR LF",
        httparse::Error::Status => "the status line is not valid",
        httparse::Error::Token => "a character is not allowed where it is",
        httparse::Error::TooManyHeaders => "it has too many header fields",
        httparse::Error::Version => "it is of another version, or of another protocol",
    }
}

/// How every reply starts.
const START: &[u8] = b"HTTP/1.";

/// How many header fields a head may have: large sites send some 40.
const MAX_HEADERS: usize = 128;

/// How many interim replies may come before the final one: a server sends one `100`, a few `103`, or a `102` every 20
/// seconds.
const MAX_INTERIMS: usize = 16;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests;

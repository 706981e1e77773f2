//! The chunked transfer coding of HTTP/1.1 (RFC 9112, section 7.1), read strictly.
//!
//! [`ChunkedDecoder`] is a pure machine: bytes go in, however they were cut, and slices of the body come out. It keeps
//! none of them but the trailers. What two readers could understand in two ways is refused: a bare LF, a space around the
//! size, a size that does not fit, a fold in a trailer. So no message can hide in another one.

use http::HeaderMap;

use super::{
    extension::Extension,
    trailers::{Trailers, TrailersError},
};

/// Reads one chunked body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkedDecoder {
    state: State,
    /// How many bytes of the body came so far.
    data: u64,
    /// How many bytes of chunk extensions came so far.
    extensions: u64,
    trailers: Trailers,
    read_trailers: HeaderMap,
}

/// What [`ChunkedDecoder::decode`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chunked<'a> {
    /// A part of the body, never empty.
    Data(&'a [u8]),
    /// The whole input was used, and the body is not at its end.
    NeedsMore,
    /// The body is at its end; what is left of the input follows it.
    End,
}

/// Why bytes are no chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.reason())]
pub(crate) enum ChunkedError {
    /// The size is not 1 to 16 hexadecimal digits.
    Size,
    /// A chunk extension is not `name`, `name=token` or `name="text"`.
    Extension,
    /// The chunk extensions are longer than the body that they come with.
    ExtensionsTooLong,
    /// A line or a chunk does not end with CR LF.
    LineEnd,
    /// A trailer is no header field.
    Trailer(&'static str),
    /// The trailers are longer than anybody's.
    TrailersTooLong,
}

impl ChunkedError {
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Size => "a chunk's size is not valid",
            Self::Extension => "a chunk extension is not valid",
            Self::ExtensionsTooLong => "the chunk extensions are too long",
            Self::LineEnd => "a chunk does not end with CR LF",
            Self::Trailer(reason) => reason,
            Self::TrailersTooLong => "the trailers are too long",
        }
    }
}

impl From<TrailersError> for ChunkedError {
    fn from(error: TrailersError) -> Self {
        match error {
            TrailersError::TooLong => Self::TrailersTooLong,
            TrailersError::Invalid(reason) => Self::Trailer(reason),
        }
    }
}

impl ChunkedDecoder {
    /// Takes what it can from the front of `input`, up to the end of the first part of the body in it. To be called
    /// until it [needs more](Chunked::NeedsMore) or is at the [end](Chunked::End).
    ///
    /// # Errors
    ///
    /// If the bytes are no chunked body. The same error comes again from then on.
    pub(crate) fn decode<'a>(&mut self, input: &mut &'a [u8]) -> Result<Chunked<'a>, ChunkedError> {
        loop {
            if let State::Done = self.state {
                return Ok(Chunked::End);
            }
            if let State::Failed(error) = self.state {
                return Err(error);
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(Chunked::NeedsMore);
            };
            match self.state {
                State::Data { left } => return Ok(Chunked::Data(self.take_data(left, input))),
                State::Trailers => {
                    if let Some(end) = self.take_trailers(input).transpose() {
                        self.state = end.map_or_else(State::Failed, |()| State::Done);
                    }
                }
                State::Size { .. }
                | State::Extension { .. }
                | State::SizeLf { .. }
                | State::DataCr
                | State::DataLf
                | State::Done
                | State::Failed(_) => {
                    *input = rest;
                    self.state = self.next(byte).unwrap_or_else(State::Failed);
                }
            }
        }
    }

    /// How much of the current chunk is still to come: as much as its size says.
    pub(super) fn announced(&self) -> u64 {
        if let State::Data { left } = self.state { left } else { 0 }
    }

    /// The trailers, once the body is at its end.
    pub(super) fn into_trailers(self) -> HeaderMap {
        self.read_trailers
    }

    fn take_data<'a>(&mut self, left: u64, input: &mut &'a [u8]) -> &'a [u8] {
        let length = usize::try_from(left).map_or(input.len(), |left| left.min(input.len()));
        let (data, rest) = input.split_at(length);
        *input = rest;
        self.data = self.data.saturating_add(length as u64);
        self.state = match left - length as u64 {
            0 => State::DataCr,
            left => State::Data { left },
        };
        data
    }

    /// Says whether the trailers are whole.
    fn take_trailers(&mut self, input: &mut &[u8]) -> Result<Option<()>, ChunkedError> {
        let Some(trailers) = self.trailers.decode(input)? else { return Ok(None) };
        self.read_trailers = trailers;
        Ok(Some(()))
    }

    /// The state after one byte of framing.
    fn next(&mut self, byte: u8) -> Result<State, ChunkedError> {
        match self.state {
            State::Size { digits, size } => match (char::from(byte).to_digit(16), byte) {
                (Some(digit), _) if digits < MAX_SIZE_DIGITS => {
                    Ok(State::Size { digits: digits + 1, size: size << 4 | u64::from(digit) })
                }
                (None, b'\r') if digits > 0 => Ok(State::SizeLf { size }),
                (None, b';') if digits > 0 => Ok(State::Extension { size, extension: Extension::default() }),
                _ => Err(ChunkedError::Size),
            },
            State::Extension { size, extension } => self.extension(size, extension, byte),
            State::SizeLf { size } => match (byte, size) {
                (b'\n', 0) => Ok(State::Trailers),
                (b'\n', left) => Ok(State::Data { left }),
                _ => Err(ChunkedError::LineEnd),
            },
            State::DataCr if byte == b'\r' => Ok(State::DataLf),
            State::DataLf if byte == b'\n' => Ok(State::default()),
            State::DataCr | State::DataLf => Err(ChunkedError::LineEnd),
            State::Data { .. } | State::Trailers | State::Done | State::Failed(_) => Ok(self.state),
        }
    }

    fn extension(&mut self, size: u64, extension: Extension, byte: u8) -> Result<State, ChunkedError> {
        self.extensions += 1;
        // An honest extension is a signature or a note on its chunk; more of them than body only costs work.
        if self.extensions > MAX_EXTENSIONS.saturating_add(self.data) {
            return Err(ChunkedError::ExtensionsTooLong);
        }
        if byte == b'\r' && extension.is_whole() {
            return Ok(State::SizeLf { size });
        }
        match extension.next(byte) {
            Some(extension) => Ok(State::Extension { size, extension }),
            None => Err(ChunkedError::Extension),
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In the digits of a chunk's size.
    Size {
        digits: u8,
        size: u64,
    },
    Extension {
        size: u64,
        extension: Extension,
    },
    SizeLf {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// After the last chunk: trailers, and the empty line that ends the body.
    Trailers,
    Done,
    Failed(ChunkedError),
}

impl Default for State {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

/// As many digits as a `u64` can hold, so that a size never overflows.
const MAX_SIZE_DIGITS: u8 = 16;

/// How many bytes of chunk extensions may come beyond the length of the body itself: the long signatures that some
/// senders put on their first chunk have less than 1 KiB.
const MAX_EXTENSIONS: u64 = 4 * 1024;

#[cfg(test)]
mod tests;

//! The chunked transfer coding of HTTP/1.1 (RFC 9112, section 7.1), read strictly.
//!
//! [`ChunkedDecoder`] is a pure machine: bytes go in, however they were cut, and slices of the body come out. It keeps
//! none of them. What two readers could understand in two ways is refused: a bare LF, a space around the size, a size
//! that does not fit, a fold in a trailer. So no message can hide in another one.

/// Reads one chunked body.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkedDecoder {
    state: State,
    /// How many bytes of the body came so far.
    data: u64,
    /// How many bytes of chunk extensions came so far.
    extensions: u64,
    /// How many bytes of trailers came so far.
    trailers: usize,
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
pub(crate) enum ChunkedError {
    /// The size is not 1 to 16 hexadecimal digits.
    #[error("a chunk's size is not valid")]
    Size,
    /// A chunk extension holds a control character.
    #[error("a chunk extension is not valid")]
    Extension,
    /// The chunk extensions are longer than the body that they come with.
    #[error("the chunk extensions are too long")]
    ExtensionsTooLong,
    /// A line or a chunk does not end with CR LF.
    #[error("a chunk does not end with CR LF")]
    LineEnd,
    /// A trailer is no header field.
    #[error("a trailer is not valid")]
    Trailer,
    /// The trailers are longer than [`MAX_TRAILERS`].
    #[error("the trailers are too long")]
    TrailersTooLong,
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
            if let State::Data { left } = self.state
                && !input.is_empty()
            {
                return Ok(Chunked::Data(self.take_data(left, input)));
            }
            let Some((&byte, rest)) = input.split_first() else {
                return Ok(Chunked::NeedsMore);
            };
            *input = rest;
            self.state = self.next(byte).unwrap_or_else(State::Failed);
        }
    }

    /// How much of the current chunk is still to come: as much as its size says.
    pub(crate) fn announced(&self) -> u64 {
        if let State::Data { left } = self.state { left } else { 0 }
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

    /// The state after one byte of framing.
    fn next(&mut self, byte: u8) -> Result<State, ChunkedError> {
        match self.state {
            State::Size { digits, size } => match (char::from(byte).to_digit(16), byte) {
                (Some(digit), _) if digits < MAX_SIZE_DIGITS => {
                    Ok(State::Size { digits: digits + 1, size: size << 4 | u64::from(digit) })
                }
                (None, b'\r') if digits > 0 => Ok(State::SizeLf { size }),
                (None, b';') if digits > 0 => Ok(State::Extension { size }),
                _ => Err(ChunkedError::Size),
            },
            State::Extension { size } => self.extension(size, byte),
            State::SizeLf { size } => match (byte, size) {
                (b'\n', 0) => Ok(State::TrailerStart),
                (b'\n', left) => Ok(State::Data { left }),
                _ => Err(ChunkedError::LineEnd),
            },
            State::DataCr if byte == b'\r' => Ok(State::DataLf),
            State::DataLf if byte == b'\n' => Ok(State::default()),
            State::DataCr | State::DataLf => Err(ChunkedError::LineEnd),
            State::TrailerStart | State::TrailerName | State::TrailerValue | State::TrailerLf | State::EndLf => {
                self.trailer(byte)
            }
            State::Data { .. } | State::Done | State::Failed(_) => Ok(self.state),
        }
    }

    fn extension(&mut self, size: u64, byte: u8) -> Result<State, ChunkedError> {
        self.extensions += 1;
        // An honest extension is a signature or a note on its chunk; more of them than body only costs work.
        if self.extensions > MAX_EXTENSIONS.saturating_add(self.data) {
            return Err(ChunkedError::ExtensionsTooLong);
        }
        match byte {
            b'\r' => Ok(State::SizeLf { size }),
            byte if is_text(byte) => Ok(State::Extension { size }),
            _ => Err(ChunkedError::Extension),
        }
    }

    fn trailer(&mut self, byte: u8) -> Result<State, ChunkedError> {
        self.trailers += 1;
        if self.trailers > MAX_TRAILERS {
            return Err(ChunkedError::TrailersTooLong);
        }
        match (self.state, byte) {
            (State::TrailerStart, b'\r') => Ok(State::EndLf),
            (State::TrailerName, b':') => Ok(State::TrailerValue),
            (State::TrailerStart | State::TrailerName, byte) if is_token(byte) => Ok(State::TrailerName),
            (State::TrailerValue, b'\r') => Ok(State::TrailerLf),
            (State::TrailerValue, byte) if is_text(byte) => Ok(State::TrailerValue),
            (State::TrailerLf, b'\n') => Ok(State::TrailerStart),
            (State::EndLf, b'\n') => Ok(State::Done),
            (State::TrailerLf | State::EndLf, _) => Err(ChunkedError::LineEnd),
            _ => Err(ChunkedError::Trailer),
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
    },
    SizeLf {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    /// At the start of a line after the last chunk: a trailer, or the empty line that ends the body.
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
    Failed(ChunkedError),
}

impl Default for State {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

/// Whether a header field's value or a chunk extension may hold this byte.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}

/// Whether a header field's name may hold this byte.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// As many digits as a `u64` can hold, so that a size never overflows.
const MAX_SIZE_DIGITS: u8 = 16;

/// How many bytes of chunk extensions may come beyond the length of the body itself: the long signatures that some
/// senders put on their first chunk have less than 1 KiB.
const MAX_EXTENSIONS: u64 = 4 * 1024;

/// How many bytes of trailers, framing included, may come: they are digests and states of a few hundred bytes.
const MAX_TRAILERS: usize = 8 * 1024;

#[cfg(test)]
mod tests;

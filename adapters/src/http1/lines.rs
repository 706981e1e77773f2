//! Lines, found in bytes that come piece by piece. What no line may hold is refused as soon as it is there.

use std::ops::Range;

use http::StatusCode;

use super::{refusal::Refusal, text::Text};

/// Finds one line after the other. It remembers how far it has looked, so that a head that trickles in is not read again
/// and again; so it must be given the same bytes each time, and more of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines {
    /// Where the line begins that has no end yet.
    start: usize,
    looked: usize,
}

impl Lines {
    pub(super) const fn new() -> Self {
        Self { start: 0, looked: 0 }
    }

    /// The next line, without its end; `None` if it is not whole.
    pub(super) fn next(&mut self, bytes: &[u8], text: Text) -> Result<Option<Range<usize>>, Refusal> {
        let Some(found) = text.end(&bytes[self.looked..]) else {
            self.looked = bytes.len();
            return Ok(None);
        };
        self.looked += found;
        match (bytes[self.looked], bytes.get(self.looked + 1)) {
            (b'\r', Some(b'\n')) => {
                let line = self.start..self.looked;
                self.looked += b"\r\n".len();
                self.start = self.looked;
                Ok(Some(line))
            }
            (b'\r', None) => Ok(None),
            (b'\r', Some(_)) => Err(Refusal::bad("a CR stands without LF")),
            (b'\n', _) => Err(Refusal::bad("a line ends without CR")),
            _ => Err(Refusal::bad("there is a character that no line of a head may hold")),
        }
    }
}

/// Finds the end of a block of field lines: the empty line after them.
#[derive(Clone, Debug, Default)]
pub(super) struct FieldLines {
    lines: Lines,
    count: usize,
}

impl FieldLines {
    /// How long the block is, with the empty line; `None` if it is not whole.
    pub(super) fn end(&mut self, bytes: &[u8], max_count: usize) -> Result<Option<usize>, Refusal> {
        loop {
            if let Some(b' ' | b'\t') = bytes.get(self.lines.start) {
                return Err(Refusal::bad("a line of the header begins with a space"));
            }
            match self.lines.next(bytes, Text::Field)? {
                None => return Ok(None),
                Some(line) if line.is_empty() => return Ok(Some(self.lines.start)),
                Some(_) if self.count == max_count => {
                    return Err(Refusal::new(
                        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                        "there are too many header fields",
                    ));
                }
                Some(_) => self.count += 1,
            }
        }
    }

    /// How many lines were found.
    pub(super) fn count(&self) -> usize {
        self.count
    }
}

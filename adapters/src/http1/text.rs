//! Which bytes may stand where, and a fast search for those that may not.

/// What a line is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// Visible ASCII and spaces: a request line.
    Visible,
    /// All but control characters, tabs excepted: a field line. What is not ASCII is opaque.
    Field,
}

impl Text {
    /// Where the first byte stands that is no such text: the end of the line, or what must not be in it.
    pub(super) fn end(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::Visible => position(bytes, |byte| !(b' '..0x7f).contains(&byte)),
            Self::Field => position(bytes, |byte| !is_text(byte)),
        }
    }
}

/// Whether a field's value or a quoted string may hold this byte.
pub(super) fn is_text(byte: u8) -> bool {
    (byte >= b' ' && byte != 0x7f) || byte == b'\t'
}

/// Whether a method, a field's name or any other token may hold this byte.
pub(super) fn is_token_byte(byte: u8) -> bool {
    match byte {
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~' => true,
        _ => byte.is_ascii_alphanumeric(),
    }
}

/// Whether this is a token of RFC 9110, section 5.6.2.
pub(super) fn is_token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| is_token_byte(*byte))
}

fn position(bytes: &[u8], is_wanted: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    // Without an early exit from a block, the compiler looks at all of its bytes at once.
    let is_in = |block: &&[u8; BLOCK]| block.iter().fold(false, |found, byte| found | is_wanted(*byte));
    let within = |bytes: &[u8]| bytes.iter().position(|byte| is_wanted(*byte));
    let skipped = blocks.iter().take_while(|block| !is_in(block)).count();
    let found = blocks.get(skipped).map_or(rest, |block| block.as_slice());
    within(found).map(|at| skipped * BLOCK + at)
}

/// As many bytes as the widest registers of most machines hold.
const BLOCK: usize = 32;

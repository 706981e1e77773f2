//! Chunk extensions (RFC 9112, section 7.1.1), which nobody understands and everybody must be able to pass over.

use super::text::{is_text, is_token_byte};

/// How far the extensions of one chunk have come. Spaces, which old senders put around `;` and `=`, are refused: readers
/// have disagreed about them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Extension {
    /// After a `;`.
    #[default]
    Start,
    Name,
    /// After a `=`.
    ValueStart,
    Value,
    Quoted,
    /// After a backslash in a quoted value.
    Escaped,
    QuotedEnd,
}

impl Extension {
    /// After one byte more; `None` if it must not stand here.
    pub(super) fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Start | Self::Name, byte) if is_token_byte(byte) => Some(Self::Name),
            (Self::Name, b'=') => Some(Self::ValueStart),
            (Self::ValueStart | Self::Value, byte) if is_token_byte(byte) => Some(Self::Value),
            (Self::ValueStart, b'"') => Some(Self::Quoted),
            (Self::Quoted, b'\\') => Some(Self::Escaped),
            (Self::Quoted, b'"') => Some(Self::QuotedEnd),
            (Self::Quoted | Self::Escaped, byte) if is_text(byte) => Some(Self::Quoted),
            (Self::Name | Self::Value | Self::QuotedEnd, b';') => Some(Self::Start),
            _ => None,
        }
    }

    /// Whether the line may end here.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Name | Self::Value | Self::QuotedEnd)
    }
}

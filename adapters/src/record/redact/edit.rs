//! Changes in a text, by their places.

use std::ops::Range;

/// Puts something else in the place of a part of a text.
pub(super) struct Edit {
    pub(super) range: Range<usize>,
    pub(super) with: String,
}

/// The text with these changes, which are in order.
pub(super) fn apply(text: &str, edits: &[Edit]) -> String {
    String::from_utf8_lossy(&part(text.as_bytes(), 0..text.len(), edits)).into_owned()
}

/// A part of the changed text: what is changed across its end belongs to it.
pub(super) fn part(text: &[u8], part: Range<usize>, edits: &[Edit]) -> Vec<u8> {
    let mut edited = Vec::with_capacity(part.len());
    let mut from = part.start;
    for Edit { range, with } in edits.iter().filter(|edit| edit.range.end > part.start && edit.range.start < part.end) {
        if range.start >= part.start {
            edited.extend_from_slice(&text[from..range.start]);
            edited.extend_from_slice(with.as_bytes());
        }
        from = range.end;
    }
    edited.extend_from_slice(text.get(from..part.end).unwrap_or_default());
    edited
}

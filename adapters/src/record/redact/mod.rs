//! Takes the secrets out of a trace, before it is written.
//!
//! It goes over the lines twice: first to find what is secret by its name, then to replace that wherever it stands.

mod body;
mod edit;
mod names;
mod secrets;
mod text;

pub(super) use names::Names;

use self::{body::Body, edit::apply, secrets::Secrets};

/// The lines without their secrets; none if there are too many of them.
pub(super) fn redacted(lines: &[u8], names: &Names) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(lines);
    let body = Body::of(text.lines());
    let mut secrets = Secrets::new(names);
    for line in text.lines() {
        text::entry(line, &mut secrets);
    }
    body.redacted(&mut secrets);
    secrets.seal()?;
    let mut pieces = body.redacted(&mut secrets).into_iter();
    let mut redacted = String::with_capacity(text.len());
    for line in text.lines() {
        let piece = if body.holds(line) { pieces.next() } else { None };
        redacted += &piece.unwrap_or_else(|| apply(line, &text::entry(line, &mut secrets)));
        redacted.push('\n');
    }
    Some(redacted.into_bytes())
}

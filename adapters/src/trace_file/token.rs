//! What stands for a secret: `[secret-1f2e3d4c]`. Equal secrets of one file have equal tokens.

/// The token with this number.
#[cfg(feature = "record")]
pub(crate) fn token(number: u32) -> String {
    format!("{BEGIN}{number:08x}{END}")
}

/// Whether this is a token, and nothing else.
#[cfg(feature = "record")]
pub(crate) fn is_token(text: &str) -> bool {
    begins_with_token(text) == Some(text.len())
}

/// Whether `text` may have been `recorded` before its secrets were replaced: a token stands for any text without tokens,
/// and for itself.
#[cfg(feature = "testing")]
pub(crate) fn fits(recorded: &str, text: &str) -> bool {
    let Some((before, token, after)) = first(recorded) else { return recorded == text };
    let Some(text) = text.strip_prefix(before) else { return false };
    if let Some(rest) = text.strip_prefix(token) {
        return fits(after, rest);
    }
    let plain = first(text).map_or(text, |(plain, _, _)| plain).len();
    // What follows a token in the recording ends what it stands for.
    let end = match first(after) {
        None => text.strip_suffix(after).map(str::len),
        Some((next, _, _)) => text.find(next),
    };
    end.is_some_and(|end| end <= plain && fits(after, &text[end..]))
}

/// The first token, and what is around it.
#[cfg(feature = "testing")]
fn first(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + text[from..].find(BEGIN)?;
        if let Some(length) = begins_with_token(&text[at..]) {
            return Some((&text[..at], &text[at..at + length], &text[at + length..]));
        }
        from = at + BEGIN.len();
    }
}

/// The length of the token that this text begins with.
fn begins_with_token(text: &str) -> Option<usize> {
    let rest = text.strip_prefix(BEGIN)?;
    let digits = rest.find(|digit: char| !digit.is_ascii_hexdigit())?;
    (digits == DIGITS && rest[digits..].starts_with(END)).then_some(BEGIN.len() + DIGITS + END.len())
}

const BEGIN: &str = "[secret-";
const END: &str = "]";
const DIGITS: usize = 8;

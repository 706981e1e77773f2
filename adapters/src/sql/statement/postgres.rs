//! Texts as PostgreSQL's scanner reads them, with `standard_conforming_strings` on, as it is by default.
//!
//! `?1` and so on are tokens of their own here, wherever they stand: to PostgreSQL the question mark would be an operator,
//! but none takes a bare number.

use super::token::{
    Token, after_line, escaped_length, is_of_word, length_while, numbered_length, of_character, quoted_length,
};

/// The text without the blanks and comments that it begins with.
pub(super) fn after_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(is_blank);
        text = if text.starts_with("--") {
            after_line(text, &LINE_ENDS)
        } else if text.starts_with("/*") {
            after_nested(text)
        } else {
            return text;
        };
    }
}

/// The token that the text begins with, and its length.
pub(super) fn token(text: &str, first: char) -> (Token<'_>, usize) {
    match first {
        '\'' | '"' => (Token::Other, quoted_length(text, first)),
        'e' | 'E' if text[1..].starts_with('\'') => (Token::Other, with_escapes(text)),
        '$' => dollar(text),
        first if first.is_ascii_digit() => word(text, |character| character.is_ascii_digit()),
        first if is_of_word(first) => word(text, is_of_word),
        first if OPERATORS.contains(first) => operator(text),
        first => (of_character(first), first.len_utf8()),
    }
}

fn word(text: &str, belongs: impl Fn(char) -> bool) -> (Token<'_>, usize) {
    let length = length_while(text, belongs);
    (Token::Word(&text[..length]), length)
}

/// What follows a comment that may hold others.
fn after_nested(text: &str) -> &str {
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some(at) = rest.find(['/', '*']) {
        rest = &rest[at..];
        let (change, length) = match rest.as_bytes() {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, 1),
        };
        rest = &rest[length..];
        depth = depth.saturating_add_signed(change);
        if depth == 0 {
            return rest;
        }
    }
    ""
}

/// The length of `E'…'`. After a line's end it goes on with the next quote, and backslashes still escape in there.
fn with_escapes(text: &str) -> usize {
    let mut length = 1;
    loop {
        length += escaped_length(&text[length..], '\'');
        let rest = &text[length..];
        let next = after_blanks_of_string(rest);
        let between = rest.len() - next.len();
        if !(next.starts_with('\'') && rest[..between].contains(LINE_ENDS)) {
            return length;
        }
        length += between;
    }
}

/// Between the parts of a string there may be blanks and comments of one line.
fn after_blanks_of_string(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(is_blank);
        if !text.starts_with("--") {
            return text;
        }
        text = after_line(text, &LINE_ENDS);
    }
}

/// A parameter, `$1`, or a text in dollar quotes, `$tag$ … $tag$`.
fn dollar(text: &str) -> (Token<'_>, usize) {
    let numbered = numbered_length(text);
    if numbered > 1 {
        return (Token::Placeholder(&text[..numbered]), numbered);
    }
    let tag = 1 + length_while(&text[1..], |character| is_of_word(character) && character != '$');
    if !text[tag..].starts_with('$') {
        return (Token::Other, 1);
    }
    let (quote, rest) = text.split_at(tag + 1);
    let length = rest.find(quote).map_or(text.len(), |end| end + 2 * quote.len());
    (Token::Other, length)
}

/// As many characters of operators as there are, but where a comment begins, or a placeholder.
fn operator(text: &str) -> (Token<'_>, usize) {
    let run = length_while(text, |character| OPERATORS.contains(character));
    let digit = text[run..].starts_with(|next: char| next.is_ascii_digit());
    if digit && text[..run] == *"?" {
        let length = numbered_length(text);
        return (Token::Placeholder(&text[..length]), length);
    }
    let run = if digit && text[..run].ends_with('?') { run - 1 } else { run };
    let length = ["--", "/*"].iter().filter_map(|comment| text[..run].find(comment)).min().unwrap_or(run);
    (if text[..length] == *"*" { Token::Star } else { Token::Other }, length)
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

const LINE_ENDS: [char; 2] = ['\n', '\r'];

/// What operators are made of.
const OPERATORS: &str = "~!@#^&|`?+-*/%<>=";

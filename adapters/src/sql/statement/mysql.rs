//! Texts as MySQL and MariaDB read them, when neither `ANSI_QUOTES` nor `NO_BACKSLASH_ESCAPES` is on.

use super::token::{
    Token, after_block, after_line, escaped_length, is_of_word, length_while, numbered_length, of_character,
    quoted_length,
};

/// The text without the blanks and comments that it begins with.
pub(super) fn after_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(is_blank);
        text = if text.starts_with('#') || begins_line_comment(text) {
            after_line(text, &['\n'])
        } else if let Some(comment) = text.strip_prefix("/*").filter(|comment| !is_executable(comment)) {
            after_block(comment)
        } else {
            return text;
        };
    }
}

/// The token that the text begins with, and its length.
pub(super) fn token(text: &str, first: char) -> (Token<'_>, usize) {
    match first {
        '\'' | '"' => (Token::Other, escaped_length(text, first)),
        '`' => (Token::Other, quoted_length(text, first)),
        '?' => placeholder(text, numbered_length(text)),
        // The form of PostgreSQL: here it would be the name of a column.
        '$' if is_numbered(text) => placeholder(text, numbered_length(text)),
        ':' if text[1..].starts_with(is_of_word) => placeholder(text, 1 + length_while(&text[1..], is_of_word)),
        '@' if text[1..].starts_with('@') => (Token::Other, 2),
        '@' => (Token::Other, 1 + length_while(&text[1..], |character| is_of_word(character) || character == '.')),
        '/' if text[1..].starts_with('*') => (Token::Refused(EXECUTABLE_COMMENT), 2),
        first if is_of_word(first) => {
            let length = length_while(text, is_of_word);
            (Token::Word(&text[..length]), length)
        }
        first => (of_character(first), first.len_utf8()),
    }
}

fn placeholder(text: &str, length: usize) -> (Token<'_>, usize) {
    (Token::Placeholder(&text[..length]), length)
}

/// Whether a word is a dollar and digits, and nothing else.
fn is_numbered(text: &str) -> bool {
    let length = numbered_length(text);
    length > 1 && length == length_while(text, is_of_word)
}

/// Two dashes alone may be a double minus.
fn begins_line_comment(text: &str) -> bool {
    text.strip_prefix("--").is_some_and(|rest| {
        let next = rest.chars().next();
        next.is_none_or(|next| next == ' ' || next.is_ascii_control())
    })
}

/// Whether the server carries out what stands in the comment.
fn is_executable(comment: &str) -> bool {
    comment.starts_with('!') || comment.starts_with("M!")
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

const EXECUTABLE_COMMENT: &str =
    "the text holds a comment of the form `/*! … */`, which the server may carry out: write what it holds without it";

//! Texts as SQLite's tokenizer reads them.
//!
//! Where SQLite sees the end of a statement, so does this. It may see more of them in a text that SQLite refuses anyway,
//! never fewer.

use super::token::{
    Token, after_block, after_line, is_of_word, length_while, numbered_length, of_character, quoted_length,
};

/// The text without the blanks and comments that it begins with.
pub(super) fn after_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|character: char| character.is_ascii_whitespace() || character == '\u{feff}');
        text = if text.starts_with("--") {
            after_line(text, &['\n'])
        } else if let Some(comment) = text.strip_prefix("/*").filter(|comment| !comment.is_empty()) {
            // With nothing in it, it is a slash and a star.
            after_block(comment)
        } else {
            return text;
        };
    }
}

/// The token that the text begins with, and its length.
pub(super) fn token(text: &str, first: char) -> (Token<'_>, usize) {
    match first {
        '\'' | '"' | '`' => (Token::Other, quoted_length(text, first)),
        '[' => (Token::Other, text.find(']').map_or(text.len(), |end| end + 1)),
        '?' => placeholder(text, numbered_length(text)),
        '$' | '@' | ':' | '#' => placeholder(text, 1 + length_while(&text[1..], is_of_word)),
        // A blank to SQLite after another blank, and else an error: too odd to let through.
        '\u{b}' => (Token::Refused("the text holds a vertical tab"), 1),
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

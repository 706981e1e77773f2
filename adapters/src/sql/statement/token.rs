//! What a text is made of, as far as a statement must be understood.

/// A token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// A keyword, a name without quotes, or a number.
    Word(&'a str),
    /// What stands for a parameter, or would in another database.
    Placeholder(&'a str),
    Open,
    Close,
    Semicolon,
    Star,
    Comma,
    Dot,
    /// What no statement may hold, and why.
    Refused(&'static str),
    /// Any operator, and whatever stands in quotes.
    Other,
}

impl Token<'_> {
    pub(super) fn is_word(self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if is_one_of(word, words))
    }
}

/// The token of a character that is one in every database.
pub(super) fn of_character(character: char) -> Token<'static> {
    match character {
        '(' => Token::Open,
        ')' => Token::Close,
        ';' => Token::Semicolon,
        '*' => Token::Star,
        ',' => Token::Comma,
        '.' => Token::Dot,
        _ => Token::Other,
    }
}

/// What follows a comment of one line: it ends with any of these characters.
pub(super) fn after_line<'a>(text: &'a str, ends: &[char]) -> &'a str {
    text.split_once(ends).map_or("", |(_, rest)| rest)
}

/// What follows a comment that ends with `*/`. Without that, it goes on to the end of the text.
pub(super) fn after_block(text: &str) -> &str {
    text.split_once("*/").map_or("", |(_, rest)| rest)
}

/// The length of what stands in quotes, with the quotes; a doubled quote is part of it.
pub(super) fn quoted_length(text: &str, quote: char) -> usize {
    let mut marks = text.match_indices(quote).map(|(at, _)| at).skip(1).peekable();
    while let Some(at) = marks.next() {
        if marks.next_if_eq(&(at + 1)).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// As [`quoted_length`], where a backslash takes the next character for what it is.
pub(super) fn escaped_length(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + quote.len_utf8();
        }
    }
    text.len()
}

pub(super) fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|character| !belongs(character)).unwrap_or(text.len())
}

/// The length of a character and the digits after it.
pub(super) fn numbered_length(text: &str) -> usize {
    1 + length_while(&text[1..], |character| character.is_ascii_digit())
}

/// What names, keywords and numbers are made of; everything beyond ASCII is a letter.
pub(super) fn is_of_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '$') || !character.is_ascii()
}

pub(super) fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

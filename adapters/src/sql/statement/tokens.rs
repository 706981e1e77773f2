//! A text, token by token.

use super::{super::dialect::Dialect, mysql, postgres, sqlite, token::Token};

/// The tokens of a text, each with the place where it begins.
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text, at: 0, dialect }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = (usize, Token<'a>);

    fn next(&mut self) -> Option<(usize, Token<'a>)> {
        let rest = &self.text[self.at..];
        let rest = match self.dialect {
            Dialect::Sqlite => sqlite::after_blanks(rest),
            Dialect::Postgres => postgres::after_blanks(rest),
            Dialect::MySql => mysql::after_blanks(rest),
        };
        let begin = self.text.len() - rest.len();
        let first = rest.chars().next()?;
        let (token, length) = match self.dialect {
            Dialect::Sqlite => sqlite::token(rest, first),
            Dialect::Postgres => postgres::token(rest, first),
            Dialect::MySql => mysql::token(rest, first),
        };
        self.at = begin + length;
        Some((begin, token))
    }
}

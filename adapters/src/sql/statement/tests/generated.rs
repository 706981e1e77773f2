//! What holds for every text, shown with texts made of all that is hard to read.

use segno_core::{Sql, Value};

use super::{
    super::{Dialect, Statement, reader::Reader, token::Token, tokens::Tokens},
    ALL, sql,
};

/// Numbers that look like chance, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).expect("it is below a usize")
    }

    fn text(&mut self) -> String {
        (0..=self.below(MOST_PIECES)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}

/// A text of what is hard to read; another one for each seed.
pub(super) fn text(seed: u64) -> String {
    Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).text()
}

#[test]
fn what_was_translated_says_the_same_and_needs_no_translation() {
    let mut translated = 0;
    for seed in 1..=TEXTS {
        let text = text(seed);
        for dialect in ALL {
            translated += usize::from(is_translated(&text, dialect));
        }
    }
    assert!(translated > 1_000, "only {translated} texts were translated");
}

fn is_translated(text: &str, dialect: Dialect) -> bool {
    let Some((names, count)) = placeholders(text, dialect) else { return false };
    let mut own = sql(text, count);
    Statement::read(&mut own, dialect).unwrap_or_else(|error| panic!("{dialect:?}: {text:?}: {error}"));
    let (own_names, own_count) = placeholders(&own.text, dialect)
        .unwrap_or_else(|| panic!("{dialect:?}: {text:?} became {:?}, which cannot be read", own.text));
    assert_eq!(
        without_names(text, dialect),
        without_names(&own.text, dialect),
        "{dialect:?}: {text:?}: {:?}",
        own.text
    );
    assert_eq!(own_count, own.params.len(), "{dialect:?}: {text:?}");
    let meant: Vec<_> = names.iter().enumerate().map(|(place, name)| meant(name, place)).collect();
    let taken: Vec<_> = own_names.iter().enumerate().map(|(place, name)| taken(&own, name, place)).collect();
    assert_eq!(meant, taken, "{dialect:?}: {text:?}: {:?}", own.text);
    let mut again = own.clone();
    Statement::read(&mut again, dialect).unwrap_or_else(|error| panic!("{dialect:?}: {:?}: {error}", own.text));
    assert_eq!(again, own, "{dialect:?}: {text:?}");
    *own.text != *text
}

/// The names of the placeholders and how many parameters they take, if the text can be read at all.
pub(super) fn placeholders(text: &str, dialect: Dialect) -> Option<(Vec<&str>, usize)> {
    let text = if dialect == Dialect::Sqlite { text.trim() } else { text };
    let mut reader = Reader::new(dialect);
    let mut names = Vec::new();
    for (at, token) in Tokens::new(text, dialect) {
        reader.take(at, token).ok()?;
        if let Token::Placeholder(name) = token {
            names.push(name);
        }
    }
    let count = (0..=MOST_PIECES + 10).find(|count| Statement::read(&mut sql(text, *count), dialect).is_ok())?;
    Some((names, count))
}

/// The tokens, with all placeholders alike.
fn without_names(text: &str, dialect: Dialect) -> Vec<Token<'_>> {
    let alike = |token| if matches!(token, Token::Placeholder(_)) { Token::Placeholder("") } else { token };
    Tokens::new(text, dialect).map(|(_, token)| alike(token)).collect()
}

/// The parameter that the handler means.
fn meant(name: &str, place: usize) -> Value {
    Value::Int(name[1..].parse().unwrap_or_else(|_| 1 + i64::try_from(place).expect("there are few")))
}

/// The parameter that the database takes.
fn taken(own: &Sql, name: &str, place: usize) -> Value {
    let number = name[1..].parse().unwrap_or(1 + place);
    own.params[number - 1].clone()
}

pub(super) const TEXTS: u64 = 60_000;

const MOST_PIECES: usize = 9;

/// What is hard to read, and what makes a statement of it.
const PIECES: [&str; 72] = [
    "select ", "select", "insert ", "a", "e", "E", "U&", "x", "as a", "from t ", "1", "0", "9", "$", "$$", "$a$", "$1",
    "$2", "?", "?1", "?2", "?3", "?1", "?2", "@", "@a", "@@", ":", "::", ":a", "#", "'", "''", "\"", "`", "[", "]",
    "\\", "\\'", "--", "-- ", "-", "\n", "\r", " ", " ", "\t", "\u{b}", "/", "*", "/*", "*/", "/*!", "(", ")", ",",
    ".", ";", "+ ", "= ", "=", "|", "&", "<", "é", "\u{feff}", "\u{a0}", "end", "begin ", "atomic ", "'a'", ", ",
];

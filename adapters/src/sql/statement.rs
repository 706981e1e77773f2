//! Reads a statement as SQLite's tokenizer does, as far as it must be understood before it is sent.
//!
//! A driver would carry out every statement of a text, take a missing parameter for `NULL`, and spin or panic on a few
//! texts. The rule here: where SQLite sees the end of a statement, so does this file. It may see more of them in a
//! text that SQLite refuses anyway, never fewer.

use segno_core::{Happened, Sql, SqlError, SqlErrorKind};

/// What must be known of a statement beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) verb: Verb,
    /// Whether its columns depend on the schema: `select *`.
    #[cfg_attr(not(feature = "sqlite"), expect(dead_code, reason = "rusqlite sees by itself that columns changed"))]
    pub(crate) star: bool,
    /// Whether it updates where it cannot insert: `on conflict do update`.
    upsert: bool,
    /// Whether it has a `returning`.
    returning: bool,
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// Gives rows, and changes nothing.
    Read,
    /// Inserts rows.
    Insert,
    /// Updates or deletes rows.
    Change,
    /// Creates, alters or drops a table, an index and so on.
    Schema,
    /// Anything else.
    Other,
}

impl Statement {
    /// Reads the one statement of the text, and counts its parameters.
    pub(crate) fn read(sql: &Sql) -> Result<Self, SqlError> {
        // The driver trims, too: without it, a space that SQLite does not know would hide the first word.
        let text = sql.text.trim();
        if text.contains('\0') {
            return Err(refused("the text holds a NUL character, where SQLite stops reading"));
        }
        let mut reader = Reader::default();
        for token in Tokens(text) {
            reader.take(token)?;
        }
        let verb = reader.verb.ok_or_else(|| refused("the text holds no statement"))?;
        let placeholders = reader.placeholders()?;
        if placeholders != sql.params.len() {
            let given = sql.params.len();
            return Err(wrong_params(format!("the statement takes {placeholders} parameters, and {given} were given")));
        }
        Ok(Self { verb, star: reader.star, upsert: reader.upsert, returning: reader.returning })
    }

    /// Whether it may give rows, be they none.
    pub(crate) fn gives_rows(self) -> bool {
        match self.verb {
            Verb::Read | Verb::Other => true,
            Verb::Insert | Verb::Change => self.returning,
            Verb::Schema => false,
        }
    }

    /// Whether it may have been carried out if its answer was lost.
    pub(crate) fn lost(self) -> Happened {
        match self.verb {
            Verb::Read => Happened::No,
            Verb::Insert | Verb::Change | Verb::Schema | Verb::Other => Happened::Unknown,
        }
    }

    /// How many rows it changed, and the id of the last one that it inserted.
    ///
    /// SQLite keeps both numbers from the last statement that set them, whoever asked for it.
    pub(crate) fn written(self, affected: u64, last_id: i64) -> (u64, Option<i64>) {
        match self.verb {
            // Nothing tells whether an upsert inserted: `returning` does.
            Verb::Insert if affected == 0 || self.upsert => (affected, None),
            Verb::Insert => (affected, Some(last_id)),
            Verb::Change => (affected, None),
            Verb::Read | Verb::Schema | Verb::Other => (0, None),
        }
    }
}

/// Whether the text begins, ends or divides a transaction.
#[cfg(feature = "testing")]
pub(crate) fn controls_transaction(text: &str) -> bool {
    let first = Tokens(text).find(|token| *token != Token::Semicolon);
    first.is_some_and(|first| first.is_word(&CONTROL))
}

/// What was seen of a text so far.
#[derive(Default)]
struct Reader<'a> {
    /// The first words: enough for `explain query plan create temporary trigger`.
    head: Vec<&'a str>,
    /// The last two tokens.
    last: [Option<Token<'a>>; 2],
    /// How many parentheses are open.
    depth: usize,
    verb: Option<Verb>,
    star: bool,
    upsert: bool,
    returning: bool,
    /// How many `?` there are, and the highest of `?1`, `?2` and so on.
    unnumbered: usize,
    highest: usize,
    /// Whether the statement is complete.
    complete: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, token: Token<'a>) -> Result<(), SqlError> {
        if token == Token::Semicolon {
            self.complete |= self.verb.is_some() && (!self.in_trigger() || self.trigger_ends());
        } else if self.complete {
            return Err(refused("the text holds more than one statement: ask for one after the other"));
        }
        match token {
            Token::Word(word) => self.word(word)?,
            Token::Placeholder(name) => self.placeholder(name)?,
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            Token::Star => self.star |= self.star_of_columns(),
            Token::VerticalTab => return Err(refused("the text holds a vertical tab")),
            Token::Semicolon | Token::Comma | Token::Dot | Token::Other => {}
        }
        if self.verb.is_none() && token != Token::Semicolon {
            // No statement begins with it; SQLite says so better.
            self.verb = Some(Verb::Other);
        }
        self.last = [self.last[1], Some(token)];
        Ok(())
    }

    fn word(&mut self, word: &'a str) -> Result<(), SqlError> {
        if self.verb.is_none() {
            if is_one_of(word, &CONTROL) {
                return Err(refused("a transaction is not controlled by statements: use `io.transaction`"));
            }
            self.verb = Some(verb(word));
        } else if is_one_of(self.head.first().copied().unwrap_or_default(), &["with"])
            && self.depth == 0
            && self.last[1] == Some(Token::Close)
            && !is_one_of(word, &["as"])
            && self.verb == Some(Verb::Other)
        {
            // The main statement of a `with` follows its last table.
            self.verb = Some(verb(word));
        }
        if self.head.len() < LONGEST_HEAD {
            self.head.push(word);
        }
        self.returning |= is_one_of(word, &["returning"]);
        self.upsert |= is_one_of(word, &["update"]) && self.last[1].is_some_and(|last| last.is_word(&["do"]));
        Ok(())
    }

    fn placeholder(&mut self, name: &str) -> Result<(), SqlError> {
        match name.as_bytes() {
            b"?" => self.unnumbered += 1,
            [b'?' | b'$', digits @ ..] if digits.iter().all(u8::is_ascii_digit) => {
                let number = name[1..].parse().ok().filter(|number| (1..=MAX_PARAMS).contains(number));
                let number = number.ok_or_else(|| wrong_params(format!("`{name}` is no placeholder")))?;
                self.highest = self.highest.max(number);
            }
            _ => return Err(wrong_params(format!("`{name}` is no placeholder: parameters go by number, as in `?1`"))),
        }
        Ok(())
    }

    /// How many parameters the statement takes.
    fn placeholders(&self) -> Result<usize, SqlError> {
        match (self.unnumbered, self.highest) {
            (0, highest) => Ok(highest),
            (unnumbered, 0) => Ok(unnumbered),
            // SQLite and its driver number such a mixture in different ways.
            (_, _) => Err(wrong_params("`?` and `?1` do not mix in one statement".to_owned())),
        }
    }

    /// Whether this is the definition of a trigger, whose statements each have a semicolon of their own.
    fn in_trigger(&self) -> bool {
        let mut head = self.head.iter().copied().peekable();
        for optional in [&["explain"][..], &["query"], &["plan"]] {
            head.next_if(|word| is_one_of(word, optional));
        }
        head.next().is_some_and(|word| is_one_of(word, &["create"])) && {
            head.next_if(|word| is_one_of(word, &["temp", "temporary"]));
            head.next().is_some_and(|word| is_one_of(word, &["trigger"]))
        }
    }

    /// A trigger ends with `; end`, which nothing else in it can be.
    fn trigger_ends(&self) -> bool {
        let [before, last] = self.last;
        before == Some(Token::Semicolon) && last.is_some_and(|last| last.is_word(&["end"]))
    }

    /// Whether a star here stands for columns, and not for a product or in `count(*)`.
    fn star_of_columns(&self) -> bool {
        self.last[1].is_some_and(|last| {
            matches!(last, Token::Comma | Token::Dot) || last.is_word(&["select", "distinct", "all", "returning"])
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    /// A keyword, a name without quotes, or a number.
    Word(&'a str),
    Placeholder(&'a str),
    Open,
    Close,
    Semicolon,
    Star,
    Comma,
    Dot,
    /// A blank to SQLite after another blank, and else an error: too odd to let through.
    VerticalTab,
    /// Any operator, and whatever stands in quotes.
    Other,
}

impl Token<'_> {
    fn is_word(self, words: &[&str]) -> bool {
        matches!(self, Self::Word(word) if is_one_of(word, words))
    }
}

/// The tokens of what is left of a text.
struct Tokens<'a>(&'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        self.0 = after_blanks(self.0);
        let first = self.0.chars().next()?;
        let length = match first {
            '\'' | '"' | '`' => quoted_length(self.0, first),
            '[' => self.0.find(']').map_or(self.0.len(), |end| end + 1),
            '?' => 1 + length_while(&self.0[1..], |c| c.is_ascii_digit()),
            '$' | '@' | ':' | '#' => 1 + length_while(&self.0[1..], is_of_word),
            first if is_of_word(first) => length_while(self.0, is_of_word),
            first => first.len_utf8(),
        };
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        Some(match first {
            '?' | '$' | '@' | ':' | '#' => Token::Placeholder(text),
            '(' => Token::Open,
            ')' => Token::Close,
            ';' => Token::Semicolon,
            '*' => Token::Star,
            ',' => Token::Comma,
            '.' => Token::Dot,
            '\u{b}' => Token::VerticalTab,
            first if is_of_word(first) => Token::Word(text),
            _ => Token::Other,
        })
    }
}

/// The text without the blanks and comments that it begins with.
fn after_blanks(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '\u{feff}');
        text = if text.starts_with("--") {
            text.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = text.strip_prefix("/*").filter(|comment| !comment.is_empty()) {
            // Without an end, a comment goes on to the end of the text; with nothing in it, it is a slash and a star.
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return text;
        };
    }
}

/// The length of what stands in quotes, with the quotes; a doubled quote is part of it.
fn quoted_length(text: &str, quote: char) -> usize {
    let mut marks = text.match_indices(quote).map(|(at, _)| at).skip(1).peekable();
    while let Some(at) = marks.next() {
        if marks.next_if_eq(&(at + 1)).is_none() {
            return at + 1;
        }
    }
    text.len()
}

fn length_while(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c| !belongs(c)).unwrap_or(text.len())
}

/// What names, keywords and numbers are made of; to SQLite, everything beyond ASCII is a letter.
fn is_of_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '$') || !c.is_ascii()
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    words.iter().any(|other| word.eq_ignore_ascii_case(other))
}

fn verb(word: &str) -> Verb {
    const VERBS: [(&[&str], Verb); 4] = [
        (&["select", "values", "explain"], Verb::Read),
        (&["insert", "replace"], Verb::Insert),
        (&["update", "delete"], Verb::Change),
        (&["create", "alter", "drop"], Verb::Schema),
    ];
    VERBS.iter().find(|(words, _)| is_one_of(word, words)).map_or(Verb::Other, |(_, verb)| *verb)
}

fn refused(message: &str) -> SqlError {
    SqlError::new(SqlErrorKind::Statement, Happened::No, message)
}

fn wrong_params(message: String) -> SqlError {
    SqlError::new(SqlErrorKind::Params, Happened::No, message)
}

/// The words that control a transaction.
const CONTROL: [&str; 6] = ["begin", "commit", "end", "rollback", "savepoint", "release"];

/// `explain query plan create temporary trigger`
const LONGEST_HEAD: usize = 6;

/// SQLite's own limit.
const MAX_PARAMS: usize = 32_766;

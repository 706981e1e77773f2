//! What is understood of a statement, token by token.

use segno_core::SqlError;

use super::{
    super::dialect::Dialect,
    placeholders::Placeholders,
    refusal::refused,
    token::{Token, is_one_of},
    verb::{Verb, refusal},
};

/// What was seen of a text so far.
pub(super) struct Reader<'a> {
    dialect: Dialect,
    /// The first words: enough for `explain query plan create temporary trigger`.
    head: Vec<&'a str>,
    /// The last two tokens.
    last: [Option<Token<'a>>; 2],
    /// How many parentheses are open.
    depth: usize,
    pub(super) verb: Option<Verb>,
    pub(super) star: bool,
    pub(super) upsert: bool,
    pub(super) returning: bool,
    pub(super) partial: bool,
    pub(super) placeholders: Placeholders,
    /// Whether a table of a `with` is made by a write.
    writes_within: bool,
    /// Whether it holds `begin atomic`: the body of a function of PostgreSQL, whose statements each have a semicolon.
    atomic: bool,
    /// Whether the statement is complete.
    complete: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            head: Vec::new(),
            last: [None; 2],
            depth: 0,
            verb: None,
            star: false,
            upsert: false,
            returning: false,
            partial: false,
            placeholders: Placeholders::new(dialect),
            writes_within: false,
            atomic: false,
            complete: false,
        }
    }

    /// The first words of the statement.
    pub(super) fn head(&self) -> &[&'a str] {
        &self.head
    }

    pub(super) fn take(&mut self, begin: usize, token: Token<'a>) -> Result<(), SqlError> {
        if token == Token::Semicolon {
            self.complete |= self.verb.is_some() && self.ends_here();
        } else if self.complete {
            return Err(refused("the text holds more than one statement: ask for one after the other"));
        }
        match token {
            Token::Word(word) => self.word(word)?,
            Token::Placeholder(name) => self.placeholders.take(begin, name)?,
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            Token::Star => self.star |= self.star_of_columns(),
            Token::Refused(why) => return Err(refused(why)),
            Token::Semicolon | Token::Comma | Token::Dot | Token::Other => {}
        }
        if self.verb.is_none() && token != Token::Semicolon && !self.opens_a_query(token) {
            // No statement begins with it; the database says so better.
            self.verb = Some(Verb::Other);
        }
        self.last = [self.last[1], Some(token)];
        Ok(())
    }

    fn word(&mut self, word: &'a str) -> Result<(), SqlError> {
        if self.head.len() < LONGEST_HEAD {
            self.head.push(word);
            if let Some(why) = refusal(&self.head, self.dialect) {
                return Err(refused(why));
            }
        }
        match self.verb {
            None => self.verb = Some(Verb::of(word, self.dialect)),
            Some(Verb::Other) if self.is_main_of_with(word) => {
                let main = Verb::of(word, self.dialect);
                self.verb = Some(if self.writes_within && main == Verb::Read { Verb::Other } else { main });
            }
            Some(Verb::Read) if self.writes_all_the_same(word) => self.verb = Some(Verb::Other),
            Some(Verb::Read | Verb::Insert | Verb::Change | Verb::Schema | Verb::Other) => {}
        }
        self.returning |= is_one_of(word, &["returning"]);
        let last = self.last[1];
        let follows = |word| last.is_some_and(|last| last.is_word(&[word]));
        let before_update = if self.dialect == Dialect::MySql { "key" } else { "do" };
        self.upsert |= is_one_of(word, &["update"]) && follows(before_update);
        self.partial |= match self.dialect {
            Dialect::Sqlite => is_one_of(word, &["fail"]) && (follows("or") || follows("conflict")),
            Dialect::Postgres => self.begins_with(&["call", "do"]),
            Dialect::MySql => self.begins_with(&["call"]),
        };
        self.atomic |= is_one_of(word, &["atomic"]) && follows("begin");
        self.writes_within |= self.dialect == Dialect::Postgres
            && self.begins_with(&["with"])
            && last == Some(Token::Open)
            && is_one_of(word, &["insert", "update", "delete", "merge"]);
        Ok(())
    }

    /// Whether the word begins the main statement of a `with`, which follows its last table.
    fn is_main_of_with(&self, word: &str) -> bool {
        self.begins_with(&["with"])
            && self.depth == 0
            && self.last[1] == Some(Token::Close)
            && !is_one_of(word, &["as"])
    }

    /// Whether the word makes a write of what seemed to read: `select … into`, `explain analyze`.
    fn writes_all_the_same(&self, word: &str) -> bool {
        self.dialect != Dialect::Sqlite
            && (is_one_of(word, &["into"])
                || self.begins_with(&["explain", "describe", "desc"]) && is_one_of(word, &["analyze", "analyse"]))
    }

    fn begins_with(&self, words: &[&str]) -> bool {
        self.head.first().is_some_and(|first| is_one_of(first, words))
    }

    /// Whether a query may begin with the token: on SQLite none does with a parenthesis.
    fn opens_a_query(&self, token: Token<'a>) -> bool {
        token == Token::Open && self.dialect != Dialect::Sqlite
    }

    /// Whether the statement ends with a semicolon that stands here. A server takes one statement of a text and refuses
    /// the others: so for the bodies of routines it is asked.
    fn ends_here(&self) -> bool {
        match self.dialect {
            Dialect::Sqlite => !self.in_trigger() || self.trigger_ends(),
            Dialect::Postgres => !self.atomic,
            Dialect::MySql => {
                !(self.begins_with(&["create"]) && self.head.iter().any(|word| is_one_of(word, &ROUTINES)))
            }
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

/// `explain query plan create temporary trigger`
const LONGEST_HEAD: usize = 6;

/// What MySQL has bodies of statements for.
const ROUTINES: [&str; 5] = ["procedure", "function", "trigger", "event", "package"];

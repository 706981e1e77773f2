//! Reads a statement as the database does, as far as it must be understood before it is sent.
//!
//! A driver would carry out every statement of a text, take a missing parameter for `NULL`, and spin or panic on a few
//! texts. Here, a text is one statement, with as many parameters as it has placeholders; and placeholders of the form
//! `?1` are understood on every database.

mod refusal;
mod token;

mod mysql;
mod placeholders;
mod postgres;
mod sqlite;
mod verb;

mod reader;
mod tokens;

#[cfg(test)]
mod tests;

use segno_core::{Happened, Sql, SqlError};

use self::{reader::Reader, refusal::refused, tokens::Tokens};
use super::dialect::Dialect;

pub(crate) use self::verb::Verb;

/// What must be known of a statement beside its text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Statement {
    pub(crate) verb: Verb,
    /// Whether its columns depend on the schema: `select *`.
    #[cfg_attr(
        not(feature = "sqlite"),
        expect(dead_code, reason = "other drivers see by themselves that columns changed")
    )]
    pub(crate) star: bool,
    /// Whether it updates where it cannot insert: `on conflict do update`.
    upsert: bool,
    /// Whether it has a `returning`.
    returning: bool,
    /// Whether what it did before it failed may stay: a procedure that commits, `insert or fail`.
    partial: bool,
}

impl Statement {
    /// Reads the one statement of the text, counts its parameters, and puts both into the database's own words.
    pub(crate) fn read(sql: &mut Sql, dialect: Dialect) -> Result<Self, SqlError> {
        let text = match dialect {
            // The driver trims, too: without it, a space that SQLite does not know would hide the first word.
            Dialect::Sqlite => sql.text.trim(),
            Dialect::Postgres | Dialect::MySql => &sql.text,
        };
        if text.contains('\0') {
            return Err(refused("the text holds a NUL character, where the database stops reading"));
        }
        let mut reader = Reader::new(dialect);
        for (at, token) in Tokens::new(text, dialect) {
            reader.take(at, token)?;
        }
        let verb = reader.verb.ok_or_else(|| refused("the text holds no statement"))?;
        if sql.transaction.is_some() && dialect == Dialect::MySql && verb::commits_by_itself(reader.head()) {
            return Err(refused(
                "before this statement MySQL commits the transaction by itself: ask for it outside of a transaction",
            ));
        }
        if let Some(why) = verb::refusal_at_end(reader.head(), dialect) {
            return Err(refused(why));
        }
        let read = Self {
            verb,
            star: reader.star,
            upsert: reader.upsert,
            returning: reader.returning,
            partial: reader.partial,
        };
        reader.placeholders.bind(sql)?;
        Ok(read)
    }

    /// Refuses a statement that does more than read, where `place` takes no other.
    pub(crate) fn must_read(self, place: &str) -> Result<(), SqlError> {
        match self.verb {
            Verb::Read => Ok(()),
            Verb::Insert | Verb::Change | Verb::Schema | Verb::Other => {
                Err(refused(&format!("{place} only reads: the statement begins neither with `select` nor the like")))
            }
        }
    }

    /// Whether it may give rows, be they none.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "mysql", feature = "testing")),
        expect(dead_code, reason = "PostgreSQL tells whether a statement gives rows")
    )]
    pub(crate) fn gives_rows(self) -> bool {
        match self.verb {
            Verb::Read | Verb::Other => true,
            Verb::Insert | Verb::Change => self.returning,
            Verb::Schema => false,
        }
    }

    /// Whether it may have been carried out if its answer was lost. Of a `select` that calls a function that writes,
    /// nobody can tell: it is taken for one that reads.
    pub(crate) fn lost(self) -> Happened {
        match self.verb {
            Verb::Read => Happened::No,
            Verb::Insert | Verb::Change | Verb::Schema | Verb::Other => Happened::Unknown,
        }
    }

    /// What it did, if the database says that it failed, and so undid it.
    pub(crate) fn failed(self, error: SqlError) -> SqlError {
        let kept = self.partial && error.happened == Happened::No;
        if kept { SqlError { happened: Happened::Unknown, ..error } } else { error }
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

/// Whether the text begins, ends or divides a transaction of SQLite.
#[cfg(feature = "testing")]
pub(crate) fn controls_transaction(text: &str) -> bool {
    let mut tokens = Tokens::new(text, Dialect::Sqlite).map(|(_, token)| token);
    let first = tokens.find(|token| *token != token::Token::Semicolon);
    matches!(first, Some(token::Token::Word(word)) if verb::controls_transaction(&[word], Dialect::Sqlite))
}

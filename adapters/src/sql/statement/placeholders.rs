//! What stands for parameters: how many there are, and how the database wants them.

use std::borrow::Cow;

use segno_core::{Params, Sql, SqlError};

use super::{super::dialect::Dialect, refusal::wrong_params, token::is_of_word};

/// The placeholders of a statement.
pub(super) struct Placeholders {
    dialect: Dialect,
    /// How many `?` there are, and the highest of `?1`, `?2` and so on.
    unnumbered: usize,
    highest: usize,
    /// Whether there is one of the form `$1`.
    dollar: bool,
    /// Those of the form `?1` where the database has another one.
    portable: Vec<Portable>,
}

#[derive(Clone, Copy)]
struct Portable {
    begin: usize,
    end: usize,
    number: usize,
}

impl Placeholders {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, unnumbered: 0, highest: 0, dollar: false, portable: Vec::new() }
    }

    /// Takes the one that begins here.
    pub(super) fn take(&mut self, begin: usize, name: &str) -> Result<(), SqlError> {
        let Some(number) = number(name) else {
            return match (name, self.dialect) {
                ("?", Dialect::Sqlite | Dialect::MySql) => {
                    self.unnumbered += 1;
                    Ok(())
                }
                _ => Err(wrong_params(format!("`{name}` is no placeholder: parameters go by number, as in `?1`"))),
            };
        };
        if name.starts_with('$') && self.dialect == Dialect::MySql {
            let message = format!("`{name}` is no placeholder of MySQL: write `?{}`", &name[1..]);
            return Err(wrong_params(message));
        }
        let number = number.filter(|number| (1..=max_params(self.dialect)).contains(number));
        let number = number.ok_or_else(|| wrong_params(format!("`{name}` is no placeholder")))?;
        self.highest = self.highest.max(number);
        self.dollar |= name.starts_with('$');
        if name.starts_with('?') && self.dialect != Dialect::Sqlite {
            self.portable.push(Portable { begin, end: begin + name.len(), number });
        }
        Ok(())
    }

    /// Compares their number with that of the parameters, and puts both into the database's own words.
    pub(super) fn bind(&self, sql: &mut Sql) -> Result<(), SqlError> {
        let (count, given) = (self.count()?, sql.params.len());
        if count != given {
            let hint = match self.dialect {
                Dialect::Postgres if count == 0 => " (they are written `?1` or `$1`; a mere `?` is an operator)",
                Dialect::Sqlite | Dialect::Postgres | Dialect::MySql => "",
            };
            let message = format!("the statement takes {count} parameters, and {given} were given{hint}");
            return Err(wrong_params(message));
        }
        if self.portable.is_empty() {
            return Ok(());
        }
        sql.text = self.translated(&sql.text).into();
        if self.dialect == Dialect::MySql && !self.in_order(count) {
            sql.params = self.occurrences(&sql.params);
        }
        Ok(())
    }

    /// How many parameters the statement takes.
    fn count(&self) -> Result<usize, SqlError> {
        if self.dollar && !self.portable.is_empty() {
            return Err(wrong_params("`?1` and `$1` do not mix in one statement".to_owned()));
        }
        match (self.unnumbered, self.highest) {
            (0, highest) => Ok(highest),
            (unnumbered, 0) => Ok(unnumbered),
            // SQLite and its driver number such a mixture in different ways.
            (_, _) => Err(wrong_params("`?` and `?1` do not mix in one statement".to_owned())),
        }
    }

    fn translated(&self, text: &str) -> String {
        let mut translated = String::with_capacity(text.len() + self.portable.len());
        let mut copied = 0;
        for placeholder in &self.portable {
            translated.push_str(&text[copied..placeholder.begin]);
            let own = match self.dialect {
                // The database's name for it must not become a part of the word beside it.
                Dialect::Postgres if translated.ends_with(is_of_word) => Cow::from(format!(" ${}", placeholder.number)),
                Dialect::Postgres => format!("${}", placeholder.number).into(),
                Dialect::MySql if text[placeholder.end..].starts_with(is_of_word) => "? ".into(),
                Dialect::Sqlite | Dialect::MySql => "?".into(),
            };
            translated.push_str(&own);
            copied = placeholder.end;
        }
        translated.push_str(&text[copied..]);
        translated
    }

    /// Whether each parameter is taken once, one after the other.
    fn in_order(&self, count: usize) -> bool {
        self.portable.iter().map(|placeholder| placeholder.number).eq(1..=count)
    }

    /// The parameters as the placeholders take them, one after the other.
    fn occurrences(&self, params: &Params) -> Params {
        let values: Vec<_> = self.portable.iter().map(|placeholder| params[placeholder.number - 1].clone()).collect();
        values.into()
    }
}

/// The number of a placeholder that has one, if it is a number at all.
fn number(name: &str) -> Option<Option<usize>> {
    let digits = name.strip_prefix(['?', '$'])?;
    let numbered = name != "?" && digits.bytes().all(|digit| digit.is_ascii_digit());
    numbered.then(|| digits.parse().ok())
}

/// How many parameters a statement may take.
const fn max_params(dialect: Dialect) -> usize {
    match dialect {
        // SQLite's own limit.
        Dialect::Sqlite => 32_766,
        // Their protocols count in 16 bits.
        Dialect::Postgres | Dialect::MySql => 65_535,
    }
}

//! Statements on one connection, answered as the real backend answers them.

use std::borrow::Cow;

use rusqlite::{
    Connection, Error, Row, ToSql,
    types::{ToSqlOutput, ValueRef},
};
use segno_core::{Happened, Rows, Sql, SqlError, SqlErrorKind, Value};

use crate::sql::{
    collected::{Collected, Refused},
    control::Control,
    error::without_values,
    sqlite_common::{
        error::{ERROR, failure, is_constraint, not_utf8},
        stored::Stored,
    },
    statement::Statement,
};

/// Carries a statement out.
pub(super) fn run(connection: &Connection, sql: &Sql, statement: Statement) -> Result<Rows, SqlError> {
    carry_out(connection, sql, statement, |_| Ok(()))
}

/// Carries a statement out to its end, and gives its rows in batches of this many; after the last of them the error, if
/// it failed.
pub(super) fn stream(
    connection: &Connection,
    sql: &Sql,
    statement: Statement,
    size: usize,
) -> Vec<Result<Rows, SqlError>> {
    let mut batches = Vec::new();
    let mut seen = 0;
    let last = carry_out(connection, sql, statement, |collected| {
        seen += 1;
        if seen > MAX_SNAPSHOT {
            let message =
                format!("the kit's database streams no more than {MAX_SNAPSHOT} rows: it keeps them in memory");
            return Err(SqlError::new(SqlErrorKind::TooLarge, Happened::No, message));
        }
        if collected.fills(size) {
            batches.push(Ok(std::mem::take(collected).finish(Vec::new())?));
        }
        Ok(())
    });
    let is_end = last.as_ref().is_ok_and(Rows::is_empty);
    batches.extend((!is_end).then_some(last));
    batches
}

/// Carries a statement out; `taken` sees what was collected after each row.
fn carry_out(
    connection: &Connection,
    sql: &Sql,
    statement: Statement,
    mut taken: impl FnMut(&mut Collected) -> Result<(), SqlError>,
) -> Result<Rows, SqlError> {
    let lost = statement.lost();
    let shown = |error: Error| sql_error(&error, Happened::No);
    let mut prepared = connection.prepare_cached(sql.text.trim()).map_err(shown)?;
    for place in 1..=prepared.parameter_count() {
        let value = sql.params.get(number(&prepared, place) - 1).unwrap_or(&Value::Null);
        prepared.raw_bind_parameter(place, Param(value)).map_err(shown)?;
    }
    let mut collected = Collected::default();
    let mut truths = Vec::new();
    let mut rows = prepared.raw_query();
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                // Only now: the first step may have seen another schema.
                if collected.is_empty() {
                    truths =
                        row.as_ref().columns().iter().map(|column| column.decl_type().is_some_and(is_truth)).collect();
                }
                push(&mut collected, row, &truths).map_err(|(kind, message)| SqlError::new(kind, lost, message))?;
                taken(&mut collected)?;
            }
            Ok(None) => break,
            Err(error) => return Err(statement.failed(explained(&error, lost, sql.params.is_empty()))),
        }
    }
    drop(rows);
    let columns = if collected.is_empty() && statement.gives_rows() { names(&prepared) } else { Vec::new() };
    let (affected, last_id) = statement.written(connection.changes(), connection.last_insert_rowid());
    Ok(collected.finish(columns)?.with_written(affected, last_id))
}

/// Which parameter belongs to this place: to SQLite, `$1` is a name like any other.
fn number(statement: &rusqlite::Statement<'_>, place: usize) -> usize {
    let named = statement.parameter_name(place).and_then(|name| name.strip_prefix('$')?.parse().ok());
    named.filter(|number| *number > 0).unwrap_or(place)
}

/// Begins a transaction or a savepoint, or ends it.
pub(super) fn control(connection: &Connection, control: Control) -> Result<(), SqlError> {
    let done = match (command(connection, control), control) {
        (Ok(()), Control::RollbackTo(depth)) => command(connection, Control::Release(depth)),
        // The savepoint was never made or is gone, so there is nothing to undo.
        (Err(error), Control::RollbackTo(_)) if code(&error) == ERROR => Ok(()),
        (done, _) => done,
    };
    done.map_err(|error| sql_error(&error, control.lost()))
}

fn command(connection: &Connection, control: Control) -> Result<(), Error> {
    connection.prepare_cached(&control.command())?.raw_execute().map(drop)
}

/// One about the text itself may show it; this one came while the statement ran, and may quote a parameter.
fn explained(error: &Error, lost: Happened, no_params: bool) -> SqlError {
    let shown = sql_error(error, lost);
    if no_params || is_constraint(code(error)) { shown } else { without_values(shown) }
}

/// The library's error as ours.
fn sql_error(error: &Error, lost: Happened) -> SqlError {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the enum may grow, and most of it is about how it is called")]
    match error {
        Error::SqliteFailure(failed, message) => {
            failure(failed.extended_code, message.as_deref().unwrap_or("no more is known"), lost)
        }
        Error::SqlInputError { error, msg, .. } => failure(error.extended_code, msg, lost),
        other => SqlError::new(SqlErrorKind::Database, lost, format!("the driver failed: {other}")),
    }
}

fn code(error: &Error) -> i32 {
    error.sqlite_error().map_or_else(i32::default, |error| error.extended_code)
}

fn push(collected: &mut Collected, row: &Row<'_>, truths: &[bool]) -> Result<(), Refused> {
    let statement = row.as_ref();
    let values = truths.iter().enumerate().map(|(index, truth)| {
        let value = row.get_ref(index).ok().and_then(|raw| value(raw, *truth));
        value.ok_or_else(|| not_utf8(statement.column_name(index).unwrap_or_default()))
    });
    collected.push(|| names(statement), values)
}

/// The value, if it is not a text that is none. What a column was declared as tells a truth value from a number.
fn value(raw: ValueRef<'_>, truth: bool) -> Option<Value> {
    Some(match raw {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number @ (0 | 1)) if truth => Value::Bool(number == 1),
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(text) => Value::Text(str::from_utf8(text).ok()?.to_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec().into()),
    })
}

/// Whether a column that is declared so holds truth values, as sqlx sees it.
fn is_truth(declared: &str) -> bool {
    declared.eq_ignore_ascii_case("boolean") || declared.eq_ignore_ascii_case("bool")
}

fn names(statement: &rusqlite::Statement<'_>) -> Vec<Box<str>> {
    statement.column_names().into_iter().map(Into::into).collect()
}

/// A parameter on its way in.
struct Param<'a>(&'a Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let stored = Stored::new(self.0).map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
        Ok(match stored {
            Stored::Null => ToSqlOutput::Borrowed(ValueRef::Null),
            Stored::Integer(value) => ToSqlOutput::Borrowed(ValueRef::Integer(value)),
            Stored::Real(value) => ToSqlOutput::Borrowed(ValueRef::Real(value)),
            Stored::Text(Cow::Borrowed(value)) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Stored::Text(Cow::Owned(value)) => ToSqlOutput::Owned(value.into()),
            Stored::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
        })
    }
}

/// How many rows a stream may have: more than a test makes, and few enough to stop at a statement without an end.
const MAX_SNAPSHOT: usize = 1_000_000;

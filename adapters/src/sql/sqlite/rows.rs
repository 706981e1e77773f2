//! Values on their way into SQLite and out of it.

use segno_core::{Happened, Params, Rows, SqlError, SqlErrorKind, Value};
use sqlx::{
    Arguments, Column, Decode, Row, Sqlite, TypeInfo, ValueRef,
    error::BoxDynError,
    sqlite::{SqliteArguments, SqliteColumn, SqliteRow},
};

/// The parameters, as the driver takes them.
pub(super) fn arguments(params: &Params) -> Result<SqliteArguments, SqlError> {
    let mut arguments = SqliteArguments::default();
    for value in params.iter() {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Bool(value) => arguments.add(*value),
            Value::Int(value) => arguments.add(*value),
            Value::Float(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.clone()),
            Value::Bytes(value) => arguments.add(value.to_vec()),
        };
        added.map_err(|_| {
            let message = format!("the driver takes no parameter of this kind: {}", value.kind());
            SqlError::new(SqlErrorKind::Params, Happened::No, message)
        })?;
    }
    Ok(arguments)
}

/// The names of columns.
pub(super) fn names(columns: &[SqliteColumn]) -> Vec<Box<str>> {
    columns.iter().map(|column| column.name().into()).collect()
}

/// The rows of an answer, as they come in.
#[derive(Default)]
pub(super) struct Collected {
    rows: Vec<Box<[Value]>>,
    columns: Vec<Box<str>>,
    bytes: usize,
}

impl Collected {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row, if it can be read and is not one too many.
    pub(super) fn push(&mut self, row: &SqliteRow) -> Result<(), (SqlErrorKind, String)> {
        if self.rows.is_empty() {
            self.columns = names(row.columns());
        }
        if self.rows.len() == MAX_ROWS {
            let message = format!("the answer has more than {MAX_ROWS} rows: ask for it in parts, with `limit`");
            return Err((SqlErrorKind::TooLarge, message));
        }
        let values = row.columns().iter().enumerate().map(|(index, column)| {
            value(row, index, column).map_err(|_| {
                let name = column.name();
                let message =
                    format!("column `{name}` holds a text that is not UTF-8: `cast({name} as blob)` reads it");
                (SqlErrorKind::Decode, message)
            })
        });
        let values: Box<[Value]> = values.collect::<Result<_, _>>()?;
        self.bytes = values.iter().fold(self.bytes, |bytes, value| bytes.saturating_add(size(value)));
        if self.bytes > MAX_BYTES {
            let message = format!("the answer is larger than {MAX_BYTES} bytes: ask for it in parts, with `limit`");
            return Err((SqlErrorKind::TooLarge, message));
        }
        self.rows.push(values);
        Ok(())
    }

    /// The rows; `columns` are the names of the columns if no row told them.
    pub(super) fn finish(self, columns: Vec<Box<str>>) -> Result<Rows, SqlError> {
        let columns = if self.rows.is_empty() { columns } else { self.columns };
        Rows::new(columns, self.rows)
    }
}

/// SQLite types values, not columns; but what a column was declared as tells a truth value from a number.
fn value(row: &SqliteRow, index: usize, column: &SqliteColumn) -> Result<Value, BoxDynError> {
    let raw = row.try_get_raw(index)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let class = raw.type_info().into_owned();
    Ok(match class.name() {
        "INTEGER" => match Decode::<Sqlite>::decode(raw)? {
            number @ (0 | 1) if column.type_info().name() == "BOOLEAN" => Value::Bool(number == 1),
            number => Value::Int(number),
        },
        "REAL" => Value::Float(Decode::<Sqlite>::decode(raw)?),
        "TEXT" => Value::Text(Decode::<Sqlite>::decode(raw)?),
        _ => Value::Bytes(<Vec<u8> as Decode<'_, Sqlite>>::decode(raw)?.into()),
    })
}

fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
        }
}

/// No page shows more; who exports a table asks in parts, and so never holds it as a whole.
const MAX_ROWS: usize = 100_000;

/// A hundred such answers at once fit into a small server's memory of 4 GB.
const MAX_BYTES: usize = 32 * 1024 * 1024;

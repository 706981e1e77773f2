//! Values on their way into SQLite and out of it.

use segno_core::{Happened, Params, SqlError, SqlErrorKind, Value};
use sqlx::{
    Arguments, Column, Decode, Row, Sqlite, TypeInfo, ValueRef,
    error::BoxDynError,
    sqlite::{SqliteArguments, SqliteColumn, SqliteRow},
};

use crate::sql::{
    collected::{Collected, Refused},
    sqlite_common::{error::not_utf8, stored::Stored},
};

/// The parameters, as the driver takes them.
pub(super) fn arguments(params: &Params) -> Result<SqliteArguments, SqlError> {
    let mut arguments = SqliteArguments::default();
    for value in params.iter() {
        let added = match Stored::new(value)? {
            Stored::Null => arguments.add(None::<i64>),
            Stored::Integer(value) => arguments.add(value),
            Stored::Real(value) => arguments.add(value),
            Stored::Text(value) => arguments.add(value.into_owned()),
            Stored::Blob(value) => arguments.add(value.to_vec()),
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

/// Adds a row to the others.
pub(super) fn push(collected: &mut Collected, row: &SqliteRow) -> Result<(), Refused> {
    let values = row.columns().iter().enumerate();
    let values = values.map(|(index, column)| value(row, index, column).map_err(|_| not_utf8(column.name())));
    collected.push(|| names(row.columns()), values)
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

//! How SQLite keeps the values that it has no type for.

use segno_core::{
    Happened, SqlError, SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{NaiveDateTime, SecondsFormat},
};

/// A value as SQLite keeps it.
#[derive(Debug, PartialEq)]
pub(crate) enum Stored<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(std::borrow::Cow<'a, str>),
    Blob(&'a [u8]),
}

impl<'a> Stored<'a> {
    /// The value in one of SQLite's own types: days and times as ISO 8601, moments as RFC 3339 in UTC, UUIDs as their 16
    /// bytes, decimals and JSON as text; so does sqlx.
    pub(crate) fn new(value: &'a Value) -> Result<Self, SqlError> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Integer((*value).into()),
            Value::Int(value) => Self::Integer(*value),
            Value::Float(value) => Self::Real(*value),
            Value::Text(value) => Self::Text(value.as_str().into()),
            Value::Bytes(value) => Self::Blob(value),
            Value::Decimal(value) => Self::Text(decimal(value).into()),
            Value::Date(value) => Self::Text(value.to_string().into()),
            Value::Time(value) => Self::Text(value.to_string().into()),
            Value::DateTime(value) => Self::Text(date_time(value).into()),
            Value::Timestamp(value) => Self::Text(value.to_rfc3339_opts(SecondsFormat::AutoSi, false).into()),
            Value::Uuid(value) => Self::Blob(value.as_bytes()),
            Value::Json(value) => Self::Text((&**value).into()),
            Value::Array(_) => {
                let message = "SQLite has no arrays: give JSON, and read it with `json_each`";
                return Err(SqlError::new(SqlErrorKind::Params, Happened::No, message));
            }
        })
    }
}

/// A number such as 1E-999999999, which a request may bring, is not written out.
fn decimal(value: &BigDecimal) -> String {
    let plain = value.fractional_digit_count().unsigned_abs() <= MAX_ZEROS;
    if plain { value.to_plain_string() } else { value.to_scientific_notation() }
}

/// The longest numbers that databases keep, PostgreSQL's, have so many digits after the point: more are better read with
/// an exponent.
const MAX_ZEROS: u64 = 16_383;

fn date_time(value: &NaiveDateTime) -> String {
    value.format("%F %T%.f").to_string()
}

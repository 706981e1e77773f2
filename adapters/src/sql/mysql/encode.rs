//! Values on their way into MySQL.

use segno_core::{
    Happened, Params, SqlError, SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{Datelike, NaiveDate, NaiveTime, Timelike},
};
use sqlx::{Arguments, mysql::MySqlArguments};

/// The parameters, as the driver takes them.
pub(super) fn arguments(params: &Params) -> Result<MySqlArguments, SqlError> {
    let mut arguments = MySqlArguments::default();
    for (place, value) in params.iter().enumerate() {
        let refused = |why: &str| {
            let message = format!("MySQL takes no such value as parameter {} ({}): {why}", place + 1, value.kind());
            SqlError::new(SqlErrorKind::Params, Happened::No, message)
        };
        check(value).map_err(refused)?;
        let added = match value {
            Value::Null => arguments.add(None::<&str>),
            Value::Bool(value) => arguments.add(*value),
            Value::Int(value) => arguments.add(*value),
            Value::Float(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_str()),
            Value::Bytes(value) => arguments.add(&value[..]),
            Value::Decimal(value) => arguments.add(&**value),
            Value::Date(value) => arguments.add(*value),
            Value::Time(value) => arguments.add(*value),
            Value::DateTime(value) => arguments.add(*value),
            Value::Timestamp(value) => arguments.add(*value),
            Value::Uuid(value) => arguments.add(&value.as_bytes()[..]),
            Value::Json(value) => arguments.add(&**value),
            Value::Array(_) => return Err(refused("it has no arrays: give JSON, and read it with `json_table`")),
        };
        added.map_err(|_| refused("the driver refuses it"))?;
    }
    Ok(arguments)
}

/// Refuses what the server would keep as something else.
fn check(value: &Value) -> Result<(), &'static str> {
    let fits = match value {
        Value::Float(value) => value.is_finite(),
        Value::Decimal(value) => return decimal(value),
        Value::Date(value) => is_known(*value),
        Value::Time(value) => is_on_clock(*value),
        Value::DateTime(value) => is_known(value.date()) && is_on_clock(value.time()),
        Value::Timestamp(value) => is_known(value.date_naive()) && is_on_clock(value.time()),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) | Value::Bytes(_) => true,
        Value::Uuid(_) | Value::Json(_) | Value::Array(_) => true,
    };
    if fits { Ok(()) } else { Err("it is none of MySQL's: not finite, no year of four digits, or a leap second") }
}

fn decimal(value: &BigDecimal) -> Result<(), &'static str> {
    let value = value.normalized();
    let (_, scale) = value.as_bigint_and_exponent();
    let whole = i64::try_from(value.digits()).unwrap_or(i64::MAX).saturating_sub(scale).max(0);
    let fits = scale <= MOST_DIGITS_BEHIND_THE_POINT && whole <= MOST_DIGITS - scale.max(0);
    if fits { Ok(()) } else { Err("decimals have 65 digits at the most, and 30 of them behind the point") }
}

fn is_known(date: NaiveDate) -> bool {
    (0..=9999).contains(&date.year())
}

fn is_on_clock(time: NaiveTime) -> bool {
    time.nanosecond() < NANOSECONDS
}

/// Beyond it, chrono counts a leap second.
const NANOSECONDS: u32 = 1_000_000_000;

/// `decimal(65, 30)` is the largest.
const MOST_DIGITS: i64 = 65;
const MOST_DIGITS_BEHIND_THE_POINT: i64 = 30;

//! Values on their way out of MySQL.

use segno_core::{
    SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
};
use sqlx::{
    Column, Decode, MySql, Row, Type, TypeInfo,
    error::BoxDynError,
    mysql::{MySqlColumn, MySqlRow, MySqlTypeInfo, MySqlValueRef, types::MySqlTime},
};

use crate::sql::collected::{Collected, Refused};

/// The names of columns.
pub(super) fn names(columns: &[MySqlColumn]) -> Vec<Box<str>> {
    columns.iter().map(|column| column.name().into()).collect()
}

/// Adds a row to the others.
pub(super) fn push(collected: &mut Collected, row: &MySqlRow) -> Result<(), Refused> {
    let values = row.columns().iter().enumerate();
    let values = values.map(|(index, column)| value(row, index, column.type_info()).map_err(|_| unread(column)));
    collected.push(|| names(row.columns()), values)
}

/// The driver's own words would show the value.
fn unread(column: &MySqlColumn) -> Refused {
    let (name, of_type) = (column.name(), column.type_info().name());
    let such_as = match of_type {
        "TIME" => ", such as a negative time or one of more than a day",
        "DATE" | "DATETIME" | "TIMESTAMP" => ", such as the zero date or the 31st of February",
        _ => "",
    };
    let message = format!(
        "column `{name}` holds a {of_type} that no value can hold{such_as}: `cast({name} as char)` reads it as text"
    );
    (SqlErrorKind::Decode, message)
}

fn value(row: &MySqlRow, index: usize, info: &MySqlTypeInfo) -> Result<Value, BoxDynError> {
    let raw = row.try_get_raw(index)?;
    // Not the driver's own question: it takes the zero date for nothing, too.
    let Ok(bytes) = <&[u8] as Decode<'_, MySql>>::decode(raw.clone()) else { return Ok(Value::Null) };
    Ok(match info.name() {
        "FLOAT" | "DOUBLE" => Value::Float(read(raw)?),
        "DECIMAL" => Value::Decimal(read::<BigDecimal>(raw)?.into()),
        "DATE" => Value::Date(read::<NaiveDate>(raw)?),
        "TIME" => Value::Time(time_of_day(&read(raw)?).ok_or("it is a distance")?),
        "DATETIME" => Value::DateTime(read::<NaiveDateTime>(raw)?),
        "TIMESTAMP" => Value::Timestamp(read::<DateTime<Utc>>(raw)?),
        "JSON" => Value::Json(read::<&str>(raw)?.into()),
        "BOOLEAN" => truth(whole(raw, info)?),
        _ if is_whole(info) => whole(raw, info)?,
        _ if <str as Type<MySql>>::compatible(info) => Value::Text(read::<&str>(raw)?.to_owned()),
        _ => Value::Bytes(bytes.to_vec().into()),
    })
}

/// The driver's own way would lose the sign.
fn time_of_day(time: &MySqlTime) -> Option<NaiveTime> {
    let (minutes, seconds) = (time.minutes().into(), time.seconds().into());
    let read = NaiveTime::from_hms_micro_opt(time.hours(), minutes, seconds, time.microseconds());
    read.filter(|_| time.is_valid_time_of_day())
}

fn is_whole(info: &MySqlTypeInfo) -> bool {
    <u64 as Type<MySql>>::compatible(info) || <i64 as Type<MySql>>::compatible(info)
}

/// There is no other type for truth values: so one that is neither is a number.
fn truth(value: Value) -> Value {
    if let Value::Int(truth @ (0 | 1)) = value { Value::Bool(truth == 1) } else { value }
}

/// Any whole number, with a sign or without; also of the types `year` and `bit`.
fn whole(raw: MySqlValueRef<'_>, info: &MySqlTypeInfo) -> Result<Value, BoxDynError> {
    if !<u64 as Type<MySql>>::compatible(info) {
        return Ok(Value::Int(read(raw)?));
    }
    let number: u64 = read(raw)?;
    Ok(i64::try_from(number).map_or_else(|_| Value::Decimal(BigDecimal::from(number).into()), Value::Int))
}

fn read<'r, T: Decode<'r, MySql>>(raw: MySqlValueRef<'r>) -> Result<T, BoxDynError> {
    T::decode(raw)
}

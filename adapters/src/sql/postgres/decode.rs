//! Values on their way out of PostgreSQL.
//!
//! All is read here and not by the driver's types, which would panic at a day or moment that chrono does not know, such as
//! `infinity`.

use std::str::from_utf8;

use bytes::Bytes;
use segno_core::{
    SqlErrorKind, Value,
    bigdecimal::{
        BigDecimal,
        num_bigint::{BigInt, Sign},
    },
    chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc},
    uuid::Uuid,
};
use sqlx::{
    Column, Row, ValueRef,
    postgres::{PgColumn, PgRow, PgTypeInfo},
};

use super::types::{Form, name};
use crate::sql::collected::{Collected, Refused};

/// The names of columns.
pub(super) fn names(columns: &[PgColumn]) -> Vec<Box<str>> {
    columns.iter().map(|column| column.name().into()).collect()
}

/// Adds a row to the others.
pub(super) fn push(collected: &mut Collected, row: &PgRow) -> Result<(), Refused> {
    let values = row.columns().iter().enumerate();
    let values = values.map(|(index, column)| value(row, index, column.type_info()).map_err(|why| why.refused(column)));
    collected.push(|| names(row.columns()), values)
}

/// Why a value cannot be read.
#[derive(Clone, Copy, Debug)]
enum Unread {
    /// There is no value for this type.
    Type,
    /// There is one, but not for this one of its values.
    Range,
    /// It has more than one dimension.
    Dimensions,
    /// It is not what PostgreSQL is known to send.
    Malformed,
}

impl Unread {
    fn refused(self, column: &PgColumn) -> Refused {
        let (column, of_type) = (column.name(), name(column.type_info()));
        let cast = format!("cast it, as in `{column}::text`");
        let message = match self {
            Self::Type => format!("column `{column}` is {of_type}, which is no value here: {cast}"),
            Self::Range => {
                format!(
                    "column `{column}` holds {of_type} that no value can hold, such as infinity or a far year: {cast}"
                )
            }
            Self::Dimensions => format!("column `{column}` holds {of_type} of several dimensions: {cast}"),
            Self::Malformed => format!("column `{column}` holds {of_type} in a form that is not known: {cast}"),
        };
        (SqlErrorKind::Decode, message)
    }
}

fn value(row: &PgRow, index: usize, info: &PgTypeInfo) -> Result<Value, Unread> {
    let raw = row.try_get_raw(index).map_err(|_| Unread::Malformed)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    read(info, raw.as_bytes().map_err(|_| Unread::Malformed)?)
}

fn read(info: &PgTypeInfo, bytes: &[u8]) -> Result<Value, Unread> {
    Ok(match Form::of(info) {
        Form::Bool => Value::Bool(exactly::<1>(bytes)? != [0]),
        Form::Int2 => Value::Int(i16::from_be_bytes(exactly(bytes)?).into()),
        Form::Int4 => Value::Int(i32::from_be_bytes(exactly(bytes)?).into()),
        Form::Int8 => Value::Int(i64::from_be_bytes(exactly(bytes)?)),
        Form::Oid => Value::Int(u32::from_be_bytes(exactly(bytes)?).into()),
        Form::Float4 => Value::Float(f32::from_be_bytes(exactly(bytes)?).into()),
        Form::Float8 => Value::Float(f64::from_be_bytes(exactly(bytes)?)),
        Form::Numeric => Value::Decimal(Box::new(numeric(bytes)?)),
        Form::Text => Value::Text(text(bytes)?.to_owned()),
        Form::Char => match exactly::<1>(bytes)? {
            [0] => Value::Text(String::new()),
            [byte] if byte.is_ascii() => Value::Text(char::from(byte).to_string()),
            [_] => return Err(Unread::Range),
        },
        Form::Bytes => Value::Bytes(Bytes::copy_from_slice(bytes)),
        Form::Date => Value::Date(date(i32::from_be_bytes(exactly(bytes)?)).ok_or(Unread::Range)?),
        Form::Time => Value::Time(time(i64::from_be_bytes(exactly(bytes)?)).ok_or(Unread::Range)?),
        Form::DateTime => Value::DateTime(moment(bytes)?.naive_utc()),
        Form::Timestamp => Value::Timestamp(moment(bytes)?),
        Form::Uuid => Value::Uuid(Uuid::from_bytes(exactly(bytes)?)),
        Form::Json => Value::Json(text(bytes)?.into()),
        Form::Jsonb => {
            let (_version, json) = bytes.split_first().ok_or(Unread::Malformed)?;
            Value::Json(text(json)?.into())
        }
        Form::Void => Value::Null,
        Form::Array(element) => Value::Array(array(element, bytes)?),
        Form::Other => return Err(Unread::Type),
    })
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Unread> {
    bytes.try_into().map_err(|_| Unread::Malformed)
}

/// What is kept in a database of another encoding comes as UTF-8, since the driver asks for that.
fn text(bytes: &[u8]) -> Result<&str, Unread> {
    from_utf8(bytes).map_err(|_| Unread::Malformed)
}

/// A day, by its distance from the year 2000.
fn date(days: i32) -> Option<NaiveDate> {
    if [i32::MIN, i32::MAX].contains(&days) {
        return None;
    }
    let distance = Days::new(days.unsigned_abs().into());
    let epoch = DateTime::from_timestamp_micros(EPOCH)?.date_naive();
    if days < 0 { epoch.checked_sub_days(distance) } else { epoch.checked_add_days(distance) }
}

/// A time of day, by its distance from midnight; 24:00 is none to chrono.
fn time(micros: i64) -> Option<NaiveTime> {
    let (time, days) = NaiveTime::MIN.overflowing_add_signed(TimeDelta::microseconds(micros));
    (days == 0).then_some(time)
}

/// A moment, by its distance from the year 2000. The least and the greatest number stand for infinity.
fn moment(bytes: &[u8]) -> Result<DateTime<Utc>, Unread> {
    let micros = i64::from_be_bytes(exactly(bytes)?);
    let finite = ![i64::MIN, i64::MAX].contains(&micros);
    let moment = finite.then(|| micros.checked_add(EPOCH)).flatten().and_then(DateTime::from_timestamp_micros);
    moment.ok_or(Unread::Range)
}

/// The form of numbers: how many digits of base 10,000, the weight of the first, the sign, how many decimal digits are
/// shown behind the point; then the digits.
fn numeric(bytes: &[u8]) -> Result<BigDecimal, Unread> {
    let mut parts = Parts(bytes);
    let count = u16::from_be_bytes(parts.take()?);
    let weight = i16::from_be_bytes(parts.take()?);
    let sign = match u16::from_be_bytes(parts.take()?) {
        0x0000 => Sign::Plus,
        0x4000 => Sign::Minus,
        // NaN, Infinity, -Infinity
        0xC000 | 0xD000 | 0xF000 => return Err(Unread::Range),
        _ => return Err(Unread::Malformed),
    };
    let shown = u16::from_be_bytes(parts.take()?);
    let mut hundreds = Vec::with_capacity(usize::from(count) * 2);
    for _ in 0..count {
        let digit = u16::from_be_bytes(parts.take()?);
        for half in [digit / 100, digit % 100] {
            hundreds.push(u8::try_from(half).map_err(|_| Unread::Malformed)?);
        }
    }
    if hundreds.is_empty() {
        hundreds.push(0);
    }
    let digits = BigInt::from_radix_be(sign, &hundreds, 100).ok_or(Unread::Malformed)?;
    let scale = (i64::from(count) - i64::from(weight) - 1) * 4;
    Ok(BigDecimal::new(digits, if count == 0 { 0 } else { scale }).with_scale(shown.into()))
}

/// The form of arrays, as in `encode`.
fn array(element: &PgTypeInfo, bytes: &[u8]) -> Result<Vec<Value>, Unread> {
    let mut parts = Parts(bytes);
    let dimensions = i32::from_be_bytes(parts.take()?);
    let (_nulls, _of_type) = (parts.take::<4>()?, parts.take::<4>()?);
    match dimensions {
        0 => return Ok(Vec::new()),
        1 => {}
        _ => return Err(Unread::Dimensions),
    }
    let count = i32::from_be_bytes(parts.take()?);
    let _from = parts.take::<4>()?;
    (0..count)
        .map(|_| match i32::from_be_bytes(parts.take()?) {
            -1 => Ok(Value::Null),
            length => read(element, parts.next(usize::try_from(length).map_err(|_| Unread::Malformed)?)?),
        })
        .collect()
}

/// What is left to be read.
struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unread> {
        exactly(self.next(N)?)
    }

    fn next(&mut self, length: usize) -> Result<&'a [u8], Unread> {
        let (part, rest) = self.0.split_at_checked(length).ok_or(Unread::Malformed)?;
        self.0 = rest;
        Ok(part)
    }
}

/// PostgreSQL counts from 2000-01-01, in microseconds from 1970.
const EPOCH: i64 = 946_684_800_000_000;

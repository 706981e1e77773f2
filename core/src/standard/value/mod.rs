//! What SQL takes and gives.

mod from_value;
mod into_value;
#[cfg(feature = "serde")]
mod json;
mod moments;

use alloc::{boxed::Box, string::String, vec::Vec};
use core::fmt;

use bigdecimal::BigDecimal;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use uuid::Uuid;

pub use from_value::FromValue;
#[cfg(feature = "serde")]
pub(super) use from_value::kinds;
pub(super) use from_value::refused;
pub use into_value::Element;
#[cfg(feature = "serde")]
pub use json::Json;

/// A value that a SQL statement takes as a parameter or gives in a column.
///
/// It is made by `From` from the types of Rust and of the crates that `segno` re-exports, and read by [`FromValue`]:
///
/// | variant | from | read as |
/// |---|---|---|
/// | `Null` | `None` | `Option<T>` |
/// | `Bool` | `bool` | `bool` |
/// | `Int` | `i8` … `i64`, `isize`, `u8` … `u64`, `usize` | the same where it fits, `f32` and `f64` where exact, `BigDecimal`, 0 and 1 as `bool` |
/// | `Float` | `f32`, `f64` | `f64`, `f32` where exact, `BigDecimal` with the digits that Rust writes it with |
/// | `Text` | `String`, `&str`, `Cow<str>`, `Box<str>`, `Arc<str>` | those that are owned, and what a database without such a type keeps as text: `Vec<u8>`, `BigDecimal`, days, times, moments, `Uuid`, JSON |
/// | `Bytes` | `Bytes`, `Vec<u8>`, `&[u8]`, `[u8; N]` | `Bytes`, `Vec<u8>`, `Uuid` if there are 16 |
/// | `Decimal` | `BigDecimal`, whole numbers beyond 63 bits | `BigDecimal`, whole numbers where it is one and fits; never a float: read a `BigDecimal`, or cast in SQL |
/// | `Date`, `Time`, `DateTime` | `NaiveDate`, `NaiveTime`, `NaiveDateTime` | the same |
/// | `Timestamp` | `DateTime<Utc>`, `DateTime<FixedOffset>`, [`Timestamp`](crate::Timestamp) | `DateTime<Utc>`, `Timestamp` from 1970 on |
/// | `Uuid` | `Uuid` | `Uuid` |
/// | `Json` | with the feature `serde`: `Json<T>`, `serde_json::Value` | the same, and `String` |
/// | `Array` | `Vec<T>`, `&[T]`, `[T; N]` of an [`Element`] | `Vec<T>` |
///
/// SQLite keeps all digits of a decimal only in a column that is declared `text`: in one that is declared `decimal` or
/// `numeric` it becomes a float, and is read as the decimal of up to 15 digits that was written.
///
/// Two values are equal if no database can tell one from the other: floats by their bits, so that a value equals itself
/// even if it is not a number; decimals by their digits, so that 1.0 is not 1.00.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Value {
    /// SQL's `NULL`.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating point number.
    Float(#[cfg_attr(feature = "serde", serde(with = "crate::serial::float"))] f64),
    /// A text.
    Text(String),
    /// Raw bytes.
    Bytes(#[cfg_attr(feature = "serde", serde(with = "crate::serial::bytes"))] Bytes),
    /// A number of any size, with all its digits; also a whole number beyond 64 bits with a sign.
    Decimal(#[cfg_attr(feature = "serde", serde(with = "crate::serial::decimal"))] Box<BigDecimal>),
    /// A day.
    Date(NaiveDate),
    /// A time of day.
    Time(NaiveTime),
    /// A day and a time, wherever that is.
    DateTime(NaiveDateTime),
    /// A moment, the same everywhere.
    Timestamp(DateTime<Utc>),
    /// A UUID.
    Uuid(Uuid),
    /// A JSON text.
    Json(Box<str>),
    /// Values of one type, where the database has arrays.
    Array(Vec<Self>),
}

impl Value {
    /// What kind of value it is, in a word, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
            Self::Decimal(_) => "decimal",
            Self::Date(_) => "date",
            Self::Time(_) => "time",
            Self::DateTime(_) => "datetime",
            Self::Timestamp(_) => "timestamp",
            Self::Uuid(_) => "uuid",
            Self::Json(_) => "json",
            Self::Array(_) => "array",
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a.as_bigint_and_scale() == b.as_bigint_and_scale(),
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Time(a), Self::Time(b)) => a == b,
            (Self::DateTime(a), Self::DateTime(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            (Self::Uuid(a), Self::Uuid(b)) => a == b,
            (Self::Json(a), Self::Json(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) | Self::Bytes(_), _)
            | (Self::Decimal(_) | Self::Date(_) | Self::Time(_) | Self::DateTime(_) | Self::Timestamp(_), _)
            | (Self::Uuid(_) | Self::Json(_) | Self::Array(_), _) => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Float(value) => value.fmt(f),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => write!(f, "{value:?}"),
            Self::Decimal(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Time(value) => value.fmt(f),
            Self::DateTime(value) => value.fmt(f),
            Self::Timestamp(value) => value.fmt(f),
            Self::Uuid(value) => value.fmt(f),
            Self::Json(value) => value.fmt(f),
            Self::Array(values) => write!(f, "{values:?}"),
        }
    }
}

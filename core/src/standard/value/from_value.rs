//! Which types of Rust a column can be read as.

use alloc::{
    borrow::Cow,
    boxed::Box,
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use core::str::FromStr;

use bigdecimal::{BigDecimal, num_bigint::Sign};
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use uuid::Uuid;

use super::{super::time::Timestamp, Element, Value, moments};

/// What a column's value can be read as.
///
/// Reading is lenient where nothing is lost, and refuses otherwise; [`Value`] lists what is read as what. `NULL` is read
/// as `None` only.
///
/// A type of your own is a parameter by `From`, a column by `FromValue`, and stands in arrays by [`Element`]:
///
/// ```
/// use std::borrow::Cow;
/// use segno_core::{Element, FromValue, Params, Value, rows};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Cents(i64);
///
/// impl From<Cents> for Value {
///     fn from(cents: Cents) -> Self {
///         cents.0.into()
///     }
/// }
///
/// impl FromValue for Cents {
///     fn expected() -> Cow<'static, str> {
///         "cents, not below 0".into()
///     }
///
///     fn from_value(value: &Value) -> Option<Self> {
///         i64::from_value(value).filter(|cents| *cents >= 0).map(Self)
///     }
/// }
///
/// impl Element for Cents {}
///
/// assert_eq!(Params::from((Cents(5), "Ada")).len(), 2);
/// let row = rows!["price", "balance", "history"; [Cents(5), -5, vec![Cents(1), Cents(2)]]].one()?;
/// assert_eq!(row.get::<Cents>("price")?, Cents(5));
/// assert_eq!(row.get::<Vec<Cents>>("history")?, [Cents(1), Cents(2)]);
/// let error = row.get::<Option<Cents>>("balance").unwrap_err();
/// assert_eq!(error.to_string(), "column `balance` holds int, expected cents, not below 0");
/// # Ok::<_, segno_core::SqlError>(())
/// ```
pub trait FromValue: Sized {
    /// What the type is called in messages.
    fn expected() -> Cow<'static, str>;

    /// Reads the value, or says nothing if it cannot be this type.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty, $expected:literal: $($pattern:pat $(if $guard:expr)? => $to:expr),*;)*) => {$(
        impl FromValue for $type {
            fn expected() -> Cow<'static, str> {
                $expected.into()
            }

            fn from_value(value: &Value) -> Option<Self> {
                #[allow(clippy::wildcard_enum_match_arm, reason = "each type reads few kinds and refuses all others")]
                match value {
                    $($pattern $(if $guard)? => $to,)*
                    _ => None,
                }
            }
        }
    )*};
}

macro_rules! whole_from_value {
    ($($type:ty, $expected:literal;)*) => {
        from_value! {
            $($type, $expected: Value::Int(value) => (*value).try_into().ok(), Value::Decimal(value) => whole(value);)*
        }
    };
}

whole_from_value! {
    i8, "int of 8 bits";
    i16, "int of 16 bits";
    i32, "int of 32 bits";
    i64, "int";
    isize, "int";
    u8, "int from 0 to 255";
    u16, "int from 0 to 65535";
    u32, "int from 0 to 4294967295";
    u64, "int not below 0";
    usize, "int not below 0";
}

from_value! {
    bool, "bool": Value::Bool(value) => Some(*value), Value::Int(value) if matches!(value, 0 | 1) => Some(*value == 1);
    f64, "float": Value::Float(value) => Some(*value), Value::Int(value) => exact(*value, f64::MANTISSA_DIGITS);
    f32, "float of 32 bits":
        Value::Float(value) => narrow(*value),
        Value::Int(value) => exact(*value, f32::MANTISSA_DIGITS).and_then(narrow);
    BigDecimal, "decimal":
        Value::Decimal(value) => Some((**value).clone()),
        Value::Int(value) => Some((*value).into()),
        Value::Float(value) => value.to_string().parse().ok(),
        Value::Text(text) => decimal(text);
    String, "text": Value::Text(text) => Some(text.clone()), Value::Json(text) => Some(text.to_string());
    Box<str>, "text": Value::Text(text) => Some((&**text).into()), Value::Json(text) => Some(text.clone());
    Arc<str>, "text": Value::Text(text) => Some((&**text).into()), Value::Json(text) => Some((&**text).into());
    Cow<'static, str>, "text":
        Value::Text(text) => Some(text.clone().into()),
        Value::Json(text) => Some(text.to_string().into());
    Bytes, "bytes": Value::Bytes(value) => Some(value.clone()), Value::Text(text) => Some(text.clone().into());
    Vec<u8>, "bytes": Value::Bytes(value) => Some(value.to_vec()), Value::Text(text) => Some(text.clone().into());
    NaiveDate, "date": Value::Date(value) => Some(*value), Value::Text(text) => text.parse().ok();
    NaiveTime, "time": Value::Time(value) => Some(*value), Value::Text(text) => text.parse().ok();
    NaiveDateTime, "datetime":
        Value::DateTime(value) => Some(*value),
        Value::Text(text) => moments::date_time(text);
    DateTime<Utc>, "timestamp": Value::Timestamp(value) => Some(*value), Value::Text(text) => moments::moment(text);
    Timestamp, "timestamp from 1970 on":
        Value::Timestamp(value) => moments::timestamp(*value),
        Value::Text(text) => moments::moment(text).and_then(moments::timestamp);
    Uuid, "uuid":
        Value::Uuid(value) => Some(*value),
        Value::Bytes(bytes) => Self::from_slice(bytes).ok(),
        Value::Text(text) => text.parse().ok();
}

impl FromValue for Value {
    fn expected() -> Cow<'static, str> {
        "any value".into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn expected() -> Cow<'static, str> {
        T::expected()
    }

    fn from_value(value: &Value) -> Option<Self> {
        if matches!(value, Value::Null) { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl<T: FromValue + Element> FromValue for Vec<T> {
    fn expected() -> Cow<'static, str> {
        format!("array of {}", T::expected()).into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Array(values) = value else {
            return None;
        };
        values.iter().map(T::from_value).collect()
    }
}

/// A whole number as a float of this precision, if no digit is lost.
fn exact(int: i64, digits: u32) -> Option<f64> {
    (int.unsigned_abs() <= 1 << digits).then_some(int as f64)
}

/// A float of half the size, if it is the same number.
fn narrow(float: f64) -> Option<f32> {
    let narrow = float as f32;
    (float.is_nan() || f64::from(narrow) == float).then_some(narrow)
}

/// A decimal as a whole number, if it is one and fits. What is far too large is not written out first.
fn whole<T: FromStr>(number: &BigDecimal) -> Option<T> {
    let (digits, scale) = number.as_bigint_and_scale();
    if digits.sign() == Sign::NoSign {
        return "0".parse().ok();
    }
    let mut digits = digits.to_string();
    match usize::try_from(scale) {
        Ok(scale) => {
            let end = digits.len().checked_sub(scale)?;
            digits[end..].bytes().all(|digit| digit == b'0').then(|| digits.truncate(end))?;
        }
        Err(_) => {
            let zeros = usize::try_from(scale.unsigned_abs()).ok().filter(|zeros| *zeros <= MAX_WHOLE_DIGITS)?;
            digits.extend(core::iter::repeat_n('0', zeros));
        }
    }
    digits.parse().ok()
}

/// A decimal as databases write it: [`BigDecimal`] itself also reads `1_000`.
fn decimal(text: &str) -> Option<BigDecimal> {
    text.parse().ok().filter(|_| !text.contains('_'))
}

/// Of the whole numbers that are read, `u64::MAX` has the most digits.
const MAX_WHOLE_DIGITS: usize = 20;

/// How a value is shown in an error: its kind, and never its content, which may be a secret.
pub(in super::super) fn refused<T: FromValue>(value: &Value) -> String {
    let hint = if matches!(value, Value::Null) { "; where NULL may stand, read an `Option`" } else { "" };
    format!("holds {}, expected {}{hint}", kinds(value), T::expected())
}

/// The kind of the value; of an array also the kinds of its elements.
pub(in super::super) fn kinds(value: &Value) -> Cow<'static, str> {
    let Value::Array(values) = value else {
        return value.kind().into();
    };
    let mut kinds: Vec<_> = values.iter().map(Value::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.is_empty() { value.kind().into() } else { format!("array of {}", kinds.join(" and ")).into() }
}

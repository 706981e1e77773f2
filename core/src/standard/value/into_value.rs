//! Which types of Rust are parameters.

use alloc::{
    borrow::{Cow, ToOwned},
    boxed::Box,
    string::String,
    sync::Arc,
    vec::Vec,
};

use bigdecimal::BigDecimal;
use bytes::Bytes;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use uuid::Uuid;

use super::{super::time::Timestamp, Value, moments};

macro_rules! value_from {
    ($($type:ty => |$value:ident| $to:expr;)*) => {$(
        impl From<$type> for Value {
            fn from($value: $type) -> Self {
                $to
            }
        }
    )*};
}

value_from! {
    bool => |value| Self::Bool(value);
    i8 => |value| Self::Int(value.into());
    i16 => |value| Self::Int(value.into());
    i32 => |value| Self::Int(value.into());
    i64 => |value| Self::Int(value);
    isize => |value| Self::Int(value as i64);
    u8 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    u64 => |value| i64::try_from(value).map_or_else(|_| Self::from(BigDecimal::from(value)), Self::Int);
    usize => |value| Self::from(value as u64);
    f32 => |value| Self::Float(value.into());
    f64 => |value| Self::Float(value);
    BigDecimal => |value| Self::Decimal(Box::new(value));
    String => |value| Self::Text(value);
    &str => |value| Self::Text(value.to_owned());
    &String => |value| Self::Text(value.clone());
    Cow<'_, str> => |value| Self::Text(value.into_owned());
    Box<str> => |value| Self::Text(value.into_string());
    Arc<str> => |value| Self::Text((*value).to_owned());
    Bytes => |value| Self::Bytes(value);
    Vec<u8> => |value| Self::Bytes(value.into());
    &[u8] => |value| Self::Bytes(Bytes::copy_from_slice(value));
    NaiveDate => |value| Self::Date(value);
    NaiveTime => |value| Self::Time(value);
    NaiveDateTime => |value| Self::DateTime(value);
    DateTime<Utc> => |value| Self::Timestamp(value);
    DateTime<FixedOffset> => |value| Self::Timestamp(value.to_utc());
    Uuid => |value| Self::Uuid(value);
}

/// A moment after the year 262142, where chrono ends, is given as the last one before it.
impl From<Timestamp> for Value {
    fn from(value: Timestamp) -> Self {
        Self::Timestamp(moments::from_timestamp(value))
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(value: [u8; N]) -> Self {
        Self::from(&value[..])
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::from(&value[..])
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What an array may hold: every type that is a [`Value`], save `u8`, whose vectors are bytes.
///
/// A type of your own becomes one by a line: see [`FromValue`](crate::FromValue).
///
/// ```
/// use segno_core::Value;
///
/// assert_eq!(Value::from(vec!["a", "b"]), Value::Array(vec!["a".into(), "b".into()]));
/// assert_eq!(Value::from([Some(7), None]), Value::Array(vec![7.into(), Value::Null]));
/// assert_eq!(Value::from(vec![7_u8]).kind(), "bytes");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand in an array of SQL",
    note = "write `impl segno::Element for {Self} {{}}` if it is a value; a vector of `u8` is bytes"
)]
pub trait Element {}

macro_rules! elements {
    ($($type:ty)*) => {
        $(impl Element for $type {})*
    };
}

elements! {
    bool i8 i16 i32 i64 isize u16 u32 u64 usize f32 f64 BigDecimal
    String &str &String Cow<'_, str> Box<str> Arc<str> Bytes Vec<u8> &[u8]
    NaiveDate NaiveTime NaiveDateTime DateTime<Utc> DateTime<FixedOffset> Timestamp Uuid Value
}

impl<T: Element> Element for Option<T> {}

impl<T: Element> Element for Vec<T> {}

impl<T: Element + Into<Self>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Element + Into<Self>, const N: usize> From<[T; N]> for Value {
    fn from(values: [T; N]) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Element + Into<Self> + Clone> From<&[T]> for Value {
    fn from(values: &[T]) -> Self {
        Self::Array(values.iter().cloned().map(Into::into).collect())
    }
}

//! What SQL takes and gives.

use alloc::{
    borrow::{Cow, ToOwned},
    format,
    string::String,
    vec::Vec,
};
use core::fmt;

use bytes::Bytes;

/// A value that a SQL statement takes as a parameter or gives in a column.
///
/// Floats compare by their bits, so that a value equals itself even if it is not a number.
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
            (Self::Null | Self::Bool(_) | Self::Int(_) | Self::Float(_) | Self::Text(_) | Self::Bytes(_), _) => false,
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
        }
    }
}

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
    u8 => |value| Self::Int(value.into());
    u16 => |value| Self::Int(value.into());
    u32 => |value| Self::Int(value.into());
    f32 => |value| Self::Float(value.into());
    f64 => |value| Self::Float(value);
    String => |value| Self::Text(value);
    &str => |value| Self::Text(value.to_owned());
    &String => |value| Self::Text(value.clone());
    Cow<'_, str> => |value| Self::Text(value.into_owned());
    Bytes => |value| Self::Bytes(value);
    Vec<u8> => |value| Self::Bytes(value.into());
    &[u8] => |value| Self::Bytes(Bytes::copy_from_slice(value));
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column's value can be read as.
///
/// Numbers are read as any type that can hold them exactly, 0 and 1 also as `bool`, and `NULL` as `None` only.
pub trait FromValue: Sized {
    /// What the type is called in messages.
    const EXPECTED: &'static str;

    /// Reads the value, or says nothing if it is of another kind.
    fn from_value(value: &Value) -> Option<Self>;
}

macro_rules! from_value {
    ($($type:ty, $expected:literal: $($pattern:pat $(if $guard:expr)? => $to:expr),*;)*) => {$(
        impl FromValue for $type {
            const EXPECTED: &'static str = $expected;

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

from_value! {
    bool, "bool": Value::Bool(value) => Some(*value), Value::Int(value) if matches!(value, 0 | 1) => Some(*value == 1);
    i8, "int of 8 bits": Value::Int(value) => (*value).try_into().ok();
    i16, "int of 16 bits": Value::Int(value) => (*value).try_into().ok();
    i32, "int of 32 bits": Value::Int(value) => (*value).try_into().ok();
    i64, "int": Value::Int(value) => Some(*value);
    u8, "int from 0 to 255": Value::Int(value) => (*value).try_into().ok();
    u16, "int from 0 to 65535": Value::Int(value) => (*value).try_into().ok();
    u32, "int from 0 to 4294967295": Value::Int(value) => (*value).try_into().ok();
    u64, "int not below 0": Value::Int(value) => (*value).try_into().ok();
    usize, "int not below 0": Value::Int(value) => (*value).try_into().ok();
    f64, "float": Value::Float(value) => Some(*value), Value::Int(value) => exact(*value);
    String, "text": Value::Text(value) => Some(value.clone());
    Bytes, "bytes": Value::Bytes(value) => Some(value.clone()), Value::Text(value) => Some(value.clone().into());
    Vec<u8>, "bytes": Value::Bytes(value) => Some(value.to_vec()), Value::Text(value) => Some(value.clone().into());
}

impl FromValue for Value {
    const EXPECTED: &'static str = "any value";

    fn from_value(value: &Value) -> Option<Self> {
        Some(value.clone())
    }
}

impl<T: FromValue> FromValue for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_) | Value::Bytes(_) => {
                T::from_value(value).map(Some)
            }
        }
    }
}

/// A whole number as a float, if no digit is lost.
fn exact(int: i64) -> Option<f64> {
    let float = int as f64;
    (int.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS).then_some(float)
}

/// How a value is shown in an error: its kind, and never its content, which may be a secret.
pub(crate) fn refused<T: FromValue>(column: &str, value: &Value) -> String {
    format!("column `{column}` holds {}, expected {}", value.kind(), T::EXPECTED)
}

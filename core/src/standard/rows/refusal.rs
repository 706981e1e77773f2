//! Why a type did not accept a row or a value: without the content, which serde's own messages show.

use alloc::{
    format,
    string::{String, ToString},
};
use core::{any::type_name, fmt};

use serde::de::{Error, Expected, Unexpected};

use super::{super::value::kinds, SqlError, Value, row::decode};

#[derive(Debug)]
pub(super) enum Refusal {
    /// In words that may hold the content.
    Unexplained,
    /// What would have been accepted.
    Expected(String),
    /// The column and the rest of the message.
    Explained(String),
}

impl Refusal {
    /// Names the column and what it holds, if that was not done further in.
    pub(super) fn of_column<T>(self, place: impl FnOnce() -> String, value: &Value) -> Self {
        let expected = match self {
            Self::Unexplained => format!("what `{}` accepts", type_name::<T>()),
            Self::Expected(expected) => expected,
            Self::Explained(_) => return self,
        };
        Self::Explained(format!("{} holds {}, expected {expected}", place(), kinds(value)))
    }

    pub(super) fn of_row<T>(self) -> SqlError {
        decode(match self {
            Self::Unexplained => format!("the row is not what `{}` accepts", type_name::<T>()),
            Self::Expected(expected) => format!("the row is not what `{}` accepts: {expected}", type_name::<T>()),
            Self::Explained(message) => message,
        })
    }

    /// JSON's own messages show the content, so that its line and column must do.
    pub(super) fn of_json<T>(error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        Self::Expected(format!("json of `{}` (see its line {line}, column {column})", type_name::<T>()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexplained => f.write_str("refused"),
            Self::Expected(expected) => write!(f, "expected {expected}"),
            Self::Explained(message) => f.write_str(message),
        }
    }
}

impl core::error::Error for Refusal {}

impl Error for Refusal {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Unexplained
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::Expected(expected.to_string())
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::Expected(format!("one of `{}`", expected.join("`, `")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::Explained(format!("there is no place for column `{field}`; expected: {}", expected.join(", ")))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Explained(format!("there is no column `{field}`"))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Explained(format!("there are several columns `{field}`: name them apart with `as`"))
    }
}

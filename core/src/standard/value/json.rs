//! JSON as a type of Rust.

use alloc::{borrow::Cow, format, string::ToString};
use core::any::type_name;

use serde::{Serialize, de::DeserializeOwned};

use super::{Element, FromValue, Value};

/// A parameter or a column that is JSON, as the type that it stands for.
///
/// ```
/// use segno_core::{Json, Params, rows};
///
/// #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
/// struct Settings {
///     theme: String,
///     columns: u8,
/// }
///
/// let dark = Settings { theme: "dark".into(), columns: 2 };
/// let params = Params::from((7, Json(&dark)));
/// assert_eq!(params[1].to_string(), r#"{"theme":"dark","columns":2}"#);
///
/// let row = rows!["settings"; [Json(&dark)]].one()?;
/// let Json(settings) = row.get::<Json<Settings>>("settings")?;
/// assert_eq!(settings, dark);
/// # Ok::<_, segno_core::SqlError>(())
/// ```
///
/// It is read from JSON and from text, which is what a database without JSON keeps.
///
/// # Panics
///
/// As `serde_json::json!` does, making a [`Value`] of it panics if the type's own `Serialize` fails, or if it has a map
/// with keys that are not text. Where that may depend on data, call `serde_json::to_value` first, and pass its result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename = "segno::Json")]
pub struct Json<T>(pub T);

impl<T> Element for Json<T> {}

impl<T: Serialize> From<Json<T>> for Value {
    fn from(Json(value): Json<T>) -> Self {
        match serde_json::to_string(&value) {
            Ok(text) => Self::Json(text.into()),
            Err(error) => panic!("`{}` cannot be written as JSON: {error}", type_name::<T>()),
        }
    }
}

impl<T: DeserializeOwned> FromValue for Json<T> {
    fn expected() -> Cow<'static, str> {
        format!("json of `{}`", type_name::<T>()).into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        serde_json::from_str(text(value)?).ok().map(Self)
    }
}

impl Element for serde_json::Value {}

impl From<serde_json::Value> for Value {
    fn from(value: serde_json::Value) -> Self {
        Self::Json(value.to_string().into())
    }
}

impl FromValue for serde_json::Value {
    fn expected() -> Cow<'static, str> {
        "json".into()
    }

    fn from_value(value: &Value) -> Option<Self> {
        serde_json::from_str(text(value)?).ok()
    }
}

/// The text that JSON is read from.
fn text(value: &Value) -> Option<&str> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "no other kind holds JSON")]
    match value {
        Value::Json(text) => Some(text),
        Value::Text(text) => Some(text),
        _ => None,
    }
}

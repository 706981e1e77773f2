//! One column of a row as whatever serde can read.

use alloc::string::ToString;

use serde::{
    Deserialize, Deserializer,
    de::{
        Error, IntoDeserializer, Unexpected, Visitor,
        value::{BorrowedStrDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::{Deserializer as Json, de::StrRead};

use super::{super::value::FromValue, Value, refusal::Refusal};

/// Reads a field of a struct as [`Row::get`](crate::Row::get) reads a column:
/// `#[serde(deserialize_with = "segno::column")]`.
///
/// It makes a field of what is [`FromValue`] and not `Deserialize`, and of what a database keeps in another form than the
/// type reads with serde: the days and moments that SQLite keeps as text, a `BigDecimal` that is a float there.
///
/// # Errors
///
/// If the value is of another type, or does not come from [`Row::deserialize`](crate::Row::deserialize).
pub fn column<'de, T: FromValue, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let Whole(value) = Whole::deserialize(deserializer)?;
    T::from_value(&value).ok_or_else(|| Error::invalid_type(Unexpected::Other(value.kind()), &&*T::expected()))
}

/// Asks a [`Column`] for its value as it is, by a name that no other type has.
#[derive(Deserialize)]
#[serde(rename = "segno::column")]
struct Whole(Value);

const WHOLE: &str = "segno::column";
const JSON: &str = "segno::Json";

/// A value on its way into a field.
pub(super) struct Column<'a>(pub(super) &'a Value);

impl<'a> IntoDeserializer<'a, Refusal> for Column<'a> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// Numbers: by the rules of [`FromValue`], since serde's own types would lose digits of floats.
macro_rules! numbers {
    ($($deserialize:ident $visit:ident $type:ty,)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
            match (self.0, <$type>::from_value(self.0)) {
                (_, Some(number)) => visitor.$visit(number),
                (Value::Json(_), None) => self.deserialize_any(visitor),
                (value, None) => Err(Error::invalid_type(Unexpected::Other(value.kind()), &visitor)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Column<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Int(value) => visitor.visit_i64(*value),
            Value::Float(value) => visitor.visit_f64(*value),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
            Value::Decimal(value) => visitor.visit_string(value.to_string()),
            Value::Date(value) => visitor.visit_string(value.to_string()),
            Value::Time(value) => visitor.visit_string(value.to_string()),
            Value::DateTime(value) => visitor.visit_string(value.format("%FT%T%.f").to_string()),
            Value::Timestamp(value) => visitor.visit_string(value.to_rfc3339()),
            Value::Uuid(value) => visitor.visit_string(value.to_string()),
            Value::Json(text) => from_json(text, |json| json.deserialize_any(visitor)),
            Value::Array(values) => {
                let mut values = SeqDeserializer::new(values.iter().map(Column));
                let read = visitor.visit_seq(&mut values)?;
                values.end().map(|()| read)
            }
        }
    }

    numbers! {
        deserialize_i8 visit_i8 i8,
        deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32,
        deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
        deserialize_f32 visit_f32 f32,
        deserialize_f64 visit_f64 f64,
        deserialize_bool visit_bool bool,
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let json_null = matches!(self.0, Value::Json(text) if text.trim() == "null");
        if json_null || matches!(self.0, Value::Null) { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        match (name, self.0) {
            (WHOLE, value) => serde_json::to_value(value)
                .and_then(|whole| visitor.visit_newtype_struct(whole))
                .map_err(|error| Refusal::of_json::<V::Value>(&error)),
            (JSON, Value::Text(text)) => from_json(text, |json| visitor.visit_newtype_struct(json)),
            (_, _) => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if let Value::Text(text) = self.0 {
            from_json(text, |json| json.deserialize_seq(visitor))
        } else if let Value::Bytes(bytes) = self.0 {
            visitor.visit_seq(SeqDeserializer::new(bytes.iter().copied()))
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        if let Value::Text(text) = self.0 {
            return from_json(text, |json| json.deserialize_map(visitor));
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        if let Value::Text(text) = self.0 {
            visitor.visit_enum(BorrowedStrDeserializer::new(text))
        } else if let Value::Json(text) = self.0 {
            from_json(text, |json| json.deserialize_enum(name, variants, visitor))
        } else {
            self.deserialize_any(visitor)
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! { i128 u128 char str string bytes byte_buf unit unit_struct identifier }
}

/// Reads a JSON text to its end.
fn from_json<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut Json<StrRead<'a>>) -> serde_json::Result<T>,
) -> Result<T, Refusal> {
    let mut json = Json::from_str(text);
    let value = read(&mut json).and_then(|value| json.end().map(|()| value));
    value.map_err(|error| Refusal::of_json::<T>(&error))
}

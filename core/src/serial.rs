//! How effects, outcomes and their parts are written with serde, so that every journal reads back.
//!
//! Sets are tagged by [`Effect::NAME`](crate::Effect::NAME); bytes are text where they are UTF-8 and base64 elsewhere; floats
//! and decimals are text; HTTP's headers are a list of pairs.

use alloc::{borrow::Cow, boxed::Box, string::String, vec::Vec};
use core::{fmt, marker::PhantomData};

use ::bytes::Bytes;
use base64::{Engine, engine::general_purpose::STANDARD};
use bigdecimal::{BigDecimal, Zero};
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeStruct;
#[doc(hidden)]
pub use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An enum that is written as `{"effect": tag, "value": value}`; implemented by [`effects!`](crate::effects).
pub trait Tagged: Sized {
    /// The name of the effect that this is, or answers.
    fn tag(&self) -> &'static str;
    /// Whether an effect of this name is in the set.
    fn knows(tag: &str) -> bool;
    /// Writes the effect or the answer alone.
    fn serialize_value<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;
    /// Reads the effect or the answer of this name.
    fn deserialize_value<'de, D: Deserializer<'de>>(tag: &str, deserializer: D) -> Result<Self, D::Error>;
}

/// The error for an effect that the set does not contain.
pub fn unknown<E: Error>(tag: &str, set: &str) -> E {
    E::custom(format_args!("the effect set `{set}` does not contain the effect `{tag}`"))
}

/// Writes a member of a set.
pub fn serialize<T: Tagged, S: Serializer>(tagged: &T, serializer: S) -> Result<S::Ok, S::Error> {
    struct Value<'a, T>(&'a T);
    impl<T: Tagged> Serialize for Value<'_, T> {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            self.0.serialize_value(serializer)
        }
    }
    let mut fields = serializer.serialize_struct("Effect", FIELDS.len())?;
    fields.serialize_field(TAG, tagged.tag())?;
    fields.serialize_field(VALUE, &Value(tagged))?;
    fields.end()
}

/// Reads a member of a set. The tag must come before the value.
pub fn deserialize<'de, T: Tagged, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_struct("Effect", FIELDS, TaggedVisitor(PhantomData))
}

struct TaggedVisitor<T>(PhantomData<T>);

impl<'de, T: Tagged> Visitor<'de> for TaggedVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an effect: `{{\"{TAG}\": name, \"{VALUE}\": …}}`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        if map.next_key::<Cow<'de, str>>()?.as_deref() != Some(TAG) {
            return Err(A::Error::custom(format_args!("`{TAG}` must come first in an effect")));
        }
        let tag = map.next_value::<Cow<'de, str>>()?;
        if map.next_key::<Cow<'de, str>>()?.as_deref() != Some(VALUE) {
            return Err(A::Error::missing_field(VALUE));
        }
        let value = map.next_value_seed(ValueSeed { tag: &tag, set: self.0 })?;
        match map.next_key::<Cow<'de, str>>()? {
            None => Ok(value),
            Some(key) => Err(A::Error::unknown_field(&key, FIELDS)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<T, A::Error> {
        let tag = seq.next_element::<Cow<'de, str>>()?.ok_or_else(|| A::Error::invalid_length(0, &self))?;
        let seed = ValueSeed { tag: &tag, set: self.0 };
        seq.next_element_seed(seed)?.ok_or_else(|| A::Error::missing_field(VALUE))
    }
}

struct ValueSeed<'a, T> {
    tag: &'a str,
    set: PhantomData<T>,
}

impl<'de, T: Tagged> DeserializeSeed<'de> for ValueSeed<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize_value(self.tag, deserializer)
    }
}

/// Bytes as `{"text": …}` or `{"base64": …}`.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Octets<'a> {
    Text(Cow<'a, str>),
    Base64(String),
}

impl<'a> From<&'a [u8]> for Octets<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        match core::str::from_utf8(bytes) {
            Ok(text) => Self::Text(Cow::Borrowed(text)),
            Err(_) => Self::Base64(STANDARD.encode(bytes)),
        }
    }
}

impl Octets<'_> {
    fn into_bytes<E: Error>(self) -> Result<Bytes, E> {
        match self {
            Self::Text(text) => Ok(text.into_owned().into()),
            Self::Base64(text) => Ok(STANDARD.decode(text).map_err(E::custom)?.into()),
        }
    }
}

/// `#[serde(with = "serial::bytes")]` for [`Bytes`].
pub(crate) mod bytes {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
        Octets::from(&bytes[..]).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        Octets::deserialize(deserializer)?.into_bytes()
    }
}

/// `#[serde(with = "serial::float")]` for `f64`: as text, since JSON has no number for some floats, and not every JSON
/// reader gives the others back to the last bit.
pub(crate) mod float {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(float: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        if float.is_nan() {
            return serializer.collect_str(&format_args!("{NAN}{:016x}", float.to_bits()));
        }
        serializer.collect_str(&format_args!("{float:?}"))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let float = match text.strip_prefix(NAN) {
            Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits).filter(|float| float.is_nan()),
            None => text.parse().ok(),
        };
        float.ok_or_else(|| D::Error::custom(format_args!("`{text}` is not a number")))
    }

    /// Comes before the bits of a float that is not a number.
    const NAN: &str = "nan:";
}

/// `#[serde(with = "serial::decimal")]` for [`BigDecimal`]: as text with all digits, also the zeros at the end, which
/// `BigDecimal` itself leaves out of some numbers.
pub(crate) mod decimal {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(number: &BigDecimal, serializer: S) -> Result<S::Ok, S::Error> {
        let (digits, scale) = number.as_bigint_and_scale();
        match scale {
            0..=MAX_PLAIN_SCALE if !number.is_zero() => serializer.collect_str(&number.to_plain_string()),
            _ => serializer.collect_str(&format_args!("{digits}E{}", -i128::from(scale))),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<BigDecimal>, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map(Box::new).map_err(D::Error::custom)
    }

    /// With more digits than this after the point, a number is easier to read with an exponent.
    const MAX_PLAIN_SCALE: i64 = 40;
}

/// `#[serde(with = "serial::headers")]` for [`http::HeaderMap`].
pub(crate) mod headers {
    use super::*;
    use http::{HeaderMap, HeaderName, HeaderValue};

    pub(crate) fn serialize<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(headers.iter().map(|(name, value)| (name.as_str(), Octets::from(value.as_bytes()))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
        let pairs = Vec::<(Cow<'de, str>, Octets<'de>)>::deserialize(deserializer)?;
        let mut headers = HeaderMap::with_capacity(pairs.len());
        for (name, value) in pairs {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(D::Error::custom)?;
            let value = HeaderValue::from_maybe_shared(value.into_bytes()?).map_err(D::Error::custom)?;
            headers.append(name, value);
        }
        Ok(headers)
    }
}

/// `#[serde(with = "serial::text")]` for what HTTP writes as text: methods, statuses.
pub(crate) mod text {
    use super::*;
    use core::str::FromStr;

    pub(crate) fn serialize<T: AsRef<str>, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.as_ref())
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: fmt::Display>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<T, D::Error> {
        Cow::<'de, str>::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// `#[serde(with = "serial::status")]` for [`http::StatusCode`].
pub(crate) mod status {
    use super::*;
    use http::StatusCode;

    pub(crate) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

const TAG: &str = "effect";
const VALUE: &str = "value";
const FIELDS: &[&str] = &[TAG, VALUE];

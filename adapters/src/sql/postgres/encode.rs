//! Values on their way into PostgreSQL, each as the type that the server expects in its place.

use segno_core::{Happened, Params, SqlError, SqlErrorKind, Value, bigdecimal::BigDecimal};
use sqlx::{
    Arguments, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgArguments, PgTypeInfo},
};

use super::types::{Form, name, oid};

/// The parameters, as the driver takes them.
pub(super) fn arguments(params: &Params, expected: &[PgTypeInfo]) -> Result<PgArguments, (bool, SqlError)> {
    if params.len() != expected.len() {
        let (takes, given) = (expected.len(), params.len());
        return Err((false, refused(format!("the statement takes {takes} parameters, and {given} were given"))));
    }
    let mut arguments = PgArguments::default();
    for (place, (value, expected)) in (1..).zip(params.iter().zip(expected)) {
        let parameter = Parameter { place, value, expected };
        arguments.add(parameter).map_err(|error| (fits_never(value, expected), refused(error.to_string())))?;
    }
    Ok(arguments)
}

/// Whether no other type of its kind would take the value.
fn fits_never(value: &Value, expected: &PgTypeInfo) -> bool {
    !matches!(put(&mut PgArgumentBuffer::default(), value, expected), Err(Misfit::Kind | Misfit::Element))
}

struct Parameter<'a> {
    place: usize,
    value: &'a Value,
    expected: &'a PgTypeInfo,
}

impl Type<Postgres> for Parameter<'_> {
    /// Never asked for: each parameter `produces` its own.
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_name("unknown")
    }
}

impl Encode<'_, Postgres> for Parameter<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        if matches!(self.value, Value::Null) {
            return Ok(IsNull::Yes);
        }
        put(buffer, self.value, self.expected).map_err(|misfit| misfit.message(self))?;
        Ok(IsNull::No)
    }

    fn produces(&self) -> Option<PgTypeInfo> {
        Some(self.expected.clone())
    }
}

/// Why a value is not what the server expects.
#[derive(Clone, Copy, Debug)]
enum Misfit {
    Kind,
    Range,
    Nul,
    Nested,
    Element,
}

impl Misfit {
    /// What is wrong and what to do; never the value, which may be a secret.
    fn message(self, Parameter { place, value, expected }: &Parameter<'_>) -> String {
        let (kind, expected) = (value.kind(), name(expected));
        match self {
            Self::Kind | Self::Element => {
                let own = own_type(value);
                let element = if matches!(self, Self::Element) { " whose elements do not fit" } else { "" };
                format!(
                    "parameter {place} is {kind}{element}, and PostgreSQL takes {expected} in its place: give that, or \
                     write `${place}::{own}`, which takes it as it is, and cast that on if need be"
                )
            }
            Self::Range => {
                format!(
                    "parameter {place} is {kind}, and does not fit into {expected}, which PostgreSQL takes in its place"
                )
            }
            Self::Nul => format!("parameter {place} is {kind} with a NUL character, which PostgreSQL cannot keep"),
            Self::Nested => {
                format!("parameter {place} is an array of arrays, which is not supported: give JSON, or a flat array")
            }
        }
    }
}

fn put(buffer: &mut PgArgumentBuffer, value: &Value, expected: &PgTypeInfo) -> Result<(), Misfit> {
    match Form::of(expected) {
        Form::Bool => buffer.push(boolean(value)?.into()),
        Form::Int2 => buffer.extend(int::<i16>(value)?.to_be_bytes()),
        Form::Int4 => buffer.extend(int::<i32>(value)?.to_be_bytes()),
        Form::Int8 => buffer.extend(int::<i64>(value)?.to_be_bytes()),
        Form::Oid => buffer.extend(int::<u32>(value)?.to_be_bytes()),
        Form::Float4 => buffer.extend(single(value)?.to_be_bytes()),
        Form::Float8 => buffer.extend(float(value)?.to_be_bytes()),
        Form::Numeric => numeric(buffer, value)?,
        Form::Text => buffer.extend_from_slice(text(value)?.as_bytes()),
        Form::Char => match text(value)?.as_bytes() {
            [byte] => buffer.push(*byte),
            _ => return Err(Misfit::Range),
        },
        Form::Json => buffer.extend_from_slice(json(value)?.as_bytes()),
        Form::Jsonb => {
            buffer.push(JSONB_VERSION);
            buffer.extend_from_slice(json(value)?.as_bytes());
        }
        Form::Array(element) => array(buffer, value, element)?,
        Form::Bytes | Form::Uuid | Form::Date | Form::Time | Form::DateTime | Form::Timestamp => {
            plain(buffer, value, expected)?;
        }
        Form::Void | Form::Other => return Err(Misfit::Kind),
    }
    Ok(())
}

/// What one type alone takes, and takes as the driver writes it.
fn plain(buffer: &mut PgArgumentBuffer, value: &Value, expected: &PgTypeInfo) -> Result<(), Misfit> {
    let encoded = match (Form::of(expected), value) {
        (Form::Bytes, Value::Bytes(bytes)) => {
            buffer.extend_from_slice(bytes);
            return Ok(());
        }
        (Form::Uuid, Value::Uuid(uuid)) => {
            buffer.extend_from_slice(uuid.as_bytes());
            return Ok(());
        }
        (Form::Date, Value::Date(date)) => Encode::<Postgres>::encode_by_ref(date, buffer),
        (Form::Time, Value::Time(time)) => Encode::<Postgres>::encode_by_ref(time, buffer),
        (Form::DateTime, Value::DateTime(moment)) => Encode::<Postgres>::encode_by_ref(moment, buffer),
        (Form::Timestamp, Value::Timestamp(moment)) => Encode::<Postgres>::encode_by_ref(moment, buffer),
        (_, _) => return Err(Misfit::Kind),
    };
    encoded.map(drop).map_err(|_| Misfit::Range)
}

fn boolean(value: &Value) -> Result<bool, Misfit> {
    if let Value::Bool(value) = value { Ok(*value) } else { Err(Misfit::Kind) }
}

fn text(value: &Value) -> Result<&str, Misfit> {
    let Value::Text(text) = value else { return Err(Misfit::Kind) };
    if text.contains('\0') { Err(Misfit::Nul) } else { Ok(text) }
}

fn json(value: &Value) -> Result<&str, Misfit> {
    if let Value::Json(json) = value { Ok(json) } else { Err(Misfit::Kind) }
}

/// A whole number, also one beyond 64 bits with a sign, which is a `Decimal`.
fn int<T: TryFrom<i64>>(value: &Value) -> Result<T, Misfit> {
    let number = if let Value::Decimal(number) = value {
        let whole = is_moderate(number) && number.is_integer();
        let digits = whole.then(|| number.with_scale(0).to_plain_string());
        digits.and_then(|digits| digits.parse().ok()).ok_or(Misfit::Range)?
    } else if let Value::Int(number) = value {
        *number
    } else {
        return Err(Misfit::Kind);
    };
    number.try_into().map_err(|_| Misfit::Range)
}

fn float(value: &Value) -> Result<f64, Misfit> {
    if let Value::Float(number) = value {
        return Ok(*number);
    }
    let Value::Int(number) = value else { return Err(Misfit::Kind) };
    if number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS { Ok(*number as f64) } else { Err(Misfit::Range) }
}

fn single(value: &Value) -> Result<f32, Misfit> {
    let number = float(value)?;
    #[expect(clippy::cast_possible_truncation, reason = "the column keeps no more digits; its range is checked below")]
    let single = number as f32;
    if single.is_infinite() && number.is_finite() { Err(Misfit::Range) } else { Ok(single) }
}

fn numeric(buffer: &mut PgArgumentBuffer, value: &Value) -> Result<(), Misfit> {
    let converted;
    let number = if let Value::Decimal(number) = value {
        &**number
    } else if let Value::Int(number) = value {
        converted = BigDecimal::from(*number);
        &converted
    } else if let Value::Float(number) = value {
        // By its shortest digits, as it is shown: 0.1 is not 0.1000000000000000055511.
        converted = number.to_string().parse().map_err(|_| Misfit::Range)?;
        &converted
    } else {
        return Err(Misfit::Kind);
    };
    if !is_moderate(number) {
        return Err(Misfit::Range);
    }
    Encode::<Postgres>::encode_by_ref(number, buffer).map(drop).map_err(|_| Misfit::Range)
}

/// Whether the number has no more zeros than PostgreSQL could keep: the driver's arithmetic overflows far beyond.
fn is_moderate(number: &BigDecimal) -> bool {
    number.fractional_digit_count().unsigned_abs() <= MOST_DIGITS
}

/// The form of arrays: how many dimensions, whether there are NULLs, the type, how many elements, and from which number
/// on; then each with its length before it.
fn array(buffer: &mut PgArgumentBuffer, value: &Value, element: &PgTypeInfo) -> Result<(), Misfit> {
    let Value::Array(values) = value else { return Err(Misfit::Kind) };
    if values.iter().any(|value| matches!(value, Value::Array(_))) {
        return Err(Misfit::Nested);
    }
    let nulls = values.iter().any(|value| matches!(value, Value::Null));
    buffer.extend(i32::from(!values.is_empty()).to_be_bytes());
    buffer.extend(i32::from(nulls).to_be_bytes());
    buffer.extend(oid(element).to_be_bytes());
    if values.is_empty() {
        return Ok(());
    }
    buffer.extend(i32::try_from(values.len()).map_err(|_| Misfit::Range)?.to_be_bytes());
    buffer.extend(1_i32.to_be_bytes());
    for value in values {
        if matches!(value, Value::Null) {
            buffer.extend((-1_i32).to_be_bytes());
            continue;
        }
        let start = buffer.len();
        buffer.extend([0; 4]);
        put(buffer, value, element).map_err(|misfit| match misfit {
            Misfit::Kind => Misfit::Element,
            other @ (Misfit::Range | Misfit::Nul | Misfit::Nested | Misfit::Element) => other,
        })?;
        let length = i32::try_from(buffer.len() - start - 4).map_err(|_| Misfit::Range)?;
        buffer[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
    Ok(())
}

/// The type that takes a value as it is.
fn own_type(value: &Value) -> String {
    let name = match value {
        Value::Null | Value::Text(_) => "text",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int8",
        Value::Float(_) => "float8",
        Value::Bytes(_) => "bytea",
        Value::Decimal(_) => "numeric",
        Value::Date(_) => "date",
        Value::Time(_) => "time",
        Value::DateTime(_) => "timestamp",
        Value::Timestamp(_) => "timestamptz",
        Value::Uuid(_) => "uuid",
        Value::Json(_) => "jsonb",
        Value::Array(values) => {
            let element = values.iter().find(|value| !matches!(value, Value::Null));
            return format!("{}[]", element.map_or_else(|| "text".to_owned(), own_type));
        }
    };
    name.to_owned()
}

fn refused(message: String) -> SqlError {
    SqlError::new(SqlErrorKind::Params, Happened::No, message)
}

/// What the form of `jsonb` begins with.
const JSONB_VERSION: u8 = 1;

/// PostgreSQL keeps up to 131,072 digits before the point, and up to 16,383 behind it.
const MOST_DIGITS: u64 = 150_000;

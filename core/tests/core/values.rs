//! What becomes a value, and what a value is read as: at the extremes of every type.

use std::{borrow::Cow, fmt::Debug, sync::Arc, time::Duration};

use bytes::Bytes;
use segno_core::{
    Element, FromValue, Timestamp, Value,
    bigdecimal::{BigDecimal, num_bigint::BigInt},
    chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc},
    uuid::Uuid,
};

pub(crate) fn decimal(text: &str) -> BigDecimal {
    text.parse().unwrap()
}

pub(crate) fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub(crate) fn leap_second() -> NaiveTime {
    NaiveTime::from_hms_nano_opt(23, 59, 59, 1_999_999_999).unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// One value of each kind, of which no text means anything.
fn samples() -> Vec<Value> {
    let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let samples = vec![
        Value::Null,
        true.into(),
        2.into(),
        2.5.into(),
        "secret".into(),
        Bytes::from_static(b"secret").into(),
        decimal("2.5").into(),
        date.into(),
        NaiveTime::MIN.into(),
        date.and_time(NaiveTime::MIN).into(),
        DateTime::<Utc>::UNIX_EPOCH.into(),
        Uuid::from_u128(7).into(),
        Value::Json("{\"secret\":1}".into()),
        Value::Array(vec!["secret".into()]),
    ];
    let mut kinds: Vec<_> = samples.iter().map(Value::kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), samples.len(), "each kind once");
    samples
}

fn kinds_read_as<T: FromValue>() -> Vec<&'static str> {
    samples().iter().filter(|value| T::from_value(value).is_some()).map(Value::kind).collect()
}

#[test]
fn a_type_reads_its_kinds_and_no_other() {
    let cases = [
        (kinds_read_as::<bool>(), vec!["bool"]),
        (kinds_read_as::<i8>(), vec!["int"]),
        (kinds_read_as::<i16>(), vec!["int"]),
        (kinds_read_as::<i32>(), vec!["int"]),
        (kinds_read_as::<i64>(), vec!["int"]),
        (kinds_read_as::<isize>(), vec!["int"]),
        (kinds_read_as::<u8>(), vec!["int"]),
        (kinds_read_as::<u16>(), vec!["int"]),
        (kinds_read_as::<u32>(), vec!["int"]),
        (kinds_read_as::<u64>(), vec!["int"]),
        (kinds_read_as::<usize>(), vec!["int"]),
        (kinds_read_as::<f32>(), vec!["int", "float"]),
        (kinds_read_as::<f64>(), vec!["int", "float"]),
        (kinds_read_as::<BigDecimal>(), vec!["int", "float", "decimal"]),
        (kinds_read_as::<String>(), vec!["text", "json"]),
        (kinds_read_as::<Box<str>>(), vec!["text", "json"]),
        (kinds_read_as::<Arc<str>>(), vec!["text", "json"]),
        (kinds_read_as::<Cow<'static, str>>(), vec!["text", "json"]),
        (kinds_read_as::<Bytes>(), vec!["text", "bytes"]),
        (kinds_read_as::<Vec<u8>>(), vec!["text", "bytes"]),
        (kinds_read_as::<NaiveDate>(), vec!["date"]),
        (kinds_read_as::<NaiveTime>(), vec!["time"]),
        (kinds_read_as::<NaiveDateTime>(), vec!["datetime"]),
        (kinds_read_as::<DateTime<Utc>>(), vec!["timestamp"]),
        (kinds_read_as::<Timestamp>(), vec!["timestamp"]),
        (kinds_read_as::<Uuid>(), vec!["uuid"]),
        (kinds_read_as::<Vec<String>>(), vec!["array"]),
        (kinds_read_as::<Vec<i64>>(), vec![]),
        (kinds_read_as::<Option<bool>>(), vec!["null", "bool"]),
        (kinds_read_as::<Value>(), samples().iter().map(Value::kind).collect()),
    ];
    for (number, (read, expected)) in cases.into_iter().enumerate() {
        assert_eq!(read, expected, "case {number}");
    }
}

/// As a parameter and back, alone, as an option and in an array.
#[track_caller]
fn survive<T>(kind: &str, values: &[T])
where
    T: FromValue + Into<Value> + Element + Clone + PartialEq + Debug,
{
    for expected in values {
        let value: Value = expected.clone().into();
        assert_eq!(value.kind(), kind, "{expected:?}");
        assert_eq!(T::from_value(&value).as_ref(), Some(expected));
        assert_eq!(Value::from(Some(expected.clone())), value);
        assert_eq!(Option::<T>::from_value(&value), Some(Some(expected.clone())));
    }
    assert_eq!(Value::from(None::<T>), Value::Null);
    assert_eq!(Option::<T>::from_value(&Value::Null), Some(None));
    let array = Value::from(values.to_vec());
    assert_eq!(array, Value::from(values), "a slice");
    assert_eq!(Vec::<T>::from_value(&array).as_deref(), Some(values));
    let with_null: Vec<_> = values.iter().cloned().map(Some).chain([None]).collect();
    assert_eq!(Vec::<Option<T>>::from_value(&with_null.clone().into()), Some(with_null.clone()));
    assert_eq!(Vec::<T>::from_value(&with_null.into()), None, "NULL is `None` only");
    let nested = vec![values.to_vec(), vec![]];
    assert_eq!(Vec::<Vec<T>>::from_value(&nested.clone().into()), Some(nested));
}

#[test]
fn values_survive_at_the_extremes_of_their_types() {
    survive("bool", &[false, true]);
    survive("int", &[i8::MIN, 0, i8::MAX]);
    survive("int", &[i16::MIN, 0, i16::MAX]);
    survive("int", &[i32::MIN, 0, i32::MAX]);
    survive("int", &[i64::MIN, 0, i64::MAX]);
    survive("int", &[isize::MIN, 0, isize::MAX]);
    survive("int", &[u16::MIN, u16::MAX]);
    survive("int", &[u32::MIN, u32::MAX]);
    survive("int", &[u64::MIN, i64::MAX as u64]);
    survive("decimal", &[i64::MAX as u64 + 1, u64::MAX]);
    survive("decimal", &[usize::MAX]);
    survive("float", &[f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, -0.0, 0.1, f32::INFINITY, f32::NEG_INFINITY]);
    survive("float", &[f64::MIN, f64::MAX, f64::MIN_POSITIVE, 5e-324, -0.0, 0.1, f64::INFINITY, f64::NEG_INFINITY]);
    let huge = BigDecimal::new(BigInt::from(-7), i64::MIN);
    survive("decimal", &[decimal("0"), decimal("-0.00"), decimal("1.00"), decimal(&"9".repeat(1000)), huge]);
    survive("text", &[String::new(), "Ünïcode — 🦀 \u{10ffff}\0'\"".to_owned()]);
    survive("text", &[Box::<str>::from("a")]);
    survive("text", &[Arc::<str>::from("a")]);
    survive("text", &[Cow::Borrowed("a")]);
    survive("bytes", &[Bytes::new(), Bytes::from_static(&[0, 255])]);
    survive("bytes", &[vec![], vec![0_u8, 255]]);
    survive("date", &[NaiveDate::MIN, NaiveDate::from_ymd_opt(2024, 2, 29).unwrap(), NaiveDate::MAX]);
    survive("time", &[NaiveTime::MIN, NaiveTime::from_hms_nano_opt(0, 0, 0, 1).unwrap(), leap_second()]);
    survive("datetime", &[NaiveDateTime::MIN, NaiveDateTime::MAX]);
    survive("timestamp", &[DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC]);
    survive("timestamp", &[Timestamp::EPOCH, Timestamp::from_unix(Duration::new(1, 999_999_999))]);
    survive("uuid", &[Uuid::nil(), Uuid::max(), Uuid::from_u128(7)]);
}

#[test]
fn what_is_not_a_number_stays_so() {
    assert!(f64::from_value(&f64::NAN.into()).unwrap().is_nan());
    assert!(f32::from_value(&f32::NAN.into()).unwrap().is_nan());
}

#[test]
fn borrowed_and_foreign_forms_are_the_same_parameters() {
    let (string, bytes) = ("a".to_owned(), Value::Bytes(Bytes::from_static(b"a")));
    let offset = DateTime::<FixedOffset>::parse_from_rfc3339("2026-11-23T12:00:00+02:00").unwrap();
    let cases = [
        (Value::from("a"), text("a")),
        (Value::from(&string), text("a")),
        (Value::from(Cow::Borrowed("a")), text("a")),
        (Value::from(b"a"), bytes.clone()),
        (Value::from(*b"a"), bytes.clone()),
        (Value::from(&b"a"[..]), bytes),
        (Value::from(7_u8), Value::Int(7)),
        (Value::from(offset), Value::Timestamp(moment("2026-11-23T10:00:00Z"))),
        (Value::from([1, 2]), Value::Array(vec![Value::Int(1), Value::Int(2)])),
        (Value::from(&["a", "b"][..]), Value::Array(vec![text("a"), text("b")])),
        (Value::from(vec![b"a".to_vec()]), Value::Array(vec![b"a".into()])),
        (Value::from(Timestamp::from_unix(Duration::MAX)), Value::Timestamp(DateTime::<Utc>::MAX_UTC)),
    ];
    for (value, expected) in cases {
        assert_eq!(value, expected);
    }
}

#[track_caller]
fn read<T: FromValue + PartialEq + Debug>(cases: impl IntoIterator<Item = (Value, Option<T>)>) {
    for (value, expected) in cases {
        assert_eq!(T::from_value(&value), expected, "{value:?}");
    }
}

#[test]
fn bools_are_read_from_0_and_1() {
    read([(Value::Int(0), Some(false)), (Value::Int(1), Some(true)), (Value::Int(2), None), (Value::Int(-1), None)]);
}

#[test]
fn whole_numbers_are_read_where_they_fit() {
    let int = |value: i64| Value::Int(value);
    read([(int(127), Some(127_i8)), (int(128), None), (int(-128), Some(-128)), (int(-129), None)]);
    read([(int(32_767), Some(32_767_i16)), (int(32_768), None), (int(-32_769), None)]);
    read([(int(i64::from(i32::MAX)), Some(i32::MAX)), (int(1 << 31), None), (int(i64::MIN), None)]);
    read([(int(255), Some(255_u8)), (int(256), None), (int(-1), None)]);
    read([(int(65_535), Some(65_535_u16)), (int(65_536), None), (int(-1), None)]);
    read([(int((1 << 32) - 1), Some(u32::MAX)), (int(1 << 32), None), (int(-1), None)]);
    read([(int(i64::MAX), Some(i64::MAX as u64)), (int(-1), None)]);
    read([(int(i64::MAX), Some(i64::MAX as usize)), (int(-1), None)]);
}

#[test]
fn whole_numbers_are_read_from_decimals_that_are_whole() {
    let number = |text: &str| Value::from(decimal(text));
    let scaled = |digits: i64, scale: i64| Value::from(BigDecimal::new(BigInt::from(digits), scale));
    read([
        (number("9223372036854775807"), Some(i64::MAX)),
        (number("9223372036854775808"), None),
        (number("-9223372036854775808.000"), Some(i64::MIN)),
        (number("-9223372036854775809"), None),
        (number("7.5"), None),
        (number("-70.0"), Some(-70)),
        (number("0.7"), None),
        (number("0.07"), None),
        (number("0.000"), Some(0)),
        (number("7e3"), Some(7000)),
        (scaled(0, i64::MIN), Some(0)),
        (scaled(0, i64::MAX), Some(0)),
        (scaled(1, i64::MIN), None),
        (scaled(-1, i64::MAX), None),
        (scaled(1, -18), Some(1_000_000_000_000_000_000)),
        (scaled(1, -19), None),
    ]);
    read([(number("18446744073709551615.0"), Some(u64::MAX)), (number("18446744073709551616"), None)]);
    read([(number("255.00"), Some(255_u8)), (number("256"), None), (number("-1"), None)]);
}

#[test]
fn floats_are_read_where_no_digit_is_lost() {
    let exact = 1_i64 << 53;
    read([
        (Value::Int(exact), Some(exact as f64)),
        (Value::Int(-exact), Some(-exact as f64)),
        (Value::Int(exact + 1), None),
        (Value::Int(i64::MIN), None),
        (decimal("0.5").into(), None),
    ]);
    read([
        (Value::Int(1 << 24), Some(16_777_216_f32)),
        (Value::Int((1 << 24) + 1), None),
        (Value::Float(0.5), Some(0.5)),
        (Value::Float(0.1), None),
        (Value::Float(f64::MAX), None),
        (Value::Float(f64::INFINITY), Some(f32::INFINITY)),
    ]);
}

#[test]
fn decimals_are_read_with_the_digits_that_were_written() {
    let reads = [
        (Value::Int(i64::MIN), "-9223372036854775808"),
        (Value::Float(19.99), "19.99"),
        (Value::Float(0.1 + 0.2), "0.30000000000000004"),
        (Value::Float(-100.0), "-100"),
        (Value::Float(1e300), "1e300"),
        (Value::Float(5e-324), "5e-324"),
        (text("-12.340"), "-12.340"),
        (text("1.5E-7"), "0.00000015"),
    ];
    for (value, expected) in reads {
        assert_eq!(BigDecimal::from_value(&value), Some(decimal(expected)), "{value:?}");
    }
    let refuses =
        [Value::Float(f64::NAN), Value::Float(f64::INFINITY), text(""), text("1_000"), text("1,5"), text("x")];
    read::<BigDecimal>(refuses.map(|value| (value, None)));
}

#[test]
fn days_and_times_are_read_from_what_a_database_keeps_as_text() {
    let date = NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    let time = NaiveTime::from_hms_milli_opt(10, 0, 5, 250).unwrap();
    read([
        (text("2026-11-23"), Some(date)),
        (text("-0044-03-15"), NaiveDate::from_ymd_opt(-44, 3, 15)),
        (text("+12345-01-01"), NaiveDate::from_ymd_opt(12345, 1, 1)),
        (text("2026-02-29"), None),
        (text("2026-11-23 10:00:00"), None),
        (text("23.11.2026"), None),
    ]);
    read([
        (text("10:00:05.250"), Some(time)),
        (text("10:00"), NaiveTime::from_hms_opt(10, 0, 0)),
        (text("24:00:00"), None),
        (text("10:00:05+01:00"), None),
    ]);
    read([
        (text("2026-11-23 10:00:05.250"), Some(date.and_time(time))),
        (text("2026-11-23T10:00:05.250"), Some(date.and_time(time))),
        (text("2026-11-23T10:00:05Z"), None),
        (text("2026-11-23"), None),
        (DateTime::<Utc>::UNIX_EPOCH.into(), None),
    ]);
}

#[test]
fn moments_are_read_with_their_zone_or_in_utc() {
    let expected = moment("2026-11-23T10:00:05.25Z");
    read([
        (text("2026-11-23T10:00:05.25Z"), Some(expected)),
        (text("2026-11-23T12:00:05.25+02:00"), Some(expected)),
        (text("2026-11-23 10:00:05.250+00:00"), Some(expected)),
        (text("2026-11-23 10:00:05.250"), Some(expected)),
        (text("2026-11-23T10:00:05.250"), Some(expected)),
        (text("2026-11-23"), None),
        (text("1795428000"), None),
        (expected.naive_utc().into(), None),
    ]);
    let before = DateTime::<Utc>::UNIX_EPOCH - TimeDelta::nanoseconds(1);
    read([
        (expected.into(), Some(Timestamp::from_unix(Duration::from_millis(1_795_428_005_250)))),
        (text("1970-01-01 00:00:00"), Some(Timestamp::EPOCH)),
        (before.into(), None),
    ]);
}

#[test]
fn what_was_written_as_text_reads_back_at_the_extremes() {
    for date in [NaiveDate::MIN, NaiveDate::MAX] {
        read([(text(&date.to_string()), Some(date))]);
    }
    for time in [NaiveTime::MIN, leap_second()] {
        read([(text(&time.to_string()), Some(time))]);
    }
    for date_time in [NaiveDateTime::MIN, NaiveDateTime::MAX] {
        read([(text(&date_time.to_string()), Some(date_time)), (text(&format!("{date_time:?}")), Some(date_time))]);
    }
    for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        read([(text(&moment.to_rfc3339()), Some(moment)), (text(&moment.naive_utc().to_string()), Some(moment))]);
    }
    let huge = BigDecimal::new(BigInt::from(-7), -5000);
    read([(text(&huge.to_plain_string()), Some(huge.clone())), (text(&huge.to_string()), Some(huge))]);
}

#[test]
fn uuids_are_read_from_their_bytes_and_their_text() {
    let uuid = Uuid::from_u128(0x67e5_5044_10b1_426f_9247_bb68_0e5f_e0c8);
    read([
        (Value::Bytes(Bytes::copy_from_slice(uuid.as_bytes())), Some(uuid)),
        (text("67e55044-10b1-426f-9247-bb680e5fe0c8"), Some(uuid)),
        (text("67E5504410B1426F9247BB680E5FE0C8"), Some(uuid)),
        (Value::Bytes(Bytes::from_static(&[0; 15])), None),
        (text("67e55044-10b1-426f-9247"), None),
    ]);
}

#[test]
fn a_value_equals_what_no_database_can_tell_from_it() {
    let same = [
        Value::from(f64::NAN),
        decimal("1.00").into(),
        leap_second().into(),
        Value::Array(vec![f64::NAN.into(), Value::Null]),
    ];
    for value in same.into_iter().chain(samples()) {
        assert_eq!(value, value.clone());
    }
    let different = [
        (decimal("1.0").into(), decimal("1.00").into()),
        (decimal("0").into(), decimal("0.0").into()),
        (decimal("100").into(), decimal("1e2").into()),
        (Value::Float(0.0), Value::Float(-0.0)),
        (Value::Int(1), Value::Bool(true)),
        (Value::Int(1), decimal("1").into()),
        (Value::Json("1".into()), text("1")),
        (Value::Array(vec![]), Value::Array(vec![Value::Null])),
    ];
    for (a, b) in different {
        assert_ne!(a, b);
    }
    let samples = samples();
    for (position, a) in samples.iter().enumerate() {
        assert!(samples[position + 1..].iter().all(|b| a != b), "{a:?}");
    }
}

#[test]
fn values_are_shown_as_sql_shows_them() {
    let cases = [
        (Value::Null, "null"),
        (true.into(), "true"),
        (2.5.into(), "2.5"),
        (decimal("1.50").into(), "1.50"),
        (NaiveDate::from_ymd_opt(2026, 11, 23).unwrap().into(), "2026-11-23"),
        (moment("2026-11-23T10:00:00Z").into(), "2026-11-23 10:00:00 UTC"),
        (Uuid::nil().into(), "00000000-0000-0000-0000-000000000000"),
        (Value::Json("{\"a\":1}".into()), "{\"a\":1}"),
        (vec![1, 2].into(), "[Int(1), Int(2)]"),
    ];
    for (value, expected) in cases {
        assert_eq!(value.to_string(), expected);
    }
}

//! With serde: rows as any type, JSON as parameters and columns, and refusals without the content.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    fmt::Debug,
};

use bytes::Bytes;
use segno_core::{
    FromValue, Happened, Json, Row, Rows, SqlError, SqlErrorKind, Timestamp, Value,
    chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    rows,
    uuid::Uuid,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::values::{decimal, leap_second, moment};

#[derive(Debug, PartialEq, Deserialize)]
struct One<T> {
    it: T,
}

/// A field that is read by `FromValue`.
#[derive(Debug, PartialEq, Deserialize)]
struct Exact<T: FromValue> {
    #[serde(deserialize_with = "segno_core::column")]
    it: T,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Settings {
    theme: String,
    columns: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Novel,
    Play,
    Other(String),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Outer(Inner);

#[derive(Debug, PartialEq, Deserialize)]
struct Inner(i64);

fn row(value: impl Into<Value>) -> Row {
    rows!["it"; [value.into()]].one().unwrap()
}

#[track_caller]
fn reads<T: DeserializeOwned + PartialEq + Debug>(value: impl Into<Value>, expected: T) {
    let row = row(value);
    assert_eq!(row.deserialize::<One<T>>().unwrap().it, expected);
    assert_eq!(row.deserialize::<(T,)>().unwrap().0, expected, "in a tuple");
    let optional = row.deserialize::<One<Option<T>>>().unwrap().it;
    assert_eq!(optional, Some(expected), "as an option");
}

/// The message after "column `it` holds ".
#[track_caller]
fn refuses<T: DeserializeOwned + Debug>(value: impl Into<Value>, message: &str) {
    let error = row(value).deserialize::<One<T>>().unwrap_err();
    assert_eq!(error.message.strip_prefix("column `it` holds "), Some(message), "{error}");
    assert_eq!((error.kind, error.happened), (SqlErrorKind::Decode, Happened::Yes));
}

#[track_caller]
fn refused<T: Debug>(result: Result<T, SqlError>, message: &str) {
    assert_eq!(&*result.unwrap_err().message, message);
}

#[test]
fn numbers_at_their_extremes() {
    reads(i8::MIN, i8::MIN);
    reads(i16::MIN, i16::MIN);
    reads(i32::MIN, i32::MIN);
    reads(i64::MIN, i64::MIN);
    reads(i64::MIN, i128::from(i64::MIN));
    reads(u8::MAX, u8::MAX);
    reads(u16::MAX, u16::MAX);
    reads(u32::MAX, u32::MAX);
    reads(u64::MAX, u64::MAX);
    reads(usize::MAX, usize::MAX);
    reads(f32::MIN_POSITIVE, f32::MIN_POSITIVE);
    reads(f64::MAX, f64::MAX);
    reads(true, true);
    reads(0, false);
    reads(2, 2.0_f32);
    reads(2, 2.0_f64);
    refuses::<i8>(128, "int, expected i8");
    refuses::<u32>(-1, "int, expected u32");
    refuses::<u64>(decimal("1.5"), "decimal, expected u64");
    refuses::<f32>(0.1, "float, expected f32");
    refuses::<f64>((1_i64 << 53) + 1, "int, expected f64");
    refuses::<f64>(decimal("1.5"), "decimal, expected f64");
    refuses::<bool>(2, "int, expected a boolean");
    refuses::<i64>("secret", "text, expected i64");
    refuses::<i64>(None::<i64>, "null, expected i64");
}

#[test]
fn texts_and_bytes() {
    reads("naïve", "naïve".to_owned());
    reads("ß", 'ß');
    reads(b"\xff", Bytes::from_static(b"\xff"));
    reads(b"\xff", vec![0xff_u8]);
    reads(Uuid::nil(), Uuid::nil().to_string());
    assert_eq!(row("lent").deserialize::<One<&str>>().unwrap().it, "lent");
    refuses::<String>(7, "int, expected a string");
    refuses::<String>(b"\xff", "bytes, expected a string");
    refuses::<Bytes>(7, "int, expected byte array");
    assert_eq!(row(None::<i64>).deserialize::<One<Option<String>>>().unwrap(), One { it: None });
    assert_eq!(row(None::<i64>).deserialize::<One<()>>().unwrap(), One { it: () });
}

#[test]
fn types_of_other_crates_through_what_they_read_with_serde() {
    for text in ["-1.50", "0.00", "1e300", "1e-300"] {
        reads(decimal(text), decimal(text));
    }
    reads(7, decimal("7"));
    reads("1.50", decimal("1.50"));
    reads(NaiveDate::MIN, NaiveDate::MIN);
    reads(NaiveDate::MAX, NaiveDate::MAX);
    reads(leap_second(), leap_second());
    reads(NaiveDateTime::MIN, NaiveDateTime::MIN);
    reads(NaiveDateTime::MAX, NaiveDateTime::MAX);
    reads(DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MIN_UTC);
    reads(DateTime::<Utc>::MAX_UTC, DateTime::<Utc>::MAX_UTC);
    let moment = moment("2026-11-23T10:00:00.000000001Z");
    reads(moment, moment);
    reads(moment, DateTime::<FixedOffset>::from(moment));
    reads("2026-11-23T12:00:00.000000001+02:00", moment);
    let uuid = Uuid::from_u128(7);
    reads(uuid, uuid);
    reads(uuid.to_string(), uuid);
    reads(Value::Bytes(Bytes::copy_from_slice(uuid.as_bytes())), uuid);
    refuses::<Uuid>("secret", "text, expected what `uuid::Uuid` accepts");
    refuses::<NaiveDate>("secret", "text, expected what `chrono::naive::date::NaiveDate` accepts");
    refuses::<NaiveDate>(7, "int, expected a formatted date string");
    refuses::<DateTime<Utc>>(
        NaiveDate::MIN,
        "date, expected what `chrono::datetime::DateTime<chrono::offset::utc::Utc>` accepts",
    );
}

#[test]
fn newtypes_enums_and_arrays() {
    reads(7, Outer(Inner(7)));
    reads("play", Kind::Play);
    reads(Value::Json("{\"other\":\"x\"}".into()), Kind::Other("x".into()));
    reads(vec![1, 2], vec![1, 2]);
    reads(vec![1, 2], (1, 2));
    reads(vec![Some("a"), None], vec![Some("a".to_owned()), None]);
    reads(vec![vec![1], vec![]], vec![vec![1], vec![]]);
    reads(vec![Uuid::nil()], vec![Uuid::nil()]);
    refuses::<Kind>("secret", "text, expected one of `novel`, `play`, `other`");
    refuses::<Kind>("other", "text, expected newtype variant");
    refuses::<Kind>(7, "int, expected enum Kind");
    refuses::<Vec<i64>>(vec!["secret"], "array of text, expected i64");
    refuses::<(i64, i64)>(vec![1, 2, 3], "array of int, expected 2 elements in sequence");
    refuses::<Vec<i64>>(7, "int, expected a sequence");
}

#[test]
fn json_is_read_as_json_and_so_is_a_text_where_only_json_can_be_meant() {
    let text = r#"{"theme":"dark","columns":2}"#;
    let dark = || Settings { theme: "dark".into(), columns: 2 };
    for value in [Value::Json(text.into()), text.into()] {
        reads(value.clone(), dark());
        reads(value.clone(), Json(dark()));
        reads(value.clone(), Json(json!({ "theme": "dark", "columns": 2 })));
        reads(value, BTreeMap::from([("theme".to_owned(), json!("dark")), ("columns".to_owned(), json!(2))]));
    }
    for value in [Value::Json("[1,2]".into()), "[1,2]".into()] {
        reads(value.clone(), vec![1, 2]);
        reads(value.clone(), (1, 2));
        reads(value, Json([1, 2]));
    }
    reads(Value::Json(text.into()), json!({ "theme": "dark", "columns": 2 }));
    reads(Value::Json("\"a\"".into()), "a".to_owned());
    reads(Value::Json("7".into()), 7_u8);
    assert_eq!(row(Value::Json(" null".into())).deserialize::<One<Option<Settings>>>().unwrap(), One { it: None });
    let settings = "`core::deserialize::Settings`";
    let dull = r#"{"theme":7}"#;
    refuses::<Settings>(dull, &format!("text, expected json of {settings} (see its line 1, column 10)"));
    let json = || Value::Json(dull.into());
    refuses::<Settings>(json(), &format!("json, expected json of {settings} (see its line 1, column 10)"));
    refuses::<u8>(Value::Json("256".into()), "json, expected json of `u8` (see its line 1, column 3)");
    refuses::<Vec<u8>>("[1]2", "text, expected json of `alloc::vec::Vec<u8>` (see its line 1, column 4)");
    let json_of = format!("json, expected json of {settings}");
    refused(row(json()).get::<Json<Settings>>(0), &format!("column `it` holds {json_of}"));
}

#[test]
fn json_survives_as_a_parameter_and_a_column() {
    let settings = || Settings { theme: "dark".into(), columns: 2 };
    let row = rows!["a", "b", "c"; [Json(settings()), json!([1, null]), Some(json!({}))]].one().unwrap();
    assert!(row.values().iter().all(|value| value.kind() == "json"));
    assert_eq!(row.get::<Json<Settings>>("a").unwrap().0, settings());
    assert_eq!(row.get::<serde_json::Value>("b").unwrap(), json!([1, null]));
    assert_eq!(row.get::<Option<Json<BTreeMap<String, u8>>>>("c").unwrap(), Some(Json(BTreeMap::new())));
    assert_eq!(row.get::<String>("b").unwrap(), "[1,null]");
    assert_eq!(Json::<Settings>::from_value(&r#"{"theme":"dark","columns":2}"#.into()), Some(Json(settings())));
    assert_eq!(serde_json::Value::from_value(&Value::Null), None, "SQL's NULL is not JSON's");
    assert_eq!(Value::from(vec![Json(1)]), Value::Array(vec![Value::Json("1".into())]));
    assert_eq!(serde_json::to_value(Json(settings())).unwrap(), json!({ "theme": "dark", "columns": 2 }));
}

#[test]
#[should_panic(expected = "cannot be written as JSON: key must be a string")]
fn what_cannot_be_json_panics_as_a_parameter() {
    let _ = Value::from(Json(BTreeMap::from([((1, 2), 3)])));
}

#[test]
fn a_field_may_be_read_as_get_reads() {
    #[track_caller]
    fn exact<T: FromValue + PartialEq + Debug>(value: impl Into<Value>, expected: T) {
        assert_eq!(row(value).deserialize::<Exact<T>>().unwrap().it, expected);
    }
    let expected = moment("2026-11-23T10:00:00Z");
    exact("2026-11-23 10:00:00", expected);
    exact("2026-11-23 10:00:00", expected.naive_utc());
    exact("2026-11-23 10:00:00", Some(expected.naive_utc()));
    exact(None::<i64>, None::<NaiveDateTime>);
    exact(19.99, decimal("19.99"));
    exact("1970-01-01 00:00:00", Timestamp::EPOCH);
    exact(decimal("1.50"), Value::from(decimal("1.50")));
    exact(f64::INFINITY, f64::INFINITY);
    exact(vec!["10:00", "11:00"], vec![NaiveTime::from_hms_opt(10, 0, 0), NaiveTime::from_hms_opt(11, 0, 0)]);
    refused(row("secret").deserialize::<Exact<NaiveDate>>(), "column `it` holds text, expected date");
    let json = serde_json::from_str::<Exact<i64>>(r#"{"it":7}"#);
    assert!(json.is_err(), "it reads columns only");
}

#[derive(Debug, PartialEq, Deserialize)]
struct Book {
    id: i64,
    title: String,
    pages: Option<u16>,
}

#[test]
fn rows_become_structs_maps_and_tuples() {
    let rows = rows!["title", "id", "more", "pages"; ["Faust", 7, "x", 288], ["Odyssey", 8, "y", None::<u16>]];
    let odyssey = Book { id: 8, title: "Odyssey".into(), pages: None };
    assert_eq!(rows.deserialize::<Book>().unwrap()[1], odyssey);
    assert_eq!(rows.deserialize::<HashMap<Cow<'static, str>, serde_json::Value>>().unwrap()[0]["pages"], json!(288));
    let tuples: Vec<(String, i64, String, Option<u16>)> = rows.deserialize().unwrap();
    assert_eq!(tuples[0], ("Faust".into(), 7, "x".into(), Some(288)));
    assert_eq!(rows.deserialize::<Option<Book>>().unwrap()[1], Some(odyssey));
    let none: Vec<Book> = rows!["id"].deserialize().unwrap();
    assert!(none.is_empty());

    #[derive(Debug, PartialEq, Deserialize)]
    struct Shelved {
        more: String,
        #[serde(flatten)]
        book: Book,
    }
    assert_eq!(rows.deserialize::<Shelved>().unwrap()[0].book.pages, Some(288));

    #[derive(Debug, PartialEq, Deserialize)]
    struct Whole(Vec<serde_json::Value>);
    assert_eq!(rows.deserialize::<Whole>().unwrap()[0].0, [json!("Faust"), json!(7), json!("x"), json!(288)]);
}

#[test]
fn refusals_name_the_row_and_the_column() {
    let book = |rows: Rows| rows.deserialize::<Book>();
    refused(book(rows!["id", "pages"; [7, 1]]), "there is no column `title`");
    let join = rows!["id", "title", "id"; [7, "Faust", 8]];
    refused(book(join), "there are several columns `id`: name them apart with `as`");
    let second = rows!["id", "title"; [7, "Faust"], ["secret", "Odyssey"]];
    refused(book(second), "column `id` of row 1 holds text, expected i64");

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Strict {
        #[serde(rename = "id")]
        _id: i64,
    }
    let more = rows!["id", "more"; [7, "secret"]];
    refused(more.deserialize::<Strict>(), "there is no place for column `more`; expected: id");
    let tuple = more.deserialize::<(i64,)>();
    refused(tuple, "the row is not what `(i64,)` accepts: a tuple of size 1");
    refused(more.deserialize::<i64>(), "the row is not what `i64` accepts: i64");
    refused(more.deserialize::<Kind>(), "the row is not what `core::deserialize::Kind` accepts: enum Kind");
    refused(row("secret").deserialize::<Checked>(), "the row is not what `core::deserialize::Checked` accepts");
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "One<String>")]
struct Checked;

impl TryFrom<One<String>> for Checked {
    type Error = String;

    fn try_from(one: One<String>) -> Result<Self, String> {
        Err(one.it)
    }
}

//! Rows: by name and by position, as tuples and as types of their own, and what refusals say.

use segno_core::{
    FromRow, Happened, Row, Rows, SqlError, SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    rows,
    uuid::Uuid,
};

use crate::values::{decimal, moment};

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, SqlError>, message: &str) {
    let error = result.unwrap_err();
    assert_eq!(&*error.message, message);
    assert_eq!((error.kind, error.happened), (SqlErrorKind::Decode, Happened::Yes));
}

#[test]
fn every_type_stands_in_rows() {
    let (date, time) = (NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(), NaiveTime::MIN);
    let rows = rows!["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l";
        [true, u64::MAX, 0.5_f32, "x", b"y", decimal("1.50"), date, time, date.and_time(time),
            moment("2026-11-23T10:00:00Z"), Uuid::nil(), vec![Some(1), None]]];
    type All = (
        bool,
        u64,
        f32,
        String,
        Vec<u8>,
        BigDecimal,
        NaiveDate,
        NaiveTime,
        NaiveDateTime,
        DateTime<Utc>,
        Uuid,
        Vec<Option<i32>>,
    );
    let all: All = rows.one_as().unwrap();
    let expected = (
        true,
        u64::MAX,
        0.5,
        "x".to_owned(),
        b"y".to_vec(),
        decimal("1.5"),
        date,
        time,
        date.and_time(time),
        moment("2026-11-23T10:00:00Z"),
        Uuid::nil(),
        vec![Some(1), None],
    );
    assert_eq!(all, expected);
}

#[test]
fn columns_are_found_by_any_kind_of_name_and_by_position() {
    let row = rows!["id", "name"; [7, "Ada"]].one().unwrap();
    let name = "name".to_owned();
    assert_eq!(row.get::<String>("name").unwrap(), "Ada");
    assert_eq!(row.get::<String>(&name).unwrap(), "Ada");
    assert_eq!(row.get::<String>(name).unwrap(), "Ada");
    assert_eq!(row.get::<String>(1).unwrap(), "Ada");
    assert_eq!(row.get::<Value>(0).unwrap(), Value::Int(7));
    assert_eq!(row.columns().collect::<Vec<_>>(), ["id", "name"]);
}

#[test]
fn refusals_name_the_column_and_the_types_and_not_the_content() {
    let row =
        rows!["id", "name", "gone", "tags", "id"; [7, "secret", None::<i64>, vec![Value::from("secret"), 1.into()], 8]];
    let row = row.one().unwrap();
    refused(row.get::<i64>("name"), "column `name` holds text, expected int");
    refused(row.get::<Option<Uuid>>("name"), "column `name` holds text, expected uuid");
    refused(row.get::<DateTime<Utc>>(1), "column `name` holds text, expected timestamp");
    refused(
        row.get::<u8>("gone"),
        "column `gone` holds null, expected int from 0 to 255; where NULL may stand, read an `Option`",
    );
    refused(row.get::<Vec<String>>("tags"), "column `tags` holds array of int and text, expected array of text");
    refused(row.get::<String>("tags"), "column `tags` holds array of int and text, expected text");
    refused(row.get::<i64>("Name"), "there is no column `Name`; there are: id, name, gone, tags, id");
    refused(row.get::<i64>(5), "there is no column at position 5; there are: id, name, gone, tags, id");
    refused(row.get::<i64>("id"), "there are 2 columns `id`: name them apart with `as`, or read them by position");
    assert_eq!((row.get::<i64>(0).unwrap(), row.get::<i64>(4).unwrap()), (7, 8));
}

#[test]
fn among_several_rows_refusals_name_the_row() {
    let rows = rows!["id"; [7], ["secret"]];
    refused(rows.all_as::<(i64,)>(), "column `id` of row 1 holds text, expected int");
}

#[derive(Debug, PartialEq)]
struct Author {
    id: i64,
    name: Option<String>,
}

impl FromRow for Author {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(Self { id: row.get("id")?, name: row.get("name")? })
    }
}

#[test]
fn rows_become_tuples_and_types_of_their_own() {
    let rows = rows!["id", "name"; [7, "Ada"], [8, None::<String>]];
    assert_eq!(rows.all_as::<(i64, Option<String>)>().unwrap(), [(7, Some("Ada".to_owned())), (8, None)]);
    let expected = [Author { id: 7, name: Some("Ada".to_owned()) }, Author { id: 8, name: None }];
    assert_eq!(rows.all_as::<Author>().unwrap(), expected);
    assert_eq!(rows.all_as::<Row>().unwrap(), rows.iter().collect::<Vec<_>>());
    assert!(rows!["id", "name"].all_as::<Author>().unwrap().is_empty());
}

#[test]
fn a_tuple_takes_all_columns_or_none() {
    let rows = rows!["id", "name"; [7, "Ada"]];
    refused(rows.one_as::<(i64,)>(), "the row has 2 columns, and the tuple 1: id, name");
    refused(rows.one_as::<(i64, String, i64)>(), "the row has 2 columns, and the tuple 3: id, name");
    refused(rows.one_as::<(i64, i64)>(), "column `name` holds text, expected int");
    refused(rows!["id"; [7]].one_as::<Author>(), "there is no column `name`; there are: id");
}

#[test]
fn one_and_optional_count_before_they_read() {
    let rows = |count: usize| Rows::new(["id"], vec![vec![Value::Int(7)]; count]).unwrap();
    let count = |error: SqlError| (error.kind, error.message.to_string());
    assert_eq!(rows(1).one_as::<(i64,)>(), Ok((7,)));
    assert_eq!(rows(1).optional_as::<(i64,)>(), Ok(Some((7,))));
    assert_eq!(rows(0).optional_as::<(i64,)>(), Ok(None));
    let cases = [
        (rows(0).one_as::<(i64,)>().unwrap_err(), "expected one row, got 0"),
        (rows(2).one_as::<(i64,)>().unwrap_err(), "expected at most one row, got 2"),
        (rows(2).optional_as::<(i64,)>().unwrap_err(), "expected at most one row, got 2"),
    ];
    for (error, message) in cases {
        assert_eq!(count(error), (SqlErrorKind::RowCount, message.to_owned()));
    }
}

//! What goes in comes out.

use std::fmt::Debug;

use bytes::Bytes;
use segno::{
    FromValue, SqlErrorKind, SqlSession, Timestamp, Value,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    uuid::Uuid,
};

use super::{kind, memory, run, run_with};

#[test]
fn values_come_back_as_they_went_in() {
    let long = "né€🦀\u{0}'\"".repeat(100_000);
    let same = [
        Value::Null,
        Value::Int(0),
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Float(0.1),
        Value::Float(-0.0),
        Value::Float(1.0),
        Value::Float(f64::MIN),
        Value::Float(f64::MAX),
        Value::Float(f64::MIN_POSITIVE),
        Value::Float(5e-324),
        Value::Float(f64::INFINITY),
        Value::Float(f64::NEG_INFINITY),
        Value::Text(String::new()),
        Value::Text("Ünïcode — 🦀 \u{10ffff}".to_owned()),
        Value::Text("a\0b".to_owned()),
        Value::Text(long.clone()),
        Value::Bytes(Bytes::new()),
        Value::Bytes(Bytes::from_static(&[0, 255, 128, 0])),
        Value::Bytes(Bytes::from(long)),
    ];
    let changed = [
        // SQLite has no truth values but in columns that are declared so, and nothing that is not a number.
        (Value::Bool(true), Value::Int(1)),
        (Value::Bool(false), Value::Int(0)),
        (Value::Float(f64::NAN), Value::Null),
    ];
    let cases = same.into_iter().map(|value| (value.clone(), value)).chain(changed);
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for (given, expected) in cases {
            let rows = run_with(&session, "select ?1 as a, ?1 as b", [given.clone()]).await.unwrap();
            assert!(rows.one().unwrap().values() == [expected.clone(), expected], "{:.80}", format!("{given:?}"));
        }
    });
}

/// Through a column that is declared so, and through one that is not declared at all.
async fn comes_back<T>(session: &SqlSession, declared: &str, values: &[T])
where
    T: FromValue + Into<Value> + Clone + PartialEq + Debug,
{
    for declared in [declared, ""] {
        run(session, format!("create table t (v {declared})")).await.unwrap();
        for given in values {
            run_with(session, "insert into t values (?1)", [given.clone()]).await.unwrap();
            let row = run(session, "delete from t returning v").await.unwrap().one().unwrap();
            assert_eq!(row.get::<T>("v").as_ref(), Ok(given), "{declared}");
        }
        run(session, "drop table t").await.unwrap();
    }
}

#[test]
fn types_that_sqlite_does_not_have_come_back_as_what_they_were() {
    let decimal = |text: &str| text.parse::<BigDecimal>().unwrap();
    let leap_second = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_999_999_999).unwrap();
    smol::block_on(async {
        let database = memory().await;
        let session = &database.session();
        comes_back(session, "boolean", &[false, true]).await;
        comes_back(session, "text", &[u64::MAX].map(BigDecimal::from)).await;
        comes_back(session, "decimal(10, 2)", &[decimal("19.99"), decimal("-0.05"), decimal("100.00")]).await;
        comes_back(session, "text", &[decimal("0.1234567890123456789012345678901234567890"), decimal("1e-40")]).await;
        comes_back(session, "text", &[decimal("7e-999999999"), decimal("-7e999999999")]).await;
        comes_back(session, "date", &[NaiveDate::MIN, NaiveDate::default(), NaiveDate::MAX]).await;
        comes_back(session, "time", &[NaiveTime::MIN, leap_second]).await;
        comes_back(session, "datetime", &[NaiveDateTime::MIN, NaiveDateTime::default(), NaiveDateTime::MAX]).await;
        let moments = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::UNIX_EPOCH, DateTime::<Utc>::MAX_UTC];
        comes_back(session, "timestamp", &moments).await;
        comes_back(session, "timestamp", &[Timestamp::EPOCH]).await;
        comes_back(session, "blob", &[Uuid::nil(), Uuid::max()]).await;
        comes_back(session, "uuid", &[Uuid::from_u128(7)]).await;
        let now = run(session, "select datetime(0, 'unixepoch') as now").await.unwrap().one().unwrap();
        assert_eq!(now.get::<DateTime<Utc>>("now"), Ok(DateTime::UNIX_EPOCH));
    });
}

#[test]
fn columns_tell_the_type() {
    let cases = [
        ("boolean", "1", Value::Bool(true)),
        ("BOOL", "0", Value::Bool(false)),
        ("boolean", "2", Value::Int(2)),
        ("boolean", "'yes'", Value::Text("yes".to_owned())),
        ("boolean", "null", Value::Null),
        ("integer", "1", Value::Int(1)),
        ("integer", "'12'", Value::Int(12)),
        ("integer", "1.0", Value::Int(1)),
        ("int8", "9223372036854775807", Value::Int(i64::MAX)),
        ("real", "1", Value::Float(1.0)),
        ("text", "1", Value::Text("1".to_owned())),
        ("blob", "x'00ff'", Value::Bytes(Bytes::from_static(&[0, 255]))),
        ("datetime", "'2026-11-23 10:00:00'", Value::Text("2026-11-23 10:00:00".to_owned())),
        ("date", "'2026-11-23'", Value::Text("2026-11-23".to_owned())),
        ("timestamp", "1795428000", Value::Int(1_795_428_000)),
        ("decimal(10, 2)", "1.25", Value::Float(1.25)),
        ("nonsense", "'a'", Value::Text("a".to_owned())),
        ("", "x''", Value::Bytes(Bytes::new())),
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for (declared, given, expected) in cases {
            run(&session, format!("create table t (v {declared})")).await.unwrap();
            run(&session, format!("insert into t values ({given})")).await.unwrap();
            let rows = run(&session, "select v from t").await.unwrap();
            assert_eq!(rows.one().unwrap().values(), [expected], "{declared} {given}");
            run(&session, "drop table t").await.unwrap();
        }
    });
}

#[test]
fn values_of_other_types_than_declared_are_read_as_they_are() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let rows = run(&session, "select 1 as v union all select 'a' union all select null union all select 0.5").await;
        let values: Vec<Value> = rows.unwrap().iter().map(|row| row.values()[0].clone()).collect();
        assert_eq!(values, [Value::Int(1), Value::Text("a".to_owned()), Value::Null, Value::Float(0.5)]);
    });
}

#[test]
fn text_that_is_not_utf8_is_an_error_that_says_how_to_read_it() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let error = run(&session, "select cast(x'ff' as text) as name").await.unwrap_err();
        assert_eq!(error.kind, SqlErrorKind::Decode);
        assert!(error.message.contains("`name`") && error.message.contains("cast(name as blob)"), "{error}");
    });
}

#[test]
fn an_answer_is_bounded() {
    let endless = "with recursive c (x) as (select 1 union all select x + 1 from c) select x from c";
    let large = "with recursive c (x) as (select 1 union all select x + 1 from c) select zeroblob(1000000) from c";
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let error = run(&session, endless).await.unwrap_err();
        assert!(error.message.contains("100000 rows") && error.message.contains("limit"), "{error}");
        let error = run(&session, large).await.unwrap_err();
        assert!(error.message.contains("bytes") && error.message.contains("limit"), "{error}");
        assert_eq!(run(&session, format!("{endless} limit 100000")).await.unwrap().len(), 100_000);
        assert_eq!(kind(run(&session, format!("{endless} limit 100001")).await), SqlErrorKind::TooLarge);
    });
}

//! Effects, outcomes, errors and traces survive a trip through JSON.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use segno_core::{
    bigdecimal::{BigDecimal, num_bigint::BigInt},
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    uuid::Uuid,
    *,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::values::{decimal, leap_second, moment};

#[track_caller]
fn survives<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> String {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value, "{json}");
    json
}

fn headers() -> Headers {
    let mut headers = Headers::default();
    headers.add("accept", "text/html").unwrap();
    headers.add("accept", "text/plain").unwrap();
    headers.insert("x-odd", http::HeaderValue::from_bytes(b"caf\xe9").unwrap());
    headers
}

fn values() -> Vec<Value> {
    let mut values = vec![
        Value::Null,
        Value::Bool(true),
        Value::Int(i64::MIN),
        Value::Float(0.1 + 0.2),
        Value::Float(-0.0),
        Value::Float(f64::MIN_POSITIVE),
        Value::Float(f64::INFINITY),
        Value::Float(f64::NEG_INFINITY),
        Value::Float(f64::NAN),
        Value::Float(f64::from_bits(f64::NAN.to_bits() | 7)),
        Value::Text("naïve \u{0}\"\\".into()),
        Value::Bytes(Bytes::from_static(b"plain")),
        Value::Bytes(Bytes::from_static(b"\xff\x00")),
    ];
    let decimals = ["0", "0.00", "1.0", "1.00", "-0.05", "100", "1e2", "1e-100", &"9".repeat(1000)];
    values.extend(decimals.map(|text| decimal(text).into()));
    let scales = [i64::MIN, -1000, 1000, i64::MAX];
    values.extend(scales.map(|scale| BigDecimal::new(BigInt::from(-70), scale).into()));
    let dates = [NaiveDate::MIN, NaiveDate::default(), NaiveDate::MAX];
    values.extend(dates.map(Value::from));
    values.extend([NaiveTime::MIN, leap_second()].map(Value::from));
    values.extend([NaiveDateTime::MIN, NaiveDateTime::default(), NaiveDateTime::MAX].map(Value::from));
    let moments = [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, moment("2026-11-23T10:00:00.000000001Z")];
    values.extend(moments.map(Value::from));
    values.push(Uuid::from_u128(u128::MAX - 1).into());
    values.push(Value::Json("{\"b\" : 1, \"a\":null}".into()));
    values.push(Value::Array(vec![]));
    values.push(Value::Array(vec![Value::Array(values.clone()), Value::Null]));
    values
}

fn version() -> FileVersion {
    FileVersion { length: 7, modified: Timestamp::from_unix(Duration::new(9, 1)) }
}

fn effects() -> Vec<Standard> {
    let path = || "0.1:2#3".parse().unwrap();
    let request = HttpRequest { headers: headers(), ..HttpRequest::post("http://x/").body(&b"\xff"[..]) };
    vec![
        Standard::Sql(Sql {
            text: "select 1".into(),
            params: values().into(),
            transaction: Some(TransactionId::new(path())),
        }),
        Standard::Transaction(Transaction {
            id: TransactionId::new(path()),
            act: TransactionAct::RollbackTo(2),
            options: TransactionOptions::default(),
        }),
        Standard::SqlOpen(SqlOpen {
            id: CursorId::new(path()),
            sql: Box::new(Sql { text: "select 1".into(), params: values().into(), transaction: None }),
            batch: u32::MAX,
        }),
        Standard::SqlFetch(SqlFetch { id: CursorId::new(path()) }),
        Standard::SqlClose(SqlClose { id: CursorId::new(path()) }),
        Standard::HttpGet(HttpGet { url: "http://x/".into() }),
        Standard::HttpSend(HttpSend(Box::new(
            request.time_limit(Duration::from_millis(1500)).max_redirects(3).public_only(),
        ))),
        Standard::ChatSend(ChatSend { room: "room".into(), message: "hi".into() }),
        Standard::ChatRecv(ChatRecv { room: "room".into(), subscription: Some(SubscriptionId::new(path())) }),
        Standard::ChatSubscribe(ChatSubscribe { room: "room".into(), id: SubscriptionId::new(path()) }),
        Standard::ChatUnsubscribe(ChatUnsubscribe { id: SubscriptionId::new(path()) }),
        Standard::ChatBalance(ChatBalance { room: "room".into() }),
        Standard::ReadBody(ReadBody),
        Standard::ReadTrailers(ReadTrailers),
        Standard::Inform(Inform(ResponseHead { headers: headers(), ..ResponseHead::new(103) })),
        Standard::Respond(Respond(ResponseHead { headers: headers(), ..ResponseHead::new(404) })),
        Standard::Write(Write(Bytes::from_static(b"\xfe"))),
        Standard::FileInfo(FileInfo { path: FilePath::with_hidden(".well-known/a").unwrap() }),
        Standard::ReadFile(ReadFile { path: "a/b".parse().unwrap(), version: version(), from: u64::MAX, length: 1 }),
        Standard::Now(Now),
        Standard::Sleep(Sleep(Duration::MAX)),
        Standard::Random(Random { low: 0, high: u64::MAX }),
    ]
}

fn outcomes() -> Vec<StandardOutcome> {
    type O = StandardOutcome;
    let stopped = Stopped { reason: StopReason::Deadline, happened: Happened::Unknown };
    let reply = HttpReply { headers: headers(), ..HttpReply::new(299, &b"\xff"[..]) };
    let rows = Rows::new(["a", "b"], [vec![Value::Float(f64::NAN), Value::Null]]).unwrap();
    vec![
        O::Sql(Ok(rows.with_written(3, Some(-1)))),
        O::Sql(Err(SqlError::new(SqlErrorKind::Unique, Happened::No, "author.name"))),
        O::Transaction(Err(stopped.into())),
        O::SqlOpen(Ok(Rows::new(["a"], [vec![Value::Null]]).unwrap())),
        O::SqlFetch(Ok(Rows::written(0, None))),
        O::SqlFetch(Err(SqlError::new(SqlErrorKind::NoCursor, Happened::No, "it has ended"))),
        O::SqlClose(Ok(())),
        O::HttpGet(Ok(reply)),
        O::HttpSend(Err(HttpError::new(HttpErrorKind::Status(503), Happened::Unknown, "busy"))),
        O::ChatSend(Ok(u64::MAX)),
        O::ChatRecv(Ok(Arc::from("hi"))),
        O::ChatRecv(Err(ChatError::new(ChatErrorKind::Lagged(7), Happened::Yes, "7 messages are lost"))),
        O::ChatSubscribe(Ok(())),
        O::ChatUnsubscribe(Ok(())),
        O::ChatBalance(Ok(0)),
        O::ReadBody(Ok(None)),
        O::ReadBody(Ok(Some(Chunk(Bytes::from_static(b"\x80"))))),
        O::ReadTrailers(Ok(headers())),
        O::ReadTrailers(Err(BodyError::new(BodyErrorKind::Order, Happened::No, "not at its end"))),
        O::Inform(Ok(())),
        O::Respond(Err(WriteError::new(WriteErrorKind::Head, Happened::No, "two lengths"))),
        O::Write(Ok(())),
        O::FileInfo(Ok(None)),
        O::FileInfo(Ok(Some(FileKind::Directory))),
        O::FileInfo(Ok(Some(FileKind::File(version())))),
        O::ReadFile(Ok(Chunk(Bytes::from_static(b"\xff")))),
        O::ReadFile(Err(FileError::new(FileErrorKind::Changed, Happened::No, "another one"))),
        O::Now(Ok(Timestamp::from_unix(Duration::new(1, 999_999_999)))),
        O::Sleep(Err(stopped)),
        O::Random(Ok(4)),
    ]
}

#[test]
fn every_standard_effect_and_outcome() {
    let effects = effects();
    let mut names: Vec<_> = effects.iter().map(|effect| effect.name()).collect();
    for effect in &effects {
        let json = survives(effect);
        assert!(json.starts_with(&format!("{{\"effect\":\"{}\",", effect.name())), "{json}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 22, "each name is one effect's: {names:?}");
    for outcome in &outcomes() {
        survives(outcome);
    }
}

/// What a request does not ask for is not written, and recordings from before one could ask for it are read.
#[test]
fn a_plain_request_is_written_as_ever() {
    let request = HttpSend(Box::new(HttpRequest::post("http://x/")));
    let json = r#"{"method":"POST","url":"http://x/","headers":[],"body":{"text":""},"time_limit":null}"#;
    assert_eq!(survives(&request), json);
}

#[test]
fn what_is_no_path_for_a_file_does_not_become_one() {
    for text in ["", "..", "a/../b", "/a", "a/", "a\\\\b", "c:"] {
        let error = serde_json::from_str::<FilePath>(&format!("\"{text}\"")).unwrap_err().to_string();
        assert!(error.starts_with("not a path for a file: "), "{text}: {error}");
    }
    assert_eq!(serde_json::from_str::<FilePath>("\".a/b\"").unwrap().as_str(), ".a/b");
}

segno_core::effects! {
    #[serde]
    enum Inner (InnerOutcome): { Now, Random }
}

segno_core::effects! {
    #[serde]
    enum Outer (OuterOutcome): Inner + { Sleep }
}

/// However deep an effect is nested, its journal is the same.
#[test]
fn sets_are_flat() {
    let json = serde_json::to_string(&Standard::Random(Random { low: 1, high: 2 })).unwrap();
    assert_eq!(json, r#"{"effect":"random","value":{"low":1,"high":2}}"#);
    let outer: Outer = serde_json::from_str(&json).unwrap();
    assert_eq!(outer, Outer::Inner(Inner::Random(Random { low: 1, high: 2 })));
    assert_eq!(survives(&outer), json);
    let outcome = OuterOutcome::Inner(InnerOutcome::Random(Ok(1)));
    assert_eq!(survives(&outcome), r#"{"effect":"random","value":{"Ok":1}}"#);
}

#[test]
fn values_read_well_in_a_journal() {
    let cases = [
        (decimal("1.50").into(), r#"{"decimal":"1.50"}"#),
        (decimal("-0.05").into(), r#"{"decimal":"-0.05"}"#),
        (decimal("0.00").into(), r#"{"decimal":"0E-2"}"#),
        (decimal("1e2").into(), r#"{"decimal":"1E2"}"#),
        (NaiveDate::default().into(), r#"{"date":"1970-01-01"}"#),
        (NaiveTime::MIN.into(), r#"{"time":"00:00:00"}"#),
        (NaiveDateTime::default().into(), r#"{"date_time":"1970-01-01T00:00:00"}"#),
        (DateTime::<Utc>::UNIX_EPOCH.into(), r#"{"timestamp":"1970-01-01T00:00:00Z"}"#),
        (Uuid::nil().into(), r#"{"uuid":"00000000-0000-0000-0000-000000000000"}"#),
        (Value::Json("[1]".into()), r#"{"json":"[1]"}"#),
        (vec![1, 2].into(), r#"{"array":[{"int":1},{"int":2}]}"#),
    ];
    for (value, expected) in cases {
        assert_eq!(survives::<Value>(&value), expected);
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let cases = [
        (r#"{"effect":"refund","value":1}"#, "the effect set `Standard` does not contain the effect `refund`"),
        (r#"{"value":1,"effect":"now"}"#, "`effect` must come first in an effect"),
        (r#"{"effect":"sleep"}"#, "missing field `value`"),
        (r#"{"effect":"now","value":null,"more":1}"#, "unknown field `more`"),
    ];
    for (json, expected) in cases {
        let error = serde_json::from_str::<Standard>(json).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
    let torn = r#"{"columns":["a"],"rows":[[]],"affected":0,"last_id":null}"#;
    assert!(
        serde_json::from_str::<Rows>(torn).unwrap_err().to_string().starts_with("row 0 has 0 values for 1 columns")
    );
    assert!(serde_json::from_str::<Path>("\"0.1\"").is_err());
}

#[test]
fn a_trace_with_a_stop() {
    let mut tasklet =
        Tasklet::new(async |mut io: Io| io.transaction(async |tx| Ok(tx.sql("x", ()).await?.len())).await).record();
    let Step::Perform(ticket, effect) = tasklet.step() else { panic!() };
    tasklet.answer(ticket, crate::driver::success(&effect)).unwrap();
    assert!(matches!(tasklet.step(), Step::Perform(..)));
    tasklet.stop(StopReason::Shutdown);
    while !matches!(tasklet.step(), Step::Waiting) {}
    let trace = tasklet.trace().unwrap();
    assert_eq!(trace.entries.len(), 5, "{trace:?}");
    survives(&trace);
}

#[test]
fn paths() {
    for path in ["0", "0#1", "0.1:0", "0.12:3.4:5#6"] {
        assert_eq!(survives(&path.parse::<Path>().unwrap()), format!("\"{path}\""));
    }
    for no_path in ["", "1", "0.", "0.1", "0.1:", "0#", "0#0", "00", "0.01:0", "0.1:2#x", " 0"] {
        assert!(no_path.parse::<Path>().is_err(), "{no_path}");
    }
}

//! Values of PostgreSQL's types, there and back.

use std::f64;

use segno::{
    SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveTime},
    uuid::Uuid,
};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        each_type_goes_there_and_back on [Postgres],
        a_null_of_each_type_goes_there_and_back on [Postgres],
        a_decimal_keeps_the_zeros_behind_it on [Postgres],
        what_has_no_value_is_told_with_its_column_and_a_cast on [Postgres],
        an_answer_without_rows_tells_its_columns on [Postgres],
        what_a_statement_did_is_counted on [Postgres],
    ]
}

fn each_type_goes_there_and_back(home: &Home) {
    let client = Client::of(&home.open());
    smol::block_on(async {
        make_types(&client).await;
        for (type_name, literal, expected) in values() {
            let read = client.run(format!("select {literal}::{type_name} as v")).await;
            assert_eq!(value::<Value>(read), expected, "{literal}::{type_name}");
            let text = format!(
                "select ?1::{type_name} as v, (?1::{type_name})::text = ({literal}::{type_name})::text as same"
            );
            let row = client.run_with(text, [expected.clone()]).await.unwrap().one().unwrap();
            assert_eq!(row.get::<Value>("v").unwrap(), expected, "{literal}::{type_name}, as a parameter");
            assert!(row.get::<bool>("same").unwrap(), "{literal}::{type_name}: the server sees another value");
        }
    });
}

fn a_null_of_each_type_goes_there_and_back(home: &Home) {
    let client = Client::of(&home.open());
    smol::block_on(async {
        make_types(&client).await;
        for (type_name, _, _) in values() {
            let answer = client.run_with(format!("select ?1::{type_name} as v"), [Value::Null]).await;
            assert_eq!(value::<Value>(answer), Value::Null, "{type_name}");
        }
    });
}

fn a_decimal_keeps_the_zeros_behind_it(home: &Home) {
    let client = Client::of(&home.open());
    smol::block_on(async {
        for number in ["0", "0.00", "1.50", "-12000", "10000.0000", "0.00010", "99999999999999999999.90"] {
            let Value::Decimal(decimal) = value(client.run(format!("select {number}::numeric")).await) else {
                panic!("{number} is no decimal");
            };
            assert_eq!(decimal.to_plain_string(), number);
            let back = client.run_with("select ?1::numeric::text", [Value::Decimal(decimal)]).await;
            assert_eq!(value::<String>(back), number);
        }
    });
}

fn what_has_no_value_is_told_with_its_column_and_a_cast(home: &Home) {
    let literals = [
        "'infinity'::date",
        "'-infinity'::date",
        "'5874897-12-31'::date",
        "'infinity'::timestamp",
        "'-infinity'::timestamptz",
        "'294276-12-31'::timestamp",
        "array['infinity'::date]",
        "'24:00'::time",
        "'NaN'::numeric",
        "'Infinity'::numeric",
        "'12:00+02'::timetz",
        "'3 days'::interval",
        "'::1'::inet",
        "'(1,2)'::point",
        "'{{1,2},{3,4}}'::int4[]",
        "'{1 day}'::interval[]",
        "row(1, 'a')",
        "'[1,2]'::int4range",
        "'12.34'::money",
        "b'101'",
        "'a b'::tsvector",
        "'0/0'::pg_lsn",
        "'pg_class'::regclass",
    ];
    let client = Client::of(&home.open());
    smol::block_on(async {
        for literal in literals {
            let error = client.run(format!("select {literal} as odd")).await.unwrap_err();
            assert_eq!(error.kind, SqlErrorKind::Decode, "{literal}: {error}");
            assert!(error.message.contains("`odd`") && error.message.contains("`odd::text`"), "{literal}: {error}");
            value::<String>(client.run(format!("select ({literal})::text as odd")).await);
        }
    });
}

fn an_answer_without_rows_tells_its_columns(home: &Home) {
    home.prepare(&["create table t (id int primary key, name text)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        for (text, columns) in [
            ("select * from t", vec!["id", "name"]),
            ("select id as number, name from t where false", vec!["number", "name"]),
            ("insert into t select 1, 'a' where false returning id", vec!["id"]),
            ("with gone as (delete from t returning *) select name from gone", vec!["name"]),
            ("update t set name = ''", vec![]),
        ] {
            let rows = client.run(text).await.unwrap();
            assert!(rows.is_empty(), "{text}");
            assert_eq!(rows.columns().collect::<Vec<_>>(), columns, "{text}");
        }
    });
}

fn what_a_statement_did_is_counted(home: &Home) {
    home.prepare(&["create table t (id int primary key, name text)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        for (text, affected) in [
            ("insert into t values (1, 'a'), (2, 'b')", 2),
            ("insert into t values (2, 'c'), (3, 'c') on conflict do nothing", 1),
            ("insert into t values (3, 'd') on conflict (id) do update set name = excluded.name returning id", 1),
            ("update t set name = 'e'", 3),
            ("with old as (select 1 as id) update t set name = 'f' from old where t.id = old.id", 1),
            ("select * from t", 0),
            ("delete from t where id > 1", 2),
            ("create index by_name on t (name)", 0),
        ] {
            let rows = client.run(text).await.unwrap();
            assert_eq!((rows.rows_affected(), rows.last_id()), (affected, None), "{text}");
        }
    });
}

async fn make_types(client: &Client) {
    client.run("create type mood as enum ('sad', 'very \"happy\"')").await.unwrap();
    client.run("create domain positive as int check (value > 0)").await.unwrap();
}

/// Types, literals of them, and what those are here: the least, the greatest, and odd ones.
fn values() -> Vec<(&'static str, &'static str, Value)> {
    let mut values = plain();
    values.extend(times());
    values.extend(arrays());
    values
}

fn plain() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("bool", "true", true.into()),
        ("bool", "false", false.into()),
        ("int2", "'-32768'", i16::MIN.into()),
        ("int2", "32767", i16::MAX.into()),
        ("int4", "'-2147483648'", i32::MIN.into()),
        ("int4", "2147483647", i32::MAX.into()),
        ("int8", "'-9223372036854775808'", i64::MIN.into()),
        ("int8", "9223372036854775807", i64::MAX.into()),
        ("oid", "4294967295", u32::MAX.into()),
        ("positive", "7", 7.into()),
        ("float4", "'0.1'", 0.1_f32.into()),
        ("float4", "'-3.4028235e38'", f32::MIN.into()),
        ("float8", "'1.7976931348623157e308'", f64::MAX.into()),
        ("float8", "'5e-324'", Value::Float(5e-324)),
        ("float8", "'-0'", Value::Float(-0.0)),
        ("float8", "'-Infinity'", f64::NEG_INFINITY.into()),
        ("float8", "'NaN'", f64::NAN.into()),
        ("numeric", "0", decimal("0")),
        (
            "numeric",
            "'-1234567890123456789012345678901234567890.0123456789'",
            decimal("-1234567890123456789012345678901234567890.0123456789"),
        ),
        ("numeric", "'1e131071'", decimal(&format!("1{}", "0".repeat(131_071)))),
        ("numeric", "'1e-16383'", decimal("1e-16383")),
        ("numeric", "'0.00010002'", decimal("0.00010002")),
        ("numeric", "'18446744073709551615'", decimal("18446744073709551615")),
        ("text", "''", "".into()),
        ("text", "'ä€😀 ''quoted'''", "ä€😀 'quoted'".into()),
        ("varchar(3)", "'abc'", "abc".into()),
        ("char(5)", "'ab'", "ab   ".into()),
        ("name", "'pg_class'", "pg_class".into()),
        ("\"char\"", "'x'", "x".into()),
        ("mood", "'very \"happy\"'", "very \"happy\"".into()),
        ("bytea", "'\\x00ff'", vec![0, 255_u8].into()),
        ("bytea", "''", Vec::<u8>::new().into()),
        (
            "uuid",
            "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
            Value::Uuid(Uuid::from_u128(0xa0ee_bc99_9c0b_4ef8_bb6d_6bb9_bd38_0a11)),
        ),
        ("json", "'{\"b\":  [1, null], \"b\": 2}'", Value::Json("{\"b\":  [1, null], \"b\": 2}".into())),
        ("jsonb", "'{\"b\":  [1, null]}'", Value::Json("{\"b\": [1, null]}".into())),
    ]
}

fn times() -> Vec<(&'static str, &'static str, Value)> {
    let date = |year, month, day| NaiveDate::from_ymd_opt(year, month, day).unwrap();
    let last = NaiveTime::from_hms_micro_opt(23, 59, 59, 999_999).unwrap();
    let moment = |text| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    vec![
        ("date", "'4714-11-24 BC'", Value::Date(date(-4713, 11, 24))),
        ("date", "'1999-12-31'", Value::Date(date(1999, 12, 31))),
        ("date", "'262142-12-31'", Value::Date(date(262_142, 12, 31))),
        ("time", "'00:00'", Value::Time(NaiveTime::MIN)),
        ("time", "'23:59:59.999999'", Value::Time(last)),
        ("timestamp", "'4714-11-24 00:00 BC'", Value::DateTime(date(-4713, 11, 24).and_time(NaiveTime::MIN))),
        ("timestamp", "'2024-02-29 23:59:59.999999'", Value::DateTime(date(2024, 2, 29).and_time(last))),
        ("timestamp", "'262142-12-31 23:59:59.999999'", Value::DateTime(date(262_142, 12, 31).and_time(last))),
        (
            "timestamptz",
            "'2024-02-29 12:34:56.123456+02'",
            Value::Timestamp(moment("2024-02-29T12:34:56.123456+02:00")),
        ),
        ("timestamptz", "'1969-12-31 23:59:59.5+00'", Value::Timestamp(moment("1969-12-31T23:59:59.5Z"))),
    ]
}

fn arrays() -> Vec<(&'static str, &'static str, Value)> {
    let day = Value::Date(NaiveDate::from_ymd_opt(2024, 2, 29).unwrap());
    let noon = Value::Timestamp(DateTime::parse_from_rfc3339("2024-02-29T12:00:00Z").unwrap().to_utc());
    vec![
        ("int4[]", "'{}'", Value::Array(vec![])),
        ("int4[]", "'{1,NULL,-3}'", Value::Array(vec![1.into(), Value::Null, (-3).into()])),
        ("int2[]", "'{NULL}'", Value::Array(vec![Value::Null])),
        ("int8[]", "'{9223372036854775807}'", Value::Array(vec![i64::MAX.into()])),
        ("float8[]", "'{0.5}'", Value::Array(vec![0.5.into()])),
        ("bool[]", "'{t,f}'", Value::Array(vec![true.into(), false.into()])),
        (
            "text[]",
            "array['', 'NULL', '{\"', null]",
            Value::Array(vec!["".into(), "NULL".into(), "{\"".into(), Value::Null]),
        ),
        ("varchar[]", "'{a}'", Value::Array(vec!["a".into()])),
        ("mood[]", "'{sad}'", Value::Array(vec!["sad".into()])),
        ("positive[]", "'{1,2}'", Value::Array(vec![1.into(), 2.into()])),
        ("numeric[]", "'{1.5,NULL}'", Value::Array(vec![decimal("1.5"), Value::Null])),
        ("bytea[]", "array['\\x00'::bytea]", Value::Array(vec![vec![0_u8].into()])),
        ("date[]", "'{2024-02-29}'", Value::Array(vec![day])),
        ("timestamptz[]", "'{2024-02-29 12:00+00}'", Value::Array(vec![noon])),
        ("uuid[]", "'{00000000-0000-0000-0000-000000000001}'", Value::Array(vec![Value::Uuid(Uuid::from_u128(1))])),
        ("jsonb[]", "array['[1]'::jsonb]", Value::Array(vec![Value::Json("[1]".into())])),
        ("json[]", "array['[1]'::json]", Value::Array(vec![Value::Json("[1]".into())])),
    ]
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Box::new(text.parse::<BigDecimal>().unwrap()))
}

//! Parameters are what the server expects in their place, or are refused before anything is sent.

use segno::{Happened, SqlErrorKind, Value, bigdecimal::BigDecimal, chrono::NaiveDate};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_number_fits_into_every_type_of_numbers on [Postgres],
        what_does_not_fit_is_refused_by_place_and_type on [Postgres],
        a_refused_parameter_aborts_no_transaction on [Postgres],
        a_placeholder_may_stand_twice on [Postgres],
    ]
}

fn a_number_fits_into_every_type_of_numbers(home: &Home) {
    home.prepare(&[
        "create table numbers (a int2, b int4, c int8, d float4, e float8, f numeric, g oid, h numeric(6,2))",
    ]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        let insert = "insert into numbers values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        client.run_with(insert, vec![Value::Int(7); 8]).await.unwrap();
        let whole = Value::Decimal(Box::new(BigDecimal::from(7)));
        let float = Value::Float(7.0);
        let mixed = [&whole, &whole, &whole, &float, &float, &float, &whole, &whole];
        client.run_with(insert, mixed.map(Clone::clone)).await.unwrap();
        let count =
            client.run("select count(*) from numbers where (a, b, c, d, e, f, g, h) = (7, 7, 7, 7, 7, 7, 7, 7)").await;
        assert_eq!(value::<i64>(count), 2);
        assert_eq!(
            value::<i64>(client.run_with("select id from generate_series(1, 9) as id where id = ?1", [3]).await),
            3
        );
        assert_eq!(value::<String>(client.run_with("select (?1::numeric)::text", [0.1]).await), "0.1");
    });
}

fn what_does_not_fit_is_refused_by_place_and_type(home: &Home) {
    let far = Value::Decimal(Box::new(BigDecimal::new(1.into(), i64::MIN)));
    let near = Value::Decimal(Box::new(BigDecimal::new(1.into(), i64::MAX)));
    let half = Value::Decimal(Box::new(BigDecimal::new(15.into(), 1)));
    let day = Value::Date(NaiveDate::MAX);
    let cases: Vec<(&'static str, Value, &[&str])> = vec![
        ("select ?1::int2", 40_000.into(), &["int2", "fit"]),
        ("select ?1::int4", i64::MAX.into(), &["int4", "fit"]),
        ("select ?1::oid", (-1).into(), &["oid", "fit"]),
        ("select ?1::int8", half, &["int8", "fit"]),
        ("select ?1::int8", far.clone(), &["int8", "fit"]),
        ("select ?1::int8", near.clone(), &["int8", "fit"]),
        ("select ?1::int8", Value::Decimal(Box::new(BigDecimal::from(u64::MAX))), &["int8", "fit"]),
        ("select ?1::numeric", far, &["numeric", "fit"]),
        ("select ?1::numeric", near, &["numeric", "fit"]),
        ("select ?1::numeric", f64::NAN.into(), &["numeric", "fit"]),
        ("select ?1::float4", 1e300.into(), &["float4", "fit"]),
        ("select ?1::float8", i64::MAX.into(), &["float8", "fit"]),
        ("select ?1", 7.into(), &["int", "text", "$1::int8"]),
        ("select ?1::date", "2024-02-29".into(), &["text", "date", "$1::text"]),
        ("select ?1::timestamptz", day, &["date", "timestamptz", "$1::date"]),
        ("select ?1::inet", "::1".into(), &["text", "inet", "$1::text"]),
        ("select ?1::bool", 1.into(), &["int", "bool"]),
        ("select ?1::int4", "7".into(), &["text", "int4"]),
        ("select ?1::int4", 7.5.into(), &["float", "int4"]),
        ("select ?1::json", "{}".into(), &["text", "json"]),
        ("select ?1::text", "a\0b".into(), &["NUL"]),
        ("select ?1::\"char\"", "ab".into(), &["char", "fit"]),
        ("select ?1::int4", Value::Array(vec![1.into()]), &["array", "int4", "$1::int8[]"]),
        ("select ?1::int4[]", 1.into(), &["int", "int4[]"]),
        ("select ?1::int4[]", Value::Array(vec!["s3cr3t".into()]), &["array", "int4[]", "elements"]),
        ("select ?1::int4[]", Value::Array(vec![Value::Array(vec![1.into()])]), &["array of arrays"]),
    ];
    let client = Client::of(&home.open());
    smol::block_on(async {
        for (text, given, words) in cases {
            let error = client.run_with(text, [given.clone()]).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Params, Happened::No), "{text} {given:?}: {error}");
            assert!(error.message.starts_with("parameter 1 is "), "{text}: {error}");
            for word in words {
                assert!(error.message.contains(word), "{text}: `{word}` is missing: {error}");
            }
            assert!(!error.message.contains("s3cr3t"), "{error}");
        }
    });
}

fn a_refused_parameter_aborts_no_transaction(home: &Home) {
    home.prepare(&["create table t (id int2)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        client.begin().await.unwrap();
        client.within("insert into t values (1)").await.unwrap();
        let refused = client.within_with("insert into t values (?1)", [70_000]).await.unwrap_err();
        assert_eq!(refused.kind, SqlErrorKind::Params, "{refused}");
        client.commit().await.unwrap();
    });
    assert_eq!(home.count("t"), 1);
}

fn a_placeholder_may_stand_twice(home: &Home) {
    let client = Client::of(&home.open());
    smol::block_on(async {
        let row = client.run_with("select ?2::text || ?1::text || ?2::text as word", ["a", "b"]).await;
        assert_eq!(value::<String>(row), "bab");
    });
}

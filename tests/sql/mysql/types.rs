//! Values both ways, at the extremes.

use segno::{
    Happened, SqlErrorKind, Value,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    uuid::Uuid,
};

use super::{by_hand, int, text, with};
use crate::{
    case::{Case, cases},
    home::Home,
    steps::value,
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_column_of_each_type_is_read on [MySql],
        an_expression_is_read on [MySql],
        a_value_of_each_kind_comes_back on [MySql],
        what_no_value_can_hold_is_an_error_of_its_column on [MySql],
        a_parameter_that_mysql_would_change_is_refused on [MySql],
        moments_are_in_utc on [MySql],
    ]
}

/// A type, and literals of it with what they are read as.
type Column = (&'static str, Vec<(&'static str, Value)>);

fn a_column_of_each_type_is_read(home: &Home) {
    let columns = [whole_numbers(), fractions(), times(), texts()].into_iter().flatten();
    with(home, async |client, _| {
        for (number, (of_type, values)) in columns.enumerate() {
            client.run(format!("create table t{number} (id int primary key, value {of_type})")).await.unwrap();
            for (id, (literal, expected)) in (0_i64..).zip(values) {
                let shown = format!("{of_type}: {literal}");
                client.run(format!("insert into t{number} values ({id}, {literal})")).await.expect(&shown);
                let read = client.run_with(format!("select value from t{number} where id = ?"), [id]).await;
                assert_eq!(value::<Value>(read), expected, "{shown}");
            }
        }
    });
}

fn whole_numbers() -> Vec<Column> {
    vec![
        ("tinyint", vec![("-128", int(-128)), ("127", int(127)), ("null", Value::Null)]),
        ("tinyint unsigned", vec![("255", int(255))]),
        ("boolean", vec![("true", true.into()), ("false", false.into()), ("-1", int(-1)), ("127", int(127))]),
        ("tinyint(1) unsigned", vec![("255", int(255)), ("1", true.into())]),
        ("smallint", vec![("-32768", int(i16::MIN.into()))]),
        ("smallint unsigned", vec![("65535", int(u16::MAX.into()))]),
        ("mediumint", vec![("-8388608", int(-8_388_608)), ("8388607", int(8_388_607))]),
        ("mediumint unsigned", vec![("16777215", int(16_777_215))]),
        ("int", vec![("-2147483648", int(i32::MIN.into())), ("2147483647", int(i32::MAX.into()))]),
        ("int unsigned", vec![("4294967295", int(u32::MAX.into()))]),
        ("int(5) zerofill", vec![("42", int(42))]),
        ("bigint", vec![("-9223372036854775808", int(i64::MIN)), ("9223372036854775807", int(i64::MAX))]),
        (
            "bigint unsigned",
            vec![
                ("9223372036854775807", int(i64::MAX)),
                ("9223372036854775808", decimal("9223372036854775808")),
                ("18446744073709551615", decimal("18446744073709551615")),
            ],
        ),
        ("bit(1)", vec![("b'1'", int(1)), ("b'0'", int(0))]),
        ("bit(64)", vec![("b'101'", int(5)), ("0xffffffffffffffff", decimal("18446744073709551615"))]),
        ("year", vec![("1901", int(1901)), ("2155", int(2155))]),
    ]
}

fn fractions() -> Vec<Column> {
    let long = "12345678901234567890123456789012345.123456789012345678901234567891";
    let small = "-0.000000000000000000000000000001";
    vec![
        ("float", vec![("0.5", Value::Float(0.5)), ("-3.4028234e38", Value::Float(f32::MIN.into()))]),
        ("double", vec![("1.7976931348623157e308", Value::Float(f64::MAX)), ("-5e-324", Value::Float(-5e-324))]),
        ("decimal(10,2)", vec![("1.50", decimal("1.50")), ("-0.01", decimal("-0.01")), ("0", decimal("0.00"))]),
        ("decimal(65,30)", vec![(long, decimal(long)), (small, decimal(small))]),
    ]
}

fn times() -> Vec<Column> {
    vec![
        ("date", vec![("'1000-01-01'", date("1000-01-01")), ("'9999-12-31'", date("9999-12-31"))]),
        ("time(6)", vec![("'00:00:00'", time("00:00:00")), ("'23:59:59.999999'", time("23:59:59.999999"))]),
        (
            "datetime(6)",
            vec![
                ("'1000-01-01 00:00:00'", date_time("1000-01-01T00:00:00")),
                ("'9999-12-31 23:59:59.999999'", date_time("9999-12-31T23:59:59.999999")),
                ("'2026-11-24 03:04:05'", date_time("2026-11-24T03:04:05")),
            ],
        ),
        (
            "timestamp(6) null",
            vec![
                ("'1970-01-01 00:00:01'", timestamp("1970-01-01T00:00:01Z")),
                ("'2038-01-19 03:14:07.999999'", timestamp("2038-01-19T03:14:07.999999Z")),
            ],
        ),
    ]
}

fn texts() -> Vec<Column> {
    vec![
        ("char(5)", vec![("'añ'", text("añ")), ("''", text(""))]),
        ("varchar(9) character set latin1", vec![("'é'", text("é"))]),
        ("varchar(9) character set utf8mb4 collate utf8mb4_bin", vec![("'🦀'", text("🦀"))]),
        ("tinytext", vec![("'a'", text("a"))]),
        ("longtext", vec![("repeat('a', 70000)", text(&"a".repeat(70_000)))]),
        ("binary(3)", vec![("'a'", bytes(b"a\0\0"))]),
        ("varbinary(9)", vec![("x'00ff'", bytes(&[0, 255])), ("''", bytes(b""))]),
        ("blob", vec![("x'00ff'", bytes(&[0, 255]))]),
        ("longblob", vec![("repeat(x'00', 70000)", bytes(&[0; 70_000]))]),
        ("enum('a', 'b')", vec![("'b'", text("b"))]),
        ("set('a', 'b')", vec![("'a,b'", text("a,b")), ("''", text(""))]),
    ]
}

fn an_expression_is_read(home: &Home) {
    with(home, async |client, _| {
        let rows = client.run("select null as a, 1 as b, 1 = 1 as c, 1.5 as d, 'e' as e, x'66' as f, now() as g").await;
        let row = rows.unwrap().one().unwrap();
        assert_eq!(row.values()[..6], [Value::Null, int(1), int(1), decimal("1.5"), text("e"), bytes(b"f")]);
        assert!(matches!(row.values()[6], Value::DateTime(_)));
        // To MariaDB it is a text.
        let json: Value = value(client.run("select json_object('a', 1)").await);
        assert_eq!(json.to_string(), "{\"a\": 1}");
    });
}

fn a_value_of_each_kind_comes_back(home: &Home) {
    let columns = [
        ("boolean", Value::Bool(true)),
        ("bigint", int(i64::MIN)),
        ("double", Value::Float(0.1)),
        ("text character set utf8mb4", text("añ🦀'\"\\ ?1 \0")),
        ("blob", bytes(&[0, 39, 92, 255])),
        ("decimal(65,30)", decimal("-12345678901234567890123456789012345.123456789012345678901234567891")),
        ("decimal(65,30)", decimal("0.000000000000000000000000000001")),
        ("bigint unsigned", decimal("18446744073709551615")),
        ("date", date("0001-01-01")),
        ("date", date("9999-12-31")),
        ("time(6)", time("00:00:00")),
        ("time(6)", time("23:59:59.999999")),
        ("datetime(6)", date_time("2026-11-24T03:04:05.000006")),
        ("datetime(6)", date_time("2026-11-24T00:00:00")),
        ("timestamp(6) null", timestamp("2038-01-19T03:14:07.999999Z")),
        ("timestamp(6) null", Value::Null),
        ("text", Value::Null),
        ("bigint", Value::Null),
    ];
    with(home, async |client, _| {
        for (number, (of_type, given)) in columns.into_iter().enumerate() {
            client.run(format!("create table t{number} (value {of_type})")).await.unwrap();
            client.run_with(format!("insert into t{number} values (?1)"), [given.clone()]).await.expect(of_type);
            let same = format!("select value from t{number} where value <=> ?1");
            assert_eq!(value::<Value>(client.run_with(same, [given.clone()]).await), given, "{of_type}");
        }
        let id: Uuid = "67e55044-10b1-426f-9247-bb680e5fe0c8".parse().unwrap();
        let given = vec![Value::Uuid(id), Value::Json("[1]".into())];
        let rows = client.run_with("select ?2 as list, ?1 as id, ?2 as again", given).await.unwrap();
        assert_eq!(rows.one().unwrap().values(), [text("[1]"), bytes(id.as_bytes()), text("[1]")]);
    });
}

fn what_no_value_can_hold_is_an_error_of_its_column(home: &Home) {
    let cases = [
        ("date", "'0000-00-00'", "DATE"),
        ("date", "'2026-00-10'", "DATE"),
        ("datetime", "'0000-00-00 00:00:00'", "DATETIME"),
        ("time", "'24:00:00'", "TIME"),
        ("time", "'-00:00:01'", "TIME"),
        ("time", "'838:59:59'", "TIME"),
    ];
    with(home, async |client, _| {
        for (number, (of_type, literal, name)) in cases.into_iter().enumerate() {
            client.run(format!("create table t{number} (id int, odd {of_type})")).await.unwrap();
            by_hand(home, &["set sql_mode = ''", &format!("insert into t{number} values (1, {literal})")]);
            let error = client.run(format!("select id, odd from t{number}")).await.unwrap_err();
            assert_eq!(error.kind, SqlErrorKind::Decode, "{of_type} {literal}: {error}");
            assert!(error.message.contains(&format!("column `odd` holds a {name} ")), "{error}");
            let as_text = client.run(format!("select cast(odd as char) as odd from t{number}")).await;
            assert_eq!(value::<String>(as_text), literal.trim_matches('\''));
        }
    });
}

fn a_parameter_that_mysql_would_change_is_refused(home: &Home) {
    let refused = [
        Value::Float(f64::NAN),
        Value::Float(f64::INFINITY),
        decimal(&"9".repeat(66)),
        decimal("1e70"),
        decimal("1e-31"),
        Value::Date(NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap()),
        Value::Date(NaiveDate::from_ymd_opt(-1, 1, 1).unwrap()),
        Value::Time(NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000).unwrap()),
        Value::Array(vec![int(1)]),
    ];
    with(home, async |client, _| {
        for given in refused {
            let error = client.run_with("select ?1", [given.clone()]).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Params, Happened::No), "{given:?}: {error}");
            assert!(error.message.contains("parameter 1"), "{error}");
        }
        for given in ["1e64", "1e-30", "-0.5"] {
            let back: Value = value(client.run_with("select ?1", [decimal(given)]).await);
            let Value::Decimal(back) = back else { panic!("{given}: {back:?}") };
            assert_eq!(back.normalized(), given.parse::<BigDecimal>().unwrap().normalized());
        }
    });
}

fn moments_are_in_utc(home: &Home) {
    with(home, async |client, _| {
        client.run("create table t (at timestamp(6) null)").await.unwrap();
        let at = timestamp("2026-11-24T03:04:05.5Z");
        client.run_with("insert into t values (?1)", [at.clone()]).await.unwrap();
        assert_eq!(value::<Value>(client.run("select at from t").await), at);
        assert_eq!(value::<i64>(client.run("select unix_timestamp(at) div 1 from t").await), 1_795_489_445);
        assert_eq!(value::<String>(client.run("select @@session.time_zone").await), "+00:00");
    });
}

fn decimal(text: &str) -> Value {
    Value::Decimal(Box::new(text.parse::<BigDecimal>().unwrap()))
}

fn bytes(bytes: &[u8]) -> Value {
    bytes.into()
}

fn date(text: &str) -> Value {
    Value::Date(text.parse::<NaiveDate>().unwrap())
}

fn time(text: &str) -> Value {
    Value::Time(text.parse::<NaiveTime>().unwrap())
}

fn date_time(text: &str) -> Value {
    Value::DateTime(text.parse::<NaiveDateTime>().unwrap())
}

fn timestamp(text: &str) -> Value {
    Value::Timestamp(text.parse::<DateTime<Utc>>().unwrap())
}

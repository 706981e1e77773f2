//! Two runs give the same.

use segno::{Value, testing::Sqlite};

#[test]
fn now_is_the_epoch() {
    let cases = [
        ("select current_timestamp", "1970-01-01 00:00:00"),
        ("select CURRENT_DATE", "1970-01-01"),
        ("select current_time", "00:00:00"),
        ("select datetime()", "1970-01-01 00:00:00"),
        ("select datetime('now')", "1970-01-01 00:00:00"),
        ("select datetime('NOW', '+1 day', 'start of month')", "1970-01-01 00:00:00"),
        ("select datetime('subsec')", "1970-01-01 00:00:00.000"),
        ("select date('now', '-1 day')", "1969-12-31"),
        ("select time()", "00:00:00"),
        ("select strftime('%Y-%m')", "1970-01"),
        ("select strftime('%s', 'now', '+2 seconds')", "2"),
        ("select unixepoch() || ''", "0"),
        ("select julianday('now') || ''", "2440587.5"),
        ("select timediff('now', '1969-12-31')", "+0000-00-01 00:00:00.000"),
        ("select timediff('1970-01-03', 'now')", "+0000-00-02 00:00:00.000"),
        ("select datetime('2026-11-23 10:00:00', '+1 hour')", "2026-11-23 11:00:00"),
        ("select datetime(0, 'unixepoch')", "1970-01-01 00:00:00"),
        ("select strftime('%d', '2026-11-23')", "23"),
        ("select at from event", "1970-01-01 00:00:00"),
        ("select day from event", "2026-11-23"),
    ];
    let database = Sqlite::new(
        "create table event (id integer primary key, at text default current_timestamp, moment text,
            day text generated always as (date(moment)));
        create index by_day on event (date(moment));
        insert into event (moment) values ('2026-11-23 10:00:00');",
    );
    for (text, expected) in cases {
        assert_eq!(database.value::<String>(text, ()), expected, "{text}");
    }
    let none =
        ["select datetime('nonsense')", "select datetime(null)", "select strftime(null)", "select date('now', 'x')"];
    for text in none {
        assert_eq!(database.value::<Value>(text, ()), Value::Null, "{text}");
    }
}

#[test]
fn random_numbers_are_the_same_in_each_database() {
    let schema = "create table note (text text default (hex(randomblob(4)))); insert into note default values";
    let drawn = || {
        let database = Sqlite::new(schema);
        database.execute("insert into note default values", ());
        let notes = database.query("select text from note", ());
        let numbers = database.query("select random(), random(), hex(randomblob(16)), length(randomblob(null))", ());
        (notes, numbers)
    };
    let first = drawn();
    assert_eq!(drawn(), first);
    let row = first.1.one().unwrap();
    assert_ne!(row.values()[0], row.values()[1], "they are numbers without a pattern");
    assert_eq!(row.get::<i64>(3).unwrap(), 1);
}

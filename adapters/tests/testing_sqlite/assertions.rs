//! What a test asks, and how it hears of its mistakes.

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno::{TransactionAct::Begin, Value, testing::Sqlite};

use super::{act, id, notes, ready};

#[test]
fn a_test_prepares_and_looks() {
    let database = notes();
    assert_eq!(database.execute("insert into note (text) values (?1), (?2)", ["a", "b"]), 2);
    assert_eq!(database.execute("update note set text = 'c' where id = ?1", [2]), 1);
    assert_eq!(database.query("select text from note order by id", ()), segno::rows!["text"; ["a"], ["c"]]);
    assert_eq!(database.value::<String>("select text from note where id = ?1", [2]), "c");
    assert_eq!(database.value::<Option<i64>>("select null", ()), None);
    assert_eq!(database.value::<Value>("select 1.5", ()), Value::Float(1.5));
}

#[test]
fn a_mistake_in_a_test_is_told() {
    let database = notes();
    let session = database.session();
    let cases: [(&dyn Fn(), &[&str]); 12] = [
        (&|| _ = Sqlite::new("create table a (x); creat"), &["schema", "\"creat\": syntax error"]),
        (&|| _ = Sqlite::new("create table a (x); begin"), &["schema", "leaves a transaction open"]),
        (&|| _ = database.query("select missing from note", ()), &["`select missing from note`", "no such column"]),
        (&|| _ = database.query("select ?1", ()), &["takes 1 parameters, and 0 were given"]),
        (&|| _ = database.query("delete from note", ()), &["`delete from note`", "`execute`"]),
        (&|| _ = database.value::<i64>("select id from note", ()), &["0 rows of 1 columns"]),
        (&|| _ = database.value::<i64>("select 1, 2", ()), &["1 rows of 2 columns"]),
        (&|| _ = database.value::<i64>("select 'a' as word", ()), &["column `word` holds text, expected int"]),
        (&|| _ = database.execute("insert into note (id) values (1)", ()), &["NOT NULL constraint failed"]),
        (&|| _ = database.execute("begin", ()), &["`begin`", "io.transaction"]),
        (&|| _ = database.execute("select 1; select 2", ()), &["more than one statement"]),
        (
            &|| {
                ready(act(&session, &id("0#1"), Begin)).unwrap();
                database.execute("delete from note", ());
            },
            &["`delete from note`", "a transaction is open"],
        ),
    ];
    for (mistake, words) in cases {
        let panic = catch_unwind(AssertUnwindSafe(mistake)).unwrap_err();
        let message = panic.downcast::<String>().unwrap();
        assert!(words.iter().all(|word| message.contains(word)), "expected {words:?} in: {message}");
    }
}

//! SQLite itself, asked how it reads the same texts.

use rusqlite::{Batch, Connection, fallible_iterator::FallibleIterator};

use super::{
    super::Dialect,
    generated::{TEXTS, placeholders, text},
};

#[test]
fn sqlite_sees_no_second_statement_in_a_text_that_is_let_through() {
    let connection = Connection::open_in_memory().expect("SQLite is built in");
    connection.execute_batch("create table t (a, b)").expect("the table is new");
    let mut seen = 0;
    for seed in 1..=TEXTS {
        let text = format!("select 1 {}", text(seed));
        if placeholders(&text, Dialect::Sqlite).is_none() {
            continue;
        }
        let mut statements = 0;
        let mut batch = Batch::new(&connection, &text);
        while let Ok(Some(_)) = FallibleIterator::next(&mut batch) {
            statements += 1;
        }
        assert!(statements <= 1, "{text:?}");
        seen += statements;
    }
    assert!(seen > 100, "only {seen} texts were valid");
}

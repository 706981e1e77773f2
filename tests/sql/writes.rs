//! What a write tells: how many rows it changed, the id that a row was given, and rows of its own.

use segno::{Io, Value};

use crate::{
    case::{Case, cases},
    home::{Home, Kind},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        the_number_of_affected_rows_is_told,
        the_last_id_is_told_where_the_database_knows_it,
        returning_gives_rows,
        an_answer_without_rows_has_its_columns,
    ]
}

fn the_number_of_affected_rows_is_told(home: &Home) {
    make_notes(home);
    let cases = [
        ("insert into note (text) values ('a'), ('b'), ('c')", 3),
        ("update note set text = 'd' where text <> 'a'", 2),
        // A row that is found counts, even if it was so before.
        ("update note set text = 'd' where text = 'd'", 2),
        ("update note set text = 'e' where text = 'nowhere'", 0),
        ("insert into note (text) select text from note", 3),
        ("delete from note where text = 'a'", 2),
        ("select text from note", 0),
    ];
    home.run(async move |mut io: Io| {
        for (text, affected) in cases {
            assert_eq!(io.sql(text, ()).await?.rows_affected(), affected, "{text}");
        }
        Ok(())
    });
}

fn the_last_id_is_told_where_the_database_knows_it(home: &Home) {
    make_notes(home);
    let [first, second] = home.words([Some(1), Some(2)], [None, None], [Some(1), Some(2)]);
    home.run(async move |mut io: Io| {
        assert_eq!(io.sql("insert into note (text) values ('a')", ()).await?.last_id(), first);
        assert_eq!(io.sql("insert into note (text) values ('b')", ()).await?.last_id(), second);
        assert_eq!(io.sql("update note set text = 'c'", ()).await?.last_id(), None);
        assert_eq!(io.sql("select text from note", ()).await?.last_id(), None);
        Ok(())
    });
}

fn returning_gives_rows(home: &Home) {
    make_notes(home);
    let kind = home.kind;
    home.run(async move |mut io: Io| {
        let added = io.sql("insert into note (text) values (?1), (?2) returning id, text", ["a", "b"]).await?;
        let added_rows: Vec<_> = added.iter().map(|row| row.values().to_vec()).collect();
        assert_eq!(added_rows, [[Value::Int(1), "a".into()], [Value::Int(2), "b".into()]]);
        if kind != Kind::MySql {
            assert_eq!(added.rows_affected(), 2);
            let changed = io.sql("update note set text = 'c' where id = ?1 returning text", [1]).await?;
            assert_eq!(changed.one()?.get::<String>("text")?, "c");
        }
        let gone = io.sql("delete from note where id = ?1 returning id", [2]).await?;
        assert_eq!(gone.one()?.get::<i64>("id")?, 2);
        Ok(())
    });
    assert_eq!(home.count("note"), 1);
}

fn an_answer_without_rows_has_its_columns(home: &Home) {
    make_notes(home);
    home.run(async |mut io: Io| {
        let none = io.sql("select id, text as words from note where id = ?1", [1]).await?;
        assert!(none.is_empty());
        assert_eq!(none.columns().collect::<Vec<_>>(), ["id", "words"]);
        Ok(())
    });
}

fn make_notes(home: &Home) {
    home.prepare(&[home.words(
        "create table note (id integer primary key, text varchar(40) not null)",
        "create table note (id integer generated always as identity primary key, text varchar(40) not null)",
        "create table note (id integer primary key auto_increment, text varchar(40) not null)",
    )]);
}

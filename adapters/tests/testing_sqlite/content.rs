//! What a new database holds, even if its memory is an old one's.

use segno::{
    SqlErrorKind,
    TransactionAct::{Begin, Commit},
    testing::Sqlite,
};

use super::{act, id, ready, run, run_in};

/// All that can be seen of a database.
fn seen(database: &Sqlite) -> String {
    let texts = [
        "select id, text from note order by id",
        "select word from found where found match 'first'",
        "select name, seq from sqlite_sequence",
        "select name, sql from sqlite_schema",
        "select last_insert_rowid()",
        "select changes()",
        "select random(), hex(randomblob(8))",
        "select foreign_keys from pragma_foreign_keys",
        "select user_version from pragma_user_version",
        "select name from pragma_table_list where name not like 'segno%'",
    ];
    let session = database.session();
    let seen = texts.map(|text| format!("{text}: {:?}\n", ready(run(&session, text))));
    seen.concat()
}

#[test]
fn a_new_database_is_what_its_schema_makes() {
    let schema = "create table note (id integer primary key autoincrement, text text unique);
        insert into note (text) values ('first');
        create virtual table found using fts5 (word);
        insert into found values ('first')";
    let first = Sqlite::new(schema);
    let expected = seen(&first);
    assert!(expected.contains("first") && expected.contains("autoincrement"), "{expected}");
    let changes: [&[&str]; 7] = [
        &[],
        &["insert into note (text) values ('a')", "insert into found values ('first')"],
        &["delete from note", "delete from found"],
        &["update note set text = hex(zeroblob(100000))"],
        &["create table other (x)", "insert into other values (1)"],
        &["drop table note"],
        &["pragma foreign_keys = off", "pragma user_version = 7", "create temp table note (id, text)"],
    ];
    drop(first);
    for changes in changes {
        for commit in [true, false] {
            let database = Sqlite::new(schema);
            assert_eq!(seen(&database), expected, "before {changes:?}");
            let (session, id) = (database.session(), id("0#1"));
            for text in changes {
                ready(run(&session, text)).unwrap();
            }
            ready(act(&session, &id, Begin)).unwrap();
            ready(run_in(&session, &id, "insert into found values ('second')")).unwrap();
            if commit {
                ready(act(&session, &id, Commit)).unwrap();
            }
        }
    }
    assert_eq!(seen(&Sqlite::new(schema)), expected);
}

#[test]
fn databases_in_use_have_nothing_in_common() {
    let schema = "create table note (text text)";
    let databases = [Sqlite::new(schema), Sqlite::new(schema), Sqlite::new("create table note (text text, more)")];
    for (count, database) in databases.iter().enumerate() {
        for _ in 0..=count {
            database.execute("insert into note (text) values ('a')", ());
        }
    }
    let counts = databases.each_ref().map(|database| database.value::<usize>("select count(*) from note", ()));
    assert_eq!(counts, [1, 2, 3]);
    let clone = databases[0].clone();
    drop(databases);
    assert_eq!(clone.value::<usize>("select count(*) from note", ()), 1, "a clone keeps it");
}

#[test]
fn a_changed_schema_is_seen_by_all() {
    let database = super::notes();
    let (session, other, id) = (database.session(), database.session(), id("0#1"));
    let columns = |text: &str| ready(run(&other, text)).unwrap().columns().map(str::to_owned).collect::<Vec<_>>();
    database.execute("insert into note (text) values ('a')", ());
    for round in 0..2 {
        let all = "select * from note";
        let before = columns(all);
        ready(act(&session, &id, Begin)).unwrap();
        ready(run_in(&session, &id, &format!("alter table note add column c{round} boolean default 1"))).unwrap();
        assert_eq!(columns(all), before);
        ready(act(&session, &id, Commit)).unwrap();
        assert_eq!(columns(all).len(), before.len() + 1);
        ready(act(&session, &id, Begin)).unwrap();
        assert_eq!(columns(all).len(), before.len() + 1, "and beside a transaction");
        let error = ready(run_in(&session, &id, "select c9 from note")).unwrap_err();
        assert_eq!(error.kind, SqlErrorKind::Statement);
        ready(act(&session, &id, Commit)).unwrap();
    }
    let row = database.query("select c0, c1 from note", ()).one().unwrap();
    assert_eq!(row.values(), [segno::Value::Bool(true), segno::Value::Bool(true)]);
}

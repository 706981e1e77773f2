//! Which texts are carried out, and what their answers say.

use segno::{
    Database, DatabaseOptions, Happened, Rows, SqlErrorKind,
    TransactionAct::{Begin, Commit, Rollback},
    Value,
};

use super::{act, id, kind, memory, run, run_in, run_with, url, value};

#[test]
fn columns_are_named_even_without_rows() {
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        let cases = [
            ("select id, text as words from note", &["id", "words"][..]),
            ("select * from note", &["id", "text"]),
            ("select n.*, 1 as one from note n", &["id", "text", "one"]),
            ("with a as (select 1 as x) select x from a where x > 1", &["x"]),
            ("select 1 as a, 2 as a from note", &["a", "a"]),
            ("update note set text = 'b' returning id", &["id"]),
            ("delete from note returning *", &["id", "text"]),
            ("insert into note (text) values ('a') on conflict do nothing", &[]),
            ("create table other (x)", &[]),
            ("pragma user_version = 3", &[]),
        ];
        for (text, columns) in cases {
            // Twice: what the driver remembers of a text must not matter.
            for _ in 0..2 {
                let text = text.replace("create table", "create table if not exists");
                run(&session, "delete from note").await.unwrap();
                let rows = run(&session, text.clone()).await.unwrap();
                assert!(rows.is_empty(), "{text}");
                assert_eq!(rows.columns().collect::<Vec<_>>(), columns, "{text}");
            }
        }
    });
}

#[test]
fn a_write_tells_what_it_did() {
    let cases = [
        ("insert into note (id, text) values (7, 'a'), (8, 'b')", 2, Some(8)),
        ("select 1", 0, None),
        ("insert or ignore into note (text) values ('a')", 0, None),
        ("insert into note (text) values ('a') on conflict (text) do update set text = 'c'", 1, None),
        ("replace into note (text) values ('d')", 1, Some(9)),
        ("insert into note (text) values ('e') returning id, text", 1, Some(10)),
        ("with w (x) as (select 'f') insert into note (text) select x from w", 1, Some(11)),
        ("with replace (x) as (select 'g') select x from replace", 0, None),
        ("update note set text = text || '!'", 5, None),
        ("select text from note", 0, None),
        (
            "with w (x) as materialized (select 11), v as (select 1) delete from note where id in (select x from w)",
            1,
            None,
        ),
        ("create index i on note (text)", 0, None),
        ("explain query plan insert into note (text) values ('h')", 0, None),
        ("/* all of it */ ; -- or\n delete from note;", 4, None),
        ("delete from note", 0, None),
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for (text, affected, last_id) in cases {
            let rows = run(&session, text).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((rows.rows_affected(), rows.last_id()), (affected, last_id), "{text}");
        }
    });
}

#[test]
fn parameters_are_counted() {
    let cases = [
        ("select ?", 1),
        ("select ?, ?", 2),
        ("select ?1, ?1, ?1", 1),
        ("select ?2", 2),
        ("select ?3, ?1", 3),
        ("select $2, $1", 2),
        ("select '?', \"?\", `?`, [?], ?1 -- ?2\n /* ?3 */", 1),
        ("select 'it''s ?', a$1 from (select 1 as a$1)", 0),
        ("select 1 where 'a'/* ? ' */ = ?1", 1),
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for (text, expected) in cases {
            let params = |count: i64| (1..=count).map(Value::Int).collect::<Vec<_>>();
            // SQLite takes a double-quoted text for a name if there is one of that name; here there is none.
            if !text.contains('`') {
                run_with(&session, text, params(expected)).await.unwrap_or_else(|error| panic!("{text}: {error}"));
            }
            for wrong in [expected - 1, expected + 1].into_iter().filter(|count| *count >= 0) {
                let error = run_with(&session, text, params(wrong)).await.unwrap_err();
                assert_eq!((error.kind, error.happened), (SqlErrorKind::Params, Happened::No), "{text}");
                assert!(error.message.contains(&format!("takes {expected} parameters")), "{error}");
            }
        }
        let rows = run_with(&session, "select ?2 as b, ?1 as a, $2 as c", [1, 2]).await.unwrap();
        assert_eq!(rows.one().unwrap().values(), [Value::Int(2), Value::Int(1), Value::Int(2)]);
        for text in ["select :a", "select @a", "select $a", "select $0", "select ?0", "select ?32767", "select ?1, ?"] {
            assert_eq!(kind(run_with(&session, text, [1]).await), SqlErrorKind::Params, "{text}");
        }
        assert_eq!(value(&session, "select 1").await, Value::Int(1));
    });
}

#[test]
fn only_one_statement_is_carried_out() {
    let trigger = "create temp trigger t after insert on note begin
        select case when new.id > 5 then 1 end; update note set text = 'x;' where 0; end";
    let one = [
        "insert into note (text) values ('a;b')".to_owned(),
        "insert into note (text) values ('it''s; fine');".to_owned(),
        " ;; insert into note (text) values ('c') ; ; -- insert\n /* ; */ ;".to_owned(),
        "insert into note (text) values (\"d;\") /* open; insert".to_owned(),
        format!("explain {trigger} ; ;"),
        format!("{trigger};"),
    ];
    let more = [
        "select 1; select 2".to_owned(),
        "select 1;select 2;".to_owned(),
        "select ';' ; delete from note".to_owned(),
        "select '''' ; delete from note --'".to_owned(),
        "select 1 /* ' */ ; delete from note -- '".to_owned(),
        "select [a;'] from (select 1 as [a;']); delete from note".to_owned(),
        "select 1 as end; delete from note".to_owned(),
        "create table begin_trigger (x); delete from note".to_owned(),
        format!("{trigger}; delete from note"),
        format!("{trigger};;; delete from note; end;"),
        "select 1; \u{feff} delete from note".to_owned(),
        "select 1; commit".to_owned(),
        "insert into note (text) values ('kept'); /*".to_owned(),
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for text in one {
            run(&session, text.clone()).await.unwrap_or_else(|error| panic!("{text}: {error}"));
        }
        let before = value(&session, "select count(*) from note").await;
        assert_eq!(before, Value::Int(4));
        for text in more {
            let error = run(&session, text.clone()).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}");
            assert!(error.message.contains("more than one statement"), "{text}: {error}");
        }
        for text in ["", " \n", ";", "-- nothing", "/* nothing */ ;", "select 1\0; delete from note", "; \u{b}begin"] {
            assert_eq!(kind(run(&session, text).await), SqlErrorKind::Statement, "{text}");
        }
        for text in ["'a'", "1"] {
            assert_eq!(kind(run(&session, text).await), SqlErrorKind::Syntax, "{text}");
        }
        assert_eq!(value(&session, "select count(*) from note").await, before);
    });
}

#[test]
fn transactions_are_not_made_by_hand() {
    let texts = [
        "begin",
        "BEGIN IMMEDIATE",
        "Commit",
        "end transaction",
        "rollback",
        "savepoint a",
        "release a",
        "rollback to a",
        "-- note\n /* and */ begin",
        ";;begin",
        "\u{feff}begin",
        "\u{a0}begin",
    ];
    smol::block_on(async {
        let database = memory().await;
        let session = database.session();
        for text in texts {
            let error = run(&session, text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}");
            assert!(error.message.contains("io.transaction"), "{text}: {error}");
        }
        run(&session, "explain commit").await.unwrap();
    });
}

#[test]
fn a_changed_schema_is_seen_at_once() {
    smol::block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let open = || Database::open(&url(&folder, "")).unwrap();
        let (one, other) = (open().session(), open().session());
        run(&one, "create table t (a)").await.unwrap();
        run(&one, "insert into t values (1)").await.unwrap();
        let columns =
            async |session, text| run(session, text).await.unwrap().columns().map(str::to_owned).collect::<Vec<_>>();
        let all =
            ["select * from t", "select t.* from t", "select distinct * from t", "update t set a = 1 returning *"];
        for text in all {
            assert_eq!(columns(&one, text).await, ["a"]);
            assert_eq!(columns(&other, text).await, ["a"]);
        }
        run(&one, "alter table t add column b").await.unwrap();
        for text in all {
            assert_eq!(columns(&other, text).await, ["a", "b"], "{text}");
            assert_eq!(columns(&one, text).await, ["a", "b"], "{text}");
        }
        run(&one, "delete from t").await.unwrap();
        run(&one, "alter table t rename column b to c").await.unwrap();
        for text in all {
            assert_eq!(columns(&other, text).await, ["a", "c"], "{text}");
            assert_eq!(columns(&one, text).await, ["a", "c"], "{text}");
        }
    });
}

#[test]
fn a_schema_that_was_rolled_back_is_forgotten() {
    smol::block_on(async {
        let database = Database::open("sqlite::memory:").unwrap();
        let (session, id) = (database.session(), id("0#1"));
        run(&session, "create table t (a)").await.unwrap();
        for (end, column) in [(Rollback, "b, c"), (Rollback, "d"), (Commit, "e, f")] {
            act(&session, &id, Begin).await.unwrap();
            for column in column.split(", ") {
                run_in(&session, &id, format!("alter table t add column {column}")).await.unwrap();
            }
            let names = |rows: Rows| rows.columns().collect::<Vec<_>>().join(", ");
            let all = run_in(&session, &id, "select * from t").await.unwrap();
            assert_eq!(names(all), format!("a, {column}"));
            act(&session, &id, end).await.unwrap();
            run(&session, "delete from t").await.unwrap();
            run(&session, "insert into t (a) values (1)").await.unwrap();
            let all = run(&session, "select * from t").await.unwrap();
            assert_eq!(names(all), if end == Commit { "a, e, f" } else { "a" });
        }
    });
}

#[test]
fn the_driver_s_crash_is_an_error_and_the_pool_recovers() {
    smol::block_on(async {
        let (folder, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let options = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
        let session = Database::open_with(&url(&folder, ""), &options).unwrap().session();
        let other = Database::open(&url(&beside, "")).unwrap().session();
        run(&other, "create table t (a)").await.unwrap();
        run(&other, "insert into t values (1)").await.unwrap();
        let path = beside.path().join("test.db").display().to_string();
        for round in 0..10 {
            run_with(&session, "attach ?1 as beside", [path.clone()]).await.unwrap();
            run(&session, "select * from beside.t").await.unwrap();
            // The driver counts the columns once, and panics in its own thread when there are more of them. If this
            // fails because the driver has learnt better, what `SqliteConnected::text` does against it can go, too.
            run(&other, format!("alter table t add column b{round}")).await.unwrap();
            let error = run(&session, "select * from beside.t").await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::ConnectionLost, Happened::No));
            assert_eq!(value(&session, "select 1").await, Value::Int(1));
        }
    });
}

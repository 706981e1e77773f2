//! Procedures, ids, modes and URLs.

use segno::{Database, Happened, SqlErrorKind};

use super::{by_hand, with};
use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_procedure_gives_the_rows_of_one_select on [MySql],
        an_id_is_told_for_one_row on [MySql],
        a_mode_that_reads_texts_otherwise_is_not_used on [MySql],
        a_url_is_checked on [MySql],
        what_would_hold_for_a_connection_is_refused on [MySql],
        what_a_procedure_did_before_it_failed_nobody_knows on [MySql],
    ]
}

fn what_would_hold_for_a_connection_is_refused(home: &Home) {
    let texts = [
        "set autocommit = 0",
        "set `autocommit` = 0",
        "set @@`autocommit` = @off",
        "set @@session.autocommit = 0",
        "set unique_checks = 1, foreign_key_checks = 1, sql_safe_updates = 0, autocommit = 0",
        "set global max_connections = 9, autocommit = 0",
        "set completion_type = 1",
        "set time_zone = '+05:00'",
        "set sql_mode = 'ANSI_QUOTES'",
        "set names latin1",
        "/* a comment */ set names latin1",
        "use mysql",
    ];
    with(home, async |client, _| {
        for text in texts {
            let error = client.run(text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}: {error}");
            assert!(error.message.contains("which others use next"), "{text}: {error}");
        }
    });
}

fn what_a_procedure_did_before_it_failed_nobody_knows(home: &Home) {
    home.prepare(&[
        "create table t (id int primary key)",
        "create procedure twice() begin insert into t values (1); insert into t values (1); end",
    ]);
    with(home, async |client, _| {
        let error = client.run("call twice()").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Unique, Happened::Unknown), "{error}");
    });
    assert_eq!(home.count("t"), 1);
}

fn a_procedure_gives_the_rows_of_one_select(home: &Home) {
    home.prepare(&[
        "create procedure once() select 1 as a union select 2",
        "create procedure twice() begin select 1 as a; select 2 as b, 3 as c; end",
    ]);
    with(home, async |client, _| {
        assert_eq!(client.run("call once()").await.unwrap().len(), 2);
        let error = client.run("call twice()").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::Yes), "{error}");
        assert_eq!(client.run("call once()").await.unwrap().len(), 2);
    });
}

fn an_id_is_told_for_one_row(home: &Home) {
    home.prepare(&[
        "create table t (id bigint unsigned primary key auto_increment, word varchar(9) unique)",
        "create table plain (id int primary key)",
    ]);
    let cases = [
        ("insert into t (word) values ('a')", 1, Some(1)),
        ("insert into t values (7, 'b')", 1, Some(7)),
        ("insert into t (word) values ('c'), ('d')", 2, None),
        ("insert ignore into t (word) values ('a')", 0, None),
        ("insert into t (word) values ('a') on duplicate key update word = 'e'", 2, None),
        ("insert into plain values (1)", 1, None),
        ("insert into t values (18446744073709551614, 'f')", 1, None),
        ("update t set word = word where word in ('c', 'd')", 2, None),
        ("delete from t", 5, None),
    ];
    with(home, async |client, _| {
        for (text, affected, id) in cases {
            let rows = client.run(text).await.expect(text);
            assert_eq!((rows.rows_affected(), rows.last_id()), (affected, id), "{text}");
        }
    });
}

fn a_mode_that_reads_texts_otherwise_is_not_used(home: &Home) {
    with(home, async |client, _| {
        let modes: String = value(client.run("select @@global.sql_mode").await);
        by_hand(home, &["set global sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES,STRICT_TRANS_TABLES'"]);
        let (quoted, mode) = with(home, async |new, _| {
            let quoted: String = value(new.run("select \"a\\\"b'c\"").await);
            let mode: String = value(new.run("select @@sql_mode").await);
            (quoted, mode)
        });
        by_hand(home, &[&format!("set global sql_mode = '{modes}'")]);
        assert_eq!(quoted, "a\"b'c");
        assert!(
            mode.contains("STRICT_TRANS_TABLES") && !mode.contains("ANSI") && !mode.contains("BACKSLASH"),
            "{mode}"
        );
    });
}

fn a_url_is_checked(home: &Home) {
    let open = |end: &str| Database::open(&format!("{}{end}", home.url));
    for end in ["?ssl-mode=disabled", "?charset=utf8mb4&collation=utf8mb4_bin", "?statement-cache-capacity=0"] {
        smol::block_on(async {
            let database = open(end).unwrap();
            let client = Client::of(&database);
            for _ in 0..2 {
                assert_eq!(value::<i64>(client.run_with("select ?1 + 1", [1]).await), 2, "{end}");
            }
            assert_eq!(client.run("selct").await.unwrap_err().kind, SqlErrorKind::Syntax);
            database.close().await;
        });
    }
    for end in ["?mode=ro", "?ssl-mode=perhaps", "?charset=latin1", "?timezone=%2B05:00"] {
        let error = open(end).unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::No), "{end}: {error}");
    }
    smol::block_on(async {
        let database = Database::open(&home.url.replacen("mysql:", "mariadb:", 1)).unwrap();
        assert_eq!(value::<i64>(Client::of(&database).run("select 1").await), 1);
        database.close().await;
    });
}

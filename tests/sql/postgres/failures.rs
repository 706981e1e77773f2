//! What PostgreSQL reports, by its codes; and no value in any message.

use segno::{Happened, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        each_code_has_its_kind on [Postgres],
        what_may_quote_a_value_is_left_out on [Postgres],
        what_cannot_be_done_by_a_statement_leaves_the_connection_in_order on [Postgres],
        what_was_done_before_the_failure_is_not_denied on [Postgres],
    ]
}

fn each_code_has_its_kind(home: &Home) {
    home.prepare(&[
        "create table parent (id int primary key)",
        "create table child (id int primary key, parent int not null references parent, positive int check (positive > 0),
            span int4range, exclude using gist (span with &&))",
        "insert into parent values (1)",
        "insert into child values (1, 1, 1, '[1,5]')",
    ]);
    let cases = [
        ("insert into child values (1, 1, 1, null)", SqlErrorKind::Unique, "child_pkey"),
        ("insert into child values (2, 1, 1, '[5,6]')", SqlErrorKind::Unique, "child_span_excl"),
        ("insert into child values (2, 9, 1, null)", SqlErrorKind::ForeignKey, "child_parent_fkey"),
        ("delete from parent", SqlErrorKind::ForeignKey, "child_parent_fkey"),
        ("insert into child values (2, null, 1, null)", SqlErrorKind::NotNull, "parent"),
        ("insert into child values (2, 1, 0, null)", SqlErrorKind::Check, "child_positive_check"),
        ("select from where", SqlErrorKind::Syntax, "where"),
        ("select 1 from nowhere", SqlErrorKind::MissingTable, "nowhere"),
        ("select positiv from child", SqlErrorKind::Statement, "child.positive"),
        ("select nothing(1)", SqlErrorKind::Statement, "nothing"),
        ("select 1 / 0", SqlErrorKind::Statement, "division by zero"),
        ("select 'a'::int", SqlErrorKind::Statement, "integer"),
        ("select * from child for update of nobody", SqlErrorKind::MissingTable, "nobody"),
        ("create table child (id int)", SqlErrorKind::Statement, "child"),
    ];
    let client = Client::of(&home.open());
    smol::block_on(async {
        for (text, kind, word) in cases {
            let error = client.run(text).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (kind, Happened::No), "{text}: {error}");
            assert!(error.message.contains(word) && error.message.contains("SQLSTATE"), "{text}: {error}");
        }
    });
}

fn what_may_quote_a_value_is_left_out(home: &Home) {
    home.prepare(&[
        "create table person (name varchar(8) unique, age int check (age > 0))",
        "insert into person values ('s3cr3t', 5)",
        "create function fail(word text) returns int language plpgsql as
            $$ begin raise unique_violation using message = 'word: ' || word; end $$",
    ]);
    let cases = [
        ("insert into person (name) values (?1)", "s3cr3t"),
        ("insert into person (name) values (?1)", "s3cr3t s3cr3t"),
        ("select ?1::text::int", "s3cr3t"),
        ("select ?1::text::date", "s3cr3t"),
        ("select ?1::text::jsonb", "{s3cr3t"),
        ("select fail(?1)", "s3cr3t"),
        ("select name::int from person where name <> ?1", "x"),
        ("insert into person values (?1, -1)", "s3cr3t2"),
    ];
    let client = Client::of(&home.open());
    smol::block_on(async {
        for (text, secret) in cases {
            let error = client.run_with(text, [secret]).await.unwrap_err();
            assert_eq!(error.happened, Happened::No, "{text}: {error}");
            assert!(!format!("{error:?}").contains("s3cr3t"), "{text}: {error:?}");
            assert!(error.message.contains("SQLSTATE"), "{text}: {error}");
        }
        let error = client.run("select name::int from person").await.unwrap_err();
        assert!(!error.message.contains("s3cr3t"), "{error}");
    });
}

fn what_was_done_before_the_failure_is_not_denied(home: &Home) {
    home.prepare(&[
        "create table t (id int primary key)",
        "create procedure twice() language plpgsql as
            $$ begin insert into t values (1); commit; insert into t values (1); end $$",
    ]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        let error = client.run("call twice()").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Unique, Happened::Unknown), "{error}");
        let error = client.run("do $$ begin raise exception 'no luck today'; end $$").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Database, Happened::Unknown), "{error}");
        // What it gives back cannot be read, and it is there all the same.
        client.begin().await.unwrap();
        let error = client.within("insert into t values (2) returning interval '1 day' as span").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Decode, Happened::Unknown), "{error}");
        client.commit().await.unwrap();
    });
    assert_eq!(home.count("t"), 2);
}

fn what_cannot_be_done_by_a_statement_leaves_the_connection_in_order(home: &Home) {
    home.prepare(&["create table t (id int)", "insert into t values (1)"]);
    let client = Client::of(&home.open());
    smol::block_on(async {
        for text in [
            "copy t to stdout",
            "copy t from stdin",
            "/* in */ copy t from stdin",
            "copy(select 1) to stdout",
            "listen news",
            "/* in */ listen news",
            "select 1; select 2",
        ] {
            let error = client.run(text).await.unwrap_err();
            assert_eq!(error.kind, SqlErrorKind::Statement, "{text}: {error}");
            for _ in 0..5 {
                assert_eq!(value::<i64>(client.run("select count(*) from t").await), 1, "{text}");
            }
        }
        let error = client.run("select ?1::int").await.unwrap_err();
        assert_eq!(error.kind, SqlErrorKind::Params, "{error}");
    });
}

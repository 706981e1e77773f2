//! Each connection keeps what it prepared; what another one alters meanwhile is noticed.

use segno::{DatabaseOptions, Happened, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_star_has_the_columns_of_now on [Postgres],
        a_parameter_has_the_type_of_now on [Postgres],
        a_type_that_is_made_anew_is_known_anew on [Postgres],
        a_table_that_is_made_anew_is_known_anew on [Postgres],
        a_transaction_over_altered_tables_is_to_be_run_again on [Postgres],
        rows_that_came_before_a_failure_come_once on [Postgres],
        a_statement_that_the_server_forgot_is_prepared_anew on [Postgres],
    ]
}

/// Two clients, each on one connection of its own.
fn two(home: &Home) -> [Client; 2] {
    let one = DatabaseOptions { max_connections: 1, ..DatabaseOptions::default() };
    [Client::of(&home.open_with(&one)), Client::of(&home.open_with(&one))]
}

fn a_star_has_the_columns_of_now(home: &Home) {
    home.prepare(&["create table t (id int)", "insert into t values (1)"]);
    let [reader, other] = two(home);
    smol::block_on(async {
        let texts =
            ["select * from t", "insert into t values (2) returning *", "with a as (select * from t) select * from a"];
        for text in texts {
            assert_eq!(reader.run(text).await.unwrap().columns().len(), 1);
        }
        other.run("alter table t add column name text default 'new'").await.unwrap();
        for text in texts {
            assert_eq!(reader.run(text).await.unwrap().columns().collect::<Vec<_>>(), ["id", "name"], "{text}");
        }
        assert_eq!(value::<i64>(reader.run("select count(*) from t").await), 3);
        other.run("alter table t drop column id").await.unwrap();
        assert_eq!(reader.run("select * from t").await.unwrap().columns().collect::<Vec<_>>(), ["name"]);
    });
}

fn a_parameter_has_the_type_of_now(home: &Home) {
    home.prepare(&["create table t (id int)", "insert into t values (1)"]);
    let [reader, other] = two(home);
    smol::block_on(async {
        let text = "select count(*) from t where id = ?1";
        assert_eq!(value::<i64>(reader.run_with(text, [1]).await), 1);
        other.run("alter table t alter column id type text").await.unwrap();
        assert_eq!(value::<i64>(reader.run_with(text, ["1"]).await), 1);
        other.run("alter table t alter column id type int using id::int").await.unwrap();
        assert_eq!(value::<i64>(reader.run_with(text, [1]).await), 1);
    });
}

fn a_type_that_is_made_anew_is_known_anew(home: &Home) {
    let [reader, other] = two(home);
    smol::block_on(async {
        let (insert, select) = ("insert into t values (?1)", "select mood from t");
        for moods in ["'sad'", "'happy', 'sad'"] {
            other.run("drop table if exists t").await.unwrap();
            other.run("drop type if exists mood").await.unwrap();
            other.run(format!("create type mood as enum ({moods})")).await.unwrap();
            other.run("create table t (mood mood)").await.unwrap();
            reader.run_with(insert, ["sad"]).await.unwrap();
            assert_eq!(value::<String>(reader.run(select).await), "sad");
        }
        other.run("alter type mood add value 'odd'").await.unwrap();
        other.run("update t set mood = 'odd'").await.unwrap();
        assert_eq!(value::<String>(reader.run(select).await), "odd");
    });
}

fn a_table_that_is_made_anew_is_known_anew(home: &Home) {
    let [reader, other] = two(home);
    smol::block_on(async {
        for column in ["int", "text", "numeric"] {
            other.run("drop table if exists t").await.unwrap();
            other.run(format!("create table t (id {column})")).await.unwrap();
            other.run("insert into t values ('1')").await.unwrap();
            assert_eq!(reader.run("select id from t").await.unwrap().len(), 1, "{column}");
        }
        other.run("drop table t").await.unwrap();
        assert_eq!(reader.run("select id from t").await.unwrap_err().kind, SqlErrorKind::MissingTable);
    });
}

fn a_transaction_over_altered_tables_is_to_be_run_again(home: &Home) {
    home.prepare(&["create table t (id int)"]);
    let [reader, other] = two(home);
    smol::block_on(async {
        reader.run("select * from t").await.unwrap();
        other.run("alter table t add column name text").await.unwrap();
        reader.begin().await.unwrap();
        reader.within("insert into t values (1)").await.unwrap();
        let error = reader.within("select * from t").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Serialization, Happened::No), "{error}");
        reader.rollback().await.unwrap();
        reader.begin().await.unwrap();
        assert_eq!(reader.within("select * from t").await.unwrap().columns().len(), 2);
        reader.commit().await.unwrap();
    });
}

/// A statement that was prepared before and fails for what a function in it names is not taken for a stale one.
fn rows_that_came_before_a_failure_come_once(home: &Home) {
    home.prepare(&[
        "create table t (id int)",
        "create sequence calls",
        "create function fail_at_9(n int) returns int language plpgsql as $$ begin
            perform nextval('calls'); if n = 9 then execute 'select nothing'; end if; return n; end $$",
    ]);
    let [reader, _] = two(home);
    smol::block_on(async {
        for calls in [9, 18] {
            let error = reader.run("select fail_at_9(n) from generate_series(1, 20) as n").await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{error}");
            assert_eq!(value::<i64>(reader.run("select last_value from calls").await), calls);
        }
    });
}

fn a_statement_that_the_server_forgot_is_prepared_anew(home: &Home) {
    let [reader, _] = two(home);
    smol::block_on(async {
        for _ in 0..2 {
            assert_eq!(value::<i64>(reader.run("select 7").await), 7);
            reader.run("deallocate all").await.unwrap();
        }
        assert_eq!(value::<i64>(reader.run_with("select ?1::int", [8]).await), 8);
    });
}

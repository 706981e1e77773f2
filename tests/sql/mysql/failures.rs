//! What goes wrong, and what the server then undoes by itself.

use segno::{Happened, Params, SqlErrorKind, Value};

use super::{int, text, with};
use crate::{
    case::{Case, cases},
    home::Home,
    steps::{Client, value},
};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_failure_has_its_kind_and_shows_no_value on [MySql],
        a_deadlock_ends_the_transaction on [MySql],
        a_procedure_that_commits_is_noticed on [MySql],
        a_statement_that_was_killed_is_a_timeout on [MySql],
    ]
}

fn a_failure_has_its_kind_and_shows_no_value(home: &Home) {
    use SqlErrorKind::{Check, ForeignKey, MissingTable, NotNull, Statement, Syntax, Unique};
    home.prepare(&[
        "create table parent (id int primary key)",
        "create table child (id int primary key, word varchar(5) not null unique, number int not null, parent int,
            at date, part decimal(3,1) check (part > 0),
            constraint has_parent foreign key (parent) references parent (id))",
        "insert into parent values (1)",
        "insert into child values (1, 'a', 1, 1, null, null)",
    ]);
    let insert = "insert into child (id, word, number, parent, at, part) values (?1, ?2, ?3, ?4, ?5, ?6)";
    let row = |word: &str, number: Value, parent: i64, at: &str, part: &str| -> Params {
        vec![int(2), text(word), number, int(parent), text(at), text(part)].into()
    };
    let cases: Vec<(&'static str, Params, SqlErrorKind, &str)> = vec![
        ("insert into parent values (1)", ().into(), Unique, "PRIMARY"),
        ("insert into child (id, word, number) values (3, 'a', 1)", ().into(), Unique, "word"),
        (insert, row("b", text(SECRET), 1, "2026-01-01", "1"), Statement, "number"),
        (insert, row("b", int(1), 1, SECRET, "1"), Statement, "at"),
        (insert, row("s3c s3c", int(1), 1, "2026-01-01", "1"), Statement, "word"),
        (insert, row("b", int(1 << 40), 1, "2026-01-01", "1"), Statement, "number"),
        (insert, row("b", Value::Null, 1, "2026-01-01", "1"), NotNull, "number"),
        (insert, row("b", int(1), 7, "2026-01-01", "1"), ForeignKey, "has_parent"),
        (insert, row("b", int(1), 1, "2026-01-01", "-1"), Check, "part"),
        ("insert into child (id) values (9)", ().into(), NotNull, "word"),
        ("delete from parent", ().into(), ForeignKey, "has_parent"),
        ("selct ?1", [SECRET].into(), Syntax, "selct"),
        ("select ?1 from nowhere", [SECRET].into(), MissingTable, "nowhere"),
        ("drop table nowhere", ().into(), MissingTable, "nowhere"),
        ("select missing from parent", ().into(), Statement, "missing"),
        ("select nothing(?1)", [SECRET].into(), Statement, "nothing"),
        ("update parent set id = id + ?1", [SECRET].into(), Statement, ""),
        ("select cast(9223372036854775807 as signed) + cast(?1 as signed)", [1].into(), Statement, ""),
        ("insert into parent values (1, 2)", ().into(), Statement, ""),
    ];
    with(home, async |client, _| {
        for (sql, params, kind, word) in cases {
            let error = client.run_with(sql, params).await.expect_err(sql);
            assert_eq!((error.kind, error.happened), (kind, Happened::No), "{sql}: {error}");
            assert!(error.message.contains(word), "{sql}: {error}");
            assert!(!error.message.contains(SECRET) && !error.message.contains("'a'"), "{sql}: {error}");
        }
        assert_eq!(value::<i64>(client.run("select count(*) from child").await), 1);
    });
}

fn a_deadlock_ends_the_transaction(home: &Home) {
    home.prepare(&["create table t (id int primary key, n int)", "insert into t values (1, 0), (2, 0)"]);
    with(home, async |one, database| {
        let other = Client::of(&database);
        for client in [&one, &other] {
            client.begin().await.unwrap();
        }
        one.within("update t set n = 1 where id = 1").await.unwrap();
        other.within("update t set n = 2 where id = 2").await.unwrap();
        let both = smol::future::zip(
            one.within("update t set n = 1 where id = 2"),
            other.within("update t set n = 2 where id = 1"),
        );
        let (victim, error, winner) = match both.await {
            (Err(error), Ok(_)) => (&one, error, &other),
            (Ok(_), Err(error)) => (&other, error, &one),
            both => panic!("one of the two must lose: {both:?}"),
        };
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Deadlock, Happened::No), "{error}");
        // Outside of a transaction it would be carried out for good.
        let error = victim.within("insert into t values (3, 3)").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Deadlock, Happened::No), "{error}");
        assert_eq!(victim.commit().await.unwrap_err().kind, SqlErrorKind::Deadlock);
        winner.commit().await.unwrap();
        assert_eq!(value::<i64>(one.run("select count(*) from t").await), 2);
    });
}

fn a_procedure_that_commits_is_noticed(home: &Home) {
    home.prepare(&["create table t (n int)", "create procedure p() begin insert into t values (1); commit; end"]);
    with(home, async |client, _| {
        client.begin().await.unwrap();
        let error = client.within("call p()").await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::Yes), "{error}");
        assert_eq!(client.within("insert into t values (2)").await.unwrap_err().kind, SqlErrorKind::NoTransaction);
        client.rollback().await.unwrap();
        assert_eq!(value::<i64>(client.run("select count(*) from t").await), 1);
    });
}

fn a_statement_that_was_killed_is_a_timeout(home: &Home) {
    with(home, async |one, database| {
        one.begin().await.unwrap();
        let id: i64 = value(one.within("select connection_id()").await);
        let other = Client::of(&database);
        let kill = async {
            // Until the statement is seen to run.
            let runs = "select count(*) from information_schema.processlist where id = ?1 and info like '%slow%'";
            while value::<i64>(other.run_with(runs, [id]).await) == 0 {}
            other.run(format!("kill query {id}")).await.unwrap();
        };
        let slow = one.within(
            "with recursive n (i) as (select 1 union all select i + 1 from n where i < 900)
                select /* slow */ max(sha2(a.i + b.i, 512)) from n a, n b, n c, n d",
        );
        let (slow, ()) = smol::future::zip(slow, kill).await;
        let error = slow.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Timeout, Happened::No), "{error}");
        assert_eq!(value::<i64>(one.within("select 1").await), 1);
        one.commit().await.unwrap();
    });
}

const SECRET: &str = "s3c";

//! Each failure says what kind it is, and whether it happened all the same.

use segno::{Happened, Io, SqlError, SqlErrorKind};

use crate::{
    case::{Case, cases},
    home::Home,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        each_failure_has_its_kind,
        a_wrong_number_of_parameters_is_refused,
        more_than_one_statement_is_refused,
        a_column_is_read_as_what_it_holds_or_not_at_all,
        a_commit_that_fails_keeps_nothing on [Sqlite, Postgres],
    ]
}

fn each_failure_has_its_kind(home: &Home) {
    let cases = [
        ("insert into child values (1, 1, 1, 1)", SqlErrorKind::Unique, ""),
        ("insert into child values (2, 1, 1, 1)", SqlErrorKind::Unique, "once"),
        ("insert into child values (2, 2, null, 1)", SqlErrorKind::NotNull, "amount"),
        ("insert into child values (2, 2, -1, 1)", SqlErrorKind::Check, "amount"),
        ("insert into child values (2, 2, 1, 9)", SqlErrorKind::ForeignKey, ""),
        ("delete from parent", SqlErrorKind::ForeignKey, ""),
        ("selct 1", SqlErrorKind::Syntax, "selct"),
        ("select 1 from nowhere", SqlErrorKind::MissingTable, "nowhere"),
        ("insert into nowhere values (1)", SqlErrorKind::MissingTable, "nowhere"),
        ("select missing from parent", SqlErrorKind::Statement, "missing"),
    ];
    home.prepare(&FAMILY);
    home.run(async move |mut io: Io| {
        for (text, kind, word) in cases {
            let error = io.sql(text, ()).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (kind, Happened::No), "{text}: {error}");
            assert!(error.message.contains(word), "{text}: {error}");
            let unharmed: i64 = io.sql("select count(*) as n from child", ()).await?.one()?.get("n")?;
            assert_eq!(unharmed, 1, "{text}");
        }
        Ok(())
    });
}

fn a_wrong_number_of_parameters_is_refused(home: &Home) {
    home.prepare(&FAMILY);
    home.run(async |mut io: Io| {
        let insert = "insert into child values (?1, ?2, ?3, 1)";
        for params in [vec![], vec![2.into()], vec![2.into(), 2.into()], vec![2.into(), 2.into(), 1.into(), 1.into()]] {
            let error = io.sql(insert, params).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Params, Happened::No), "{error}");
        }
        io.sql(insert, [2, 2, 1]).await?;
        Ok(())
    });
    assert_eq!(home.count("child"), 2);
}

fn more_than_one_statement_is_refused(home: &Home) {
    home.prepare(&FAMILY);
    home.run(async |mut io: Io| {
        let error = io.sql("delete from child; delete from parent", ()).await.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{error}");
        Ok(())
    });
    assert_eq!((home.count("child"), home.count("parent")), (1, 1));
}

fn a_column_is_read_as_what_it_holds_or_not_at_all(home: &Home) {
    home.prepare(&FAMILY);
    home.run(async |mut io: Io| {
        let row = io.sql("select id, 'a secret' as word, null as void from child", ()).await?.one()?;
        assert_eq!(row.get::<i64>("id")?, 1);
        assert_eq!(row.get::<Option<i64>>("void")?, None);
        let refused: [(SqlError, &str); 4] = [
            (row.get::<i64>("word").unwrap_err(), "word"),
            (row.get::<i64>("void").unwrap_err(), "void"),
            (row.get::<i64>("absent").unwrap_err(), "absent"),
            (row.get::<i64>(3).unwrap_err(), "3"),
        ];
        for (error, column) in refused {
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Decode, Happened::Yes), "{error}");
            assert!(error.message.contains(column) && !error.message.contains("secret"), "{error}");
        }
        Ok(())
    });
}

fn a_commit_that_fails_keeps_nothing(home: &Home) {
    home.prepare(&[
        "create table parent (id integer primary key)",
        "create table child (parent integer references parent (id) deferrable initially deferred)",
    ]);
    home.run(async |mut io: Io| {
        let end = io.transaction_as(async |tx| tx.sql("insert into child values (9)", ()).await.map(drop)).await;
        let error: SqlError = end.unwrap_err();
        assert_eq!((error.kind, error.happened), (SqlErrorKind::ForeignKey, Happened::No), "{error}");
        Ok(())
    });
    assert_eq!(home.count("child"), 0);
}

const FAMILY: [&str; 4] = [
    "create table parent (id integer primary key)",
    "create table child (id integer primary key, once integer, amount integer not null, parent integer,
        constraint only_once unique (once), constraint amount_is_positive check (amount > 0),
        foreign key (parent) references parent (id))",
    "insert into parent values (1)",
    "insert into child values (1, 1, 1, 1)",
];

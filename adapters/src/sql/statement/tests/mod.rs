//! What is understood of a statement on each database.

mod generated;

#[cfg(feature = "testing")]
mod agreement;

use segno_core::{Happened, Params, Path, Sql, SqlError, SqlErrorKind, TransactionId, Value};

use super::{Dialect, Statement, Verb};

const ALL: [Dialect; 3] = [Dialect::Sqlite, Dialect::Postgres, Dialect::MySql];

fn sql(text: &str, params: usize) -> Sql {
    let values: Vec<_> = (1..).map(Value::Int).take(params).collect();
    Sql { text: text.to_owned().into(), params: values.into(), transaction: None }
}

fn read(text: &str, dialect: Dialect) -> Result<Statement, SqlError> {
    Statement::read(&mut sql(text, 0), dialect)
}

#[track_caller]
fn refused(text: &str, dialect: Dialect, kind: SqlErrorKind, message: &str) {
    let error = read(text, dialect).expect_err(text);
    assert_eq!((error.kind, error.happened), (kind, Happened::No), "{dialect:?}: {text}: {error}");
    assert!(error.message.contains(message), "{dialect:?}: {text}: {error}");
}

#[test]
fn portable_placeholders_are_put_into_the_database_s_own_words() {
    use Dialect::{MySql, Postgres};
    let cases: [(Dialect, &str, &str, &[i64]); 30] = [
        (Postgres, "select ?1", "select $1", &[1]),
        (Postgres, "select ?2, ?1, ?2", "select $2, $1, $2", &[1, 2]),
        (Postgres, "select a from t where b=?1 and c<>?2", "select a from t where b=$1 and c<>$2", &[1, 2]),
        (Postgres, "select -?1, a->>?2, (?3)::int", "select -$1, a->>$2, ($3)::int", &[1, 2, 3]),
        (Postgres, "select?1", "select $1", &[1]),
        (Postgres, "select a from t where b in(?1)and c", "select a from t where b in($1)and c", &[1]),
        (Postgres, "select 1?1", "select 1 $1", &[1]),
        (Postgres, "select b ? 'x', b ?| c, b ?& ?1, b @? ?2", "select b ? 'x', b ?| c, b ?& $1, b @? $2", &[1, 2]),
        (Postgres, "select b ??1", "select b ?$1", &[1]),
        (
            Postgres,
            "select '?1', \"?1\", $$?1$$, $a$?1 $$ ?1$a$, ?1",
            "select '?1', \"?1\", $$?1$$, $a$?1 $$ ?1$a$, $1",
            &[1],
        ),
        (Postgres, "select e'\\'?2', E'a'\n'\\'?2', ?1 -- ?2", "select e'\\'?2', E'a'\n'\\'?2', $1 -- ?2", &[1]),
        (Postgres, "select 'a\\', ?1 -- '", "select 'a\\', $1 -- '", &[1]),
        (Postgres, "select E'a' -- '\n '\\'?2', ?1", "select E'a' -- '\n '\\'?2', $1", &[1]),
        (Postgres, "select E'a' '?2', ?1", "select E'a' '?2', $1", &[1]),
        (Postgres, "select U&'\\', ?1 -- '", "select U&'\\', $1 -- '", &[1]),
        (Postgres, "select 1 /* /* ?2 */ ?2 */ + ?1", "select 1 /* /* ?2 */ ?2 */ + $1", &[1]),
        (Postgres, "select 1 */*?2*/ ?1 --\r, ?2", "select 1 */*?2*/ $1 --\r, $2", &[1, 2]),
        (Postgres, "select a$1, ?1 from t a$1", "select a$1, $1 from t a$1", &[1]),
        (Postgres, "select a[1:2], a[?1:?2]", "select a[1:2], a[$1:$2]", &[1, 2]),
        (Postgres, "select 1$$?2$$, ?1", "select 1$$?2$$, $1", &[1]),
        (MySql, "select ?1", "select ?", &[1]),
        (MySql, "select ?2, ?1, ?2", "select ?, ?, ?", &[2, 1, 2]),
        (MySql, "select ?2", "select ?", &[2]),
        (MySql, "select ?1and ?2", "select ? and ?", &[1, 2]),
        (MySql, "select '?2\\'?2', \"?2\\\"?2\", `?2\\`, ?1", "select '?2\\'?2', \"?2\\\"?2\", `?2\\`, ?", &[1]),
        (MySql, "select 1 # ?2\n, ?1 -- ?2", "select 1 # ?2\n, ? -- ?2", &[1]),
        (MySql, "select 1--?1", "select 1--?", &[1]),
        (MySql, "select 1 /* /* ?2 */, ?1", "select 1 /* /* ?2 */, ?", &[1]),
        (MySql, "select $$?1, $a$, @$1, @a?2, @@x", "select $$?, $a$, @$1, @a?, @@x", &[1, 2]),
        (MySql, "select ''?1'''?2'", "select ''?'''?2'", &[1]),
    ];
    for (dialect, text, expected, params) in cases {
        let count = (0..10).find(|count| Statement::read(&mut sql(text, *count), dialect).is_ok());
        let mut sql = sql(text, count.unwrap_or_else(|| panic!("{text}")));
        Statement::read(&mut sql, dialect).expect(text);
        let params: Params = params.iter().copied().map(Value::Int).collect::<Vec<_>>().into();
        assert_eq!((&*sql.text, &sql.params), (expected, &params), "{text}");
    }
}

#[test]
fn a_text_without_portable_placeholders_is_not_touched() {
    let cases = [
        (Dialect::Sqlite, "select ?2, ?1, $1", 2),
        (Dialect::Postgres, "select $2, $1, b ? 'c'", 2),
        (Dialect::MySql, "select ?, ?", 2),
        (Dialect::MySql, "select a$1", 0),
    ];
    for (dialect, text, params) in cases {
        let mut sql = sql(text, params);
        let place = sql.text.as_ptr();
        Statement::read(&mut sql, dialect).expect(text);
        assert_eq!((&*sql.text, sql.text.as_ptr()), (text, place));
    }
}

#[test]
fn a_placeholder_of_another_database_is_refused_with_what_to_write() {
    use Dialect::{MySql, Postgres, Sqlite};
    let cases = [
        (Sqlite, "select :a", "as in `?1`"),
        (Sqlite, "select @a", "as in `?1`"),
        (Sqlite, "select ?, ?1", "do not mix"),
        (Sqlite, "select ?32767", "`?32767` is no placeholder"),
        (Postgres, "select ?1, $1", "do not mix"),
        (Postgres, "select $0", "`$0` is no placeholder"),
        (Postgres, "select ?65536", "`?65536` is no placeholder"),
        (Postgres, "select ?99999999999999999999", "is no placeholder"),
        (MySql, "select $1", "write `?1`"),
        (MySql, "select :a", "as in `?1`"),
        (MySql, "select ?, ?1", "do not mix"),
    ];
    for (dialect, text, message) in cases {
        refused(text, dialect, SqlErrorKind::Params, message);
    }
    let error = Statement::read(&mut sql("select a from t where b = ?", 1), Postgres).expect_err("an operator");
    assert!(error.message.contains("takes 0 parameters, and 1 were given (they are written `?1`"), "{error}");
    for dialect in ALL {
        for given in [0, 1, 3] {
            let error = Statement::read(&mut sql("select ?2, ?1", given), dialect).expect_err("another number");
            assert_eq!(error.kind, SqlErrorKind::Params);
            assert!(error.message.contains("takes 2 parameters"), "{error}");
        }
    }
}

#[test]
fn a_text_holds_one_statement() {
    use Dialect::{MySql, Postgres};
    let one = [
        (Postgres, "select 1; -- a\n /* ; /* ; */ */ ;"),
        (Postgres, "select $$;$$, $a$ $$; $a$, E'\\';', \";\""),
        (Postgres, "(select 1) union (select 2);"),
        (Postgres, "create function f() returns int begin atomic select 1; select 2; end"),
        (Postgres, "do $$ begin perform 1; end $$;"),
        (MySql, "select 1; # a\n -- b\n ;"),
        (MySql, "select '\\';', \"\\\";\", `;`;"),
        (MySql, "create trigger t before insert on a for each row begin set new.b = 1; set new.c = 2; end;"),
    ];
    for (dialect, text) in one {
        read(text, dialect).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    let more = [
        (Postgres, "select 'a\\'; delete from t -- '"),
        (Postgres, "select 1; select 2"),
        (Postgres, "select a$$; delete from t -- $$"),
        (Postgres, "select 1 --\r; delete from t"),
        (Postgres, "select E'a' '\\'; delete from t --'"),
        (Postgres, "select 1 /* /* */ */; delete from t"),
        (MySql, "select 1; select 2"),
        (MySql, "select '\\\\'; delete from t -- '"),
        (MySql, "select $$; delete from t -- $$"),
        (MySql, "select 1 /* /* */; delete from t -- */"),
        (MySql, "select 1 --; delete from t"),
        (MySql, "select `\\`; delete from t -- `"),
    ];
    for (dialect, text) in more {
        refused(text, dialect, SqlErrorKind::Statement, "more than one statement");
    }
    for dialect in ALL {
        for text in ["", " ", ";", "-- a", "/* a */", "select 1\0"] {
            refused(text, dialect, SqlErrorKind::Statement, "the text holds");
        }
    }
    for text in ["select 1 /*! ; delete from t */", "/*!50000 begin */", "/*M! begin */", "select /*!1*/"] {
        refused(text, MySql, SqlErrorKind::Statement, "`/*! … */`");
    }
    read("select /*+ no_icp(t) */ a from t", MySql).expect("a hint is a comment");
}

#[test]
fn transactions_are_not_made_by_hand() {
    use Dialect::{MySql, Postgres};
    let everywhere = ["begin", "Commit", "/* a */ end", ";;rollback", "savepoint a", "release a"];
    let on_servers = [
        "start transaction",
        "START /* a */ TRANSACTION",
        "abort",
        "prepare transaction 'a'",
        "set transaction read only",
        "set session transaction isolation level serializable",
        "set local transaction read only",
    ];
    let on_mysql = ["xa start 'a'", "set global transaction read only"];
    let cases = ALL.iter().flat_map(|dialect| everywhere.map(|text| (*dialect, text)));
    let cases = cases.chain([Postgres, MySql].into_iter().flat_map(|dialect| on_servers.map(|text| (dialect, text))));
    for (dialect, text) in cases.chain(on_mysql.map(|text| (MySql, text))) {
        refused(text, dialect, SqlErrorKind::Statement, "use `io.transaction`");
    }
    refused(
        "set session characteristics as transaction read only",
        Postgres,
        SqlErrorKind::Statement,
        "use `io.transaction`",
    );
    let of_a_connection = [
        "lock tables a write",
        "unlock tables",
        "use a",
        "set names utf8mb4",
        "set autocommit = 0",
        "SET @@session.AutoCommit = 0",
        "set @begin = 1",
        "set session `autocommit` = @a",
        "set session sql_mode = ''",
        "set global max_connections = 1, autocommit = 0",
    ];
    for text in of_a_connection {
        refused(text, MySql, SqlErrorKind::Statement, "hold for a connection");
    }
    for text in ["set password = 'a'", "start slave", "select 'begin'", "prepare a from 'select 1'"] {
        read(text, MySql).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for text in ["set local statement_timeout = 5", "prepare a as select 1", "lock table a in share mode"] {
        read(text, Postgres).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

#[test]
fn a_statement_is_known_by_what_it_does() {
    use Dialect::{MySql, Postgres, Sqlite};
    let cases = [
        (Sqlite, "show a", Verb::Other, true),
        (Postgres, "select 1", Verb::Read, true),
        (Postgres, "(((select 1)))", Verb::Read, true),
        (Postgres, "table a", Verb::Read, true),
        (Postgres, "show all", Verb::Read, true),
        (Postgres, "select a from t for update", Verb::Read, true),
        (Postgres, "select a into b from t", Verb::Other, true),
        (Postgres, "select \"into\" from t", Verb::Read, true),
        (Postgres, "explain delete from t", Verb::Read, true),
        (Postgres, "explain analyze delete from t", Verb::Other, true),
        (Postgres, "explain (analyze, buffers) delete from t", Verb::Other, true),
        (Postgres, "with a as (select 1) select * from a", Verb::Read, true),
        (Postgres, "with a as (delete from t returning b) select * from a", Verb::Other, true),
        (Postgres, "with a as materialized (select 1) insert into t select * from a", Verb::Insert, false),
        (Postgres, "with a as (insert into t values (1)) update t set b = 1 returning b", Verb::Change, true),
        (Postgres, "merge into t using s on true when matched then delete", Verb::Change, false),
        (Postgres, "truncate t", Verb::Schema, false),
        (Postgres, "call f()", Verb::Other, true),
        (MySql, "select 1", Verb::Read, true),
        (MySql, "desc t", Verb::Read, true),
        (MySql, "explain analyze select 1", Verb::Other, true),
        (MySql, "select 1 into @a", Verb::Other, true),
        (MySql, "select a from t into outfile 'b'", Verb::Other, true),
        (MySql, "with a as (select 1) delete from t where b in (select * from a)", Verb::Change, false),
        (MySql, "replace into t values (1) returning a", Verb::Insert, true),
        (MySql, "rename table a to b", Verb::Schema, false),
        (MySql, "load data infile 'a' into table t", Verb::Other, true),
    ];
    for (dialect, text, verb, gives_rows) in cases {
        let statement = read(text, dialect).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((statement.verb, statement.gives_rows()), (verb, gives_rows), "{dialect:?}: {text}");
        let lost = if verb == Verb::Read { Happened::No } else { Happened::Unknown };
        assert_eq!(statement.lost(), lost, "{dialect:?}: {text}");
    }
    let id = |text, dialect| read(text, dialect).expect(text).written(1, 7).1;
    assert_eq!(id("insert into t values (1) on duplicate key update a = 2", MySql), None);
    assert_eq!(id("insert into t values (1) on conflict do update set a = 2", Postgres), None);
    assert_eq!(id("insert into t values (1)", MySql), Some(7));
}

#[test]
fn what_commits_by_itself_is_refused_in_a_transaction() {
    let refusing = [
        "create table a (b int)",
        "CREATE /* x */ OR REPLACE TABLE a (b int)",
        "alter table a add c int",
        "drop table a",
        "truncate a",
        "rename table a to b",
        "grant all on a to b",
        "analyze table a",
        "set password = 'a'",
        "load index into cache a",
        "start slave",
    ];
    let fine = [
        "insert into a values (1)",
        "create temporary table a (b int)",
        "create or replace temporary table a (b int)",
        "drop temporary table a",
        "load data infile 'a' into table b",
        "call f()",
    ];
    let within = |text| Sql { transaction: Some(TransactionId::new(Path::default())), ..sql(text, 0) };
    for text in refusing {
        let error = Statement::read(&mut within(text), Dialect::MySql).expect_err(text);
        assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}");
        assert!(error.message.contains("outside of a transaction"), "{error}");
        read(text, Dialect::MySql).expect(text);
        Statement::read(&mut within(text), Dialect::Postgres).expect(text);
    }
    for text in fine {
        Statement::read(&mut within(text), Dialect::MySql).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

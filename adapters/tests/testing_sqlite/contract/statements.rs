//! What single statements answer.

use segno::SqlErrorKind::{
    Check, Database, Decode, ForeignKey, MissingTable, NoTransaction, NotNull, Params, Statement, Syntax, TooLarge,
    Unique,
};

use super::script::{
    ALL,
    Expected::{Fails, Works},
    Script,
};

pub(super) const SCRIPTS: &[Script] = &[
    ("an empty answer has columns", &[("select id, text as words from note where 0", Works)]),
    ("columns may have one name", &[("select 1 as a, 2 as a", Works)]),
    ("columns without names", &[("select 1, 'a' || 'b', count(*) from note", Works), ("values (1, 2), (3, 4)", Works)]),
    ("parameters by number", &[("select ?2 as b, ?3 as c, ?1 as a, $2 as d", Works)]),
    ("parameters in order", &[("select ?, ?, ?", Works)]),
    ("too few parameters", &[("select ?, ?", Fails(Params))]),
    ("too many parameters", &[("select ?4", Fails(Params))]),
    ("parameters by name", &[("select :a, :b, :c", Fails(Params))]),
    ("two kinds of parameters", &[("select ?1, ?2, ?", Fails(Params))]),
    (
        "insert",
        &[
            ("insert into note (text) values ('a'), ('b')", Works),
            ("insert into note (id, text) values (-7, 'c')", Works),
            ALL,
        ],
    ),
    ("insert or ignore", &[("insert or ignore into note (text) values ('first')", Works), ALL]),
    (
        "insert or replace",
        &[
            ("insert or replace into note (id, text) values (9, 'first')", Works),
            ("replace into note (text) values ('first')", Works),
            ALL,
        ],
    ),
    (
        "upsert",
        &[
            ("insert into note (text) values ('first') on conflict (text) do update set text = 'c'", Works),
            ("insert into note (text) values ('c') on conflict do nothing", Works),
            (
                "insert into note (text) values ('d') on conflict (text) do update set text = 'e' returning id, text",
                Works,
            ),
            ALL,
        ],
    ),
    (
        "insert returning",
        &[
            ("insert into note (text) values ('a'), ('b') returning id, text, done", Works),
            ("insert or ignore into note (text) values ('a') returning *", Works),
        ],
    ),
    (
        "insert from a select",
        &[
            ("insert into note (text) select text || id from note", Works),
            ("with w (x) as (select 'f') insert into note (text) select x from w", Works),
            ALL,
        ],
    ),
    (
        "update and delete",
        &[
            ("update note set text = text || '!'", Works),
            ("update note set text = 'a' where 0", Works),
            ("update note set done = 1 returning *", Works),
            ("update note set done = 2 where 0 returning *", Works),
            ("with w (x) as (select 1) delete from note where id in (select x from w)", Works),
            ("delete from note", Works),
            ("insert into note (text) values ('again')", Works),
            ("delete from note returning id", Works),
        ],
    ),
    (
        "truth values",
        &[
            ("create table t (a boolean, b bool, c integer, d BOOLEAN not null default 1, e \"bool \")", Works),
            ("insert into t (a, b, c, e) values (1, 0, 1, 1), (2, null, 0, 0), ('yes', 1.0, true, 0.5)", Works),
            ("select * from t", Works),
            ("select a + 0, a, (select b), max(d), a and b from t group by a, b, d", Works),
            ("select a from (select a from t) union all select c from t", Works),
        ],
    ),
    (
        "types",
        &[
            ("create table t (a int8, b real, c text, d blob, e decimal(10, 2), f date, g)", Works),
            ("insert into t values ('12', 1, 1, x'00ff', 1.25, '2026-11-23', x'')", Works),
            ("insert into t values (1.5, 'b', x'41', 'text', 9223372036854775807, 1795428000, 9e999)", Works),
            ("select * from t", Works),
            (
                "select 1 as v union all select 'a' union all select null union all select 0.5 union all select x'ff'",
                Works,
            ),
        ],
    ),
    (
        "text that is not UTF-8",
        &[
            ("select 1, cast(x'ff' as text) as name", Fails(Decode)),
            ("insert into note (text) values (cast(x'ff' as text)) returning text", Fails(Decode)),
        ],
    ),
    (
        "unique",
        &[
            ("insert into note (text) values ('first')", Fails(Unique)),
            ("insert into child values (1, 2, 1, 1)", Fails(Unique)),
            ("insert into child values (2, 1, 1, 1)", Fails(Unique)),
            ALL,
        ],
    ),
    ("not null", &[("insert into note (text) values (null)", Fails(NotNull))]),
    ("check", &[("insert into child values (2, 2, -1, 1)", Fails(Check))]),
    (
        "foreign key",
        &[
            ("insert into child values (2, 2, 1, 9)", Fails(ForeignKey)),
            ("delete from parent", Fails(ForeignKey)),
            ("delete from strict_parent", Fails(ForeignKey)),
            ("insert into later values (9)", Fails(ForeignKey)),
            ("select count(*) from later", Works),
        ],
    ),
    (
        "mismatch",
        &[
            ("insert into child values ('a', 2, 1, 1)", Fails(Database)),
            ("insert into typed values ('a')", Fails(Database)),
        ],
    ),
    (
        "a part of a statement is undone",
        &[
            ("insert into note (text) values ('a'), ('first')", Fails(Unique)),
            ALL,
            ("insert or fail into note (text) values ('a'), ('first')", Fails(Unique)),
            ALL,
        ],
    ),
    (
        "raise in a trigger",
        &[
            ("create trigger t before delete on note begin select raise(abort, 'kept'); end", Works),
            ("delete from note", Fails(Database)),
            ALL,
        ],
    ),
    (
        "syntax",
        &[
            ("selct 1", Fails(Syntax)),
            ("select", Fails(Syntax)),
            ("select missing from note", Fails(Statement)),
            ("select 1 from nowhere", Fails(MissingTable)),
            ("select 'open", Fails(Syntax)),
            ("insert into note values (1)", Fails(Statement)),
            ("select nothing(1)", Fails(Syntax)),
        ],
    ),
    (
        "errors of functions",
        &[
            ("select json('{')", Fails(Statement)),
            ("select abs(-9223372036854775808)", Fails(Statement)),
            ("select zeroblob(2000000000)", Fails(Database)),
            ("select hex(randomblob(2000000000))", Fails(Database)),
        ],
    ),
    (
        "no statement",
        &[
            ("", Fails(Statement)),
            (" ;; ", Fails(Statement)),
            ("-- nothing", Fails(Statement)),
            ("select 1\0", Fails(Statement)),
        ],
    ),
    (
        "several statements",
        &[("select 1; select 2", Fails(Statement)), ("delete from note; select 1", Fails(Statement)), ALL],
    ),
    (
        "blanks around a statement",
        &[
            (" ;; select 1 as one ; -- end", Works),
            ("\u{feff}select 1 as one", Works),
            ("/* all */ select 1 as one /* open", Works),
            ("\u{a0}select 1 as one", Works),
        ],
    ),
    (
        "transactions by hand",
        &[
            ("begin", Fails(Statement)),
            ("COMMIT", Fails(NoTransaction)),
            ("savepoint a", Fails(Statement)),
            ("end", Fails(Statement)),
            ("rollback", Fails(Statement)),
            ("release a", Fails(Statement)),
            ("explain commit", Works),
        ],
    ),
    (
        "schema",
        &[
            ("create table t (a)", Works),
            ("create table t (a)", Fails(Statement)),
            ("insert into t values (1)", Works),
            ("select * from t", Works),
            ("alter table t add column b boolean default 1", Works),
            ("select * from t", Works),
            ("drop table t", Works),
            ("select * from t", Fails(MissingTable)),
        ],
    ),
    (
        "schema in a transaction",
        &[
            ("BEGIN", Works),
            ("TX create table t (a)", Works),
            ("TX insert into t values (1)", Works),
            ("TX select * from t", Works),
            ("ROLLBACK", Works),
            ("select * from t", Fails(MissingTable)),
        ],
    ),
    (
        "views, indices and triggers",
        &[
            ("create view v as select text, done from note", Works),
            ("create index i on note (done)", Works),
            ("create trigger t after insert on note begin insert into word values (new.text); end", Works),
            ("insert into note (text) values ('a')", Works),
            ("select * from v order by text", Works),
            ("select * from word", Works),
            ("explain query plan select * from v", Works),
        ],
    ),
    (
        "pragmas",
        &[
            ("pragma user_version = 3", Works),
            ("pragma user_version", Works),
            ("pragma foreign_keys", Works),
            ("select name from pragma_table_info('note')", Works),
            ("analyze", Works),
            ("reindex", Works),
        ],
    ),
    (
        "JSON and windows",
        &[
            ("select json_extract('{\"a\": [1, true, null]}', '$.a') as a, json('[1]') -> 0 as b", Works),
            ("select value, row_number() over (order by value desc) as n from json_each('[3, 1, 2]')", Works),
        ],
    ),
    (
        "full text",
        &[
            ("create virtual table found using fts5 (text)", Works),
            ("insert into found values ('a word')", Works),
            ("select * from found where found match 'word'", Works),
            ("select * from found where found match '\"'", Fails(Statement)),
        ],
    ),
    (
        "large answers",
        &[
            ("with recursive c (x) as (select 1 union all select x + 1 from c) select x from c", Fails(TooLarge)),
            (
                "with recursive c (x) as (select 1 union all select x + 1 from c) select zeroblob(1000000) from c",
                Fails(TooLarge),
            ),
        ],
    ),
];

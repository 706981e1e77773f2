//! What streams of rows answer, two rows at once, and transactions that only read.

use segno::SqlErrorKind::{Database, MissingTable, NoCursor, NoTransaction, Params, Statement};

use super::script::{
    ALL,
    Expected::{Fails, Works},
    Script,
};

pub(super) const SCRIPTS: &[Script] = &[
    (
        "a stream to its end",
        &[
            ("OPEN select 1 as a, 'x' as b union all select 2, 'y' union all select 3, null", Works),
            ("FETCH", Works),
            ("FETCH", Works),
            ("FETCH", Fails(NoCursor)),
            ("CLOSE", Works),
        ],
    ),
    (
        "a full last batch",
        &[("OPEN values (1), (2)", Works), ("FETCH", Works), ("FETCH", Fails(NoCursor)), ("CLOSE", Works)],
    ),
    ("no rows", &[("OPEN select text from note where id = 0", Works), ("FETCH", Fails(NoCursor))]),
    ("parameters", &[("OPEN select ?1, ?2, ?3", Works), ("FETCH", Works)]),
    (
        "closed half-way",
        &[("OPEN values (1), (2), (3)", Works), ("CLOSE", Works), ("FETCH", Fails(NoCursor)), ("CLOSE", Works)],
    ),
    (
        "begun twice",
        &[
            ("OPEN values (1), (2), (3)", Works),
            ("OPEN values (4)", Fails(Database)),
            ("FETCH", Works),
            ("FETCH", Works),
            ("OPEN values (4)", Works),
        ],
    ),
    (
        "what is no stream",
        &[
            ("OPEN insert into note (text) values ('a') returning id", Fails(Statement)),
            ("OPEN update note set text = 'a'", Fails(Statement)),
            ("OPEN pragma user_version", Fails(Statement)),
            ("OPEN select * from nowhere", Fails(MissingTable)),
            ("OPEN select ?1, ?2, ?3, ?4", Fails(Params)),
            ("TX OPEN values (1)", Fails(NoTransaction)),
            ("FETCH", Fails(NoCursor)),
            ALL,
        ],
    ),
    (
        "a stream sees the database as it was when it began",
        &[
            ("insert into note (text) values ('second'), ('third')", Works),
            ("OPEN select text from note order by id", Works),
            ("delete from note", Works),
            ("FETCH", Works),
            ("FETCH", Works),
            ALL,
        ],
    ),
    (
        "a stream of a transaction",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('second'), ('third')", Works),
            ("OPEN select text from note order by id", Works),
            ("CLOSE", Works),
            ("TX OPEN select text from note order by id", Works),
            ("TX select 1", Fails(Statement)),
            ("SAVEPOINT 1", Fails(Statement)),
            ("RELEASE 1", Fails(Statement)),
            ALL,
            ("FETCH", Works),
            ("FETCH", Works),
            ("TX select 1", Works),
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "a stream that is open at the end of its transaction",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('second'), ('third')", Works),
            ("TX OPEN select text from note order by id", Works),
            ("COMMIT", Works),
            ("FETCH", Fails(NoCursor)),
            ALL,
            ("BEGIN", Works),
            ("TX delete from note", Works),
            ("TX OPEN values (1), (2), (3)", Works),
            ("ROLLBACK", Works),
            ("FETCH", Fails(NoCursor)),
            ALL,
        ],
    ),
    (
        "an error half-way",
        &[
            ("OPEN select abs(column1) from (values (1), (2), (-9223372036854775807 - 1))", Works),
            ("FETCH", Fails(Statement)),
            ("FETCH", Fails(NoCursor)),
        ],
    ),
    (
        "a transaction that only reads",
        &[
            ("BEGIN READ ONLY", Works),
            ("TX select * from note", Works),
            ("TX insert into note (text) values ('a')", Fails(Statement)),
            ("TX create table other (a)", Fails(Statement)),
            ("TX pragma user_version = 7", Fails(Statement)),
            ("TX with a as (select 1) select * from a", Works),
            ("TX with a as (select 1) delete from note", Fails(Statement)),
            ("SAVEPOINT 1", Works),
            ("TX OPEN select * from note", Works),
            ("FETCH", Works),
            ("RELEASE 1", Works),
            ("COMMIT", Works),
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("COMMIT", Works),
            ALL,
        ],
    ),
];

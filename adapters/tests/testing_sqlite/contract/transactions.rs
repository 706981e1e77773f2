//! What statements in and around transactions answer.

use segno::SqlErrorKind::{Database, Decode, ForeignKey, NoTransaction, Statement, Syntax, Unique};

use super::script::{
    ALL,
    Expected::{Fails, Works},
    Script, Step,
};

/// What depends on the connection is in a transaction: outside of one, the pool of the real database may take any.
pub(super) const SCRIPTS: &[Script] = &[
    (
        "a renamed column",
        &[
            ("BEGIN", Works),
            ("TX select * from note", Works),
            ("TX alter table note rename column text to words", Works),
            ("TX select * from note", Works),
            ("TX update note set done = 1 returning *", Works),
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "temporary tables",
        &[
            ("BEGIN", Works),
            ("TX create temp table t (a)", Works),
            ("TX insert into t values (1)", Works),
            ("TX select * from t", Works),
            ("COMMIT", Works),
        ],
    ),
    (
        "without rowid",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("TX insert into word values ('a')", Works),
            ("TX insert into word values ('a')", Fails(Unique)),
            ("TX select * from word", Works),
            ("COMMIT", Works),
        ],
    ),
    (
        "commit",
        &[("BEGIN", Works), ("TX insert into note (text) values ('a')", Works), TX_ALL, ALL, ("COMMIT", Works), ALL],
    ),
    (
        "rollback",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("ROLLBACK", Works),
            ALL,
            ("ROLLBACK", Works),
        ],
    ),
    (
        "reading beside a transaction",
        &[
            ("BEGIN", Works),
            ("TX update note set text = ?1 || ?2 || ?3", Works),
            ALL,
            ("TX delete from note", Works),
            ALL,
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "last ids in a transaction",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("TX select last_insert_rowid(), changes()", Works),
            ("TX delete from note where 0", Works),
            ("TX select last_insert_rowid(), changes()", Works),
            ("COMMIT", Works),
        ],
    ),
    (
        "nothing has begun",
        &[
            ("TX select 1", Fails(NoTransaction)),
            ("COMMIT", Fails(NoTransaction)),
            ("SAVEPOINT 1", Fails(NoTransaction)),
            ("RELEASE 1", Fails(NoTransaction)),
            ("UNDO 1", Fails(NoTransaction)),
            ("ROLLBACK", Works),
        ],
    ),
    (
        "ended by a commit",
        &[
            ("BEGIN", Works),
            ("COMMIT", Works),
            ("TX select 1", Fails(NoTransaction)),
            ("COMMIT", Fails(NoTransaction)),
            ("SAVEPOINT 1", Fails(NoTransaction)),
            ("ROLLBACK", Works),
        ],
    ),
    (
        "ended by a rollback",
        &[
            ("BEGIN", Works),
            ("ROLLBACK", Works),
            ("TX select 1", Fails(NoTransaction)),
            ("UNDO 1", Fails(NoTransaction)),
            ("COMMIT", Fails(NoTransaction)),
        ],
    ),
    (
        "begun twice",
        &[
            ("BEGIN", Works),
            ("BEGIN", Fails(Database)),
            ("TX insert into note (text) values ('a')", Works),
            ("COMMIT", Works),
            ALL,
            ("BEGIN", Works),
            ("COMMIT", Works),
        ],
    ),
    (
        "scopes",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("SAVEPOINT 1", Works),
            ("TX insert into note (text) values ('b')", Works),
            ("SAVEPOINT 2", Works),
            ("TX insert into note (text) values ('c')", Works),
            ("UNDO 2", Works),
            ("RELEASE 2", Fails(Statement)),
            ("SAVEPOINT 2", Works),
            ("TX insert into note (text) values ('d')", Works),
            ("RELEASE 2", Works),
            ("RELEASE 1", Works),
            ("SAVEPOINT 1", Works),
            ("TX delete from note", Works),
            ("SAVEPOINT 2", Works),
            ("UNDO 1", Works),
            ("UNDO 1", Works),
            ("RELEASE 1", Fails(Statement)),
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "a scope that never was",
        &[
            ("BEGIN", Works),
            ("UNDO 3", Works),
            ("RELEASE 3", Fails(Statement)),
            ("TX insert into note (text) values ('a')", Works),
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "an error leaves a transaction open",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("TX insert into note (text) values ('b'), ('a')", Fails(Unique)),
            ("TX selct", Fails(Syntax)),
            ("TX commit", Fails(Statement)),
            ("TX select cast(x'ff' as text)", Fails(Decode)),
            ("TX insert into note (text) values ('c')", Works),
            ("COMMIT", Works),
            ALL,
        ],
    ),
    (
        "on conflict rollback, then a statement",
        &[
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("TX insert or rollback into note (text) values ('first')", Fails(Unique)),
            ("TX insert into note (text) values ('b')", Fails(NoTransaction)),
            ("COMMIT", Fails(NoTransaction)),
            ALL,
        ],
    ),
    (
        "on conflict rollback, then a scope",
        &[
            ("BEGIN", Works),
            ("SAVEPOINT 1", Works),
            ("TX insert or rollback into note (text) values ('first')", Fails(Unique)),
            ("UNDO 1", Fails(NoTransaction)),
            ("SAVEPOINT 1", Fails(NoTransaction)),
            ("ROLLBACK", Works),
            ALL,
        ],
    ),
    (
        "on conflict rollback, then a beginning",
        &[
            ("BEGIN", Works),
            ("TX insert or rollback into note (text) values ('first')", Fails(Unique)),
            ("BEGIN", Fails(Database)),
            ("ROLLBACK", Works),
            ("BEGIN", Works),
            ("COMMIT", Works),
        ],
    ),
    (
        "on conflict rollback, then a commit",
        &[
            ("BEGIN", Works),
            ("TX insert or rollback into note (text) values ('first')", Fails(Unique)),
            ("insert into note (text) values ('between')", Works),
            ("COMMIT", Fails(NoTransaction)),
            ALL,
        ],
    ),
    (
        "on conflict rollback outside of a transaction",
        &[("insert or rollback into note (text) values ('a'), ('first')", Fails(Unique)), ALL],
    ),
    (
        "raise a rollback",
        &[
            ("create trigger t before delete on note begin select raise(rollback, 'gone'); end", Works),
            ("BEGIN", Works),
            ("TX insert into note (text) values ('a')", Works),
            ("TX delete from note", Fails(Database)),
            ("TX select 1", Fails(NoTransaction)),
            ("ROLLBACK", Works),
            ALL,
        ],
    ),
    (
        "a commit that fails",
        &[
            ("BEGIN", Works),
            ("TX insert into later values (9)", Works),
            ("COMMIT", Fails(ForeignKey)),
            ("TX select 1", Fails(NoTransaction)),
            ("select count(*) from later", Works),
            ("BEGIN", Works),
            ("TX insert into later values (1)", Works),
            ("COMMIT", Works),
            ("select count(*) from later", Works),
        ],
    ),
    (
        "what a transaction cannot do",
        &[
            ("BEGIN", Works),
            ("TX vacuum", Fails(Statement)),
            ("TX pragma foreign_keys = off", Works),
            ("TX pragma foreign_keys", Works),
            ("COMMIT", Works),
        ],
    ),
];

/// What the transaction sees.
const TX_ALL: Step = ("TX select * from note order by id", Works);

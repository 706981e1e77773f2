//! Transactions as handlers write them: scopes that are kept or undone.

use segno::{Error, Happened, Io, Result, SqlError, SqlErrorKind, TransactionOptions, Tx};

use crate::{
    case::{Case, cases},
    home::{Home, Kind},
};

pub(crate) fn cases() -> Vec<Case> {
    cases![
        a_scope_that_ends_well_is_kept,
        a_scope_that_fails_is_undone,
        a_nested_scope_that_fails_is_undone_alone,
        scopes_nest_deep_and_often,
        a_statement_that_failed_in_a_scope_of_its_own_spoils_nothing,
        a_statement_that_failed_and_was_passed_over_never_commits_half,
        a_read_only_transaction_refuses_writes,
        a_transaction_is_not_controlled_by_statements,
        a_statement_that_would_commit_by_itself_is_refused on [MySql],
    ]
}

fn a_scope_that_ends_well_is_kept(home: &Home) {
    home.prepare(&[NOTE]);
    let told = home.run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            add(tx, "b").await?;
            Ok(tx.sql("select count(*) as n from note", ()).await?.one()?.get::<i64>("n")?)
        })
        .await
    });
    assert_eq!((told, notes(home)), (2, words(&["a", "b"])));
}

fn a_scope_that_fails_is_undone(home: &Home) {
    home.prepare(&[NOTE]);
    let end = home.try_run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            Err::<(), _>(Error::status(409, "no more of it"))
        })
        .await
    });
    assert_eq!(end.unwrap_err().public().1, "no more of it");
    assert!(notes(home).is_empty());
}

fn a_nested_scope_that_fails_is_undone_alone(home: &Home) {
    home.prepare(&[NOTE]);
    home.run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            let inner = tx.transaction(async |tx| {
                add(tx, "b").await?;
                Err::<(), _>(Error::status(409, "not this one"))
            });
            assert_eq!(inner.await.unwrap_err().public().1, "not this one");
            tx.transaction(async |tx| add(tx, "c").await).await?;
            add(tx, "d").await
        })
        .await
    });
    assert_eq!(notes(home), words(&["a", "c", "d"]));
}

fn scopes_nest_deep_and_often(home: &Home) {
    home.prepare(&[NOTE]);
    home.run(async |mut io: Io| {
        io.transaction(async |tx| {
            for round in 0..20 {
                // Every second one is undone, with all that is in it.
                let end = tx.transaction(async |tx| deeper(tx, round, 5).await).await;
                assert_eq!(end.is_ok(), round % 2 == 0);
            }
            Ok(())
        })
        .await
    });
    assert_eq!(home.count("note"), 10 * 6);
}

/// A note in each of so many scopes, one in the other; the innermost ends well in even rounds only.
async fn deeper(tx: &mut Tx<'_>, round: i64, depth: i64) -> Result<()> {
    add(tx, &format!("{round}.{depth}")).await?;
    match (depth, round % 2) {
        (0, 0) => Ok(()),
        (0, _) => Err(Error::status(409, "an odd round")),
        (_, _) => tx.transaction(async |tx| Box::pin(deeper(tx, round, depth - 1)).await).await,
    }
}

fn a_statement_that_failed_in_a_scope_of_its_own_spoils_nothing(home: &Home) {
    home.prepare(&[NOTE]);
    home.run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            let clash = tx.transaction_as(async |tx| tx.sql("insert into note values ('a')", ()).await).await;
            let error: SqlError = clash.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Unique, Happened::No), "{error}");
            add(tx, "b").await
        })
        .await
    });
    assert_eq!(notes(home), words(&["a", "b"]));
}

/// On PostgreSQL, the first error spoils the transaction, and a commit would answer well and keep nothing.
fn a_statement_that_failed_and_was_passed_over_never_commits_half(home: &Home) {
    home.prepare(&[NOTE]);
    let end = home.try_run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            let _passed_over = tx.sql("insert into note values ('a')", ()).await;
            Ok(())
        })
        .await
    });
    if home.kind == Kind::Postgres {
        let error = end.unwrap_err();
        let error = error.cause::<SqlError>().unwrap();
        assert_eq!(error.happened, Happened::No, "{error}");
        assert!(notes(home).is_empty());
    } else {
        end.unwrap();
        assert_eq!(notes(home), words(&["a"]));
    }
}

fn a_read_only_transaction_refuses_writes(home: &Home) {
    home.prepare(&[NOTE, "insert into note values ('a')"]);
    home.run(async |mut io: Io| {
        let read_only = TransactionOptions { read_only: true, ..TransactionOptions::default() };
        for text in ["insert into note values ('b')", "delete from note", "drop table note"] {
            let end = io.transaction_with(read_only, async |tx| {
                assert_eq!(tx.sql("select text from note", ()).await?.len(), 1);
                tx.sql(text, ()).await?;
                Ok(())
            });
            let error = end.await.unwrap_err();
            let error = error.cause::<SqlError>().unwrap();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}: {error}");
        }
        // The connection is as it was.
        io.sql("insert into note values ('c')", ()).await?;
        io.transaction(async |tx| add(tx, "d").await).await
    });
    assert_eq!(notes(home), words(&["a", "c", "d"]));
}

fn a_transaction_is_not_controlled_by_statements(home: &Home) {
    home.prepare(&[NOTE]);
    home.run(async |mut io: Io| {
        for text in ["begin", "commit", "rollback", "savepoint x", "  /* ! */ Release savepoint x"] {
            let error = io.sql(text, ()).await.unwrap_err();
            assert_eq!((error.kind, error.happened), (SqlErrorKind::Statement, Happened::No), "{text}: {error}");
        }
        Ok(())
    });
}

fn a_statement_that_would_commit_by_itself_is_refused(home: &Home) {
    home.prepare(&[NOTE]);
    let end = home.try_run(async |mut io: Io| {
        io.transaction(async |tx| {
            add(tx, "a").await?;
            tx.sql("create table other (id integer)", ()).await?;
            Ok(())
        })
        .await
    });
    assert_eq!(end.unwrap_err().cause::<SqlError>().unwrap().happened, Happened::No);
    assert!(notes(home).is_empty());
}

async fn add(tx: &mut Tx<'_>, text: &str) -> Result<()> {
    tx.sql("insert into note values (?1)", [text]).await?;
    Ok(())
}

fn notes(home: &Home) -> Vec<String> {
    home.run(async |mut io: Io| {
        let rows = io.sql("select text from note order by text", ()).await?;
        Ok(rows.iter().map(|row| row.get("text")).collect::<Result<_, SqlError>>()?)
    })
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

const NOTE: &str = "create table note (text varchar(40) primary key)";

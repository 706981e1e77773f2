//! Rows in batches, and transactions that run again, as a script sees them.

use std::time::Duration;

use segno::{
    Happened, Io, Isolation, Request, Response, Result, Rows, SqlError, SqlErrorKind, Timestamp, TransactionOptions,
    rows,
    testing::{Script, any, begin, commit, get, rollback, script, sql, sql_close, sql_fetch, sql_stream},
};

use crate::{failure, says};

async fn names(mut io: Io, request: Request) -> Result<Response> {
    let most: usize = request.query("most")?.unwrap_or(usize::MAX);
    let (mut names, mut rows) = (Vec::<String>::new(), io.sql_stream("select name from author", ()).await?);
    while names.len() < most
        && let Some(batch) = rows.next(&mut io).await?
    {
        names.extend(batch.iter().map(|row| row.get("name")).collect::<Result<Vec<String>, _>>()?);
    }
    Ok(Response::text(names.join(" ")))
}

#[test]
fn a_stream_has_the_batches_that_are_expected_and_no_more() {
    let ada = || rows!["name"; ["Ada"]];
    let asked = || script(names, get("/"));
    let first = || sql_stream("select name from author", ());
    asked().expect(first(), rows!["name"]).responds(200).body("");
    asked().expect(first(), ada()).responds(200).body("Ada");
    asked()
        .expect(first(), ada())
        .expect(sql_fetch(), rows!["name"; ["Grace"], ["Mary"]])
        .expect(sql_fetch(), rows!["name"; ["Joan"]])
        .responds(200)
        .body("Ada Grace Mary Joan");
    let lost = SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, "lost");
    let error = asked().expect(first(), ada()).expect_error(sql_fetch(), lost.clone()).fails();
    assert_eq!(error.cause::<SqlError>(), Some(&lost));
    says(
        &failure(asked().expect(sql_stream("select name from author where id = ?1", [7]), ada())),
        &["expected text: \"select name from author where id = ?1\"", "asked    text: \"select name from author\""],
    );
}

#[test]
fn who_wants_to_see_that_a_stream_is_closed_expects_it() {
    let some = || script(names, get("/?most=1")).expect(any::<segno::SqlOpen>(), rows!["name"; ["Ada"], ["Grace"]]);
    some().responds(200).body("Ada Grace");
    some().expect(sql_close(), ()).responds(200);
    says(&failure(some().never(sql_close())), &["which must never be asked: any sql_close"]);
    let all = script(names, get("/")).expect(any::<segno::SqlOpen>(), rows!["name"; ["Ada"]]).expect(sql_close(), ());
    says(&failure(all), &["any sql_close"]);
}

async fn book(mut io: Io, _: Request) -> Result<Response> {
    let booked = io.retry_transaction(Isolation::Serializable, 3, async |tx| {
        Ok(tx.sql("insert into booking (seat) values (?1)", [7]).await?.rows_affected())
    });
    Ok(Response::text(booked.await?.to_string()))
}

#[test]
fn a_transaction_that_could_not_be_ordered_runs_again_after_a_pause() {
    fn attempt(script: Script<segno::Standard>) -> Script<segno::Standard> {
        script
            .expect(begin().options(Isolation::Serializable), ())
            .expect(sql("insert into booking (seat) values (?1)", [7]), Rows::written(1, None))
    }
    let undone = || SqlError::new(SqlErrorKind::Serialization, Happened::No, "could not serialize access");
    let asked = || script(book, get("/")).clock(Timestamp::EPOCH).random([15, 30]);
    let twice_undone =
        |asked| attempt(attempt(asked).expect_error(commit(), undone())).expect_error(commit(), undone());
    attempt(twice_undone(asked())).expect(commit(), ()).responds(200).body("1").took(Duration::from_millis(45));
    let error = attempt(twice_undone(asked())).expect_error(commit(), undone()).fails();
    assert_eq!(error.cause::<SqlError>(), Some(&undone()));
    let lost = SqlError::new(SqlErrorKind::ConnectionLost, Happened::Unknown, "lost");
    attempt(script(book, get("/"))).expect_error(commit(), lost).fails();
}

#[test]
fn the_kind_of_a_transaction_is_expected_or_left_open() {
    async fn report(mut io: Io, _: Request) -> Result<Response> {
        let options = TransactionOptions { isolation: Some(Isolation::RepeatableRead), read_only: true };
        io.transaction_with(options, async |_| Err::<Response, _>(segno::Error::status(404, "none"))).await
    }
    let asked = || script(report, get("/"));
    let read_only = TransactionOptions { isolation: Some(Isolation::RepeatableRead), read_only: true };
    asked().expect(begin(), ()).expect(rollback(), ()).responds(404);
    asked().expect(begin().options(read_only), ()).expect(rollback().options(read_only), ()).responds(404);
    says(
        &failure(asked().expect(begin().options(Isolation::Serializable), ())),
        &["isolation", "Serializable", "RepeatableRead"],
    );
}

//! One answer is another one, and the handler goes on from there.

use std::{cell::Cell, rc::Rc, sync::Arc};

use segno::{
    Happened, HttpError, HttpErrorKind, HttpGet, HttpReply, HttpSend, Io, Request, Response, Result, Sql, Standard,
    StandardOutcome,
    record::Recorder,
    rows,
    testing::{Sqlite, World, replay},
};
use tempfile::TempDir;

use crate::{directory, failure, files, record, says};

/// Charges, and writes down that it has; or rolls the order back.
async fn order(mut io: Io, _: Request) -> Result<Response> {
    io.sql("insert into cart", ()).await?;
    match io.http_get("http://bank/charge").await {
        Ok(reply) => io.sql("update cart set receipt = ?1", [reply.text()]).await?,
        Err(error) => {
            io.chat_send("alarms", error.to_string()).await?;
            io.sql("delete from cart", ()).await?
        }
    };
    io.sql("select 'the end'", ()).await?;
    Ok(Response::text("done"))
}

fn recorded() -> TempDir {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    record(&recorder, Request::get("/"), order, |effect| match effect {
        Standard::HttpGet(_) => StandardOutcome::HttpGet(Ok(HttpReply::new(200, "receipt-7"))),
        _ => StandardOutcome::Sql(Ok(rows!["x"; [1]])),
    });
    directory
}

fn timeout() -> HttpError {
    HttpError::new(HttpErrorKind::Timeout, Happened::Unknown, "too late")
}

#[test]
fn an_edited_answer_leads_elsewhere_and_the_rest_is_faked() {
    let directory = recorded();
    let file = &files(&directory)[0];
    let faked = Rc::new(Cell::new(0));
    let counted = faked.clone();
    let fakes = move |effect: &Standard| {
        counted.set(counted.get() + 1);
        match effect {
            Standard::ChatSend(send) => {
                assert_eq!(&*send.message, "too late");
                Some(StandardOutcome::ChatSend(Ok(1)))
            }
            Standard::Sql(sql) if sql.text.starts_with("delete") => Some(StandardOutcome::Sql(Ok(rows!["x"]))),
            effect => panic!("the recording answers {effect:?}"),
        }
    };
    replay(order, file).edit::<HttpGet>("0#2", Err(timeout())).then(fakes).responds(200).body("done");
    assert_eq!(faked.get(), 2);
}

#[test]
fn what_asks_the_same_after_an_edit_needs_no_fakes() {
    let directory = recorded();
    let file = &files(&directory)[0];
    replay(order, file).edit::<Sql>("0#3", Ok(rows!["y"; [2]])).responds(200);
    let message = failure(|| replay(order, file).edit::<HttpGet>("0#2", Err(timeout())).responds(200));
    says(&message, &["the recording has no answer to chat_send (0#3) at", "edits.rs:"]);
    let pending = replay(order, file).edit::<HttpGet>("0#2", Err(timeout())).then(|_| None);
    says(&failure(|| pending.responds(200)), &["the recording has no answer to chat_send (0#3) at"]);
}

#[test]
fn an_edit_that_does_not_fit_is_the_test_s_mistake() {
    let directory = recorded();
    let file = &files(&directory)[0];
    let nowhere = replay(order, file).edit::<HttpGet>("0#7", Err(timeout()));
    says(&failure(|| nowhere.responds(200)), &["the edited answer to 0#7 was never asked for"]);
    let wrong = replay(order, file).edit::<HttpSend>("0#2", Err(timeout()));
    let message = failure(|| wrong.responds(200));
    says(&message, &["the answer to http_get at 0#2 does not fit", "another effect's type"]);
}

#[test]
fn fakes_that_are_asked_without_end_are_left() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    let polls = async |mut io: Io, _: Request| {
        while io.chat_balance("room").await? == 0 {}
        Ok(Response::text("somebody"))
    };
    record(&recorder, Request::get("/"), polls, |_| StandardOutcome::ChatBalance(Ok(1)));
    let file = &files(&directory)[0];
    let none = |_: &Standard| Some(StandardOutcome::ChatBalance(Ok(0)));
    let endless = replay(polls, file).edit::<segno::ChatBalance>("0#1", Ok(0)).then(none);
    says(&failure(|| endless.responds(200)), &["after 10000 answers that were not recorded"]);
}

#[test]
fn the_rest_is_performed_on_a_world() {
    let directory = recorded();
    let file = &files(&directory)[0];
    let cart = || Sqlite::new("create table cart (receipt text); insert into cart values ('left over')");
    let world = Arc::new(World::new().database(cart()));
    replay(order, file).edit::<HttpGet>("0#2", Err(timeout())).then_in(world.clone()).responds(200).body("done");
    assert_eq!(world.sqlite().value::<i64>("select count(*) from cart", ()), 0, "the order was not rolled back");
    // What a world cannot answer stays unanswered.
    let message =
        failure(|| replay(order, file).edit::<HttpGet>("0#2", Err(timeout())).then_in(World::new()).responds(200));
    says(&message, &["the world has no database"]);
}

//! What is expected in order, what may come at any time, and what must never come.

use segno::{
    ChatSend, Error, Happened, HttpError, HttpErrorKind, HttpGet, HttpReply, Io, Now, Request, Response, Result, Sql,
    SqlError, SqlErrorKind, Timestamp, TransactionAct, rows,
    testing::{
        any, begin, chat_balance, chat_send, commit, get, http_get, ok, post, reply, rollback, script, sql, sql_like,
        transaction,
    },
};

use crate::{author, failure, greet, greeting, panic_of, says, says_not};

#[test]
fn lets_through_what_is_expected() {
    let responded = greeting()
        .expect(author(), rows!["name"; ["Ada"]])
        .expect(http_get("http://feeds.internal/7"), ok("notes"))
        .expect(chat_send("readers").message("Ada was read"), 3)
        .responds(200)
        .header("x-author", "Ada")
        .body_contains("notes");
    assert_eq!(responded.text(), "Ada: notes");
}

#[test]
fn surprises_and_leftovers_fail() {
    let message = failure(greeting().expect(author(), rows!["name"; ["Ada"]]));
    says(&message, &["nothing more was expected, and the handler asked for http_get"]);
    let message = failure(
        greeting()
            .expect(author(), rows!["name"; ["Ada"]])
            .expect(http_get("http://feeds.internal/7"), ok(""))
            .expect(chat_send("readers").any(), 3)
            .expect(chat_balance("readers"), 3),
    );
    says(&message, &["the handler responded, and more was expected of it", "NEXT EXPECTED: ChatBalance"]);
}

#[test]
fn an_error_reaches_the_handler() {
    let busy = SqlError::new(SqlErrorKind::Busy, Happened::No, "locked");
    let error = greeting().expect_error(author(), busy.clone()).fails();
    assert_eq!(error.cause::<SqlError>(), Some(&busy));
    greeting().expect_error(author(), busy).responds(500).body("Internal Server Error");
    script(greet, get("/author/x").param("id", "x")).responds(404);
}

#[test]
fn transactions_are_expected_step_by_step() {
    async fn pay(mut io: Io, _: Request) -> Result<Response> {
        io.transaction(async |tx| {
            tx.sql("update account", ()).await?;
            let _: Result<()> = tx.transaction(async |_| Err(Error::status(409, "no"))).await;
            Err::<(), _>(Error::status(409, "taken"))
        })
        .await?;
        Ok(Response::text(""))
    }
    script(pay, post("/pay"))
        .expect(begin(), ())
        .expect(sql("update account", ()), rows!["n"])
        .expect(transaction(TransactionAct::Savepoint(1)), ())
        .expect(transaction(TransactionAct::RollbackTo(1)), ())
        .expect(rollback(), ())
        .responds(409)
        .body("taken");
    let message = failure(script(pay, post("/pay")).expect(begin(), ()).expect(commit(), ()));
    says(&message, &["asked for sql", "expected transaction"]);
}

/// Looks at three pages.
async fn three(mut io: Io, _: Request) -> Result<Response> {
    let mut text = String::new();
    for page in 1..=3 {
        let reply = io.http_get(format!("http://pages.internal/{page}")).await;
        text += &reply.map_or_else(|error| error.to_string(), |reply| reply.text().into_owned());
        io.chat_send("readers", "next").await?;
    }
    Ok(Response::text(text))
}

#[test]
fn the_same_answer_comes_several_times() {
    async fn look(mut io: Io, _: Request) -> Result<Response> {
        for _ in 0..3 {
            io.now().await?;
        }
        Ok(Response::text(""))
    }
    script(look, get("/")).expect(Now, Timestamp::EPOCH).times(2).expect(Now, Timestamp::EPOCH).responds(200);
    let few = failure(script(look, get("/")).expect(Now, Timestamp::EPOCH).times(2));
    says(&few, &["nothing more was expected, and the handler asked for now"]);
    let many = failure(script(look, get("/")).expect(Now, Timestamp::EPOCH).times(5));
    says(&many, &["the handler responded, and more was expected of it", "NEXT EXPECTED: 2 times Now"]);
}

#[test]
fn an_answer_is_made_of_what_was_asked() {
    let mut asked = 0;
    script(three, get("/"))
        .stub_with(any(), move |get: &HttpGet| {
            asked += 1;
            Ok(ok(format!("{asked}:{} ", &get.url[22..])))
        })
        .expect_with(chat_send("readers").any(), |send| Ok(send.message.len() as u64))
        .times(3)
        .responds(200)
        .body("1:1 2:2 3:3 ");
}

#[test]
fn stubs_answer_in_any_order_and_the_latest_first() {
    let lost = HttpError::new(HttpErrorKind::ConnectionLost, Happened::Unknown, "lost ");
    script(three, get("/"))
        .stub(any::<HttpGet>(), ok("page "))
        .stub_error(http_get("http://pages.internal/2"), lost)
        .stub(chat_send("readers").any(), 1)
        .responds(200)
        .body("page lost page ");
}

#[test]
fn an_expectation_comes_before_the_stubs() {
    script(three, get("/"))
        .stub(any::<HttpGet>(), ok("stub "))
        .expect(http_get("http://pages.internal/2"), reply(404, "exact "))
        .stub(any::<ChatSend>(), 1)
        .responds(200)
        .body("stub exact stub ");
    let message = failure(
        script(three, get("/"))
            .expect(http_get("http://pages.internal/4"), ok(""))
            .stub(any::<HttpGet>(), ok(""))
            .stub(any::<ChatSend>(), 1),
    );
    says(&message, &["more was expected of it", "NEXT EXPECTED: HttpGet { url: \"http://pages.internal/4\" }"]);
}

#[test]
fn a_counted_stub_leaves_the_rest_to_those_before_it() {
    script(three, get("/"))
        .stub(any::<HttpGet>(), ok("late "))
        .stub(any::<HttpGet>(), ok("early "))
        .times(2)
        .stub(any::<ChatSend>(), 1)
        .responds(200)
        .body("early early late ");
    let alone = failure(script(three, get("/")).stub(any::<HttpGet>(), ok("")).times(2).stub(any::<ChatSend>(), 1));
    says(
        &alone,
        &["nothing more was expected, and the handler asked for http_get", "asked 2 of 2 times: any http_get"],
    );
}

#[test]
fn a_stub_that_nobody_uses_fails() {
    let stubbed = || script(three, get("/")).stub(any::<HttpGet>(), ok("")).stub(any::<ChatSend>(), 1);
    stubbed().responds(200);
    let never = failure(stubbed().stub(sql_like("select %"), rows!["n"]));
    says(&never, &["more was expected of it", "never asked: sql like \"select %\""]);
    says(&never, &["asked 3 times: any http_get"]);
    let seldom = failure(stubbed().stub(http_get("http://pages.internal/1"), ok("")).times(2));
    says(&seldom, &["more was expected of it", "asked 1 of 2 times: HttpGet"]);
}

#[test]
fn a_stub_of_the_same_kind_that_does_not_fit_says_why() {
    let message = failure(script(three, get("/")).stub(http_get("http://pages.internal/7"), ok("")));
    says(&message, &["expected url: \"http://pages.internal/7\"", "asked    url: \"http://pages.internal/1\""]);
    let other = failure(script(three, get("/")).stub(sql("select 1", ()), rows!["n"]));
    says(&other, &["never asked: sql { text: \"select 1\", params: Params([]) }"]);
    says_not(&other, "asked    http_get");
}

#[test]
fn what_must_never_be_asked_fails_at_once() {
    let stubbed = || script(three, get("/")).stub(any::<HttpGet>(), ok("")).stub(any::<ChatSend>(), 1);
    stubbed().never(any::<Sql>()).responds(200);
    let message = failure(stubbed().never(http_get("http://pages.internal/2")));
    says(
        &message,
        &[
            "the handler asked for http_get at adapters/tests/script/order.rs:",
            "which must never be asked: HttpGet { url: \"http://pages.internal/2\" }",
            "asked 1 times: any http_get",
        ],
    );
}

#[test]
fn a_count_needs_something_to_count() {
    let zero = panic_of(|| drop(greeting().expect(author(), rows!["name"]).times(0)));
    says(&zero, &["`times(0)` says nothing", "`never`"]);
    let twice = panic_of(|| drop(greeting().expect(author(), rows!["name"]).times(2).times(3)));
    says(&twice, &["`times` was said before of sql"]);
    for alone in [panic_of(|| drop(greeting().times(2))), panic_of(|| drop(greeting().never(author()).times(2)))] {
        says(&alone, &["`times` is said of an expectation or a stub, right after it"]);
    }
    assert_eq!(reply(404, "gone"), HttpReply::new(404, "gone"));
    says(&panic_of(|| drop(reply(99, ""))), &["HTTP has no status 99"]);
}

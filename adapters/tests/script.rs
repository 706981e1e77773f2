//! The script: what it lets through, and how it says what is wrong.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use segno::{
    ChatErrorKind, Effect, Error, Happened, HttpError, HttpErrorKind, HttpRequest, Io, Replay, Request, Response,
    ResponseHead, Result, SqlError, SqlErrorKind, Standard, StopReason, Stopped, TransactionAct, rows,
    testing::{
        Script, begin, chat_balance, chat_recv, chat_send, chat_subscribe, commit, effect, get, http_get, http_send,
        now, ok, post, random, rollback, script, sleep, sql, transaction,
    },
};

/// Runs a script that must fail, and gives what it says.
#[track_caller]
fn failure<S: segno::testing::Scriptable>(script: Script<S>) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| script.responds(200))).expect_err("the script must fail");
    panic.downcast_ref::<String>().unwrap().clone()
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in\n{message}");
    }
}

/// Where this file says so first.
fn line_of(text: &str) -> usize {
    include_str!("script.rs").lines().position(|line| line.contains(text)).unwrap() + 1
}

async fn greet(mut io: Io, request: Request) -> Result<Response> {
    let id: i64 = request.param("id")?;
    let name: String = io.sql("select name from author where id = ?1", [id]).await?.one()?.get("name")?;
    let page = io.http_get(format!("http://feeds.internal/{id}")).await?;
    io.chat_send("readers", format!("{name} was read")).await?;
    Ok(Response::text(format!("{name}: {}", page.text())).header("x-author", &name)?)
}

fn greeting() -> Script<Standard> {
    script(greet, get("/author/7").param("id", "7"))
}

fn author() -> segno::testing::Expect<segno::Sql> {
    sql("select name from author where id = ?1", [7])
}

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
fn another_effect_is_shown_with_its_line_and_the_difference() {
    let message = failure(
        greeting().expect(author(), rows!["name"; ["Ada"]]).expect(http_get("http://feeds.internal/8"), ok("notes")),
    );
    says(
        &message,
        &[
            &format!("the handler asked for http_get at adapters/tests/script.rs:{}:", line_of("io.http_get(format!")),
            "expected url: \"http://feeds.internal/8\"",
            "asked    url: \"http://feeds.internal/7\"",
            "sql",
            &format!("script.rs:{}:", line_of("let name: String")),
            "-> Sql(Ok(Rows",
            "NEXT EXPECTED: HttpGet",
        ],
    );
}

#[test]
fn an_effect_of_another_kind_is_named() {
    let message = failure(greeting().expect(now(), segno::Timestamp::EPOCH));
    says(&message, &["asked for sql", "expected now", "asked    sql", "nothing"]);
}

#[test]
fn other_parameters_are_a_difference() {
    let message = failure(greeting().expect(sql("select name from author where id = ?1", [8]), rows!["name"]));
    says(&message, &["expected 8,", "asked    7,"]);
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
fn another_status_shows_the_error() {
    let message = failure(greeting().expect_error(author(), SqlError::new(SqlErrorKind::Busy, Happened::No, "locked")));
    says(&message, &["expected a response with status 200, got 500", "the handler failed: locked"]);
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

#[test]
fn lanes_are_expected_in_the_order_in_which_they_ask() {
    async fn wait(mut io: Io, _: Request) -> Result<Response> {
        let limit = Duration::from_secs(15);
        let heard = io.timeout(limit, async |io| io.chat_recv("room").await).await;
        Ok(Response::text(heard.map_or_else(|elapsed| elapsed.to_string(), |heard| heard.unwrap().to_string())))
    }
    let limit = Duration::from_secs(15);
    script(wait, get("/")).expect(chat_recv("room"), "hi".into()).expect_pending(sleep(limit)).responds(200).body("hi");
    script(wait, get("/"))
        .expect_pending(chat_recv("room"))
        .expect(sleep(limit), ())
        .responds(200)
        .body("nothing came within 15s");
    let both = failure(script(wait, get("/")).expect(chat_recv("room"), "hi".into()).expect(sleep(limit), ()));
    says(&both, &["the answer to sleep was never taken", "expect_pending"]);
    let neither = failure(script(wait, get("/")).expect_pending(chat_recv("room")).expect_pending(sleep(limit)));
    says(&neither, &["the handler waits for ever: for chat_recv asked at", "and for sleep asked at", "script.rs:"]);
}

#[test]
fn a_stop_comes_where_it_is_expected() {
    async fn hold(mut io: Io, _: Request) -> Result<Response> {
        if let Err(error) = io.chat_recv("room").await {
            assert_eq!(error.kind, ChatErrorKind::Stopped(StopReason::Deadline));
            io.cleanup().sql("delete from hold", ()).await?;
            return Err(error.into());
        }
        Ok(Response::text(""))
    }
    script(hold, get("/"))
        .expect_stopped(chat_recv("room"), StopReason::Deadline)
        .expect(sql("delete from hold", ()), rows!["n"])
        .fails();
}

#[test]
fn a_told_rollback_is_expected_too() {
    async fn lose(mut io: Io, _: Request) -> Result<Response> {
        io.race2(
            async |io| io.transaction(async |tx| Ok(tx.sql("slow", ()).await?.len())).await.map(drop),
            async |io| io.sleep(Duration::from_secs(1)).await,
        )
        .await;
        Ok(Response::text("done"))
    }
    let losing = || {
        script(lose, get("/"))
            .expect(begin(), ())
            .expect_pending(sleep(Duration::from_secs(1)))
            .expect_pending(sql("slow", ()))
    };
    says(&failure(losing()), &["the handler waits for ever"]);
    // Answers come in the order of the asks: the sleep is answered while the statement is on its way.
    script(lose, get("/"))
        .expect(begin(), ())
        .expect(sleep(Duration::from_secs(1)), ())
        .expect_pending(sql("slow", ()))
        .expect(rollback(), ())
        .responds(200);
}

#[test]
fn streams_are_collected_and_bodies_are_given() {
    async fn shout(mut io: Io, mut request: Request) -> Result<Response> {
        let body = request.body.text(&mut io, 100).await?;
        let mut out = io.respond(ResponseHead::new(201).header("x-kind", "stream")?).await?;
        out.write(&mut io, body.to_uppercase()).await?;
        out.write(&mut io, "!").await?;
        Ok(out.end())
    }
    script(shout, post("/").body("hello")).responds(201).header("x-kind", "stream").body("HELLO!");
    script(shout, post("/").body("x".repeat(101))).responds(500);
}

#[test]
fn a_torn_stream_fails() {
    async fn torn(mut io: Io, _: Request) -> Result<Response> {
        let mut out = io.respond(ResponseHead::html()).await?;
        out.write(&mut io, "half").await?;
        Err(Error::status(500, "planted"))
    }
    says(&failure(script(torn, get("/"))), &["failed in the middle of its response", "planted"]);
}

#[test]
fn panics_foreign_awaits_and_endless_handlers_are_told() {
    async fn panics(mut io: Io, _: Request) -> Result<Response> {
        io.now().await?;
        panic!("planted")
    }
    let message = failure(script(panics, get("/")).expect(now(), segno::Timestamp::EPOCH));
    says(&message, &["the handler panicked: planted", "now"]);
    async fn foreign(mut io: Io, _: Request) -> Result<Response> {
        io.now().await?;
        std::future::pending().await
    }
    let message = failure(script(foreign, get("/")).expect(now(), segno::Timestamp::EPOCH));
    says(&message, &["awaited something that is not an effect", "after the effect `now` asked at", "script.rs"]);
}

#[test]
fn every_standard_effect_has_an_expectation() {
    async fn all(mut io: Io, _: Request) -> Result<Response> {
        let mut room = io.chat_subscribe("room").await?;
        room.recv(&mut io).await?;
        io.chat_balance("room").await?;
        io.random(1..7).await?;
        let sent = io.http_send(HttpRequest::post("http://bank/").body("1")).await;
        assert_eq!(sent.unwrap_err().kind, HttpErrorKind::Timeout);
        io.http_get("http://any/").await?;
        Ok(Response::text(""))
    }
    script(all, get("/"))
        .expect(chat_subscribe("room"), ())
        .expect(chat_recv("room"), "hi".into())
        .expect(chat_balance("room"), 2)
        .expect_with(random(1..7), |random| Ok(random.high))
        .expect_error(
            http_send(HttpRequest::post("http://bank/").body("1")),
            HttpError::new(HttpErrorKind::Timeout, Happened::Unknown, "too slow"),
        )
        .expect(effect(|get: &segno::HttpGet| get.url.starts_with("http://any")), ok(""))
        .responds(200);
}

#[derive(Clone, Debug, PartialEq)]
struct Charge {
    cents: u64,
}

impl Effect for Charge {
    type Output = bool;
    type Error = Stopped;
    const NAME: &'static str = "charge";

    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    /// A set of one's own.
    enum Shop (ShopOutcome): Standard + { Charge }
}
#[test]
fn effects_of_ones_own_are_expected_by_value_or_by_question() {
    async fn buy(mut io: Io<Shop>, _: Request) -> Result<Response> {
        let paid = io.perform(Charge { cents: 5 }).await?;
        Ok(Response::text(paid.to_string()))
    }
    script(buy, get("/")).expect(Charge { cents: 5 }, true).responds(200).body("true");
    script(buy, get("/")).expect(effect(|charge: &Charge| charge.cents < 9), false).responds(200).body("false");
    says(
        &failure(script(buy, get("/")).expect(Charge { cents: 6 }, true)),
        &["expected cents: 6", "asked    cents: 5"],
    );
    says(
        &failure(script(buy, get("/")).expect(effect(|charge: &Charge| charge.cents > 9), true)),
        &["any charge that the test's question lets through", "the question's answer is no for Charge"],
    );
}

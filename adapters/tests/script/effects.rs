//! What can be said about an effect.

use std::time::Duration;

use segno::{
    ChatSend, Effect, Happened, HttpError, HttpErrorKind, HttpGet, HttpRequest, HttpSend, Io, Random, Replay, Request,
    Response, Result, Sleep, Sql, Standard, Stopped, Timestamp,
    http::Method,
    rows,
    testing::{
        Expect, any, chat_balance, chat_recv, chat_send, chat_subscribe, effect, field, get, http_by, http_post,
        http_send, now, ok, random, script, sleep, sql_like,
    },
};

use crate::{failure, says};

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
        .expect(effect(|get: &HttpGet| get.url.starts_with("http://any")), ok(""))
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

/// Inserts a row.
async fn insert(mut io: Io, _: Request) -> Result<Response> {
    io.sql("INSERT INTO hold (seat,\n      row)\n VALUES (?1, ?2)", (7, "b")).await?;
    Ok(Response::text(""))
}

#[test]
fn statements_are_expected_by_a_pattern() {
    let fitting: [Expect<Sql>; 9] = [
        any(),
        sql_like("%"),
        sql_like("insert into hold %"),
        sql_like("insert into hold (seat, row) values (?1, ?2)"),
        sql_like("% hold %"),
        sql_like("insert % hold % values (?1, ?2)"),
        sql_like("insert%").params((7, "b")),
        sql_like("insert%").and(effect(|sql: &Sql| sql.transaction.is_none())),
        field("params", |sql: &Sql| &sql.params, (7, "b").into()),
    ];
    for expected in fitting {
        let described = format!("{expected:?}");
        let responded = script(insert, get("/")).expect(expected, rows!["n"]).responds(200);
        assert_eq!(responded.text(), "", "{described}");
    }
    let others: [(Expect<Sql>, &[&str]); 7] = [
        (sql_like("insert into hold"), &["expected text: like \"insert into hold\"", "asked    text: \"INSERT INTO"]),
        (sql_like("insert into holds %"), &["like \"insert into holds %\""]),
        (sql_like("%values"), &["like \"%values\""]),
        (sql_like("%values%hold%"), &["like \"%values%hold%\""]),
        (sql_like("insert%(?1, ?2)%?2)"), &["expected text"]),
        (sql_like("insert%").params((8, "b")), &["sql like \"insert%\" { params: ", "expected params[0]: 8"]),
        (
            sql_like("delete%").params(()),
            &["like \"delete%\"", "expected params: []", "asked    params: [Int(7), Text(\"b\")]"],
        ),
    ];
    for (expected, parts) in others {
        says(&failure(script(insert, get("/")).expect(expected, rows!["n"])), parts);
    }
}

#[test]
fn http_requests_are_expected_by_their_parts() {
    async fn charge(mut io: Io, _: Request) -> Result<Response> {
        let request = HttpRequest::post("http://bank.internal/charge").header("idempotency-key", "cart-7")?;
        let reply = io.http_send(request.body(r#"{"cents":1999}"#)).await?;
        Ok(Response::text(reply.body))
    }
    let url = "http://bank.internal/charge";
    let fitting: [Expect<HttpSend>; 5] = [
        http_post(url),
        http_by(Method::POST, url),
        http_post(url).body_contains("1999").header("Idempotency-Key", "cart-7"),
        http_post(url).body(r#"{"cents":1999}"#),
        any().header("idempotency-key", "cart-7"),
    ];
    for expected in fitting {
        script(charge, get("/")).expect(expected, ok("paid")).responds(200).body("paid");
    }
    let others: [(Expect<HttpSend>, &[&str]); 6] = [
        (http_by(Method::PUT, url), &["expected method: PUT", "asked    method: POST"]),
        (
            http_post("http://bank/"),
            &["expected url: \"http://bank/\"", "asked    url: \"http://bank.internal/charge\""],
        ),
        (
            http_post(url).body_contains("2000"),
            &["expected body: text containing \"2000\"", "asked    body: \"{", "body containing \"2000\""],
        ),
        (http_post(url).header("idempotency-key", "8"), &["expected header idempotency-key: \"8\"", "[\"cart-7\"]"]),
        (
            http_post(url).header("x-other", "8"),
            &["expected header x-other: \"8\"", "asked    header x-other: nothing"],
        ),
        (http_post(url).body("1"), &["expected body: b\"1\""]),
    ];
    for (expected, parts) in others {
        says(&failure(script(charge, get("/")).expect(expected, ok(""))), parts);
    }
}

#[test]
fn messages_sleeps_and_numbers_are_expected_in_part() {
    async fn all(mut io: Io, _: Request) -> Result<Response> {
        io.chat_send("room", "Ada came in").await?;
        io.sleep(Duration::from_secs(3)).await?;
        io.random(1..=6).await?;
        io.now().await?;
        Ok(Response::text(""))
    }
    script(all, get("/"))
        .expect(chat_send("room").contains("Ada"), 1)
        .expect(any::<Sleep>(), ())
        .expect(any::<Random>(), 4)
        .expect(now(), Timestamp::EPOCH)
        .responds(200);
    let other = failure(script(all, get("/")).expect(chat_send("room").contains("Grace"), 1));
    says(&other, &["expected message: text containing \"Grace\"", "asked    message: \"Ada came in\""]);
    let room = failure(script(all, get("/")).expect(chat_send("hall").contains("Ada"), 1));
    says(&room, &["expected room: \"hall\"", "asked    room: \"room\"", "message containing \"Ada\""]);
    let nothing = failure(script(all, get("/")).stub(any::<ChatSend>(), 1).expect(sleep(Duration::from_secs(2)), ()));
    says(&nothing, &["expected 2s", "asked    3s"]);
}

#[test]
fn fields_of_ones_own_effects_are_shown() {
    async fn buy(mut io: Io<Shop>, _: Request) -> Result<Response> {
        io.perform(Charge { cents: 5 }).await?;
        Ok(Response::text(""))
    }
    let cents = |cents| field("cents", |charge: &Charge| &charge.cents, cents);
    script(buy, get("/")).expect(cents(5), true).responds(200);
    script(buy, get("/")).stub(cents(5).and(effect(|charge: &Charge| charge.cents > 1)), true).responds(200);
    let message = failure(script(buy, get("/")).expect(cents(6).and(Charge { cents: 5 }), true));
    says(
        &message,
        &["NEXT EXPECTED: charge { cents: 6, Charge { cents: 5 } }", "expected cents: 6", "asked    cents: 5"],
    );
    says(&failure(script(buy, get("/")).never(any::<Charge>())), &["which must never be asked: any charge"]);
}

#[test]
fn a_handler_that_is_no_function_of_its_answers_is_found() {
    use std::sync::atomic::{AtomicU64, Ordering};
    static SHARED: AtomicU64 = AtomicU64::new(0);
    async fn counts(mut io: Io, _: Request) -> Result<Response> {
        let number = SHARED.fetch_add(1, Ordering::Relaxed);
        io.chat_send("room", format!("visitor {number}")).await?;
        Ok(Response::text("welcome"))
    }
    let message = failure(script(counts, get("/")).expect(chat_send("room").any(), 1));
    says(
        &message,
        &["the handler is not deterministic", "message: \"visitor 0\"", "message: \"visitor 1\"", "effects.rs:"],
    );
}

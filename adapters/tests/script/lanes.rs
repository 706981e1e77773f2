//! Effects side by side: who is answered first, who loses, who waits for ever.

use std::time::Duration;

use segno::{
    ChatErrorKind, ChatUnsubscribe, HttpGet, Io, Race2, Request, Response, Result, StopReason, Timestamp, rows,
    testing::{any, begin, chat_recv, chat_subscribe, effect, get, http_get, ok, rollback, script, sleep, sql},
};

use crate::{failure, panic_of, says};

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
    says(
        &neither,
        &["the handler waits for ever: for chat_recv asked at", "and for sleep asked at", "script/lanes.rs:"],
    );
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

/// Three lanes, each with two effects; tells in which order they went on.
async fn join(mut io: Io, _: Request) -> Result<Response> {
    let order = std::sync::Mutex::new(String::new());
    io.join3(
        async |io| {
            io.http_get("http://a/").await.unwrap();
            order.lock().unwrap().push('a');
        },
        async |io| {
            io.http_get("http://b/").await.unwrap();
            order.lock().unwrap().push('b');
        },
        async |io| {
            io.http_get("http://c/").await.unwrap();
            order.lock().unwrap().push('c');
            io.http_get("http://d/").await.unwrap();
            order.lock().unwrap().push('d');
        },
    )
    .await;
    Ok(Response::text(order.into_inner().unwrap()))
}

#[test]
fn any_order_of_a_join_can_be_written() {
    // Whether the answers of a, b, c and d are deferred.
    let cases: &[([bool; 4], &str)] = &[
        ([false, false, false, false], "abcd"),
        ([true, false, false, false], "bcda"),
        ([true, true, false, false], "cdab"),
        ([false, true, true, false], "abcd"),
        ([true, true, true, false], "abcd"),
        ([false, true, false, false], "acdb"),
        ([true, false, true, false], "bacd"),
        ([true, false, false, true], "bcad"),
    ];
    for (deferred, order) in cases {
        let mut joining = script(join, get("/"));
        for (deferred, url) in deferred.iter().zip(["http://a/", "http://b/", "http://c/", "http://d/"]) {
            joining = joining.expect(http_get(url), ok(""));
            if *deferred {
                joining = joining.deferred();
            }
        }
        assert_eq!(joining.responds(200).text(), *order, "{deferred:?}");
    }
    let stubbed = script(join, get("/")).stub(any::<HttpGet>(), ok("")).stub(http_get("http://a/"), ok("")).deferred();
    stubbed.responds(200).body("bcda");
}

#[test]
fn what_has_no_answer_cannot_be_deferred() {
    let pending = panic_of(|| drop(script(join, get("/")).expect_pending(http_get("http://a/")).deferred()));
    says(&pending, &["stays pending: it has no answer that could be deferred"]);
    let nothing = panic_of(|| drop(script(join, get("/")).deferred()));
    says(&nothing, &["`deferred` is said of an expectation or a stub, right after it"]);
}

#[test]
fn any_winner_of_a_race_can_be_written() {
    async fn race(mut io: Io, _: Request) -> Result<Response> {
        let race = io.race2(async |io| io.http_get("http://a/").await, async |io| io.http_get("http://b/").await);
        Ok(Response::text(match race.await {
            Race2::A(_) => "a",
            Race2::B(_) => "b",
        }))
    }
    let (a, b) = (|| http_get("http://a/"), || http_get("http://b/"));
    script(race, get("/")).expect(a(), ok("")).expect_pending(b()).responds(200).body("a");
    script(race, get("/")).expect_pending(a()).expect(b(), ok("")).responds(200).body("b");
    script(race, get("/")).stub(any::<HttpGet>(), ok("")).responds(200).body("a");
    script(race, get("/")).stub(any::<HttpGet>(), ok("")).stub_pending(a()).responds(200).body("b");
    let late = failure(script(race, get("/")).expect(a(), ok("")).deferred().expect(b(), ok("")));
    says(&late, &["the answer to http_get was never taken"]);
}

#[test]
fn a_deferred_stop_lets_others_be_answered() {
    async fn work(mut io: Io, _: Request) -> Result<Response> {
        let (heard, page) =
            io.join2(async |io| io.chat_recv("room").await, async |io| io.http_get("http://a/").await).await;
        Ok(Response::text(format!("{} {}", heard.is_ok(), page.is_ok())))
    }
    let stopped = || script(work, get("/")).expect_stopped(chat_recv("room"), StopReason::Shutdown);
    stopped().deferred().expect(http_get("http://a/"), ok("")).responds(200).body("false true");
    stopped().expect_pending(http_get("http://a/")).responds(200).body("false false");
    stopped().expect_stopped(http_get("http://a/"), StopReason::Deadline).responds(200).body("false false");
    async fn race(mut io: Io, _: Request) -> Result<Response> {
        io.race2(async |io| io.chat_recv("room").await, async |io| io.http_get("http://a/").await).await;
        Ok(Response::text(""))
    }
    let stop = script(race, get("/")).expect_stopped(chat_recv("room"), StopReason::Shutdown).deferred();
    let message = failure(stop.expect(http_get("http://a/"), ok("")));
    says(&message, &["the handler has ended before it could be stopped: the server is shutting down"]);
}

#[test]
fn a_deadlock_says_who_waits_and_why() {
    async fn wait(mut io: Io, _: Request) -> Result<Response> {
        let (heard, slept) =
            io.join2(async |io| io.chat_recv("room").await, async |io| io.sleep(Duration::from_secs(1)).await).await;
        slept?;
        Ok(Response::text(heard?.to_string()))
    }
    let waiting = || {
        script(wait, get("/"))
            .expect_pending(chat_recv("room"))
            .expect_pending(sleep(Duration::from_secs(1)))
            .expect(http_get("http://a/"), ok(""))
    };
    says(
        &failure(waiting()),
        &[
            "the handler waits for ever: for chat_recv asked at adapters/tests/script/lanes.rs:",
            "(0.1:0#1), which is expected to stay pending",
            "and for sleep asked at adapters/tests/script/lanes.rs:",
            "(0.1:1#1), which is expected to stay pending, and no clock is set",
            "NEXT EXPECTED: HttpGet",
        ],
    );
    let with_clock = failure(waiting().clock(Timestamp::EPOCH));
    says(&with_clock, &["(0.1:1#1), which is expected to stay pending, whatever the clock says", "virtual time"]);
}

#[test]
fn a_stop_can_come_with_what_is_told() {
    async fn lose(mut io: Io, _: Request) -> Result<Response> {
        io.race2(
            async |io| io.transaction(async |tx| Ok(tx.sql("slow", ()).await?.len())).await.map(drop),
            async |io| io.sleep(Duration::from_secs(1)).await,
        )
        .await;
        io.http_get("http://a/").await?;
        Ok(Response::text("done"))
    }
    let losing = || script(lose, get("/")).clock(Timestamp::EPOCH).expect(begin(), ()).expect_pending(sql("slow", ()));
    losing().expect(rollback(), ()).expect(http_get("http://a/"), ok("")).responds(200).took(Duration::from_secs(1));
    let stopped = losing().expect_stopped(rollback(), StopReason::Shutdown).expect_pending(http_get("http://a/"));
    assert_eq!(stopped.fails().to_string(), "stopped: the server is shutting down");
    // Nobody waits for what is told, so that no answer is made.
    let unheard = losing().expect_with(rollback(), |_| panic!("nobody asked")).expect(http_get("http://a/"), ok(""));
    unheard.responds(200);
    says(&failure(losing()), &["the handler asked for transaction (told: nobody waits for it)"]);
    says(&failure(losing().never(rollback())), &["(told: nobody waits for it)", "which must never be asked"]);
}

#[test]
fn the_end_of_a_subscription_can_be_expected() {
    async fn hear(mut io: Io, _: Request) -> Result<Response> {
        let mut room = io.chat_subscribe("room").await?;
        room.recv(&mut io).await?;
        drop(room);
        io.http_get("http://a/").await?;
        Ok(Response::text(""))
    }
    let hearing = || script(hear, get("/")).stub(chat_subscribe("room"), ()).expect(chat_recv("room"), "hi".into());
    hearing().expect(http_get("http://a/"), ok("")).responds(200);
    hearing().expect(any::<ChatUnsubscribe>(), ()).expect(http_get("http://a/"), ok("")).responds(200);
    let late = hearing().expect(http_get("http://a/"), ok("")).expect(any::<ChatUnsubscribe>(), ());
    says(&failure(late), &["more was expected of it", "NEXT EXPECTED: any chat_unsubscribe"]);
    let other = effect(|_: &ChatUnsubscribe| false);
    says(&failure(hearing().expect(other, ())), &["asked for chat_unsubscribe", "the question's answer is no for"]);
    says(&failure(hearing().never(any::<ChatUnsubscribe>())), &["must never be asked: any chat_unsubscribe"]);
}

//! The virtual clock and the fixed random numbers.

use std::time::Duration;

use segno::{
    Io, Random, Request, Response, Result, Sleep, Timestamp,
    testing::{Script, any, chat_recv, get, now, random, script, sleep},
};

use crate::{failure, panic_of, says, says_not};

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The time in whole seconds.
async fn time(io: &mut Io) -> u64 {
    io.now().await.unwrap().unix().as_secs()
}

#[test]
fn the_clock_jumps_over_sleeps() {
    async fn nap(mut io: Io, _: Request) -> Result<Response> {
        let before = time(&mut io).await;
        io.sleep(seconds(3600)).await?;
        io.sleep(Duration::from_millis(1500)).await?;
        Ok(Response::text(format!("{before} {}", time(&mut io).await)))
    }
    let napping = || script(nap, get("/"));
    let start = Timestamp::from_unix(seconds(100));
    let passed = Duration::from_millis(3_601_500);
    napping().clock(start).responds(200).body("100 3701").took(passed);
    let wrong = panic_of(|| drop(napping().clock(start).responds(200).took(seconds(1))));
    says(&wrong, &["expected that it took 1s, it took 3601.5s of virtual time"]);
    says(&failure(napping()), &["asked for now", "no clock is set: `.clock(Timestamp::EPOCH)` sets one"]);
    let timeless = || napping().stub(now(), Timestamp::EPOCH).stub(any::<Sleep>(), ());
    timeless().responds(200).body("0 0");
    says(&panic_of(|| drop(timeless().responds(200).took(seconds(1)))), &["the script has no clock"]);
}

#[test]
fn the_shortest_sleep_ends_first() {
    async fn naps(mut io: Io, _: Request) -> Result<Response> {
        let (first, second, third) = io
            .join3(
                async |io| {
                    io.sleep(seconds(3)).await.unwrap();
                    time(io).await
                },
                async |io| {
                    io.sleep(seconds(1)).await.unwrap();
                    io.sleep(seconds(4)).await.unwrap();
                    time(io).await
                },
                async |io| {
                    io.sleep(Duration::MAX).await.unwrap();
                    io.sleep(seconds(1)).await.unwrap();
                    time(io).await
                },
            )
            .await;
        Ok(Response::text(format!("{first} {second} {}", third == u64::MAX)))
    }
    script(naps, get("/")).clock(Timestamp::EPOCH).responds(200).body("3 5 true").took(Duration::MAX);
}

/// Waits for a message, twice, for five seconds each.
async fn listen(mut io: Io, _: Request) -> Result<Response> {
    let mut text = String::new();
    for _ in 0..2 {
        let heard = io.timeout(seconds(5), async |io| io.chat_recv("room").await).await;
        text += &heard.map_or_else(|_| "-".into(), |heard| heard.unwrap().to_string());
    }
    Ok(Response::text(text))
}

#[test]
fn a_timeout_elapses_by_itself() {
    let listening = || script(listen, get("/")).clock(Timestamp::EPOCH);
    let expect = |script: Script<_>, heard: Option<&'static str>| match heard {
        Some(heard) => script.expect(chat_recv("room"), heard.into()),
        None => script.expect_pending(chat_recv("room")),
    };
    let cases = [
        (None, None, "--", 10),
        (Some("hi"), None, "hi-", 5),
        (None, Some("hi"), "-hi", 5),
        (Some("hi"), Some("hi"), "hihi", 0),
    ];
    for (first, second, text, took) in cases {
        expect(expect(listening(), first), second).responds(200).body(text).took(seconds(took));
    }
    // A deferred answer comes before the clock jumps.
    let deferred = listening().expect(chat_recv("room"), "late".into()).deferred().expect_pending(chat_recv("room"));
    deferred.responds(200).body("late-").took(seconds(5));
}

#[test]
fn a_sleep_that_is_expected_is_not_the_clocks() {
    let listening = || script(listen, get("/")).clock(Timestamp::EPOCH).stub_pending(chat_recv("room"));
    listening().expect(sleep(seconds(5)), ()).times(2).responds(200).body("--").took(seconds(0));
    let other = failure(listening().expect(sleep(seconds(6)), ()));
    says(&other, &["asked for sleep", "expected 6s", "asked    5s", "virtual time:\n    0ns after the clock's start"]);
    says_not(&other, "no clock is set");
    let pending = failure(listening().expect_pending(chat_recv("room")).expect_pending(sleep(seconds(5))));
    says(&pending, &["the handler waits for ever"]);
}

#[test]
fn the_time_of_a_failure_is_told() {
    async fn late(mut io: Io, _: Request) -> Result<Response> {
        io.sleep(seconds(7)).await?;
        io.chat_recv("room").await?;
        Ok(Response::text(""))
    }
    let message = failure(script(late, get("/")).clock(Timestamp::EPOCH));
    says(&message, &["the clock jumps to 7s after its start", "virtual time:\n    7s after the clock's start"]);
}

#[test]
fn a_heartbeat_without_end_is_found() {
    async fn beat(mut io: Io, _: Request) -> Result<Response> {
        loop {
            io.sleep(seconds(15)).await?;
        }
    }
    let message = failure(script(beat, get("/")).clock(Timestamp::EPOCH));
    says(&message, &["has asked for 100000 effects and has not ended"]);
}

#[test]
fn random_numbers_are_fixed() {
    async fn dice(mut io: Io, _: Request) -> Result<Response> {
        let mut text = String::new();
        for _ in 0..3 {
            text += &io.random(1..=6).await?.to_string();
        }
        Ok(Response::text(text))
    }
    let throwing = || script(dice, get("/"));
    throwing().random([4, 1, 6]).responds(200).body("416");
    throwing().random([4]).random([1, 6]).responds(200).body("416");
    throwing().random([4, 1]).expect(random(1..7), 6).responds(200).body("641");
    throwing().random([4, 1]).stub(any::<Random>(), 6).times(1).responds(200).body("641");
    let cases: [(&[u64], &[&str]); 4] = [
        (
            &[4, 7, 1],
            &[
                "the next of the fixed random numbers is 7, not from 1 to 6",
                "asked for random at",
                "nobody drew:\n    [1]",
            ],
        ),
        (&[4, 0, 1], &["the next of the fixed random numbers is 0"]),
        (&[4, 1], &["the fixed random numbers are used up", "world.rs:"]),
        (&[4, 1, 2, 5, 6], &["the handler responded, and more was expected", "nobody drew:\n    [5, 6]"]),
    ];
    for (numbers, parts) in cases {
        says(&failure(throwing().random(numbers.iter().copied())), parts);
    }
    says(&failure(throwing()), &["asked for random", "no random numbers are set: `.random([…])` sets them"]);
}

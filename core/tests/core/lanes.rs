//! Joins, races and timeouts, nested in each other.

use std::time::Duration;

use segno_core::{Elapsed, Io, Race2, Race8, Stopped, Tasklet, join, race};

use crate::driver::{newest, number, oldest, prefer, run, stop_at};

#[test]
fn joined_effects_are_asked_together_and_answered_in_any_order() {
    let handler = async |mut io: Io| {
        let name = String::from("borrowed");
        let mut count = 0;
        let (a, b) = io
            .join2(
                async |io| {
                    count += 1;
                    number(io.sql(name.clone(), ()).await.unwrap())
                },
                async |io| io.http_get(name.clone()).await.unwrap().text().into_owned(),
            )
            .await;
        (a, b, count)
    };
    for choose in [oldest, newest] {
        let (end, log) = run(Tasklet::new(handler), choose);
        assert_eq!(end.done(), (1, "borrowed".into(), 1));
        assert_eq!(log, ["sql borrowed", "get borrowed"]);
    }
}

#[test]
fn the_losers_of_a_race_are_abandoned() {
    let handler = async |mut io: Io| {
        let won =
            io.race2(async |io| io.chat_recv("room").await, async |io| io.sleep(Duration::from_secs(5)).await).await;
        io.now().await.unwrap();
        won
    };
    let (end, log) = run(Tasklet::new(handler), prefer("sleep 5s"));
    assert_eq!(end.done(), Race2::B(Ok(())));
    assert_eq!(log, ["recv room", "sleep 5s", "abandon recv room", "now"]);
    let (end, log) = run(Tasklet::new(handler), oldest);
    assert_eq!(end.done(), Race2::A(Ok("hello room".into())));
    assert_eq!(log, ["recv room", "sleep 5s", "abandon sleep 5s", "now"]);
}

#[test]
fn a_timeout_gives_the_end_or_elapses() {
    let limit = Duration::from_secs(1);
    let handler = async move |mut io: Io| io.timeout(limit, async |io| io.chat_recv("room").await).await;
    let (end, log) = run(Tasklet::new(handler), oldest);
    assert_eq!(end.done(), Ok(Ok("hello room".into())));
    assert_eq!(log.last().unwrap(), "abandon sleep 1s");
    let (end, log) = run(Tasklet::new(handler), newest);
    assert_eq!(end.done(), Err(Elapsed { limit }));
    assert_eq!(log.last().unwrap(), "abandon recv room");
}

/// A stop is no elapsed time: the lane hears of it, and may go on.
#[test]
fn a_stop_reaches_the_lane_of_a_timeout() {
    let handler = async |mut io: Io| {
        io.timeout(Duration::from_secs(1), async |io| {
            let stopped = io.chat_recv("room").await.unwrap_err();
            io.cleanup().sql("release", ()).await.unwrap();
            stopped.to_string()
        })
        .await
    };
    let (end, log) = run(Tasklet::new(handler), stop_at(0));
    assert_eq!(end.done(), Ok("stopped: the client went away".into()));
    assert_eq!(log, ["recv room", "sleep 1s", "STOP", "abandon recv room", "abandon sleep 1s", "sql release"]);
}

#[test]
fn lanes_nest() {
    async fn pair(io: &mut Io, name: &'static str) -> Result<i64, Stopped> {
        let (a, b) = join!(io: io.sql(name, ()).await, io.random(1..2).await);
        Ok(number(a.unwrap()) + b? as i64)
    }
    let handler = async |mut io: Io| {
        let (a, b, c) = io
            .join3(
                async |io| pair(io, "left").await,
                async |io| {
                    let inner = io.timeout(Duration::ZERO, async |io| {
                        match race!(io: pair(io, "fast").await, io.chat_recv("never").await) {
                            Race2::A(sum) => sum,
                            Race2::B(_) => Ok(0),
                        }
                    });
                    inner.await.unwrap()
                },
                async |io| {
                    let lanes = (0..3).map(|index| async move |io: &mut Io| io.random(index..).await);
                    io.join_all(lanes).await.into_iter().sum::<Result<u64, _>>()
                },
            )
            .await;
        (a, b, c)
    };
    for choose in [oldest as fn(&_) -> _, |pending: &[_]| prefer("sql fast")(pending)] {
        let (end, _) = run(Tasklet::new(handler), choose);
        assert_eq!(end.done(), (Ok(2), Ok(2), Ok(3)));
    }
}

/// A lane's place is taken again as soon as it has ended, also by another lane beside it.
#[test]
fn places_of_ended_lanes_are_taken_again() {
    let handler = async |mut io: Io| {
        let (a, b) = io
            .join2(
                async |io| {
                    let (a, b) = io.join2(async |_| 1, async |io| io.random(2..).await.unwrap()).await;
                    a + b
                },
                async |io| {
                    io.now().await.unwrap();
                    let (a, b) = io
                        .join2(async |io| io.random(3..).await.unwrap(), async |io| io.random(4..).await.unwrap())
                        .await;
                    a + b
                },
            )
            .await;
        a + b
    };
    for choose in [oldest as fn(&_) -> _, newest, |pending: &[_]| prefer("now")(pending)] {
        assert_eq!(run(Tasklet::new(handler), choose).0.done(), 10);
    }
}

#[test]
fn eight_lanes() {
    let handler = async |mut io: Io| {
        let all = join!(io: io.random(1..).await, io.random(2..).await, io.random(3..).await, io.random(4..).await,
            io.random(5..).await, io.random(6..).await, io.random(7..).await, io.random(8..).await);
        let won = race!(io: io.random(1..).await, io.random(2..).await, io.random(3..).await, io.random(4..).await,
            io.random(5..).await, io.random(6..).await, io.random(7..).await, io.random(8..).await);
        (all.7.unwrap(), won)
    };
    let (end, _) = run(Tasklet::new(handler), newest);
    assert_eq!(end.done(), (8, Race8::H(Ok(8))));
}

#[test]
fn no_lanes_are_a_join_and_no_race() {
    let handler = async |mut io: Io| {
        let none = Vec::<fn(&mut Io) -> std::future::Ready<u8>>::new();
        let lanes = || none.clone().into_iter().map(|lane| async move |io: &mut Io| lane(io).await);
        (io.join_all(lanes()).await, io.race_all(lanes()).await, io.now().await.is_ok())
    };
    assert_eq!(run(Tasklet::new(handler), oldest).0.done(), (vec![], None, true));
}

#[test]
fn a_lane_that_asks_nothing_ends_at_once() {
    let handler = async |mut io: Io| io.race2(async |io| io.now().await.is_ok(), async |_| "at once").await;
    let (end, log) = run(Tasklet::new(handler), oldest);
    assert_eq!(end.done(), Race2::B("at once"));
    assert_eq!(log, ["now", "abandon now"]);
}

#[test]
fn many_lanes_are_polled_one_by_one() {
    let handler = async |mut io: Io| {
        let lanes = (0..10_000).map(|index| async move |io: &mut Io| io.random(index..).await.unwrap());
        io.join_all(lanes).await
    };
    let (end, log) = run(Tasklet::new(handler), newest);
    assert_eq!(end.done(), (0..10_000).collect::<Vec<_>>());
    assert_eq!(log.len(), 10_000);
}

#[test]
fn the_first_of_many_lanes() {
    let handler = async |mut io: Io| {
        io.race_all((0..3).map(|index| async move |io: &mut Io| io.random(index..).await.unwrap())).await
    };
    let (end, log) = run(Tasklet::new(handler), |_| crate::driver::Choice::Answer(1));
    assert_eq!(end.done(), Some((1, 1)));
    assert_eq!(log.len(), 5, "{log:?}");
}

/// A join that is dropped before its end gives back all that it has.
#[test]
fn a_dropped_join_is_abandoned_whole() {
    let handler = async |mut io: Io| {
        for _ in 0..3 {
            io.race2(
                async |io| {
                    io.join2(async |io| io.chat_recv("a").await, async |io| io.chat_recv("b").await).await;
                },
                async |io| io.now().await.unwrap(),
            )
            .await;
        }
    };
    let (_, log) = run(Tasklet::new(handler), prefer("now"));
    assert_eq!(log[..5], ["recv a", "recv b", "now", "abandon recv b", "abandon recv a"]);
    assert_eq!(log.len(), 15);
}

//! Joins and races: every order, every winner; and virtual time.

use std::{collections::BTreeSet, sync::Mutex, time::Duration};

use segno::{
    Happened, HttpReply, Io, Race2, Request, Response, Result, Timestamp,
    testing::{World, explore, get},
};

fn pages<F>(run: F) -> BTreeSet<String>
where
    F: FnOnce(&dyn Fn(String)),
{
    let seen = Mutex::new(BTreeSet::new());
    run(&|page| {
        seen.lock().unwrap().insert(page);
    });
    seen.into_inner().unwrap()
}

fn peers() -> World {
    World::new().peer("a.example", |_| Ok(HttpReply::new(200, "a"))).peer("b.example", |_| Ok(HttpReply::new(200, "b")))
}

#[test]
fn every_order_of_a_join_is_tried() {
    async fn both(mut io: Io, _: Request) -> Result<Response> {
        let order = Mutex::new(String::new());
        let note = |name: &str| order.lock().unwrap().push_str(name);
        io.join3(
            async |io| {
                io.http_get("http://a.example").await.map(|_| note("a")).ok();
            },
            async |io| {
                io.http_get("http://b.example").await.map(|_| note("b")).ok();
            },
            async |io| {
                io.now().await.map(|_| note("n")).ok();
            },
        )
        .await;
        Ok(Response::text(order.into_inner().unwrap()))
    }
    let seen = pages(|see| {
        explore(both, peers).without_faults().stops(&[]).check(|_, end| see(end.text()));
    });
    assert_eq!(seen, ["abn", "anb", "ban", "bna", "nab", "nba"].map(String::from).into());
}

#[test]
fn every_winner_of_a_race_is_tried() {
    async fn first(mut io: Io, _: Request) -> Result<Response> {
        let winner = io
            .race2(
                async |io| io.http_get("http://a.example").await,
                async |io| io.timeout(Duration::from_secs(2), async |io| io.http_get("http://b.example").await).await,
            )
            .await;
        Ok(Response::text(match winner {
            Race2::A(_) => "a",
            Race2::B(Ok(_)) => "b",
            Race2::B(Err(_)) => "late",
        }))
    }
    let seen = pages(|see| {
        explore(first, peers).without_faults().stops(&[]).check(|_, end| see(end.text()));
    });
    assert_eq!(seen, ["a", "b", "late"].map(String::from).into());
}

#[test]
fn time_stands_still_until_everybody_waits() {
    async fn clock(mut io: Io, _: Request) -> Result<Response> {
        let began = io.now().await?;
        let (_, early) = io
            .join2(
                async |io| io.sleep(Duration::from_secs(3_600)).await,
                async |io| {
                    io.sleep(Duration::from_secs(60)).await?;
                    io.now().await
                },
            )
            .await;
        let (early, late) = (early?, io.now().await?);
        Ok(Response::text(format!("{began} {early} {late}")))
    }
    let world = || World::new().starts_at(Timestamp::from_unix(Duration::from_secs(1_000)));
    explore(clock, world).faults(0).check(|world, end| {
        assert_eq!(end.text(), "1000.000000000 1060.000000000 4600.000000000");
        assert_eq!(world.clock().now().unix(), Duration::from_secs(4_600));
    });
}

#[test]
fn who_waits_for_chat_hears_what_somebody_says() {
    async fn listen(mut io: Io, _: Request) -> Result<Response> {
        let mut subscription = io.chat_subscribe("news").await?;
        let first = io.timeout(Duration::from_secs(5), async |io| subscription.recv(io).await).await;
        Ok(Response::text(match first {
            Ok(message) => message?.to_string(),
            Err(_elapsed) => "nothing new".into(),
        }))
    }
    let seen = pages(|see| {
        explore(listen, World::new)
            .request(get("/news"))
            .says(Duration::from_secs(3), "news", "rain")
            .faults(0)
            .check(|_, end| see(end.text()));
    });
    assert_eq!(seen, ["rain".to_owned()].into());
}

#[test]
fn a_lost_race_may_have_been_carried_out_or_not() {
    // The charge is asked for beside a clock: whatever wins, the bank may have charged or not.
    use crate::bank::{Charge, Io, charged, world};
    async fn pay(mut io: Io, _: Request) -> Result<Response> {
        let paid = io.timeout(Duration::from_secs(1), async |io| io.perform(Charge(5)).await).await;
        Ok(Response::text(match paid {
            Ok(Ok(_)) => "paid",
            Ok(Err(error)) if error.happened == Happened::No => "refused",
            Ok(Err(_)) => "unknown",
            Err(_) => "late",
        }))
    }
    let seen = Mutex::new(BTreeSet::new());
    explore(pay, world).stops(&[]).check(|world, end| {
        seen.lock().unwrap().insert((end.text(), charged(world)));
    });
    let expected = [("late", 0), ("late", 5), ("paid", 5), ("refused", 0), ("unknown", 0), ("unknown", 5)];
    assert_eq!(seen.into_inner().unwrap(), expected.map(|(page, charged)| (page.to_owned(), charged)).into());
}

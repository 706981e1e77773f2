//! Many clients in one world: every schedule of few, and chance schedules of many.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

use std::{
    collections::BTreeSet,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use segno::{
    Answer, Effect, Perform, Race2, Replay, Request, Response, Result, Router, Standard, StopReason, Stopped,
    testing::{Client, Session, World, get, post, simulate},
};

/// Reads the counter.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Load;

/// Writes the counter.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Store(u64);

impl Effect for Load {
    type Output = u64;
    type Error = Stopped;
    const NAME: &'static str = "load";

    fn replay(&self) -> Replay {
        Replay::Read
    }
}

impl Effect for Store {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "store";

    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    enum Counting (CountingOutcome): Standard + { Load, Store }
}

type Io = segno::Io<Counting>;

impl Perform<Load> for Session<AtomicU64> {
    async fn perform(&self, _: Load) -> Answer<Load> {
        Ok(self.state().load(Relaxed))
    }
}

impl Perform<Store> for Session<AtomicU64> {
    async fn perform(&self, store: Store) -> Answer<Store> {
        self.state().store(store.0, Relaxed);
        Ok(())
    }
}

fn world() -> World<AtomicU64> {
    World::new().state(AtomicU64::new(0))
}

async fn count(mut io: Io, _: Request) -> Result<Response> {
    let number = io.perform(Load).await? + 1;
    io.perform(Store(number)).await?;
    Ok(Response::text(number.to_string()))
}

#[test]
fn a_lost_update_is_found_with_its_short_schedule() {
    let all_counted = |world: &World<AtomicU64>, _: &[segno::testing::End]| {
        assert_eq!(world.own().load(Relaxed), 3, "a visitor was not counted");
    };
    let simulation = || simulate(count, world).clients(3, |_| get("/"));
    let finding = simulation().find(all_counted).unwrap_err();
    // One turn out of order is enough.
    assert_eq!(finding.unusual(), 1, "{finding}");
    let report = finding.to_string();
    assert!(report.contains("client 1") && report.contains("store        Store(1)"), "{report}");
    assert!(simulation().replay(finding.replay()).find(all_counted).is_err());
    let by_chance = simulation().seeds(0..20).find(all_counted).unwrap_err();
    assert_eq!(by_chance.unusual(), 1, "{by_chance}");
}

#[test]
fn every_schedule_of_few_clients_is_tried_once() {
    let orders = Mutex::new(BTreeSet::new());
    let explored = simulate(count, world).clients(2, |_| get("/")).faults(10).check(|_, ends| {
        orders.lock().unwrap().insert(ends.iter().map(segno::testing::End::text).collect::<Vec<_>>().join(" "));
    });
    // Both clients come and do two things, each in its order: 6! / (3! · 3!) schedules.
    assert_eq!(explored.to_string(), "explored 20 runs, all that there are, without faults and stops");
    assert_eq!(orders.into_inner().unwrap(), ["1 1", "1 2", "2 1"].map(String::from).into());
}

#[test]
fn clients_come_and_go_at_their_times() {
    async fn wait(mut io: Io, _: Request) -> Result<Response> {
        let now = io.now().await?.unix().as_secs();
        io.sleep(Duration::from_secs(10)).await?;
        Ok(Response::text(now.to_string()))
    }
    let second = Duration::from_secs(1);
    simulate(wait, world)
        .client(get("/"))
        .client(Client::new(get("/")).arrives(20 * second))
        .client(Client::new(get("/")).arrives(30 * second).vanishes_after(9 * second))
        .client(Client::new(get("/")).arrives(40 * second).vanishes_after(11 * second))
        .faults(0)
        .check(|world, ends| {
            let seen: Vec<_> = ends.iter().map(|end| (end.status(), end.text(), end.stopped())).collect();
            let gone = Some(StopReason::Disconnected);
            assert_eq!(seen[0], (Some(200), "0".into(), None));
            assert_eq!(seen[1], (Some(200), "20".into(), None));
            assert_eq!((seen[2].0, seen[2].2), (None, gone));
            assert_eq!(seen[3], (Some(200), "40".into(), None));
            assert_eq!(world.clock().now().unix().as_secs(), 51);
        });
}

/// A room in which everybody says something now and then, and listens.
async fn room(mut io: Io, request: Request) -> Result<Response> {
    let name: u64 = request.query("name")?.unwrap_or_default();
    let mut heard = 0;
    let mut subscription = io.chat_subscribe("room").await?;
    for _ in 0..3 {
        let pause = Duration::from_secs(io.random(600..1_200).await?);
        let slept = io
            .race2(
                async |io| io.sleep(pause).await,
                async |io| loop {
                    match subscription.recv(io).await {
                        Ok(_) => heard += 1,
                        Err(error) => break error,
                    }
                },
            )
            .await;
        match slept {
            Race2::A(slept) => slept?,
            Race2::B(error) => return Err(error.into()),
        }
        io.chat_send("room", format!("it is {name}")).await?;
    }
    Ok(Response::text(heard.to_string()))
}

#[test]
fn a_thousand_clients_for_an_hour_take_seconds() {
    let explored = simulate(Router::new().get("/count", count).get("/room", room), world)
        .clients(900, |number| Client::new(get("/count")).arrives(Duration::from_secs(4 * number as u64)))
        .clients(100, |number| {
            let client = Client::new(get(&format!("/room?name={number}")));
            if number % 10 == 0 { client.vanishes_after(Duration::from_secs(900)) } else { client }
        })
        .seeds(7..8)
        .check(|world, ends| {
            assert!(world.clock().now().unix() >= Duration::from_secs(3_000));
            let failed = ends.iter().filter(|end| !end.succeeded() && end.stopped().is_none());
            assert_eq!(failed.map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
            assert_eq!(ends.iter().filter(|end| end.stopped().is_some()).count(), 10);
        });
    assert!(explored.steps() > 10_000, "{explored}");
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = || {
        let seen = Mutex::new(Vec::new());
        simulate(room, world).clients(20, |number| get(&format!("/?name={number}"))).seeds(3..4).check(
            |world, ends| {
                let ends: Vec<_> = ends.iter().map(segno::testing::End::text).collect();
                *seen.lock().unwrap() = vec![(world.clock().now(), ends)];
            },
        );
        seen.into_inner().unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn bodies_and_routes_are_as_on_a_server() {
    let echo = async |mut io: Io, mut request: Request| {
        let id: u32 = request.param("id")?;
        Ok(Response::text(format!("{id}: {}", request.body.text(&mut io, 100).await?)))
    };
    let router = || Router::new().post("/echo/{id}", echo);
    simulate(router(), world)
        .client(post("/echo/1").body_in_pieces(["one ", "two"]))
        .client(post("/echo/x"))
        .client(post("/other"))
        .check(|_, ends| {
            let statuses: Vec<_> = ends.iter().map(segno::testing::End::status).collect();
            assert_eq!((ends[0].text().as_str(), statuses), ("1: one two", vec![Some(200), Some(404), Some(404)]));
        });
}

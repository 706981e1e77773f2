//! The drive loop without a server: a handler is also a job.

use std::{
    future::{pending, ready},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use segno::{
    Answer, Database, DriveError, Effect, Error, Io, Perform, Replay, Result, Sql, Standard, StopReason, Stopped,
    Tasklet, drive, smol::Backend,
};
use smol::{Executor, future::yield_now};

use crate::{client::PATIENCE, server::in_time};

const FOR_EVER: Duration = Duration::from_secs(3_600);

/// Runs a handler that nobody stops.
async fn run<T: 'static>(backend: &Backend, tasklet: Tasklet<T>) -> Result<T, DriveError> {
    in_time("the end of the handler", drive(tasklet, &backend.session(), pending())).await
}

#[test]
fn ten_thousand_handlers_wait_and_one_message_wakes_them_all() {
    const HANDLERS: u64 = 10_000;
    let (backend, executor) = (Backend::new(), Executor::new());
    smol::block_on(executor.run(async {
        let handlers: Vec<_> = (0..HANDLERS)
            .map(|_| {
                let session = backend.session();
                let handler = Tasklet::new(async |mut io: Io| io.chat_recv("dal segno").await);
                executor.spawn(async move { drive(handler, &session, pending()).await })
            })
            .collect();
        let sends = Tasklet::new(async move |mut io: Io| -> Result<u64> {
            while io.chat_balance("dal segno").await? < HANDLERS {
                io.sleep(Duration::from_millis(1)).await?;
            }
            Ok(io.chat_send("dal segno", "go on").await?)
        });
        assert_eq!(run(&backend, sends).await.unwrap().unwrap(), HANDLERS);
        for handler in handlers {
            let heard = in_time("a message", handler).await;
            assert_eq!(&*heard.unwrap().unwrap(), "go on");
        }
        let balance = Tasklet::new(async |mut io: Io| io.chat_balance("dal segno").await);
        assert_eq!(run(&backend, balance).await.unwrap(), Ok(0));
    }));
}

#[test]
fn lanes_run_side_by_side() {
    // Each lane waits for a message of the other: they end only if both are under way.
    let meet = Tasklet::new(async |mut io: Io| -> Result<(Arc<str>, Arc<str>)> {
        let (mut first, mut second) = (io.chat_subscribe("first").await?, io.chat_subscribe("second").await?);
        let lanes = io.join2(
            async |io| {
                io.chat_send("second", "to the second").await?;
                Ok::<_, Error>(first.recv(io).await?)
            },
            async |io| {
                let heard = second.recv(io).await?;
                io.chat_send("first", "to the first").await?;
                Ok::<_, Error>(heard)
            },
        );
        let (first, second) = lanes.await;
        Ok((first?, second?))
    });
    let met = smol::block_on(run(&Backend::new(), meet)).unwrap().unwrap();
    assert_eq!(met, ("to the first".into(), "to the second".into()));
}

#[test]
fn the_answers_of_a_thousand_lanes_come_in_the_order_of_the_lanes() {
    let many = Tasklet::new(async |mut io: Io| {
        let lanes = (0..1_000_u64).map(|number| {
            async move |io: &mut Io| {
                // The later a lane is, the sooner it ends.
                io.sleep(Duration::from_micros(1_000 - number)).await.map(|()| number)
            }
        });
        io.join_all(lanes).await.into_iter().collect::<Result<Vec<u64>, Stopped>>()
    });
    let numbers = smol::block_on(run(&Backend::new(), many)).unwrap().unwrap();
    assert_eq!(numbers, (0..1_000).collect::<Vec<_>>());
}

/// An effect of the tests' own.
#[derive(Clone, Debug, PartialEq)]
enum Probe {
    /// Ends when the probe's flag is set, and lets others run meanwhile by no more than giving up its turn.
    Spin,
    /// Never ends.
    Hang,
    Panic,
}

impl Effect for Probe {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "probe";
    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    /// What the handlers of this file ask for.
    pub(crate) enum Probed (ProbedOutcome): Standard + { Probe }
}

#[derive(Default)]
struct Lab {
    set: AtomicBool,
    begun: AtomicUsize,
    dropped: Mutex<Vec<Probe>>,
}

struct OnDrop<'a>(&'a Lab, Probe);

impl Drop for OnDrop<'_> {
    fn drop(&mut self) {
        self.0.dropped.lock().unwrap().push(self.1.clone());
    }
}

impl Perform<Probe> for segno::smol::Session<Lab> {
    async fn perform(&self, probe: Probe) -> Answer<Probe> {
        let lab = self.state();
        lab.begun.fetch_add(1, Ordering::SeqCst);
        let _on_drop = OnDrop(lab, probe.clone());
        match probe {
            Probe::Spin => {
                while !lab.set.load(Ordering::SeqCst) {
                    yield_now().await;
                }
            }
            Probe::Hang => pending().await,
            Probe::Panic => panic!("the panic of a probe"),
        }
        Ok(())
    }
}

fn probed<T: 'static>(
    stop: impl Future<Output = StopReason>,
    tasklet: Tasklet<T, Probed>,
) -> (Result<T, DriveError>, Vec<Probe>, usize) {
    let session = Backend::new().state(Lab::default()).session();
    let end = smol::block_on(in_time("the end of the handler", drive(tasklet, &session, stop)));
    let dropped = session.state().dropped.lock().unwrap().clone();
    (end, dropped, session.state().begun.load(Ordering::SeqCst))
}

#[test]
fn what_is_abandoned_is_dropped_at_once() {
    let race = Tasklet::new(async |mut io: Io<Probed>| {
        let race = io.race2(async |io| io.perform(Probe::Hang).await, async |io| io.now().await);
        let _ = race.await;
        // It is gone already while the handler goes on.
        io.sleep(Duration::from_millis(1)).await
    });
    let (end, dropped, begun) = probed(pending(), race);
    assert_eq!((end.unwrap(), dropped, begun), (Ok(()), vec![Probe::Hang], 1));
}

#[test]
fn an_effect_that_only_gives_up_its_turn_keeps_nobody() {
    let (done, ends) = mpsc::channel();
    // On a thread of its own: a drive loop that keeps it is not waited for.
    thread::spawn(move || {
        let session = Backend::new().state(Lab::default()).session();
        let executor = Executor::new();
        let spins = Tasklet::new(async |mut io: Io<Probed>| io.perform(Probe::Spin).await);
        // It runs on this one thread too, when the other gives up its turn.
        let others = executor.spawn(yield_now());
        let set = async {
            others.await;
            session.state().set.store(true, Ordering::SeqCst);
        };
        let both = smol::future::zip(drive(spins, &session, pending()), set);
        done.send(smol::block_on(executor.run(both)).0).unwrap();
    });
    assert_eq!(ends.recv_timeout(PATIENCE).unwrap(), Ok(Ok(())));
}

#[test]
fn faults_of_handlers_and_backends_are_errors() {
    let panics = Tasklet::new(async |mut io: Io<Probed>| -> () {
        let panics = async |io: &mut Io<Probed>| {
            io.now().await.unwrap();
            panic!("the panic of a job")
        };
        let _: (_, ()) = io.join2(async |io| io.perform(Probe::Hang).await, panics).await;
    });
    let (end, dropped, _) = probed(pending(), panics);
    assert_eq!(end, Err(DriveError::Panicked("the panic of a job".into())));
    assert_eq!(dropped, [Probe::Hang]);

    let foreign = Tasklet::new(async |mut io: Io<Probed>| {
        let awaits = async |io: &mut Io<Probed>| {
            io.now().await.unwrap();
            pending::<()>().await;
        };
        let _ = io.join2(async |io| io.perform(Probe::Hang).await, awaits).await;
    });
    let (end, dropped, _) = probed(pending(), foreign);
    let Err(DriveError::Foreign(place)) = end else { panic!("{end:?}") };
    assert_eq!((place.lane.to_string().as_str(), place.last.unwrap().0), ("0.1:1", "now"));
    assert_eq!(dropped, [Probe::Hang]);

    let runs_away = Tasklet::new(async |mut io: Io<Probed>| -> () {
        loop {
            let _ = io.perform(Probe::Hang).await;
        }
    });
    let (end, dropped, begun) = probed(ready(StopReason::Shutdown), runs_away);
    assert!(matches!(end, Err(DriveError::Runaway(_))), "{end:?}");
    assert_eq!((dropped.len(), begun), (begun, begun));

    let backend = Tasklet::new(async |mut io: Io<Probed>| {
        let lanes = io.join2(async |io| io.perform(Probe::Hang).await, async |io| io.perform(Probe::Panic).await);
        lanes.await.1
    });
    let (end, mut dropped, _) = probed(pending(), backend);
    assert_eq!(end, Err(DriveError::EffectPanicked("the panic of a probe".into())));
    dropped.sort_by_key(|probe| *probe == Probe::Panic);
    assert_eq!(dropped, [Probe::Hang, Probe::Panic]);
}

#[test]
fn a_stop_ends_every_wait() {
    let waits = Tasklet::new(async |mut io: Io| {
        let lanes = io.join2(async |io| io.sleep(FOR_EVER).await, async |io| io.chat_recv("never").await);
        let (slept, heard) = lanes.await;
        (slept.unwrap_err().reason, heard.unwrap_err().kind, io.now().await.unwrap_err().happened)
    });
    let session = Backend::new().session();
    let end = smol::block_on(in_time("the end", drive(waits, &session, ready(StopReason::Deadline)))).unwrap();
    assert_eq!(end, (StopReason::Deadline, StopReason::Deadline.into(), segno::Happened::No));
}

#[test]
fn what_a_handler_leaves_behind_is_finished() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&format!("sqlite:{}", folder.path().join("drive.db").display())).unwrap();
    let backend = Backend::new().database(database.clone());
    let count = || {
        let sql = Sql { text: "select count(*) as n from note".into(), params: ().into(), transaction: None };
        let rows = smol::block_on(database.session().perform(sql)).unwrap();
        rows.one().unwrap().get::<i64>("n").unwrap()
    };
    let create = Tasklet::new(async |mut io: Io| io.sql("create table note (text)", ()).await);
    smol::block_on(run(&backend, create)).unwrap().unwrap();

    // A commit whose lane has lost its race is finished all the same, or was never sent.
    for round in 1..=20_i64 {
        let before = count();
        let races = Tasklet::new(async move |mut io: Io| {
            let race = io.race2(
                async |io| {
                    let written = io.transaction(async |tx| {
                        tx.sql("insert into note (text) values ('raced')", ()).await?;
                        Ok(())
                    });
                    written.await.is_ok()
                },
                async |io| io.sleep(Duration::from_micros(100 * round.unsigned_abs())).await.is_ok(),
            );
            let _ = race.await;
        });
        smol::block_on(run(&backend, races)).unwrap();
        assert!((before..=before + 1).contains(&count()));
    }

    // A transaction that is open when its handler panics is rolled back before `drive` returns.
    let before = count();
    let panics = Tasklet::new(async |mut io: Io| {
        let scope = io.transaction(async |tx| {
            tx.sql("insert into note (text) values ('lost')", ()).await?;
            panic!("the panic of a scope");
            #[allow(unreachable_code, reason = "the type of a scope that panics")]
            Ok(())
        });
        scope.await
    });
    assert!(matches!(smol::block_on(run(&backend, panics)), Err(DriveError::Panicked(_))));
    assert_eq!(count(), before);
    let write = Tasklet::new(async |mut io: Io| io.sql("insert into note (text) values ('free')", ()).await);
    smol::block_on(run(&backend, write)).unwrap().unwrap();
}

#[test]
fn the_end_of_a_subscription_is_told() {
    let backend = Backend::new();
    let session = backend.session();
    let subscribes = Tasklet::new(async |mut io: Io| -> Result<u64> {
        let room = io.chat_subscribe("told").await?;
        drop(room);
        // It is told before the next effect is asked.
        Ok(io.chat_balance("told").await?)
    });
    assert_eq!(smol::block_on(drive(subscribes, &session, pending())).unwrap().unwrap(), 0);
    let leaves = Tasklet::new(async |mut io: Io| -> Result<()> {
        let room = io.chat_subscribe("left").await?;
        std::mem::forget(room);
        Ok(())
    });
    smol::block_on(drive(leaves, &session, pending())).unwrap().unwrap();
    drop(session);
    let balance = Tasklet::new(async |mut io: Io| io.chat_balance("left").await);
    assert_eq!(smol::block_on(run(&backend, balance)).unwrap(), Ok(0), "the session ends what was forgotten");
}

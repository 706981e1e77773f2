//! The server is killed in the middle of load, and comes back.

use std::{
    collections::HashSet,
    future::Future,
    panic::Location,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use segno::{Database, DatabaseOptions, Happened, SqlError, SqlErrorKind};
use smol::Timer;

use crate::{
    case::{Case, cases},
    home::Home,
    server::Server,
    steps::Client,
};

pub(crate) fn cases() -> Vec<Case> {
    cases![a_server_that_is_killed_costs_errors_by_kind_and_no_money on [Postgres, MySql]]
}

fn a_server_that_is_killed_costs_errors_by_kind_and_no_money(home: &Home) {
    let server = Server::start(home.kind);
    let options = DatabaseOptions {
        max_connections: 4,
        acquire_time_limit: Duration::from_secs(2),
        ..DatabaseOptions::default()
    };
    let database = Database::open_with(&server.url, &options).unwrap();
    let load = Arc::new(Load::default());
    smol::block_on(async {
        Client::of(&database).run("create table payment (id integer primary key)").await.unwrap();
        let payers: Vec<_> =
            (0..PAYERS).map(|_| smol::spawn(pay_until_the_end(database.clone(), load.clone()))).collect();
        eventually("there is load", || load.paid() > 100).await;

        server.kill();
        eventually("every payer has seen it", || load.failed.load(Ordering::SeqCst) >= PAYERS).await;

        let before = load.paid();
        server.restart();
        eventually("service is back", || load.paid() > before + 100).await;

        load.over.store(true, Ordering::SeqCst);
        for payer in payers {
            payer.await;
        }
        settle(&database, &load).await;
    });
}

/// What the payers did.
#[derive(Default)]
struct Load {
    next: AtomicI64,
    failed: AtomicUsize,
    over: AtomicBool,
    /// Each payment, and how it ended.
    ends: Mutex<Vec<(i64, Result<(), Happened>)>>,
}

impl Load {
    fn paid(&self) -> usize {
        self.ends.lock().unwrap().iter().filter(|(_, end)| end.is_ok()).count()
    }
}

async fn pay_until_the_end(database: Database, load: Arc<Load>) {
    let mut failed_before = false;
    while !load.over.load(Ordering::SeqCst) {
        let id = load.next.fetch_add(1, Ordering::SeqCst);
        let end = pay(&database, id).await;
        if end.is_err() && !failed_before {
            failed_before = true;
            load.failed.fetch_add(1, Ordering::SeqCst);
        }
        load.ends.lock().unwrap().push((id, end.map_err(|error| error.happened)));
    }
}

/// One payment. It says what is wrong with an error of the wrong kind by panicking.
async fn pay(database: &Database, id: i64) -> Result<(), SqlError> {
    let client = Client::of(database);
    client.begin().await.map_err(|error| of_the_crash("begin", error))?;
    let inserted = client.within(format!("insert into payment values ({id})")).await;
    inserted.map_err(|error| of_the_crash("insert", error))?;
    client.commit().await.map_err(|error| of_the_crash("commit", error))
}

#[track_caller]
fn of_the_crash(what: &str, error: SqlError) -> SqlError {
    let by_kind = match (what, error.kind) {
        ("commit", SqlErrorKind::ConnectionLost) => error.happened != Happened::Yes,
        ("begin", SqlErrorKind::PoolExhausted) | (_, SqlErrorKind::ConnectionLost) => error.happened == Happened::No,
        (_, _) => false,
    };
    assert!(by_kind, "{what}: {error:?}");
    error
}

/// What was answered well is there, what surely did not happen is not, and nothing else is there.
async fn settle(database: &Database, load: &Load) {
    let rows = Client::of(database).run("select id from payment").await.unwrap();
    let there: HashSet<i64> = rows.iter().map(|row| row.get("id").unwrap()).collect();
    let ends = load.ends.lock().unwrap();
    for (id, end) in ends.iter() {
        match end {
            Ok(()) => assert!(there.contains(id), "payment {id} was lost"),
            Err(Happened::No) => assert!(!there.contains(id), "payment {id} happened all the same"),
            Err(Happened::Yes | Happened::Unknown) => {}
        }
    }
    let asked: HashSet<i64> = ends.iter().map(|(id, _)| *id).collect();
    assert!(there.is_subset(&asked));
}

/// Waits until it is so; fails if that takes longer than anybody would wait.
#[track_caller]
fn eventually(what: &'static str, is_so: impl Fn() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let began = Instant::now();
        while !is_so() {
            assert!(began.elapsed() < PATIENCE, "{caller}: not after {PATIENCE:?}: {what}");
            Timer::after(Duration::from_millis(5)).await;
        }
    }
}

/// Twice as many as connections, so that some wait for one.
const PAYERS: usize = 8;

/// A crash, a start of the server and a reconnect take seconds.
const PATIENCE: Duration = Duration::from_secs(30);

//! The connections of a database that are kept ready, and who waits for one.
//!
//! The driver's pool makes connections, tests them and ends old ones. What is taken from it stays here as long as it is
//! used every now and then, so that no statement pays for a test. There are places for `max_connections` of them; a place
//! is taken by a connection, whoever has it, and by whoever makes one.
//!
//! An idle connection may be *held*: kept for the next statement of the tasklet that used it last. Others take it only once
//! they have waited for [`PATIENCE`].

mod state;

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_lite::future;
use segno_core::{Happened, SqlError, SqlErrorKind};
use smol::channel::{Receiver, bounded};

pub(super) use self::state::Holder;
use self::state::{Idle, PATIENCE, State, Waiting};
use super::{
    driver::{Cancel, Connection, Driver},
    options::DatabaseOptions,
};
use crate::task::{sleep, spawn};

/// The connections of a database.
pub(super) struct Pool {
    driver: Arc<dyn Driver>,
    acquire_time_limit: Duration,
    state: Mutex<State>,
    /// How many writes have ended so far.
    writes: AtomicU64,
}

/// A connection in its place. Dropping it gives the connection back to the driver's pool, and the place to who waits.
pub(super) struct Kept {
    pub(super) connection: Box<dyn Connection>,
    pub(super) cancel: Arc<dyn Cancel>,
    /// Whether it was not tested before it was taken, but kept from an earlier use.
    pub(super) untested: bool,
    acquired: Instant,
    generation: u64,
    place: Place,
}

/// The right to have a connection.
struct Place(Weak<Pool>);

impl Drop for Place {
    fn drop(&mut self) {
        let Some(pool) = self.0.upgrade() else { return };
        let mut state = pool.state();
        let Some(first) = state.waiting.pop_front() else {
            state.free += 1;
            return;
        };
        drop(state);
        // Who has just stopped waiting drops it, which has the next one served.
        drop(first.sender.try_send(Grant::Place(Self(self.0.clone()))));
    }
}

/// What ends a wait.
enum Grant {
    Connection(Kept),
    Place(Place),
}

/// What is there for one who asks.
enum Found {
    Connection(Kept),
    /// It was idle for too long.
    Stale(Kept),
    Place(Place),
    Nothing(u64, Receiver<Grant>),
}

impl Pool {
    pub(super) fn new(driver: Arc<dyn Driver>, options: &DatabaseOptions) -> Self {
        let state = State {
            idle: Vec::new(),
            free: driver.max_connections().into(),
            waiting: VecDeque::new(),
            next: 0,
            generation: 0,
            closed: false,
            swept: false,
        };
        let acquire_time_limit = options.acquire_time_limit;
        Self { driver, acquire_time_limit, state: Mutex::new(state), writes: AtomicU64::new(0) }
    }

    /// How many writes have ended so far.
    pub(super) fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }

    /// A write has ended: what was read before may be old now.
    pub(super) fn wrote(&self) {
        self.writes.fetch_add(1, Ordering::SeqCst);
    }

    /// A connection: the one that is held for this tasklet, another idle one, a new one, or the next that becomes free.
    pub(super) async fn acquire(self: &Arc<Self>, holder: &Arc<Holder>) -> Result<Kept, SqlError> {
        match self.find(holder)? {
            Found::Connection(kept) => Ok(kept),
            Found::Stale(Kept { connection, place, .. }) => {
                drop(connection);
                self.make(place).await
            }
            Found::Place(place) => self.make(place).await,
            Found::Nothing(number, receiver) => {
                let _queued = Queued { pool: self, number, holder };
                let granted = async { receiver.recv().await.map_err(|_| closed()) };
                match future::or(granted, self.wait()).await? {
                    Grant::Connection(kept) => Ok(kept),
                    Grant::Place(place) => self.make(place).await,
                }
            }
        }
    }

    /// Takes a connection back that is fit for others. It is held for this tasklet, unless somebody has waited for too long.
    pub(super) fn give_back(self: &Arc<Self>, mut kept: Kept, holder: Option<&Arc<Holder>>) {
        let now = Instant::now();
        loop {
            let mut state = self.state();
            if state.closed || kept.generation != state.generation || now.duration_since(kept.acquired) > RENEWED_AFTER
            {
                drop(state);
                return drop(kept);
            }
            let Some(next) = state.next(now, holder) else {
                let holder = holder.filter(|holder| !holder.gone.load(Ordering::SeqCst)).cloned();
                if let Some(holder) = &holder {
                    holder.holds.store(true, Ordering::SeqCst);
                }
                kept.untested = true;
                state.idle.push(Idle { kept, since: now, holder });
                if !std::mem::replace(&mut state.swept, true) {
                    spawn(sweep(Arc::downgrade(self)));
                }
                return;
            };
            drop(state);
            match next.sender.try_send(Grant::Connection(kept)) {
                Ok(()) => return,
                Err(refused) => match refused.into_inner() {
                    Grant::Connection(refused) => kept = refused,
                    Grant::Place(_) => return,
                },
            }
        }
    }

    /// Nothing is held for this tasklet any longer.
    pub(super) fn release(self: &Arc<Self>, holder: &Arc<Holder>) {
        if !holder.holds.swap(false, Ordering::SeqCst) {
            return;
        }
        let is_held = |idle: &Idle| idle.holder.as_ref().is_some_and(|other| Arc::ptr_eq(other, holder));
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.idle.iter_mut().filter(|idle| is_held(idle)).for_each(|idle| idle.holder = None);
            return;
        }
        let released: Vec<_> = state.idle.extract_if(.., |idle| is_held(idle)).collect();
        drop(state);
        released.into_iter().for_each(|idle| self.give_back(idle.kept, None));
    }

    /// Nothing is held for this tasklet from now on.
    pub(super) fn leave(self: &Arc<Self>, holder: &Arc<Holder>) {
        holder.gone.store(true, Ordering::SeqCst);
        self.release(holder);
    }

    /// A connection was lost: the others are tested before they are used again.
    pub(super) fn suspect(&self) {
        let mut state = self.state();
        state.generation += 1;
        let idle = std::mem::take(&mut state.idle);
        drop(state);
        drop(idle);
    }

    /// Closes the connections: the idle ones now, the others when they are given back, which this waits for.
    pub(super) async fn close(&self) {
        drop(self.mark_closed());
        self.driver.close().await;
    }

    /// Those who wait are told so when this is dropped, and what is idle goes back to the driver's pool.
    fn mark_closed(&self) -> (Vec<Idle>, VecDeque<Waiting>) {
        let mut state = self.state();
        state.closed = true;
        (std::mem::take(&mut state.idle), std::mem::take(&mut state.waiting))
    }

    fn find(self: &Arc<Self>, holder: &Arc<Holder>) -> Result<Found, SqlError> {
        let mut state = self.state();
        if state.closed {
            return Err(closed());
        }
        if let Some(Idle { kept, since, .. }) = state.take_idle(holder) {
            drop(state);
            return Ok(if since.elapsed() < FRESH { Found::Connection(kept) } else { Found::Stale(kept) });
        }
        if state.free > 0 {
            state.free -= 1;
            return Ok(Found::Place(Place(Arc::downgrade(self))));
        }
        let (sender, receiver) = bounded(1);
        let number = state.next;
        state.next += 1;
        state.waiting.push_back(Waiting { number, since: Instant::now(), holder: holder.clone(), sender });
        holder.waiting.fetch_add(1, Ordering::SeqCst);
        Ok(Found::Nothing(number, receiver))
    }

    async fn make(&self, place: Place) -> Result<Kept, SqlError> {
        let generation = self.state().generation;
        let acquired = self.driver.acquire().await;
        // It cannot be that others have them all: there was a place.
        let is_unreachable = |error: &SqlError| error.kind == SqlErrorKind::PoolExhausted;
        let connection = acquired.map_err(|error| if is_unreachable(&error) { self.unreachable() } else { error })?;
        let cancel = connection.cancel().into();
        Ok(Kept { connection, cancel, untested: false, acquired: Instant::now(), generation, place })
    }

    /// Waits as long as anybody does.
    async fn wait(self: &Arc<Self>) -> Result<Grant, SqlError> {
        sleep(PATIENCE.min(self.acquire_time_limit)).await;
        self.relieve();
        sleep(self.acquire_time_limit.saturating_sub(PATIENCE)).await;
        Err(self.exhausted())
    }

    /// Gives held connections to those who have waited for too long.
    fn relieve(self: &Arc<Self>) {
        loop {
            let mut state = self.state();
            let held = state.idle.iter().position(|idle| idle.holder.is_some());
            let Some(held) = held.filter(|_| state.waiting.front().is_some_and(|first| first.starves(Instant::now())))
            else {
                return;
            };
            let idle = state.idle.remove(held);
            drop(state);
            self.give_back(idle.kept, None);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn exhausted(&self) -> SqlError {
        let message = format!(
            "each of the {} connections is in use, and none became free within {:?}: shorten transactions and slow \
             statements, or raise `max_connections`",
            self.driver.max_connections(),
            self.acquire_time_limit,
        );
        SqlError::new(SqlErrorKind::PoolExhausted, Happened::No, message)
    }

    fn unreachable(&self) -> SqlError {
        let message = format!("no connection to the database could be made within {:?}", self.acquire_time_limit);
        SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message)
    }
}

/// One that waits. Whatever it is granted once it is dropped goes to the next.
struct Queued<'a> {
    pool: &'a Pool,
    number: u64,
    holder: &'a Holder,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.holder.waiting.fetch_sub(1, Ordering::SeqCst);
        let mut state = self.pool.state();
        if let Ok(at) = state.waiting.binary_search_by_key(&self.number, |waiting| waiting.number) {
            let waiting = state.waiting.remove(at);
            drop(state);
            drop(waiting);
        }
    }
}

/// Gives what is idle for too long back to the driver's pool, until nothing is idle.
async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(FRESH).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut state = pool.state();
        let stale: Vec<_> = state.idle.extract_if(.., |idle| idle.since.elapsed() >= FRESH).collect();
        state.swept = !state.idle.is_empty();
        let done = !state.swept;
        drop(state);
        drop(stale);
        if done {
            return;
        }
    }
}

fn closed() -> SqlError {
    SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, "the database was closed")
}

/// How long a connection that nobody uses is taken to be alive: a restart of the database costs one second's failures at
/// the most, and a busy server tests nothing.
const FRESH: Duration = Duration::from_secs(1);

/// After so long, the driver's pool sees a connection that is always busy, so that its limit of a connection's age holds: it
/// is of half an hour.
const RENEWED_AFTER: Duration = Duration::from_secs(60);

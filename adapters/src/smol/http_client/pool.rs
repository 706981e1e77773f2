//! The connections that are open: how many may be, and which wait to be used again.
//!
//! A connection comes into the pool only from the exact end of an exchange, and leaves it only if nothing came over it
//! since: a byte that belongs to no request would be taken as the reply to the next one, perhaps another user's.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use async_io::Timer;
use smol::lock::{Semaphore, SemaphoreGuardArc};

use super::{addresses::is_public, connection::Connection, origin::Origin};

/// The open connections of one client.
#[derive(Debug)]
pub(super) struct Pool {
    limits: PoolLimits,
    slots: Arc<Semaphore>,
    state: Mutex<State>,
}

/// How much a pool may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct PoolLimits {
    pub(super) max_connections: usize,
    pub(super) max_idle: usize,
    pub(super) max_idle_per_origin: usize,
    pub(super) idle_time: Duration,
}

impl Pool {
    pub(super) fn new(limits: PoolLimits) -> Arc<Self> {
        let limits = PoolLimits { max_connections: limits.max_connections.max(1), ..limits };
        let slots = Arc::new(Semaphore::new(limits.max_connections));
        Arc::new(Self { limits, slots, state: Mutex::default() })
    }

    /// Waits until one more connection may be in use, and looks for an idle one to this origin, at a public address
    /// if it must be one. Without one, there is room for a fresh one.
    pub(super) async fn lease(self: &Arc<Self>, origin: &Origin, public_only: bool) -> (Lease, Option<Connection>) {
        let slot = self.slots.acquire_arc().await;
        let lease = Lease::new(self, slot);
        let mut state = self.state();
        state.close_expired();
        let connection = state.take(origin, public_only);
        if connection.is_none() {
            state.close_oldest_above(self.limits.max_connections);
        }
        drop(state);
        (lease, connection)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change of the state is complete in itself, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes idle connections as their time comes, until there are none.
    async fn tend(pool: Weak<Self>) {
        loop {
            let next = match pool.upgrade() {
                Some(pool) => {
                    let mut state = pool.state();
                    state.close_expired();
                    let next = state.idle.front().map(|idle| idle.until);
                    state.tended = next.is_some();
                    next
                }
                None => None,
            };
            match next {
                Some(next) => Timer::at(next).await,
                None => return,
            };
        }
    }
}

/// The right to have one connection in use.
#[derive(Debug)]
pub(super) struct Lease {
    pool: Arc<Pool>,
    /// Whether the connection in use has become an idle one.
    returned: bool,
    _slot: SemaphoreGuardArc,
}

impl Lease {
    fn new(pool: &Arc<Pool>, slot: SemaphoreGuardArc) -> Self {
        pool.state().busy += 1;
        Self { pool: Arc::clone(pool), returned: false, _slot: slot }
    }

    /// Keeps the connection for another request, if there is room.
    pub(super) fn give_back(mut self, origin: Origin, connection: Connection) {
        let limits = self.pool.limits;
        // Longer than the clock can count is a mistake; the connection is closed rather than kept for ever.
        let until = Instant::now().checked_add(limits.idle_time);
        let (Some(until), Some(keep), Some(keep_of_origin)) =
            (until, limits.max_idle.checked_sub(1), limits.max_idle_per_origin.checked_sub(1))
        else {
            return;
        };
        let mut state = self.pool.state();
        state.busy -= 1;
        state.close_expired();
        state.close_oldest_of(&origin, keep_of_origin);
        state.close_oldest(keep);
        state.idle.push_back(Idle { origin, connection, until });
        let tended = std::mem::replace(&mut state.tended, true);
        drop(state);
        self.returned = true;
        if !tended {
            // In smol's own executor: it must go on while no request does. It ends with the last idle connection.
            smol::spawn(Pool::tend(Arc::downgrade(&self.pool))).detach();
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.returned {
            self.pool.state().busy -= 1;
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// The oldest first.
    idle: VecDeque<Idle>,
    /// How many connections are in use, or about to be made.
    busy: usize,
    /// Whether a task closes idle connections in time.
    tended: bool,
}

#[derive(Debug)]
struct Idle {
    origin: Origin,
    connection: Connection,
    until: Instant,
}

impl State {
    /// The connection to this origin that was used last, as long as the other side kept it: the older ones are more
    /// likely to be closed soon.
    fn take(&mut self, origin: &Origin, public_only: bool) -> Option<Connection> {
        // One name may have led to several addresses; what the client allows was asked before each was connected to.
        let fits = |idle: &Idle| idle.origin == *origin && (!public_only || is_public(idle.connection.address().ip()));
        while let Some(index) = self.idle.iter().rposition(fits) {
            let mut idle = self.idle.remove(index)?;
            if idle.connection.is_quiet() {
                return Some(idle.connection);
            }
        }
        None
    }

    fn close_expired(&mut self) {
        let now = Instant::now();
        let expired = self.idle.iter().take_while(|idle| idle.until <= now).count();
        self.idle.drain(..expired);
    }

    fn close_oldest(&mut self, keep: usize) {
        let surplus = self.idle.len().saturating_sub(keep);
        self.idle.drain(..surplus);
    }

    fn close_oldest_of(&mut self, origin: &Origin, keep: usize) {
        let of_origin = self.idle.iter().filter(|idle| idle.origin == *origin).count();
        let mut surplus = of_origin.saturating_sub(keep);
        self.idle.retain(|idle| {
            let close = surplus > 0 && idle.origin == *origin;
            surplus -= usize::from(close);
            !close
        });
    }

    /// Makes room for those in use.
    fn close_oldest_above(&mut self, max_connections: usize) {
        self.close_oldest(max_connections.saturating_sub(self.busy));
    }
}

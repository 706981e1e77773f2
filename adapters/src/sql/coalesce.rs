//! Reads that are asked at the same time, and carried out once.
//!
//! A read joins another one, of the same text and parameters, only if no write has ended since that began: what it is
//! answered is never older than what its tasklet, or whoever told it something, has written.

use std::{
    borrow::Cow,
    collections::{HashMap, hash_map::Entry},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_lock::OnceCell;
use segno_core::{Params, Rows, Sql, SqlError};

use super::pool::Pool;

/// The reads that are under way.
pub(super) struct Coalescing {
    pool: Arc<Pool>,
    /// By their text.
    reads: Mutex<HashMap<Cow<'static, str>, Vec<Arc<Read>>>>,
}

struct Read {
    params: Params,
    /// How many writes had ended before it began.
    writes: u64,
    answer: OnceCell<Result<Rows, SqlError>>,
    /// How many wait for the answer; changed while the reads are locked.
    joined: AtomicUsize,
}

impl Coalescing {
    pub(super) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, reads: Mutex::default() }
    }

    /// The answer to a read that is under way; or else the read is carried out by `run`, for all who join it meanwhile. If
    /// who carries it out is dropped, another one of them does so.
    pub(super) async fn share<F>(&self, sql: &Sql, run: impl FnOnce() -> F) -> Result<Rows, SqlError>
    where
        F: Future<Output = Result<Rows, SqlError>>,
    {
        let joined = Joined { coalescing: self, text: &sql.text, read: self.join(sql) };
        joined.read.answer.get_or_init(run).await.clone()
    }

    fn join(&self, sql: &Sql) -> Arc<Read> {
        let writes = self.pool.writes();
        let mut reads = self.reads();
        let same_text = reads.entry(sql.text.clone()).or_default();
        let is_same =
            |read: &&Arc<Read>| read.params == sql.params && read.writes == writes && !read.answer.is_initialized();
        if let Some(read) = same_text.iter().find(is_same) {
            read.joined.fetch_add(1, Ordering::Relaxed);
            return read.clone();
        }
        let read = Read { params: sql.params.clone(), writes, answer: OnceCell::new(), joined: AtomicUsize::new(1) };
        let read = Arc::new(read);
        same_text.push(read.clone());
        read
    }

    fn reads(&self) -> MutexGuard<'_, HashMap<Cow<'static, str>, Vec<Arc<Read>>>> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One that waits for the answer to a read.
struct Joined<'a> {
    coalescing: &'a Coalescing,
    text: &'a Cow<'static, str>,
    read: Arc<Read>,
}

impl Drop for Joined<'_> {
    fn drop(&mut self) {
        let mut reads = self.coalescing.reads();
        let last = self.read.joined.fetch_sub(1, Ordering::Relaxed) == 1;
        if (last || self.read.answer.is_initialized())
            && let Entry::Occupied(mut same_text) = reads.entry(self.text.clone())
        {
            same_text.get_mut().retain(|read| !Arc::ptr_eq(read, &self.read));
            if same_text.get().is_empty() {
                same_text.remove();
            }
        }
    }
}

//! Notices a handler that runs for long without asking for anything: the one fault that no pure core can see.
//!
//! Each thread that steps tasklets counts the beginnings and ends of its steps. A thread of the watchdog looks at these
//! counts now and then; a count that says "within a step" and has not moved for a second is reported, with the last
//! effect that the handler asked for. Stepping itself reads no clock.

use std::{
    cell::OnceCell,
    panic::Location,
    sync::{
        Arc, Mutex, OnceLock, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use segno_core::{EffectSet, Step, Tasklet};

/// Steps the tasklet, watched.
pub(crate) fn step<T: 'static, S: EffectSet>(tasklet: &mut Tasklet<T, S>) -> Step<T, S> {
    THREAD.with(|thread| {
        let watched = thread.get_or_init(watch);
        *watched.last.lock().unwrap_or_else(PoisonError::into_inner) = tasklet.last();
        let _within = Within::begin(watched);
        tasklet.step()
    })
}

/// Starts the watchdog, if it does not run.
pub(crate) fn start() {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| {
        let started = thread::Builder::new().name("segno-watchdog".into()).spawn(|| {
            let mut seen = Vec::new();
            loop {
                thread::sleep(GLANCE);
                glance(&mut seen);
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "the watchdog could not be started: slow handlers will not be reported");
        }
    });
}

/// A thread that steps tasklets.
struct Watched {
    /// Odd within a step.
    count: AtomicU64,
    last: Mutex<Option<(&'static str, &'static Location<'static>)>>,
    thread: thread::Thread,
}

struct Within<'a>(&'a Watched);

impl<'a> Within<'a> {
    fn begin(watched: &'a Watched) -> Self {
        watched.count.fetch_add(1, Ordering::Relaxed);
        Self(watched)
    }
}

/// Also when the handler panics.
impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    static THREAD: OnceCell<Arc<Watched>> = const { OnceCell::new() };
}

static WATCHED: Mutex<Vec<Weak<Watched>>> = Mutex::new(Vec::new());

fn watch() -> Arc<Watched> {
    let watched = Arc::new(Watched { count: AtomicU64::new(0), last: Mutex::new(None), thread: thread::current() });
    let mut all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|watched| watched.strong_count() > 0);
    all.push(Arc::downgrade(&watched));
    watched
}

/// A thread that was within a step when last looked at.
struct Seen {
    watched: Weak<Watched>,
    count: u64,
    glances: u32,
}

fn glance(seen: &mut Vec<Seen>) {
    let all = WATCHED.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let before = std::mem::take(seen);
    for watched in all {
        let Some(thread) = watched.upgrade() else { continue };
        let count = thread.count.load(Ordering::Relaxed);
        if count % 2 == 0 {
            continue;
        }
        let same = before.iter().find(|seen| seen.watched.ptr_eq(&watched) && seen.count == count);
        let glances = same.map_or(0, |seen| seen.glances) + 1;
        if glances == GLANCES_UNTIL_REPORT {
            report(&thread);
        }
        seen.push(Seen { watched, count, glances });
    }
}

fn report(watched: &Watched) {
    let name = watched.thread.name().unwrap_or("unnamed");
    match *watched.last.lock().unwrap_or_else(PoisonError::into_inner) {
        Some((effect, location)) => tracing::warn!(
            thread = name,
            "a handler has run for over a second without asking for anything, after the effect `{effect}` asked at {location}"
        ),
        None => tracing::warn!(
            thread = name,
            "a handler has run for over a second without asking for anything, from its beginning"
        ),
    }
}

/// Often enough to tell a second from two.
const GLANCE: Duration = Duration::from_millis(250);

/// A second, and the rest of the first glance.
const GLANCES_UNTIL_REPORT: u32 = 5;

//! The effects that a session performs at the moment.

use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

/// Futures side by side, each with a key. Only those that were woken are polled.
pub(crate) struct InFlight<'a, K, O> {
    /// By their number; a place is taken again when its future has ended.
    places: Vec<Place<'a, K, O>>,
    free: Vec<usize>,
    ready: Arc<Ready>,
    /// How many were polled since the task last let others run.
    polled: u32,
}

type Boxed<'a, O> = Pin<Box<dyn Future<Output = O> + Send + 'a>>;

struct Place<'a, K, O> {
    running: Option<(K, Boxed<'a, O>)>,
    alarm: Arc<Alarm>,
}

impl<'a, K: PartialEq, O> InFlight<'a, K, O> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new(), ready: Arc::default(), polled: 0 }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.free.len() == self.places.len()
    }

    pub(crate) fn push(&mut self, key: K, future: impl Future<Output = O> + Send + 'a) {
        let number = self.free.pop().unwrap_or_else(|| {
            let number = self.places.len();
            let alarm = Alarm { number, rung: AtomicBool::new(false), ready: self.ready.clone() };
            self.places.push(Place { running: None, alarm: Arc::new(alarm) });
            number
        });
        let place = &mut self.places[number];
        place.running = Some((key, Box::pin(future)));
        if !place.alarm.rung.swap(true, Ordering::AcqRel) {
            // Whoever pushes polls next: to wake its task would only have it run once more.
            self.ready.queue().woken.push(number);
        }
    }

    /// Drops the future of this key, if it is here.
    pub(crate) fn remove(&mut self, key: &K) {
        let is_it = |place: &Place<'a, K, O>| place.running.as_ref().is_some_and(|(running, _)| running == key);
        if let Some(number) = self.places.iter().position(is_it) {
            self.places[number].running = None;
            self.free.push(number);
        }
    }

    /// Gives the future of this key another one, if it is here.
    pub(crate) fn rename(&mut self, key: &K, new: K) {
        let mut running = self.places.iter_mut().filter_map(|place| place.running.as_mut());
        if let Some((running, _)) = running.find(|(running, _)| running == key) {
            *running = new;
        }
    }

    /// The next future that ends, with its output or its panic; pending for ever if there is none.
    ///
    /// Now and then it is pending though more are ready: what never waits must not keep its thread from others.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<(K, thread::Result<O>)> {
        loop {
            if self.polled == MAX_POLLED {
                self.polled = 0;
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(number) = self.ready.next(context.waker()) else {
                self.polled = 0;
                return Poll::Pending;
            };
            self.polled += 1;
            let place = &mut self.places[number];
            place.alarm.rung.store(false, Ordering::Release);
            let Some((_, future)) = &mut place.running else { continue };
            let waker = Waker::from(place.alarm.clone());
            let mut context = Context::from_waker(&waker);
            let output = match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut context))) {
                Ok(Poll::Pending) => continue,
                Ok(Poll::Ready(output)) => Ok(output),
                Err(panic) => Err(panic),
            };
            if let Some((key, _)) = place.running.take() {
                self.free.push(number);
                return Poll::Ready((key, output));
            }
        }
    }
}

/// Wakes one future.
struct Alarm {
    number: usize,
    /// Whether it is in the queue already.
    rung: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.ready.add(self.number);
        }
    }
}

/// The futures that were woken, and who waits for them.
#[derive(Default)]
struct Ready(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    /// The next to be polled is at the end of `now`; when that is empty, the woken ones take its place.
    now: Vec<usize>,
    woken: Vec<usize>,
    waker: Option<Waker>,
}

impl Ready {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, number: usize) {
        let mut queue = self.queue();
        queue.woken.push(number);
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The number of a woken future; if there is none, `waker` is woken by the next.
    fn next(&self, waker: &Waker) -> Option<usize> {
        let mut queue = self.queue();
        if queue.now.is_empty() {
            let Queue { now, woken, .. } = &mut *queue;
            std::mem::swap(now, woken);
            now.reverse();
        }
        let next = queue.now.pop();
        if next.is_none() {
            queue.waker = Some(waker.clone());
        }
        next
    }
}

/// How many futures are polled in a row: as many as tokio lets one task take, a fraction of a millisecond.
const MAX_POLLED: u32 = 128;

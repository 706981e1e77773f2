//! The rooms of one process: who listens where, and what they have not taken yet.

use std::{
    collections::{HashMap, VecDeque},
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use segno_core::{ChatError, ChatErrorKind, Happened};

/// The rooms in which somebody listens.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<Register>);

#[derive(Debug, Default)]
struct Register {
    rooms: HashMap<Box<str>, Room>,
    next: u64,
}

/// Those who listen, in the order in which they came.
type Room = Vec<Arc<Listener>>;

/// Somebody who listens: a receive that waits, or a subscription.
#[derive(Debug)]
struct Listener {
    number: u64,
    capacity: usize,
    inbox: Mutex<Inbox>,
}

#[derive(Debug, Default)]
struct Inbox {
    entries: VecDeque<Entry>,
    /// How many entries were dropped from the front.
    lost: u64,
    waker: Option<Waker>,
}

#[derive(Debug)]
enum Entry {
    Message(Arc<str>),
    /// Nobody knows what was said here.
    #[cfg_attr(not(feature = "postgres"), expect(dead_code, reason = "rooms of one process have no gaps"))]
    Gap,
}

impl Rooms {
    /// How many a message to the room would reach now.
    pub(super) fn balance(&self, room: &str) -> u64 {
        lock(&self.0).rooms.get(room).map_or(0, |room| room.len() as u64)
    }

    /// Gives a message to all who listen in a room, and says how many they are.
    pub(super) fn send(&self, room: &str, message: &Arc<str>) -> u64 {
        // The wakers are called without any lock: what they wake may take it.
        let mut wakers = Vec::new();
        let mut register = lock(&self.0);
        let Some(listeners) = register.rooms.get_mut(room) else { return 0 };
        for listener in &*listeners {
            wakers.extend(listener.hear(Entry::Message(message.clone())));
        }
        let reached = listeners.len() as u64;
        // A receive hears one message; it is no listener any longer when it has it.
        listeners.retain(|listener| listener.capacity != ONE_RECEIVE);
        if listeners.is_empty() {
            register.rooms.remove(room);
        }
        drop(register);
        wakers.into_iter().for_each(Waker::wake);
        reached
    }

    /// Tells all subscriptions that they may have missed something here. Who waits for one message goes on waiting.
    #[cfg(feature = "postgres")]
    pub(super) fn gap(&self) {
        let mut wakers = Vec::new();
        let register = lock(&self.0);
        for listener in register.rooms.values().flatten().filter(|listener| listener.capacity != ONE_RECEIVE) {
            wakers.extend(listener.hear(Entry::Gap));
        }
        drop(register);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Listens in a room from now on.
    pub(super) fn listen(self: &Arc<Self>, room: &str, capacity: usize) -> Result<Listening, ChatError> {
        if room.len() > MAX_ROOM_NAME {
            let message = format!("a room's name is longer than {MAX_ROOM_NAME} bytes");
            return Err(ChatError::new(ChatErrorKind::Limit, Happened::No, message));
        }
        let mut register = lock(&self.0);
        register.next += 1;
        let listener = Arc::new(Listener { number: register.next, capacity, inbox: Mutex::default() });
        register.rooms.entry(room.into()).or_default().push(listener.clone());
        drop(register);
        Ok(Listening { rooms: self.clone(), room: room.into(), listener })
    }
}

impl Listener {
    fn hear(&self, entry: Entry) -> Option<Waker> {
        let mut inbox = lock(&self.inbox);
        if matches!((&entry, inbox.entries.back()), (Entry::Gap, Some(Entry::Gap))) {
            return None;
        }
        if inbox.entries.len() == self.capacity {
            inbox.entries.pop_front();
            inbox.lost += 1;
        }
        inbox.entries.push_back(entry);
        inbox.waker.take()
    }
}

/// A listener that leaves its room when it is dropped.
#[derive(Debug)]
pub(super) struct Listening {
    rooms: Arc<Rooms>,
    room: Box<str>,
    listener: Arc<Listener>,
}

impl Listening {
    /// Takes the next message, or waits. A message is taken when this returns, and not before: a receive that is dropped
    /// leaves it to the next.
    pub(super) async fn next(&self) -> Result<Arc<str>, ChatError> {
        poll_fn(|context| {
            let mut inbox = lock(&self.listener.inbox);
            if inbox.lost > 0 {
                let lost = std::mem::take(&mut inbox.lost);
                let message = format!("{lost} messages were lost: the subscription was read too slowly");
                return Poll::Ready(Err(lagged(lost, message)));
            }
            match inbox.entries.pop_front() {
                Some(Entry::Message(message)) => Poll::Ready(Ok(message)),
                Some(Entry::Gap) => Poll::Ready(Err(lagged(GAP, UNHEARD))),
                None => {
                    inbox.waker = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut register = lock(&self.rooms.0);
        if let Some(listeners) = register.rooms.get_mut(&self.room) {
            // They stand in the order of their numbers.
            if let Ok(place) = listeners.binary_search_by_key(&self.listener.number, |listener| listener.number) {
                listeners.remove(place);
            }
            if listeners.is_empty() {
                register.rooms.remove(&self.room);
            }
        }
    }
}

fn lagged(lost: u64, message: impl Into<String>) -> ChatError {
    ChatError::new(ChatErrorKind::Lagged(lost), Happened::Yes, message)
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that may panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The capacity of a receive without a subscription: it hears the first message, and nothing else.
pub(super) const ONE_RECEIVE: usize = 1;

/// How many messages a subscription keeps for a slow reader: minutes of a lively conversation, and at most
/// [`MAX_MESSAGE`](super::MAX_MESSAGE) bytes each, which are shared by all subscriptions.
pub(super) const SUBSCRIPTION_CAPACITY: usize = 256;

/// How long a room's name may be: names are keys, and may come from clients.
pub(super) const MAX_ROOM_NAME: usize = 256;

/// What [`Lagged`](ChatErrorKind::Lagged) says of a gap: nobody knows how much was said, and none would be a lie.
const GAP: u64 = 1;

const UNHEARD: &str = "messages may be lost: the connection to the database that carries them was away for a while";

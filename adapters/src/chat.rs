//! Chat within one process: rooms in which every message reaches all who listen.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
};

use segno_core::{
    ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSubscribe, ChatUnsubscribe, Happened, Perform,
    SubscriptionId,
};

/// The rooms of one process. Cheap to clone; all clones share the rooms.
///
/// A room is there while somebody listens in it. A message reaches all who wait in it or have a subscription to it at that
/// moment, in the order in which it was said.
#[derive(Clone, Debug, Default)]
pub struct Chat(Arc<Mutex<Rooms>>);

#[derive(Debug, Default)]
struct Rooms {
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
    messages: VecDeque<Arc<str>>,
    lost: u64,
    waker: Option<Waker>,
}

impl Chat {
    /// No rooms yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A session: what performs the chat of one tasklet. Dropping it ends its subscriptions.
    pub fn session(&self) -> ChatSession {
        ChatSession { chat: self.clone(), subscriptions: Mutex::default() }
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        lock(&self.0)
    }

    /// How many a message to the room would reach now.
    fn balance(&self, room: &str) -> u64 {
        self.rooms().rooms.get(room).map_or(0, |room| room.len() as u64)
    }

    fn send(&self, room: &str, message: &Arc<str>) -> u64 {
        // The wakers are called without any lock: what they wake may take it.
        let mut wakers = Vec::new();
        let mut rooms = self.rooms();
        let Some(listeners) = rooms.rooms.get_mut(room) else { return 0 };
        for listener in &*listeners {
            wakers.extend(listener.hear(message));
        }
        let reached = listeners.len() as u64;
        // A receive hears one message; it is no listener any longer when it has it.
        listeners.retain(|listener| listener.capacity != ONE_RECEIVE);
        if listeners.is_empty() {
            rooms.rooms.remove(room);
        }
        drop(rooms);
        wakers.into_iter().for_each(Waker::wake);
        reached
    }

    fn listen(&self, room: &str, capacity: usize) -> Result<Listening, ChatError> {
        if room.len() > MAX_ROOM_NAME {
            return Err(limit(format!("a room's name is longer than {MAX_ROOM_NAME} bytes")));
        }
        let mut rooms = self.rooms();
        rooms.next += 1;
        let listener = Arc::new(Listener { number: rooms.next, capacity, inbox: Mutex::default() });
        rooms.rooms.entry(room.into()).or_default().push(listener.clone());
        drop(rooms);
        Ok(Listening { chat: self.clone(), room: room.into(), listener })
    }
}

impl Listener {
    fn hear(&self, message: &Arc<str>) -> Option<Waker> {
        let mut inbox = lock(&self.inbox);
        if inbox.messages.len() == self.capacity {
            inbox.messages.pop_front();
            inbox.lost += 1;
        }
        inbox.messages.push_back(message.clone());
        inbox.waker.take()
    }
}

/// A listener that leaves its room when it is dropped.
#[derive(Debug)]
struct Listening {
    chat: Chat,
    room: Box<str>,
    listener: Arc<Listener>,
}

impl Listening {
    /// Takes the next message, or waits. A message is taken when this returns, and not before: a receive that is dropped
    /// leaves it to the next.
    async fn next(&self) -> Result<Arc<str>, ChatError> {
        poll_fn(|context| {
            let mut inbox = lock(&self.listener.inbox);
            if inbox.lost > 0 {
                let lost = std::mem::take(&mut inbox.lost);
                let message = format!("{lost} messages were lost: the subscription was read too slowly");
                return Poll::Ready(Err(ChatError::new(ChatErrorKind::Lagged(lost), Happened::Yes, message)));
            }
            match inbox.messages.pop_front() {
                Some(message) => Poll::Ready(Ok(message)),
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
        let mut rooms = self.chat.rooms();
        if let Some(listeners) = rooms.rooms.get_mut(&self.room) {
            // They stand in the order of their numbers.
            if let Ok(place) = listeners.binary_search_by_key(&self.listener.number, |listener| listener.number) {
                listeners.remove(place);
            }
            if listeners.is_empty() {
                rooms.rooms.remove(&self.room);
            }
        }
    }
}

/// Performs the chat of one tasklet.
pub struct ChatSession {
    chat: Chat,
    subscriptions: Mutex<HashMap<SubscriptionId, Arc<Listening>>>,
}

impl Perform<ChatSend> for ChatSession {
    async fn perform(&self, send: ChatSend) -> Result<u64, ChatError> {
        if send.message.len() > MAX_MESSAGE {
            return Err(limit(format!("a message is longer than {MAX_MESSAGE} bytes")));
        }
        Ok(self.chat.send(&send.room, &send.message))
    }
}

impl Perform<ChatRecv> for ChatSession {
    async fn perform(&self, recv: ChatRecv) -> Result<Arc<str>, ChatError> {
        let Some(id) = recv.subscription else { return self.chat.listen(&recv.room, ONE_RECEIVE)?.next().await };
        let subscription = lock(&self.subscriptions).get(&id).cloned();
        let subscription = subscription.ok_or_else(|| {
            ChatError::new(ChatErrorKind::NoSubscription, Happened::No, "the subscription has ended, or never began")
        })?;
        subscription.next().await
    }
}

impl Perform<ChatSubscribe> for ChatSession {
    async fn perform(&self, subscribe: ChatSubscribe) -> Result<(), ChatError> {
        let mut subscriptions = lock(&self.subscriptions);
        if subscriptions.len() == MAX_SUBSCRIPTIONS {
            return Err(limit(format!("a handler has more than {MAX_SUBSCRIPTIONS} subscriptions")));
        }
        subscriptions.insert(subscribe.id, Arc::new(self.chat.listen(&subscribe.room, SUBSCRIPTION_CAPACITY)?));
        Ok(())
    }
}

impl Perform<ChatUnsubscribe> for ChatSession {
    async fn perform(&self, unsubscribe: ChatUnsubscribe) -> Result<(), ChatError> {
        let subscription = lock(&self.subscriptions).remove(&unsubscribe.id);
        drop(subscription);
        Ok(())
    }
}

impl Perform<ChatBalance> for ChatSession {
    async fn perform(&self, balance: ChatBalance) -> Result<u64, ChatError> {
        Ok(self.chat.balance(&balance.room))
    }
}

impl fmt::Debug for ChatSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatSession").field("subscriptions", &lock(&self.subscriptions).len()).finish_non_exhaustive()
    }
}

/// Has a session perform chat by its field `chat`.
macro_rules! performs_chat {
    ($session:ident) => {
        $crate::chat::performs_chat! { $session: ChatSend, ChatRecv, ChatSubscribe, ChatUnsubscribe, ChatBalance }
    };
    ($session:ident: $($effect:ident),*) => {$(
        impl<X: Send + Sync> segno_core::Perform<segno_core::$effect> for $session<X> {
            async fn perform(&self, effect: segno_core::$effect) -> segno_core::Answer<segno_core::$effect> {
                self.chat.perform(effect).await
            }
        }
    )*};
}
pub(crate) use performs_chat;

fn limit(message: String) -> ChatError {
    ChatError::new(ChatErrorKind::Limit, Happened::No, message)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code that may panic runs under these locks.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The capacity of a receive without a subscription: it hears the first message, and nothing else.
const ONE_RECEIVE: usize = 1;

/// How many messages a subscription keeps for a slow reader: minutes of a lively conversation, and at most
/// [`MAX_MESSAGE`] bytes each, which are shared by all subscriptions.
const SUBSCRIPTION_CAPACITY: usize = 256;

/// How many subscriptions one handler may have: more rooms than a person follows.
const MAX_SUBSCRIPTIONS: usize = 64;

/// How long a message may be: chat carries what is said, files go elsewhere.
const MAX_MESSAGE: usize = 64 * 1024;

/// How long a room's name may be: names are keys, and may come from clients.
const MAX_ROOM_NAME: usize = 256;

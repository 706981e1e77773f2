//! Chat: rooms in which every message reaches all who listen, in one process or, over a database, in several.

#[cfg(feature = "postgres")]
mod postgres;
mod rooms;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex},
};

use segno_core::{
    ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSubscribe, ChatUnsubscribe, Happened, Perform,
    SubscriptionId,
};

#[cfg(feature = "postgres")]
use self::postgres::Link;
#[cfg(feature = "postgres")]
pub use self::postgres::PostgresChatOptions;
use self::rooms::{Listening, ONE_RECEIVE, Rooms, SUBSCRIPTION_CAPACITY, lock};

/// Chat rooms. Cheap to clone; all clones share the rooms.
///
/// A room is there while somebody listens in it. A message reaches all who wait in it or have a subscription to it at that
/// moment, in the order in which it was said.
///
/// [`Chat::new`] makes rooms of one process, in its memory.
#[cfg_attr(feature = "postgres", doc = "[`Chat::postgres`] makes rooms that span processes, through a database.")]
#[cfg_attr(not(feature = "postgres"), doc = "With the feature `postgres`, rooms span processes, through a database.")]
#[derive(Clone, Debug, Default)]
pub struct Chat {
    rooms: Arc<Rooms>,
    #[cfg(feature = "postgres")]
    link: Option<Arc<Link>>,
}

impl Chat {
    /// Rooms of this process.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rooms that span all processes which use the same PostgreSQL database: `postgres://user:password@host/database`, with
    /// the default options.
    ///
    /// Nothing is connected before somebody says something or listens. Then one connection is kept, beside those of a
    /// [`Database`](crate::Database): it listens to PostgreSQL's notifications on one channel, and sends them. No table is
    /// needed, and no right but to connect. The connection must keep its session: a pooler between may give each
    /// transaction another one, and then nothing is heard.
    ///
    /// - All who listen hear the messages in the same order, in whatever process they are; whoever said it hears it as the
    ///   others do. Nothing is kept: who was not there has missed it.
    /// - A send is answered when the message has been carried out and has reached the listeners of this process. Only those
    ///   are counted: nobody knows how many listen elsewhere. So it is with [`Io::chat_balance`](crate::Io::chat_balance).
    /// - A subscription hears all that is said after it was answered. A receive without one hears what is said while it
    ///   waits and the connection is up.
    /// - When the connection is lost, another one is made, as often as that takes. Receives go on waiting. Then every
    ///   subscription hears [`Lagged`](ChatErrorKind::Lagged) once, in its place between the messages, with the number 1,
    ///   since nobody knows how much was said meanwhile, if anything was.
    /// - While there is no connection, sends and new subscriptions wait for it, and fail as
    ///   [`ConnectionLost`](ChatErrorKind::ConnectionLost) when their [time](PostgresChatOptions::time_limit) is over:
    ///   nothing was said then. Only a message that was on its way when the connection was lost may have been heard by
    ///   others: [`Unknown`](Happened::Unknown).
    ///
    /// The connection is closed when the last clone and the last session are gone.
    ///
    /// ```no_run
    /// use segno::{Chat, Io, Request, Response, Router, smol::{Backend, serve}};
    ///
    /// async fn speak(mut io: Io, mut request: Request) -> segno::Result<Response> {
    ///     let message = request.body.text(&mut io, 4096).await?;
    ///     io.chat_send("lobby", message).await?;
    ///     Ok(Response::text("said\n"))
    /// }
    ///
    /// let chat = Chat::postgres("postgres://ada@localhost/shop")?;
    /// serve("127.0.0.1:8080", Router::new().post("/", speak), Backend::new().chat(chat))?;
    /// # Ok::<_, segno::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the URL cannot be understood. A database that cannot be reached is an error of what is asked later.
    #[cfg(feature = "postgres")]
    pub fn postgres(url: &str) -> Result<Self, ChatError> {
        Self::postgres_with(url, &PostgresChatOptions::default())
    }

    /// Rooms that span all processes which use the same PostgreSQL database and the same channel, with these options.
    ///
    /// # Errors
    ///
    /// As [`postgres`](Self::postgres), and if the channel's name is none.
    #[cfg(feature = "postgres")]
    pub fn postgres_with(url: &str, options: &PostgresChatOptions) -> Result<Self, ChatError> {
        let rooms = Arc::<Rooms>::default();
        let link = Link::new(url, options, rooms.clone())?;
        Ok(Self { rooms, link: Some(Arc::new(link)) })
    }

    /// A session: what performs the chat of one tasklet. Dropping it ends its subscriptions.
    pub fn session(&self) -> ChatSession {
        ChatSession { chat: self.clone(), subscriptions: Mutex::default() }
    }

    /// Says a message, wherever the rooms are.
    async fn send(&self, send: ChatSend) -> Result<u64, ChatError> {
        #[cfg(feature = "postgres")]
        if let Some(link) = &self.link {
            return link.send(send).await;
        }
        Ok(self.rooms.send(&send.room, &send.message))
    }

    /// Waits until what is said anywhere arrives in the rooms.
    async fn ready(&self) -> Result<(), ChatError> {
        #[cfg(feature = "postgres")]
        if let Some(link) = &self.link {
            return link.ready().await;
        }
        Ok(())
    }

    /// Sees to it that what is said anywhere will arrive in the rooms.
    fn start(&self) {
        #[cfg(feature = "postgres")]
        if let Some(link) = &self.link {
            link.start();
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
        self.chat.send(send).await
    }
}

impl Perform<ChatRecv> for ChatSession {
    async fn perform(&self, recv: ChatRecv) -> Result<Arc<str>, ChatError> {
        let Some(id) = recv.subscription else {
            let listening = self.chat.rooms.listen(&recv.room, ONE_RECEIVE)?;
            self.chat.start();
            return listening.next().await;
        };
        let subscription = lock(&self.subscriptions).get(&id).cloned();
        let subscription = subscription.ok_or_else(|| {
            ChatError::new(ChatErrorKind::NoSubscription, Happened::No, "the subscription has ended, or never began")
        })?;
        subscription.next().await
    }
}

impl Perform<ChatSubscribe> for ChatSession {
    async fn perform(&self, subscribe: ChatSubscribe) -> Result<(), ChatError> {
        self.chat.ready().await?;
        let mut subscriptions = lock(&self.subscriptions);
        if subscriptions.len() == MAX_SUBSCRIPTIONS {
            return Err(limit(format!("a handler has more than {MAX_SUBSCRIPTIONS} subscriptions")));
        }
        subscriptions.insert(subscribe.id, Arc::new(self.chat.rooms.listen(&subscribe.room, SUBSCRIPTION_CAPACITY)?));
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
        Ok(self.chat.rooms.balance(&balance.room))
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

/// How many subscriptions one handler may have: more rooms than a person follows.
const MAX_SUBSCRIPTIONS: usize = 64;

/// How long a message may be: chat carries what is said, files go elsewhere.
const MAX_MESSAGE: usize = 64 * 1024;

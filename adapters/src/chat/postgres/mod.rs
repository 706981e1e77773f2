//! Chat over PostgreSQL's notifications: a link between the rooms of this process and those of others.

mod line;
mod parts;
mod relay;

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Mutex, OnceLock},
    time::Duration,
};

use segno_core::{ChatError, ChatErrorKind, ChatSend, Happened};
use smol::channel::{Receiver, Sender, bounded};

use self::{
    line::Target,
    relay::{Asked, Job, Relay},
};
use super::rooms::{MAX_ROOM_NAME, Rooms, lock};
use crate::task::{Task, start, within};

/// How a [`Chat`](crate::Chat) uses PostgreSQL.
///
/// ```
/// use segno::{Chat, PostgresChatOptions};
///
/// let options = PostgresChatOptions { channel: "staff".into(), ..PostgresChatOptions::default() };
/// let chat = Chat::postgres_with("postgres://ada@localhost/shop", &options)?;
/// # Ok::<_, segno::ChatError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresChatOptions {
    /// The channel of notifications: chats with different ones do not hear each other. By default `segno_chat`.
    ///
    /// Whoever may connect to the database may listen and send on any channel of it: so it separates programs, and keeps
    /// no secrets.
    pub channel: String,
    /// How long a send or a new subscription waits for the connection, and how long the database may take over what it
    /// was told, before they fail as [`ConnectionLost`](ChatErrorKind::ConnectionLost). By default 5 seconds, in which a
    /// database that is restarted mostly comes back.
    ///
    /// A connection on which nothing was heard for three times as long is tested, and left if there is no answer.
    pub time_limit: Duration,
}

impl Default for PostgresChatOptions {
    fn default() -> Self {
        Self { channel: CHANNEL.into(), time_limit: TIME_LIMIT }
    }
}

/// The rooms' link to the database: a task, which begins when it is first needed.
pub(super) struct Link {
    target: Target,
    time_limit: Duration,
    rooms: Arc<Rooms>,
    queue: (Sender<Asked>, Receiver<Asked>),
    /// Why there is no connection.
    reason: Arc<Mutex<Option<String>>>,
    task: OnceLock<Task>,
}

impl Link {
    pub(super) fn new(url: &str, options: &PostgresChatOptions, rooms: Arc<Rooms>) -> Result<Self, ChatError> {
        let PostgresChatOptions { channel, time_limit } = options;
        if channel.is_empty() || channel.len() > MAX_CHANNEL || channel.contains('\0') {
            let message = format!("a channel's name has 1 to {MAX_CHANNEL} bytes, and no NUL");
            return Err(ChatError::new(ChatErrorKind::Limit, Happened::No, message));
        }
        let target = Target::read(url, channel).map_err(|reason| connection_lost(Happened::No, &reason))?;
        let reason = Arc::new(Mutex::new(Some("it has not answered yet".into())));
        Ok(Self { target, time_limit: *time_limit, rooms, queue: bounded(QUEUE), reason, task: OnceLock::new() })
    }

    /// Begins to connect, unless that has begun.
    pub(super) fn start(&self) {
        self.task.get_or_init(|| {
            let relay = Relay::new(self.rooms.clone(), self.queue.1.clone(), self.time_limit, self.reason.clone());
            start(relay.run(self.target.clone()))
        });
    }

    /// Says a message; answered when it has reached those who listen in this process.
    pub(super) async fn send(&self, send: ChatSend) -> Result<u64, ChatError> {
        if send.room.len() > MAX_ROOM_NAME {
            // Nobody can listen there.
            return Ok(0);
        }
        self.ask(Job::Send(send)).await
    }

    /// Waits until there is a connection that listens.
    pub(super) async fn ready(&self) -> Result<(), ChatError> {
        self.ask(Job::Ready).await.map(drop)
    }

    async fn ask(&self, job: Job) -> Result<u64, ChatError> {
        self.start();
        let job = Waiting(Arc::new(Mutex::new(Some(job))));
        let (answer, answered) = bounded(1);
        let asked = Asked { job: job.0.clone(), answer };
        let mut answered = pin!(async {
            // The other end of the queue is kept here, so it is open.
            let _ = self.queue.0.send(asked).await;
            answered.recv().await
        });
        let answer = match within(self.time_limit, answered.as_mut()).await {
            Some(answer) => answer,
            None if lock(&job.0).take().is_some() => {
                let reason = lock(&self.reason).clone();
                let reason = reason.unwrap_or_else(|| "it is too slow for what is said".into());
                return Err(connection_lost(Happened::No, &format!("{NOT_IN_TIME}: {reason}")));
            }
            // It was begun, which has a time limit of its own.
            None => answered.await,
        };
        answer.unwrap_or_else(|_| Err(connection_lost(Happened::Unknown, "the task that carries the chat has ended")))
    }
}

/// A job that is withdrawn, if nobody has begun it, when who asked for it is gone.
struct Waiting(Arc<Mutex<Option<Job>>>);

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.0).take();
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("target", &self.target)
            .field("time_limit", &self.time_limit)
            .finish_non_exhaustive()
    }
}

fn connection_lost(happened: Happened, message: &str) -> ChatError {
    ChatError::new(ChatErrorKind::ConnectionLost, happened, message)
}

const CHANNEL: &str = "segno_chat";

/// A restart of PostgreSQL takes a second or two, and nobody wants to wait longer for what was only said.
const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How long the name of a channel may be: longer ones PostgreSQL cuts in one place and refuses in another.
const MAX_CHANNEL: usize = 63;

/// How many sends and subscriptions wait in the queue; more wait before it. It is some batches of the relay's.
const QUEUE: usize = 256;

const NOT_IN_TIME: &str = "the chat's database was not ready in time";

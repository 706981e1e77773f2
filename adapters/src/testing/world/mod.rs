//! What tried handlers run in: real state, for one run.

mod clock;
mod files;
mod perform;
mod received;
mod session;

use std::{
    fmt,
    sync::{Arc, atomic::AtomicU64},
};

use bytes::Bytes;
use segno_core::{Answer, FilePath, Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest, HttpSend, Timestamp};

use self::files::Files;
use super::sqlite::Sqlite;
use crate::chat::Chat;

pub use clock::Clock;
pub(super) use perform::{Boxed, perform, perform_at_once, poll};
pub(super) use received::Received;
pub use session::Session;

/// The world of one run: a database, HTTP peers, chat rooms, files, a clock, and state of your own.
///
/// It mirrors [`smol::Backend`](crate::smol::Backend): what a handler asks for is performed on it, all of it in memory, with
/// virtual time. Statements are truly executed, messages truly reach who listens.
///
/// Effects of your own are performed by a [`Session`] with your state, as they are in production:
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use segno::{Answer, Effect, Perform, Replay, Stopped, testing::{Session, World}};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Charge { cents: u64 }
///
/// impl Effect for Charge {
///     type Output = ();
///     type Error = Stopped;
///     const NAME: &'static str = "charge";
///     fn replay(&self) -> Replay { Replay::Once }
/// }
///
/// struct Bank { charged: AtomicU64 }
///
/// impl Perform<Charge> for Session<Bank> {
///     async fn perform(&self, charge: Charge) -> Answer<Charge> {
///         self.state().charged.fetch_add(charge.cents, Ordering::Relaxed);
///         Ok(())
///     }
/// }
///
/// let world = World::new().state(Bank { charged: AtomicU64::new(0) });
/// assert_eq!(world.own().charged.load(Ordering::Relaxed), 0);
/// ```
pub struct World<X = ()> {
    database: Option<Sqlite>,
    peers: Vec<(Box<str>, Peer)>,
    chat: Chat,
    clock: Clock,
    files: Files,
    /// How many sessions were opened: each draws random numbers of its own.
    opened: AtomicU64,
    own: X,
}

/// What another server answers.
type Peer = Box<dyn Fn(&HttpRequest) -> Answer<HttpSend> + Send + Sync>;

impl World {
    /// A world without a database and without peers. It is 1970.
    pub fn new() -> Self {
        Self {
            database: None,
            peers: Vec::new(),
            chat: Chat::new(),
            clock: Clock::default(),
            files: Files::default(),
            opened: AtomicU64::new(0),
            own: (),
        }
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl<X> World<X> {
    /// Gives it a database.
    #[must_use]
    pub fn database(self, database: Sqlite) -> Self {
        Self { database: Some(database), ..self }
    }

    /// Adds an HTTP server, by its host's name: what it answers to the requests of handlers. A redirect is the reply: none
    /// is followed here.
    ///
    /// ```
    /// use segno::{HttpReply, testing::World};
    ///
    /// let world = World::new().peer("bank.internal", |request| match request.method.as_str() {
    ///     "POST" => Ok(HttpReply::new(200, "charged")),
    ///     _ => Ok(HttpReply::new(405, "")),
    /// });
    /// ```
    #[must_use]
    pub fn peer(
        mut self,
        host: &str,
        answer: impl Fn(&HttpRequest) -> Answer<HttpSend> + Send + Sync + 'static,
    ) -> Self {
        self.peers.push((host.into(), Box::new(answer)));
        self
    }

    /// Adds a file, by its path below the directory that the backend would have. It was written in 1970.
    ///
    /// # Panics
    ///
    /// If it is not a path for a file.
    #[must_use]
    #[track_caller]
    pub fn file(mut self, path: &str, content: impl Into<Bytes>) -> Self {
        match FilePath::with_hidden(path) {
            Ok(path) => self.files.add(path, content.into()),
            Err(error) => panic!("{error}"),
        }
        self
    }

    /// Sets the time at which the run begins.
    #[must_use]
    pub fn starts_at(self, now: Timestamp) -> Self {
        self.clock.set(now);
        self
    }

    /// Gives it state of your own, for effects of your own and for checks.
    #[must_use]
    pub fn state<Y>(self, own: Y) -> World<Y> {
        let Self { database, peers, chat, clock, files, opened, own: _ } = self;
        World { database, peers, chat, clock, files, opened, own }
    }

    /// What [`state`](Self::state) was given.
    pub fn own(&self) -> &X {
        &self.own
    }

    /// The database.
    ///
    /// # Panics
    ///
    /// If it has none.
    #[track_caller]
    pub fn sqlite(&self) -> &Sqlite {
        match &self.database {
            Some(database) => database,
            None => panic!("the world has no database: give it one by `World::database`"),
        }
    }

    /// The rooms.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A session for a handler without a client, to perform effects by hand.
    pub fn session(self: &Arc<Self>) -> Session<X> {
        Session::new(self.clone(), Received::default())
    }

    /// What the peer of this request's host answers.
    fn answer(&self, request: &HttpRequest) -> Result<HttpReply, HttpError> {
        let uri: http::Uri = request
            .url
            .parse()
            .map_err(|error| failed(HttpErrorKind::Request, format!("`{}` is no URL: {error}", request.url)))?;
        let host = uri.host().unwrap_or_default();
        match self.peers.iter().find(|(peer, _)| **peer == *host) {
            Some((_, peer)) => peer(request),
            None => {
                Err(failed(HttpErrorKind::Resolve, format!("the world has no peer `{host}`: add it by `World::peer`")))
            }
        }
    }
}

fn failed(kind: HttpErrorKind, message: String) -> HttpError {
    HttpError::new(kind, Happened::No, message)
}

impl<X> fmt::Debug for World<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peers: Vec<_> = self.peers.iter().map(|(host, _)| host).collect();
        f.debug_struct("World").field("peers", &peers).field("now", &self.clock.now()).finish_non_exhaustive()
    }
}

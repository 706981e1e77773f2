//! The backend on smol, and what it opens for each tasklet.

use std::{
    fmt,
    future::{Future, pending},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use async_io::Timer;
use segno_core::{
    Answer, BodyError, Chunk, FileInfo, Headers, Inform, Io, Now, Perform, PerformedBy, Random, ReadBody, ReadFile,
    ReadTrailers, Request, Respond, Result, Sleep, Stopped, Tasklet, Timestamp, Write, WriteError,
};
#[cfg(feature = "sql")]
use segno_core::{Happened, SqlError, SqlErrorKind};
#[cfg(feature = "http-client")]
use segno_core::{HttpError, HttpGet, HttpReply, HttpRequest, HttpSend};

use super::files::Files;
#[cfg(feature = "http-client")]
use super::http_client::{HttpClient, HttpClientOptions};
#[cfg(feature = "sql")]
use crate::sql::{Database, SqlSession, performs::performs_sql};
use crate::{
    backend::{self, Exchange},
    chance::Chance,
    chat::{Chat, ChatSession, performs_chat},
    drive::drive,
};

/// The client, which is made when it is first needed.
#[cfg(feature = "http-client")]
type Http = Arc<std::sync::OnceLock<HttpClient>>;

/// Performs effects for real: SQL, HTTP, chat, files, timers and chance, and effects of your own.
///
/// Your own effects are performed by its [`Session`], which holds the state that you give here:
///
/// ```
/// use segno::{Answer, Effect, Perform, Replay, Stopped, smol::{Backend, Session}};
///
/// #[derive(Clone, Debug, PartialEq)]
/// struct Charge { cents: u64 }
///
/// impl Effect for Charge {
///     type Output = bool;
///     type Error = Stopped;
///     const NAME: &'static str = "charge";
///     fn replay(&self) -> Replay { Replay::Once }
/// }
///
/// struct Bank { limit: u64 }
///
/// impl Perform<Charge> for Session<Bank> {
///     async fn perform(&self, charge: Charge) -> Answer<Charge> {
///         Ok(charge.cents <= self.state().limit)
///     }
/// }
///
/// let backend = Backend::new().state(Bank { limit: 10_000 });
/// ```
#[derive(Debug)]
pub struct Backend<X = ()> {
    #[cfg(feature = "sql")]
    database: Option<Database>,
    #[cfg(feature = "http-client")]
    http: Http,
    chat: Chat,
    chance: Chance,
    files: Files,
    state: Arc<X>,
}

impl Backend {
    /// A backend without a database.
    pub fn new() -> Self {
        Self {
            #[cfg(feature = "sql")]
            database: None,
            #[cfg(feature = "http-client")]
            http: Http::default(),
            chat: Chat::new(),
            chance: Chance::System,
            files: Files::default(),
            state: Arc::new(()),
        }
    }
}

impl Default for Backend {
    fn default() -> Self {
        Self::new()
    }
}

impl<X> Backend<X> {
    /// SQL goes to this database.
    #[cfg(feature = "sql")]
    #[must_use]
    pub fn database(mut self, database: Database) -> Self {
        self.database = Some(database);
        self
    }

    /// HTTP requests to others go through this client.
    #[cfg(feature = "http-client")]
    #[must_use]
    pub fn http_client(mut self, client: HttpClient) -> Self {
        self.http = Arc::new(client.into());
        self
    }

    /// Chat happens in these rooms: to share them with another server, or with tasks of your own.
    #[must_use]
    pub fn chat(mut self, chat: Chat) -> Self {
        self.chat = chat;
        self
    }

    /// Random numbers come from this seed, the same in every run, instead of from the system: for demonstrations and tests,
    /// never for secrets.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.chance = Chance::seeded(seed);
        self
    }

    /// Handlers may read the files below this directory, and no others: a link that leads out of it is refused, and so is one
    /// that begins at the root of the file system. The directory is opened here: one that takes its place later is not seen.
    ///
    /// ```no_run
    /// use segno::{Router, files, smol::{Backend, serve}};
    ///
    /// let router: Router = Router::new().get("/assets/{*path}", files::directory("assets").handler());
    /// serve("127.0.0.1:8080", router, Backend::new().files("public")?)?;
    /// # Ok::<_, segno::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If there is no such directory, or it cannot be read.
    #[cfg(feature = "files")]
    pub fn files(mut self, directory: impl AsRef<std::path::Path>) -> std::io::Result<Self> {
        self.files = Files::open(directory.as_ref())?;
        Ok(self)
    }

    /// What your own effects are performed with.
    #[must_use]
    pub fn state<Y>(self, state: Y) -> Backend<Y> {
        Backend {
            #[cfg(feature = "sql")]
            database: self.database,
            #[cfg(feature = "http-client")]
            http: self.http,
            chat: self.chat,
            chance: self.chance,
            files: self.files,
            state: Arc::new(state),
        }
    }

    /// Runs a job to its end, and blocks until then: a handler is also a job, such as one that makes the tables before
    /// anybody comes.
    ///
    /// ```
    /// use segno::{Database, Io, smol::Backend};
    ///
    /// let backend = Backend::new().database(Database::open("sqlite::memory:")?);
    /// let sum: i64 = backend.run(async |mut io: Io| Ok(io.sql("select 1 + 1 as sum", ()).await?.one()?.get("sum")?))?;
    /// assert_eq!(sum, 2);
    /// # Ok::<_, segno::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What the job returns, or a [`DriveError`](crate::DriveError) if it panics or cannot be driven.
    pub fn run<T, S, F>(&self, job: impl FnOnce(Io<S>) -> F) -> Result<T>
    where
        T: 'static,
        S: PerformedBy<Session<X>>,
        F: Future<Output = Result<T>> + Send + 'static,
        X: Send + Sync,
    {
        smol::block_on(drive(Tasklet::new(job), &self.session(), pending()))?
    }

    /// A session for a tasklet that runs without a client, to be driven by [`drive`].
    pub fn session(&self) -> Session<X> {
        self.open_session(Exchange::none())
    }

    fn open_session(&self, exchange: Exchange) -> Session<X> {
        Session {
            #[cfg(feature = "sql")]
            sql: self.database.as_ref().map(Database::session),
            #[cfg(feature = "http-client")]
            http: self.http.clone(),
            chat: self.chat.session(),
            chance: self.chance.clone(),
            files: self.files.clone(),
            exchange,
            state: self.state.clone(),
        }
    }
}

impl<X: Send + Sync + 'static> backend::Backend for Backend<X> {
    type Session = Session<X>;

    fn open(&self, _: &Request, exchange: Exchange) -> Session<X> {
        self.open_session(exchange)
    }
}

impl<X: Send + Sync> backend::Session for Session<X> {
    fn waits(&self) {
        #[cfg(feature = "sql")]
        if let Some(sql) = &self.sql {
            sql.waits();
        }
    }
}

/// Performs the effects of one tasklet. When it is dropped, open transactions are rolled back, and subscriptions end.
pub struct Session<X = ()> {
    #[cfg(feature = "sql")]
    sql: Option<SqlSession>,
    #[cfg(feature = "http-client")]
    http: Http,
    chat: ChatSession,
    chance: Chance,
    files: Files,
    exchange: Exchange,
    state: Arc<X>,
}

impl<X> Session<X> {
    /// What [`Backend::state`] was given.
    pub fn state(&self) -> &X {
        &self.state
    }

    #[cfg(feature = "http-client")]
    fn http(&self) -> Result<&HttpClient, HttpError> {
        match self.http.get() {
            Some(client) => Ok(client),
            None => {
                let client = HttpClient::new(HttpClientOptions::default())?;
                Ok(self.http.get_or_init(|| client))
            }
        }
    }

    #[cfg(feature = "sql")]
    fn sql(&self) -> Result<&SqlSession, SqlError> {
        self.sql.as_ref().ok_or_else(|| {
            let message = "the backend has no database: give it one by `Backend::database`";
            SqlError::new(SqlErrorKind::Database, Happened::No, message)
        })
    }
}

#[cfg(feature = "sql")]
performs_sql! { Session }

#[cfg(feature = "http-client")]
impl<X: Send + Sync> Perform<HttpGet> for Session<X> {
    async fn perform(&self, get: HttpGet) -> Result<HttpReply, HttpError> {
        self.http()?.send(HttpRequest::get(get.url)).await
    }
}

#[cfg(feature = "http-client")]
impl<X: Send + Sync> Perform<HttpSend> for Session<X> {
    async fn perform(&self, send: HttpSend) -> Result<HttpReply, HttpError> {
        self.http()?.send(*send.0).await
    }
}

performs_chat! { Session }

impl<X: Send + Sync> Perform<ReadBody> for Session<X> {
    async fn perform(&self, _: ReadBody) -> Result<Option<Chunk>, BodyError> {
        self.exchange.read_body().await
    }
}

impl<X: Send + Sync> Perform<ReadTrailers> for Session<X> {
    async fn perform(&self, _: ReadTrailers) -> Result<Headers, BodyError> {
        self.exchange.read_trailers().await
    }
}

impl<X: Send + Sync> Perform<Inform> for Session<X> {
    async fn perform(&self, inform: Inform) -> Result<(), WriteError> {
        self.exchange.inform(inform).await
    }
}

impl<X: Send + Sync> Perform<Respond> for Session<X> {
    async fn perform(&self, respond: Respond) -> Result<(), WriteError> {
        self.exchange.respond(respond.0).await
    }
}

impl<X: Send + Sync> Perform<Write> for Session<X> {
    async fn perform(&self, write: Write) -> Result<(), WriteError> {
        self.exchange.write(write.0).await
    }
}

impl<X: Send + Sync> Perform<FileInfo> for Session<X> {
    async fn perform(&self, info: FileInfo) -> Answer<FileInfo> {
        self.files.info(info).await
    }
}

impl<X: Send + Sync> Perform<ReadFile> for Session<X> {
    async fn perform(&self, read: ReadFile) -> Answer<ReadFile> {
        self.files.read(read).await
    }
}

impl<X: Send + Sync> Perform<Now> for Session<X> {
    async fn perform(&self, _: Now) -> Result<Timestamp, Stopped> {
        // A clock before 1970 is not set.
        Ok(Timestamp::from_unix(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()))
    }
}

impl<X: Send + Sync> Perform<Sleep> for Session<X> {
    async fn perform(&self, sleep: Sleep) -> Result<(), Stopped> {
        Timer::after(sleep.0).await;
        Ok(())
    }
}

impl<X: Send + Sync> Perform<Random> for Session<X> {
    async fn perform(&self, random: Random) -> Answer<Random> {
        Ok(self.chance.draw(&random))
    }
}

impl<X> fmt::Debug for Session<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("exchange", &self.exchange).finish_non_exhaustive()
    }
}

//! What performs the effects of one handler on a world.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, atomic::Ordering},
};

use segno_core::{
    Answer, BodyError, Chunk, CursorId, FileInfo, Happened, Headers, HttpError, HttpGet, HttpReply, HttpRequest,
    HttpSend, Inform, Now, Perform, Random, ReadBody, ReadFile, ReadTrailers, Respond, Sleep, SqlError, SqlErrorKind,
    Stopped, Timestamp, TransactionId, Write, WriteError,
};

use super::{Received, World};
use crate::{
    chat::{ChatSession, performs_chat},
    sql::performs::performs_sql,
    testing::sqlite::{Sqlite, SqliteSession},
};

/// Performs the effects of one handler on a [`World`]; it mirrors [`smol::Session`](crate::smol::Session).
///
/// Dropping it rolls back the transactions that are still open, and ends the subscriptions.
pub struct Session<X = ()> {
    world: Arc<World<X>>,
    sql: Option<SqliteSession>,
    chat: ChatSession,
    received: Received,
    chance: Mutex<fastrand::Rng>,
}

impl<X> Session<X> {
    pub(in crate::testing) fn new(world: Arc<World<X>>, received: Received) -> Self {
        let sql = world.database.as_ref().map(Sqlite::session);
        let chat = world.chat.session();
        // The same numbers in every run, and others for each session.
        let seed = world.opened.fetch_add(1, Ordering::Relaxed);
        Self { world, sql, chat, received, chance: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }

    /// What [`World::state`] was given.
    pub fn state(&self) -> &X {
        &self.world.own
    }

    /// The connection of this transaction is lost, and what it did is undone.
    pub(in crate::testing) fn lose(&self, id: &TransactionId) {
        if let Some(sql) = &self.sql {
            sql.lose(id);
        }
    }

    /// The connection of this stream of rows is lost, and with it the transaction that it is of.
    pub(in crate::testing) fn lose_stream(&self, id: &CursorId) {
        if let Some(sql) = &self.sql {
            sql.lose_stream(id);
        }
    }

    fn sql(&self) -> Result<&SqliteSession, SqlError> {
        self.sql.as_ref().ok_or_else(|| {
            let message = "the world has no database: give it one by `World::database`";
            SqlError::new(SqlErrorKind::Database, Happened::No, message)
        })
    }

    /// The world.
    pub fn world(&self) -> &World<X> {
        &self.world
    }
}

performs_sql! { Session }

impl<X: Send + Sync> Perform<HttpGet> for Session<X> {
    async fn perform(&self, get: HttpGet) -> Result<HttpReply, HttpError> {
        self.world.answer(&HttpRequest::get(get.url))
    }
}

impl<X: Send + Sync> Perform<HttpSend> for Session<X> {
    async fn perform(&self, send: HttpSend) -> Result<HttpReply, HttpError> {
        self.world.answer(&send.0)
    }
}

performs_chat! { Session }

impl<X: Send + Sync> Perform<ReadBody> for Session<X> {
    async fn perform(&self, _: ReadBody) -> Result<Option<Chunk>, BodyError> {
        Ok(self.received.read().map(Chunk))
    }
}

impl<X: Send + Sync> Perform<ReadTrailers> for Session<X> {
    async fn perform(&self, _: ReadTrailers) -> Result<Headers, BodyError> {
        self.received.read_trailers()
    }
}

impl<X: Send + Sync> Perform<Inform> for Session<X> {
    async fn perform(&self, inform: Inform) -> Result<(), WriteError> {
        self.received.inform(&inform)
    }
}

impl<X: Send + Sync> Perform<Respond> for Session<X> {
    async fn perform(&self, respond: Respond) -> Result<(), WriteError> {
        self.received.respond(respond.0)
    }
}

impl<X: Send + Sync> Perform<Write> for Session<X> {
    async fn perform(&self, write: Write) -> Result<(), WriteError> {
        self.received.write(&write.0)
    }
}

impl<X: Send + Sync> Perform<FileInfo> for Session<X> {
    async fn perform(&self, info: FileInfo) -> Answer<FileInfo> {
        self.world.files.info(&info)
    }
}

impl<X: Send + Sync> Perform<ReadFile> for Session<X> {
    async fn perform(&self, read: ReadFile) -> Answer<ReadFile> {
        self.world.files.read(&read)
    }
}

impl<X: Send + Sync> Perform<Now> for Session<X> {
    async fn perform(&self, _: Now) -> Result<Timestamp, Stopped> {
        Ok(self.world.clock.now())
    }
}

impl<X: Send + Sync> Perform<Sleep> for Session<X> {
    async fn perform(&self, sleep: Sleep) -> Result<(), Stopped> {
        self.world.clock.sleep(sleep.0).await;
        Ok(())
    }
}

impl<X: Send + Sync> Perform<Random> for Session<X> {
    async fn perform(&self, random: Random) -> Answer<Random> {
        Ok(self.chance.lock().unwrap_or_else(PoisonError::into_inner).u64(random.low..=random.high))
    }
}

impl<X> fmt::Debug for Session<X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

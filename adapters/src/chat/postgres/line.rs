//! A connection to PostgreSQL that sends notifications and listens to them. All that names sqlx is here.

use std::fmt;

use sqlx::{
    ConnectOptions as _,
    postgres::{PgConnectOptions, PgDatabaseError, PgListener, PgPoolOptions, PgSeverity},
};

use crate::sql::postgres::{location, words};

/// Where to connect, and on which channel to listen.
#[derive(Clone)]
pub(super) struct Target {
    options: PgConnectOptions,
    channel: Box<str>,
}

impl Target {
    /// Reads a URL; if that cannot be, says why without quoting it.
    pub(super) fn read(url: &str, channel: &str) -> Result<Self, Box<str>> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err("the URL of a chat over PostgreSQL begins with `postgres://`".into());
        }
        let options = location(url).map_err(|error| error.message)?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name(APPLICATION_NAME),
        };
        Ok(Self { options: options.disable_statement_logging(), channel: channel.into() })
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The options hold the password.
        f.debug_struct("Target").field("channel", &self.channel).finish_non_exhaustive()
    }
}

/// A connection that listens.
#[derive(Debug)]
pub(super) struct Line {
    listener: PgListener,
    channel: Box<str>,
    /// The server's process behind this connection: what it is told to send, it sends in this name.
    pub(super) process: u32,
}

/// A notification.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) process: u32,
    pub(super) payload: String,
}

/// What went wrong with a connection.
#[derive(Debug)]
pub(super) enum Failure {
    /// The connection is of no use any longer; what it was told last may have been done.
    Lost(String),
    /// The database has undone what it was told, and said why.
    Refused(String),
}

impl Line {
    /// Connects, and listens from then on.
    pub(super) async fn open(target: &Target) -> Result<Self, Failure> {
        // A pool for each connection: one that is lost may be closed late, and must not keep the next one waiting.
        let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
        let mut listener = PgListener::connect_with(&pool.connect_lazy_with(target.options.clone())).await?;
        listener.eager_reconnect(false);
        listener.ignore_pool_close_event(true);
        listener.listen(&target.channel).await?;
        let process: i32 = sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut listener).await?;
        Ok(Self { listener, channel: target.channel.clone(), process: process.cast_unsigned() })
    }

    /// Sends these payloads, in their order: all of them or none. They come back as notifications, as others do.
    pub(super) async fn send(&mut self, payloads: &[String]) -> Result<(), Failure> {
        sqlx::query(SEND).bind(&*self.channel).bind(payloads).execute(&mut self.listener).await?;
        Ok(())
    }

    /// The next notification. A future that is dropped has taken none.
    pub(super) async fn next(&mut self) -> Result<Note, Failure> {
        match self.listener.try_recv().await? {
            Some(notification) => {
                Ok(Note { process: notification.process_id(), payload: notification.payload().to_owned() })
            }
            None => Err(Failure::Lost("the database has closed it".into())),
        }
    }

    /// Sees whether the other end is still there.
    pub(super) async fn check(&mut self) -> Result<(), Failure> {
        sqlx::query("select 1").execute(&mut self.listener).await?;
        Ok(())
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        let reason = words(&error).into_string();
        let said = error.as_database_error().and_then(|said| said.try_downcast_ref::<PgDatabaseError>());
        match said.map(PgDatabaseError::severity) {
            Some(PgSeverity::Error) => Self::Refused(reason),
            // Who says so with another severity ends: after what it was told to do, or before.
            Some(_) | None => Self::Lost(reason),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost(reason) | Self::Refused(reason) => f.write_str(reason),
        }
    }
}

/// What the database's list of its clients calls this one, unless the URL has a name for it.
const APPLICATION_NAME: &str = "segno_chat";

/// The function is called for one payload after the other, once they have been put in order.
const SEND: &str = "select pg_notify($1, payload) from unnest($2::text[]) with ordinality as part (payload, place) \
                    order by place";

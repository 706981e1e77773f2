//! Ends what runs on a connection, from another one.

use std::{sync::Arc, time::Duration};

use futures_lite::FutureExt;
use segno_core::{Happened, SqlError, SqlErrorKind};
use smol::Timer;
use sqlx::{ConnectOptions, Connection, postgres::PgConnectOptions};

use super::error::sql_error;
use crate::sql::driver::{Boxed, Cancel};

/// The server's process that serves one connection.
#[derive(Clone)]
pub(super) struct Backend {
    pub(super) options: Arc<PgConnectOptions>,
    pub(super) process: i32,
}

impl Backend {
    async fn ask(&self) -> Result<(), SqlError> {
        let mut connection = self.options.connect().await.map_err(|error| sql_error(&error, Happened::No))?;
        let asked = sqlx::query("select pg_cancel_backend($1)").bind(self.process).execute(&mut connection).await;
        // It was asked: what becomes of the connection that did so tells nothing.
        let _ = connection.close().await;
        asked.map(drop).map_err(|error| sql_error(&error, Happened::No))
    }
}

impl Cancel for Backend {
    fn cancel(&self) -> Boxed<'_, Result<(), SqlError>> {
        let too_late = async {
            Timer::after(TIME_LIMIT).await;
            let message = "the server did not take the request to end a statement in time";
            Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message))
        };
        Box::pin(self.ask().or(too_late))
    }
}

/// A connection takes some milliseconds to make, and some hundred on a busy server far away.
const TIME_LIMIT: Duration = Duration::from_secs(5);

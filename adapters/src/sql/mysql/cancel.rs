//! Ends what runs on a connection, from another one.

use std::{sync::Arc, time::Duration};

use futures_lite::FutureExt;
use segno_core::{Happened, SqlError, SqlErrorKind};
use smol::Timer;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, mysql::MySqlConnectOptions};

use super::error::sql_error;
use crate::sql::driver::{Boxed, Cancel};

/// The server's thread that serves one connection.
#[derive(Clone)]
pub(super) struct Thread {
    pub(super) options: Arc<MySqlConnectOptions>,
    pub(super) id: u64,
}

impl Thread {
    async fn kill_query(&self) -> Result<(), SqlError> {
        let mut connection = self.options.connect().await.map_err(|error| sql_error(&error, Happened::No))?;
        let killed = connection.execute(sqlx::raw_sql(AssertSqlSafe(format!("KILL QUERY {}", self.id)))).await;
        // It was asked: what becomes of the connection that did so tells nothing.
        let _ = connection.close().await;
        killed.map(drop).map_err(|error| sql_error(&error, Happened::No))
    }
}

impl Cancel for Thread {
    fn cancel(&self) -> Boxed<'_, Result<(), SqlError>> {
        let too_late = async {
            Timer::after(TIME_LIMIT).await;
            let message = "the server did not take the request to end a statement in time";
            Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message))
        };
        Box::pin(self.kill_query().or(too_late))
    }
}

/// A connection takes some milliseconds to make, and some hundred on a busy server far away.
const TIME_LIMIT: Duration = Duration::from_secs(5);

//! Streams of rows: each over a connection of its own, or over its transaction's.

use async_lock::Mutex as AsyncMutex;
use segno_core::{Answer, CursorId, Perform, Rows, SqlClose, SqlError, SqlFetch, SqlOpen};

use super::SqlSession;
use crate::sql::{cursor::Cursor, statement::Statement};

impl SqlSession {
    /// The next batch. Its end, or its failure, ends the stream.
    async fn next(&self, id: &CursorId, cursor: &AsyncMutex<Cursor>) -> Result<Rows, SqlError> {
        let batch = cursor.lock().await.next().await;
        if batch.as_ref().map_or(true, Rows::is_empty) {
            self.cursors.close(id);
        }
        batch
    }
}

impl Perform<SqlOpen> for SqlSession {
    async fn perform(&self, open: SqlOpen) -> Answer<SqlOpen> {
        let size = open.rows_at_once();
        let SqlOpen { id, mut sql, .. } = open;
        let statement = Statement::read(&mut sql, self.dialect)?;
        statement.must_read("a stream of rows")?;
        let (transaction, sql) = (sql.transaction.clone(), *sql);
        let cursor = match &transaction {
            None => {
                let mut leased = self.acquire().await?;
                Cursor::new(size, |batches| {
                    Box::pin(async move {
                        let end = leased.stream(sql, statement, batches).await;
                        if end.is_ok() {
                            leased.mark_clean();
                        }
                        end
                    })
                })
            }
            Some(transaction) => {
                let pinned = self.transaction(transaction)?;
                Cursor::new(size, |batches| {
                    Box::pin(async move { pinned.lock().await.stream(sql, statement, batches).await })
                })
            }
        };
        let cursor = self.cursors.open(id.clone(), transaction, AsyncMutex::new(cursor))?;
        self.next(&id, &cursor).await
    }
}

impl Perform<SqlFetch> for SqlSession {
    async fn perform(&self, fetch: SqlFetch) -> Answer<SqlFetch> {
        let cursor = self.cursors.find(&fetch.id)?;
        self.next(&fetch.id, &cursor).await
    }
}

impl Perform<SqlClose> for SqlSession {
    async fn perform(&self, close: SqlClose) -> Answer<SqlClose> {
        self.cursors.close(&close.id);
        Ok(())
    }
}

//! Rows in batches, as a handler reads them.

use alloc::{borrow::Cow, boxed::Box};
use core::{fmt, future::Future, panic::Location};

use crate::{
    effect::{EffectSet, Has},
    error::{Happened, Result},
    io::Io,
    slot::Shared,
    standard::{CursorId, Params, Rows, Sql, SqlClose, SqlError, SqlFetch, SqlOpen, Standard},
};

impl<S: Has<SqlOpen> + Has<SqlClose>> Io<S> {
    /// Reads the rows of a statement in batches, outside of a transaction: for answers that are larger than memory, such as
    /// an export.
    ///
    /// The statement only reads. It holds a connection until its last batch was read or the stream is dropped: other
    /// statements go over others, of which a database in memory has none. All batches see the database as it was when
    /// the statement began.
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, ResponseHead, Result};
    /// async fn export(mut io: Io, _: Request) -> Result<Response> {
    ///     // A wrong statement fails here, before the response begins.
    ///     let mut rows = io.sql_stream("select id, name from author order by id", ()).await?;
    ///     let mut out = io.respond(ResponseHead::new(200).header("content-type", "text/csv")?).await?;
    ///     while let Some(batch) = rows.next(&mut io).await? {
    ///         let mut lines = String::new();
    ///         for row in batch.iter() {
    ///             lines += &format!("{},{:?}\n", row.get::<i64>("id")?, row.get::<String>("name")?);
    ///         }
    ///         out.write(&mut io, lines).await?;
    ///     }
    ///     Ok(out.end())
    /// }
    /// ```
    ///
    /// It keeps a connection from its beginning to its end, however slowly it is read, and has no time limit of its own: what
    /// strangers may read at their pace belongs on a second `Database` with connections of its own, or has a deadline.
    ///
    /// # Errors
    ///
    /// As of [`sql`](Self::sql), and if the statement does more than read.
    #[track_caller]
    pub fn sql_stream(
        &mut self,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> impl Future<Output = Result<RowStream<S>, SqlError>> {
        self.sql_stream_by(SqlOpen::BATCH, text, params)
    }

    /// [`sql_stream`](Self::sql_stream) with this many rows in a batch, from 1 to [`SqlOpen::MAX_BATCH`]; there are fewer
    /// where rows are large, and at the end.
    ///
    /// # Errors
    ///
    /// As of [`sql_stream`](Self::sql_stream).
    #[track_caller]
    pub fn sql_stream_by(
        &mut self,
        batch: u32,
        text: impl Into<Cow<'static, str>>,
        params: impl Into<Params>,
    ) -> impl Future<Output = Result<RowStream<S>, SqlError>> {
        let sql = Sql { text: text.into(), params: params.into(), transaction: None };
        open(self, sql, batch, Location::caller())
    }
}

/// Rows on their way, in batches; made by [`Io::sql_stream`].
///
/// Dropping it ends it, and gives its connection back.
pub struct RowStream<S: EffectSet = Standard> {
    slot: Shared<S>,
    id: CursorId,
    /// The batch that came when it was opened, until it is read.
    first: Option<Rows>,
    /// Told when the stream is dropped; none once it has ended.
    close: Option<S>,
}

impl<S: EffectSet> RowStream<S> {
    /// Reads the next batch, which has at least one row; nothing at the end.
    ///
    /// If it is abandoned, by a lost race or a timeout, no row is lost: the next one reads on.
    ///
    /// # Errors
    ///
    /// If the connection is lost or the statement fails half-way: then the stream is over, and so says who reads on
    /// ([`NoCursor`](crate::SqlErrorKind::NoCursor)).
    #[track_caller]
    pub fn next<'a>(&'a mut self, io: &'a mut Io<S>) -> impl Future<Output = Result<Option<Rows>, SqlError>> + 'a
    where
        S: Has<SqlFetch>,
    {
        self.next_at(io, Location::caller())
    }

    async fn next_at(&mut self, io: &mut Io<S>, location: &'static Location<'static>) -> Result<Option<Rows>, SqlError>
    where
        S: Has<SqlFetch>,
    {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if self.close.is_none() {
            return Ok(None);
        }
        let rows = io.perform_at(SqlFetch { id: self.id.clone() }, location).await?;
        Ok(self.took(rows))
    }

    /// The batch, unless it is the end.
    fn took(&mut self, rows: Rows) -> Option<Rows> {
        if rows.is_empty() {
            self.close = None;
            return None;
        }
        Some(rows)
    }
}

impl<S: EffectSet> Drop for RowStream<S> {
    fn drop(&mut self) {
        if let Some(close) = self.close.take() {
            self.slot.lock().tell(close);
        }
    }
}

impl<S: EffectSet> fmt::Debug for RowStream<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream").field("id", &self.id).field("ended", &self.close.is_none()).finish_non_exhaustive()
    }
}

/// Rows of a transaction on their way, in batches; made by [`Tx::sql_stream`](crate::Tx::sql_stream).
///
/// They come over the transaction's one connection, so that nothing else can be asked of the transaction meanwhile:
///
/// ```compile_fail,E0499
/// # use segno_core::{Result, Tx};
/// async fn both(tx: &mut Tx<'_>) -> Result<()> {
///     let mut rows = tx.sql_stream("select id from author", ()).await?;
///     while let Some(batch) = rows.next().await? {
///         tx.sql("update author set seen = 1 where id >= ?1", [batch.len() as i64]).await?;
///     }
///     Ok(())
/// }
/// ```
pub struct TxRowStream<'a, S: EffectSet = Standard> {
    io: &'a mut Io<S>,
    rows: RowStream<S>,
}

impl<S: Has<SqlFetch>> TxRowStream<'_, S> {
    /// Reads the next batch, which has at least one row; nothing at the end.
    ///
    /// # Errors
    ///
    /// As of [`RowStream::next`].
    #[expect(clippy::should_implement_trait, reason = "no iterator asks for an effect; the name is `RowStream`'s")]
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Result<Option<Rows>, SqlError>> {
        self.rows.next_at(self.io, Location::caller())
    }
}

impl<S: EffectSet> fmt::Debug for TxRowStream<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxRowStream").field("rows", &self.rows).finish_non_exhaustive()
    }
}

/// A stream in the transaction that the statement names.
pub(crate) async fn open_in_transaction<'a, S: Has<SqlOpen> + Has<SqlClose>>(
    io: &'a mut Io<S>,
    sql: Sql,
    batch: u32,
    location: &'static Location<'static>,
) -> Result<TxRowStream<'a, S>, SqlError> {
    let rows = open(io, sql, batch, location).await?;
    Ok(TxRowStream { io, rows })
}

async fn open<S: Has<SqlOpen> + Has<SqlClose>>(
    io: &mut Io<S>,
    sql: Sql,
    batch: u32,
    location: &'static Location<'static>,
) -> Result<RowStream<S>, SqlError> {
    let id = CursorId::new(io.next_path());
    // Made before the answer: what was asked and not heard of may have begun.
    let asks = !io.slot.lock().refuses(io.lane);
    let close = asks.then(|| S::inject(SqlClose { id: id.clone() }));
    let mut stream = RowStream { slot: io.slot.clone(), id: id.clone(), first: None, close };
    match io.perform_at(SqlOpen { id, sql: Box::new(sql), batch }, location).await {
        Ok(rows) => {
            stream.first = stream.took(rows);
            Ok(stream)
        }
        Err(error) => {
            if error.happened == Happened::No {
                stream.close = None;
            }
            Err(error)
        }
    }
}

//! A connection to MySQL, as the server sees it.

use std::{borrow::Cow, pin::pin, sync::Arc, time::Duration};

use futures_lite::{Stream, StreamExt, future::yield_now};
use segno_core::{Happened, Isolation, Params, Rows, Sql, SqlError, SqlErrorKind, TransactionOptions};
use sqlx::{
    AssertSqlSafe, Connection, Either, Executor, MySql, SqlStr, Statement as _,
    mysql::{MySqlArguments, MySqlQueryResult},
    pool::PoolConnection,
};

use super::{
    decode::{names, push},
    encode::arguments,
    error::{NO_SAVEPOINT, STALE, Stage, is_lost, number, staged},
};
use crate::{
    sql::{
        control::Control,
        driver::Cancel,
        server::Canceller,
        sink::Sink,
        statement::{Statement, Verb},
        text::sql_str,
    },
    task::within,
};

/// A connection, taken from the pool. Its futures are not to be dropped before they have ended, but together with it.
pub(super) struct MySqlConnected {
    connection: PoolConnection<MySql>,
    cancel: Arc<Canceller<MySql>>,
    /// Whether something is under way on it.
    pub(super) busy: bool,
    /// Whether a transaction was begun here, and has not ended as far as is known.
    open: bool,
}

/// Why a statement has no answer.
enum Failed {
    Driver(sqlx::Error, Stage),
    Here(SqlError),
}

impl From<SqlError> for Failed {
    fn from(error: SqlError) -> Self {
        Self::Here(error)
    }
}

/// What a statement did.
struct Done {
    result: MySqlQueryResult,
    columns: Vec<Box<str>>,
}

impl MySqlConnected {
    pub(super) fn new(connection: PoolConnection<MySql>, cancel: Arc<Canceller<MySql>>) -> Self {
        Self { connection, cancel, busy: false, open: false }
    }

    pub(super) async fn carry_out(&mut self, sql: Sql, statement: Statement, mut sink: Sink) -> Result<Rows, SqlError> {
        // A transaction that is lost is undone.
        let lost = if self.open { Happened::No } else { statement.lost() };
        let text = sql_str(sql.text);
        match self.attempt(&text, &sql.params, statement, &mut sink).await {
            Ok(done) => self.finish(statement, sink, done).await,
            Err(Failed::Here(refused)) => Err(refused),
            Err(Failed::Driver(error, stage)) => {
                if number(&error) == Some(STALE) {
                    // Nothing was carried out, and whoever asks again has it prepared anew.
                    self.forget().await?;
                }
                let failed = self.failed(&error, lost, stage);
                Err(if stage == Stage::Text { failed } else { statement.failed(failed) })
            }
        }
    }

    /// Asks the server, and takes all that it answers.
    async fn attempt(
        &mut self,
        text: &SqlStr,
        params: &Params,
        statement: Statement,
        sink: &mut Sink,
    ) -> Result<Done, Failed> {
        let arguments = arguments(params)?;
        let mut done = Done { result: MySqlQueryResult::default(), columns: self.prepare(text, &arguments).await? };
        let mut answers = self.connection.fetch_many(sqlx::query_with(text.clone(), arguments));
        let mut ended = false;
        let taken = loop {
            let answer = answers.try_next().await.map_err(|error| Failed::Driver(error, Stage::Run))?;
            let row = match answer {
                None => return Ok(done),
                Some(Either::Left(result)) => {
                    done.result = result;
                    ended = true;
                    continue;
                }
                Some(Either::Right(_)) if ended => break Err(several_results()),
                Some(Either::Right(row)) => row,
            };
            if let Err((kind, message)) = push(sink.rows(), &row) {
                // The server has carried it out, whoever can read what it gives.
                break Err(SqlError::new(kind, statement.lost(), message));
            }
            match sink.flows().await {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        end(answers, &self.cancel).await.map_err(|error| Failed::Driver(error, Stage::Run))?;
        taken.map(|()| done).map_err(Failed::Here)
    }

    /// Has the server read the text, if this connection has not asked it before, and tells the names of the columns. They
    /// may be those from before the tables were altered elsewhere: then those that come with rows are others.
    async fn prepare(&mut self, text: &SqlStr, arguments: &MySqlArguments) -> Result<Vec<Box<str>>, Failed> {
        let prepared = self.connection.prepare(text.clone()).await;
        let prepared = prepared.map_err(|error| Failed::Driver(error, Stage::Text))?;
        let given = sqlx::Arguments::len(arguments);
        match prepared.parameters() {
            // The driver would wait for the answer to what it then does not send.
            Some(Either::Right(count)) if count != given => {
                let message = format!("to the server the statement takes {count} parameters, and {given} were given");
                Err(SqlError::new(SqlErrorKind::Params, Happened::No, message).into())
            }
            _ => Ok(names(prepared.columns())),
        }
    }

    async fn finish(&mut self, statement: Statement, sink: Sink, done: Done) -> Result<Rows, SqlError> {
        if statement.verb == Verb::Schema {
            // What was prepared before may have other columns now.
            self.forget().await?;
        }
        if statement.verb == Verb::Other && self.open && !self.in_transaction().await? {
            let message = "the statement ended the transaction by itself, and what it did can not be undone any longer";
            return Err(SqlError::new(SqlErrorKind::Statement, Happened::Yes, message));
        }
        let rows = sink.finish(done.columns).await?;
        // The end of rows does not tell how many were written: each is given.
        let gave = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let affected = if statement.gives_rows() { gave } else { done.result.rows_affected() };
        let (affected, last_id) = statement.written(affected, 0);
        // Of several rows the server tells the first one's, and of a table without such a column 0.
        let last_id = last_id.and_then(|_| i64::try_from(done.result.last_insert_id()).ok());
        Ok(rows.with_written(affected, last_id.filter(|id| *id != 0 && affected == 1)))
    }

    pub(super) async fn control(&mut self, control: Control) -> Result<(), SqlError> {
        let done = match control {
            Control::Begin(options) => {
                // From here on, since this future may be dropped with the connection.
                self.open = true;
                self.command(begin(options)).await
            }
            Control::Commit | Control::Savepoint(_) | Control::Release(_) => self.command(control.command()).await,
            Control::Rollback => return self.roll_back().await,
            Control::RollbackTo(depth) => {
                // Else the savepoint would stay, and a loop of failing scopes would pile them up.
                let (to, release) = (control.command(), Control::Release(depth).command());
                match self.command(format!("{to}; {release}")).await {
                    // What was to be undone was never made.
                    Err(error) if number(&error) == Some(NO_SAVEPOINT) => Ok(()),
                    done => done,
                }
            }
        };
        match (done, control) {
            (Ok(()), Control::Commit) => self.open = false,
            (Ok(()), _) => {}
            (Err(error), _) => {
                if matches!(control, Control::Begin(_)) {
                    self.open = is_lost(&error);
                }
                return Err(self.failed(&error, control.lost(), Stage::Text));
            }
        }
        Ok(())
    }

    /// Rolls back what is open, if anything is.
    pub(super) async fn roll_back(&mut self) -> Result<(), SqlError> {
        if self.open {
            let done = self.command("ROLLBACK").await;
            done.map_err(|error| self.failed(&error, Happened::No, Stage::Text))?;
            self.open = false;
        }
        Ok(())
    }

    /// A deadlock, among others, has the server roll the transaction back. There is no question for that which every server
    /// answers: but a savepoint is only there afterwards if there is a transaction.
    pub(super) async fn in_transaction(&mut self) -> Result<bool, SqlError> {
        if self.open {
            match self.command("SAVEPOINT sp_probe; RELEASE SAVEPOINT sp_probe").await {
                Ok(()) => {}
                Err(error) if number(&error) == Some(NO_SAVEPOINT) => self.open = false,
                Err(error) => return Err(self.failed(&error, Happened::No, Stage::Text)),
            }
        }
        Ok(self.open)
    }

    /// Has the connection closed when it is dropped, instead of given back.
    pub(super) fn discard(&mut self) {
        self.connection.close_on_drop();
    }

    /// Has every statement prepared anew.
    async fn forget(&mut self) -> Result<(), SqlError> {
        let cleared = self.connection.clear_cached_statements().await;
        cleared.map_err(|error| self.failed(&error, Happened::Yes, Stage::Text))
    }

    async fn command(&mut self, text: impl Into<Cow<'static, str>>) -> Result<(), sqlx::Error> {
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(text.into().into_owned()))).await.map(drop)
    }

    /// The driver's error as ours, and what it means for the connection.
    fn failed(&mut self, error: &sqlx::Error, lost: Happened, stage: Stage) -> SqlError {
        if is_lost(error) {
            self.discard();
        }
        staged(error, lost, stage)
    }
}

/// What was not reset is closed: then the server rolls back. So the pool is given back only what is fit for others.
impl Drop for MySqlConnected {
    fn drop(&mut self) {
        if self.busy || self.open {
            self.discard();
        }
    }
}

/// Waits a little for the rest of an answer that nobody wants, and then has the server end it.
async fn end<T>(
    mut answers: impl Stream<Item = Result<T, sqlx::Error>> + Unpin,
    cancel: &Arc<Canceller<MySql>>,
) -> Result<(), sqlx::Error> {
    let rest = async {
        loop {
            match answers.next().await {
                // As long as rows come fast, nothing else would look at the time.
                Some(Ok(_)) => yield_now().await,
                Some(Err(error)) if is_lost(&error) => return Err(error),
                Some(Err(_)) | None => return Ok(()),
            }
        }
    };
    let mut rest = pin!(rest);
    if let Some(ended) = within(PATIENCE, rest.as_mut()).await {
        return ended;
    }
    // If that fails, the statement runs to its end.
    let _ = cancel.cancel().await;
    rest.await
}

/// What begins a transaction of this kind.
fn begin(options: TransactionOptions) -> String {
    let isolation = match options.isolation {
        None => "",
        Some(Isolation::ReadUncommitted) => "SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; ",
        Some(Isolation::ReadCommitted) => "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; ",
        Some(Isolation::RepeatableRead) => "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; ",
        Some(Isolation::Serializable) => "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; ",
    };
    let access = if options.read_only { " READ ONLY" } else { "" };
    format!("{isolation}START TRANSACTION{access}")
}

fn several_results() -> SqlError {
    let message = "the procedure gave rows more than once: let it give those of one `select`";
    SqlError::new(SqlErrorKind::Statement, Happened::Yes, message)
}

/// Most statements end within it, and to cancel one costs a connection of its own, which is some milliseconds.
const PATIENCE: Duration = Duration::from_millis(10);

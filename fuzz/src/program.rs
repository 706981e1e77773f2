//! Handlers as data: what the fuzzer makes up, and what runs it.

use std::{future::Future, pin::Pin, time::Duration};

use arbitrary::Arbitrary;
use segno_core::{Error, HttpRequest, Io, Isolation, Race2, Response, Result, Tx};

/// A handler as data.
#[derive(Arbitrary, Clone, Debug)]
pub struct Program(Vec<Act>);

impl Program {
    /// Does all that the program says, and responds.
    ///
    /// # Errors
    ///
    /// If the program says so, or an effect fails.
    pub async fn respond(self, mut io: Io) -> Result<Response> {
        play(&mut io, &self.0).await?;
        Ok(Response::text("done"))
    }
}

/// One thing that a handler does. A handler is a list of them; it ends at the first that fails.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Act {
    Ask(Question),
    JoinTwo(Vec<Self>, Vec<Self>),
    JoinAll(Vec<Vec<Self>>),
    RaceTwo(Vec<Self>, Vec<Self>),
    RaceAll(Vec<Vec<Self>>),
    Timeout(Vec<Self>),
    Transaction(Vec<Statement>),
    /// A transaction that runs again if it must, so many times at the most.
    Retry(u8, Vec<Statement>),
    /// Opens a stream of rows, reads so many batches, and leaves.
    Read(u8),
    /// Subscribes, receives so many times, and leaves.
    Listen(u8),
    /// Cleans up, so many times.
    CleanUp(u8),
    /// Goes on, whether its parts fail or not.
    Ignore(Vec<Self>),
    Fail,
    /// Asks for ever, and takes no for an answer.
    Insist,
    /// Awaits what is no effect.
    Foreign,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
pub(crate) enum Question {
    Sql,
    HttpGet,
    HttpSend,
    ChatSend,
    ChatRecv,
    ChatBalance,
    Now,
    Sleep,
    Random(u64, u64),
}

/// One thing that is done in a transaction.
#[derive(Arbitrary, Clone, Debug)]
pub(crate) enum Statement {
    Sql,
    Now,
    /// Opens a stream of rows, reads so many batches, and leaves.
    Read(u8),
    Nested(Vec<Self>),
    /// Goes on, whether its parts fail or not.
    Ignore(Vec<Self>),
    Fail,
    Foreign,
}

type Played<'a> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>>;

/// Runs a handler.
pub(crate) fn play<'a>(io: &'a mut Io, acts: &'a [Act]) -> Played<'a> {
    Box::pin(async move {
        for act in acts {
            perform(io, act).await?;
        }
        Ok(())
    })
}

async fn perform(io: &mut Io, act: &Act) -> Result<()> {
    match act {
        Act::Ask(question) => ask(io, *question).await,
        Act::JoinTwo(left, right) => {
            let (left, right) = io.join2(async |io| play(io, left).await, async |io| play(io, right).await).await;
            left.and(right)
        }
        Act::JoinAll(lanes) => io
            .join_all(lanes.iter().map(|acts| async move |io: &mut Io| play(io, acts).await))
            .await
            .into_iter()
            .collect(),
        Act::RaceTwo(left, right) => {
            let race = io.race2(async |io| play(io, left).await, async |io| play(io, right).await);
            match race.await {
                Race2::A(end) | Race2::B(end) => end,
            }
        }
        Act::RaceAll(lanes) => io
            .race_all(lanes.iter().map(|acts| async move |io: &mut Io| play(io, acts).await))
            .await
            .map_or(Ok(()), |(_, end)| end),
        Act::Timeout(acts) => io.timeout(Duration::from_secs(1), async |io| play(io, acts).await).await?,
        Act::Transaction(statements) => io.transaction(async |tx| state(tx, statements).await).await,
        Act::Retry(attempts, statements) => {
            let attempts = u32::from(*attempts);
            io.retry_transaction(Isolation::Serializable, attempts, async |tx| state(tx, statements).await).await
        }
        Act::Read(times) => {
            let mut rows = io.sql_stream("select 1", ()).await?;
            for _ in 0..*times {
                rows.next(io).await?;
            }
            Ok(())
        }
        Act::Listen(times) => {
            let mut room = io.chat_subscribe("room").await?;
            for _ in 0..*times {
                room.recv(io).await?;
            }
            Ok(())
        }
        Act::CleanUp(times) => {
            for _ in 0..*times {
                io.cleanup().sql("delete from hold", ()).await?;
            }
            Ok(())
        }
        Act::Ignore(acts) => {
            let _end = play(io, acts).await;
            Ok(())
        }
        Act::Fail => Err(Error::status(409, "as the input says")),
        Act::Insist => loop {
            let _refused = io.now().await;
        },
        Act::Foreign => std::future::pending().await,
    }
}

async fn ask(io: &mut Io, question: Question) -> Result<()> {
    match question {
        Question::Sql => drop(io.sql("select 1", ()).await?),
        Question::HttpGet => drop(io.http_get("http://x/").await?),
        Question::HttpSend => drop(io.http_send(HttpRequest::post("http://x/")).await?),
        Question::ChatSend => drop(io.chat_send("room", "hi").await?),
        Question::ChatRecv => drop(io.chat_recv("room").await?),
        Question::ChatBalance => drop(io.chat_balance("room").await?),
        Question::Now => drop(io.now().await?),
        Question::Sleep => io.sleep(Duration::from_secs(1)).await?,
        Question::Random(low, high) => {
            let drawn = io.random(low..=high).await?;
            assert!(drawn >= low);
        }
    }
    Ok(())
}

fn state<'a>(tx: &'a mut Tx<'_>, statements: &'a [Statement]) -> Played<'a> {
    Box::pin(async move {
        for statement in statements {
            match statement {
                Statement::Sql => drop(tx.sql("update x set y = 1", ()).await?),
                Statement::Now => drop(tx.now().await?),
                Statement::Read(times) => {
                    let mut rows = tx.sql_stream("select 1", ()).await?;
                    for _ in 0..*times {
                        rows.next().await?;
                    }
                }
                Statement::Nested(inner) => tx.transaction(async |tx| state(tx, inner).await).await?,
                Statement::Ignore(inner) => drop(state(tx, inner).await),
                Statement::Fail => return Err(Error::status(409, "as the input says")),
                Statement::Foreign => std::future::pending().await,
            }
        }
        Ok(())
    })
}

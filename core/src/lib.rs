//! The pure core of **segno**: request handlers as generators over typed I/O requests.
//!
//! A handler is an ordinary `async fn(Io, Request) -> Result<Response>` that performs no I/O. It *asks for effects*: SQL, an
//! HTTP request, a chat message, a piece of the response, the time, a random number. Each is plain data. Whoever drives the
//! handler performs them, or says what they gave, and the handler goes on from the sign at which it stopped: now, later, in
//! a test, or again.
//!
//! # In scope
//!
//! - effects, sets of them, and what asks for them ([`Effect`], [`effects!`], [`Io`]);
//! - handlers as data that can be stepped and answered ([`Tasklet`]);
//! - effects side by side ([`join!`], [`race!`], [`Io::timeout`]), transactions ([`Io::transaction`]), stops
//!   ([`Tasklet::stop`], [`Io::cleanup`]), traces ([`Trace`]);
//! - handlers by path ([`Router`]).
//!
//! # Out of scope
//!
//! I/O, clocks, threads, randomness, the environment, runtimes: this crate's own code is `no_std`, so that the compiler says
//! no. The adapters of the crate `segno` drive tasklets for real.
//!
//! # The conversation
//!
//! ```text
//!      handler                      Tasklet                          driver
//!
//!                                            <──────────────────────  step()
//!   io.sql("select …").await ──>  suspended  ──── Perform(ticket, Sql { … }) ──>  does it, or says what it gave
//!                                            <── answer(ticket, Sql(Ok(rows))) ──
//!                                            <──────────────────────  step()
//!   Ok(rows)                 <──  resumed
//!   Ok(Response::text(…))    ──>  ended      ──── Done(Ok(response)) ─────────>  sends it
//! ```
//!
//! A handler with two lanes asks for two effects before it waits; of a race, the loser is abandoned. All of it, once:
//!
//! ```
//! use std::time::Duration;
//! use segno_core::{HttpReply, Io, Request, Response, Result, Sleep, Standard, StandardOutcome, Step, Tasklet, rows};
//!
//! async fn feed(mut io: Io, request: Request) -> Result<Response> {
//!     let id: i64 = request.query("author")?.unwrap_or(7);
//!     // Helpers ask too, to any depth.
//!     let name = name_of(&mut io, id).await?;
//!     // Two lanes: the page, but not for longer than two seconds.
//!     let page = io.timeout(Duration::from_secs(2), async |io| io.http_get("http://feeds.internal/7").await).await;
//!     let text = match page {
//!         Ok(reply) => reply?.text().into_owned(),
//!         Err(_elapsed) => "slow today".into(),
//!     };
//!     Ok(Response::text(format!("{name}: {text}")))
//! }
//!
//! async fn name_of(io: &mut Io, id: i64) -> Result<String> {
//!     Ok(io.sql("select name from author where id = ?1", [id]).await?.one()?.get("name")?)
//! }
//!
//! let mut tasklet = Tasklet::new(|io| feed(io, Request::get("/feed?author=7")));
//!
//! // It runs up to its first effect, and waits.
//! let Step::Perform(ticket, Standard::Sql(sql)) = tasklet.step() else { panic!() };
//! assert_eq!((&*sql.text, &*sql.params), ("select name from author where id = ?1", &[7.into()][..]));
//! assert_eq!(tasklet.path(ticket).unwrap().to_string(), "0#1");
//! assert!(matches!(tasklet.step(), Step::Waiting));
//!
//! // Answered, it runs on: both lanes ask before it waits again.
//! tasklet.answer(ticket, StandardOutcome::Sql(Ok(rows!["name"; ["Ada"]]))).unwrap();
//! let Step::Perform(page, Standard::HttpGet(get)) = tasklet.step() else { panic!() };
//! let Step::Perform(clock, Standard::Sleep(sleep)) = tasklet.step() else { panic!() };
//! assert_eq!((&*get.url, sleep), ("http://feeds.internal/7", Sleep(Duration::from_secs(2))));
//! assert_eq!(tasklet.path(clock).unwrap().to_string(), "0.1:1#1");
//! assert!(matches!(tasklet.step(), Step::Waiting));
//!
//! // The page wins the race; the clock is of no use any longer.
//! tasklet.answer(page, StandardOutcome::HttpGet(Ok(HttpReply::new(200, "notes")))).unwrap();
//! assert!(matches!(tasklet.step(), Step::Abandon(ticket) if ticket == clock));
//! let Step::Done(Ok(response)) = tasklet.step() else { panic!() };
//! assert_eq!(&response.into_whole().unwrap().1[..], b"Ada: notes");
//! assert!(matches!(tasklet.step(), Step::Dead));
//! ```

#![no_std]

extern crate alloc;
// For `std::sync::Mutex` in `slot`, and for nothing else.
extern crate std;

mod error;
mod path;

mod effect;
mod perform;
#[cfg(feature = "serde")]
#[doc(hidden)]
pub mod serial;
mod set;
mod standard;

mod trace;

mod slot;

mod body;
mod files;
mod io;
mod lanes;
mod request;
mod response;
mod row_stream;
mod transaction;
mod verbs;

mod events;

mod generator;
mod tasklet;

mod handler;
mod router;

pub use body::Form;
pub use effect::{Answer, Effect, EffectSet, Fault, Has, Menu, Replay};
pub use error::{
    AnswerError, AnswerErrorKind, EffectError, Error, Failure, Happened, Place, Result, StopReason, Stopped,
};
pub use events::{Event, EventStream, InvalidEvent};
pub use handler::{Handler, HandlerFuture, IntoHandler, RouterError};
pub use io::{Ask, Cleanup, Io};
pub use lanes::{Elapsed, Race2, Race3, Race4, Race5, Race6, Race7, Race8};
pub use path::{ParsePathError, Path, Ticket};
pub use perform::{Perform, PerformedBy};
pub use request::{Body, Request};
pub use response::{Escaped, Page, Response, ResponseStream};
pub use router::Router;
pub use row_stream::{RowStream, TxRowStream};
pub use standard::{
    BodyError, BodyErrorKind, ChatBalance, ChatError, ChatErrorKind, ChatRecv, ChatSend, ChatSubscribe,
    ChatUnsubscribe, Chunk, ColumnIndex, CursorId, Element, FileError, FileErrorKind, FileInfo, FileKind, FilePath,
    FileVersion, FromRow, FromValue, Headers, HttpError, HttpErrorKind, HttpGet, HttpReply, HttpRequest, HttpSend,
    Inform, InvalidFilePath, InvalidHeader, Isolation, Now, Params, Random, ReadBody, ReadFile, ReadTrailers, Respond,
    ResponseHead, Row, Rows, Sleep, Sql, SqlClose, SqlError, SqlErrorKind, SqlFetch, SqlOpen, Standard,
    StandardOutcome, SubscriptionId, Timestamp, Transaction, TransactionAct, TransactionId, TransactionOptions, Value,
    Write, WriteError, WriteErrorKind,
};
#[cfg(feature = "serde")]
pub use standard::{Json, column};
pub use tasklet::{Step, Tasklet};
pub use trace::{Entry, Trace};
pub use transaction::Tx;
pub use verbs::Subscription;
pub use {bigdecimal, chrono, uuid};

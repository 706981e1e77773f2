//! Tests for handlers, without a server, without a network and without a clock.
//!
//! | I want to | with |
//! |---|---|
//! | learn all of it by one example | the [guide] |
//! | say what a handler asks for, and what it is answered | [`script`] |
//! | know what it does when anything fails, or its client goes away | [`explore`], in a [`World`] |
//! | know what many requests do to each other | [`simulate`], with [`Client`]s |
//! | run again what was found | [`Explore::replay`], [`Simulate::replay`] |
//! | run again what happened in production | [`replay`], [`replay_directory`], with files of a [recorder](crate::record) |
//! | let a fuzzer decide what fails | [`Explore::tape`], with [`Tape::bytes`] |
//! | know what was never tried | [`Outcomes`] |
//! | forbid something for every run | a [`Law`], or [one of my own](Explore::law) |
//! | have a database in a test of any kind | [`Sqlite`] |
//!
//! # A script
//!
//! It says what a handler is expected to ask for, in order, and what it is answered. It is strict: an effect that was not
//! expected fails the test, and so does an expectation that was not met.
//!
//! ```
//! use segno::{Io, Request, Response, Result, rows};
//! use segno::testing::{chat_send, get, http_get, ok, script, sql};
//!
//! async fn feed(mut io: Io, request: Request) -> Result<Response> {
//!     let id: i64 = request.param("id")?;
//!     let (rows, page) = io.join2(
//!         async |io| io.sql("select name from author where id = ?1", [id]).await,
//!         async |io| io.http_get("http://feeds.internal/7").await,
//!     ).await;
//!     let name: String = rows?.one()?.get("name")?;
//!     io.chat_send("readers", format!("{name} was read")).await?;
//!     Ok(Response::text(format!("{name}: {}", page?.text())))
//! }
//!
//! script(feed, get("/feed/7").param("id", "7"))
//!     .expect(sql("select name from author where id = ?1", [7]), rows!["name"; ["Ada"]])
//!     .expect(http_get("http://feeds.internal/7"), ok("notes on the engine"))
//!     .expect(chat_send("readers").any(), 3)
//!     .responds(200)
//!     .body("Ada: notes on the engine");
//! ```
//!
//! The request's body and the response need no expectations. Stubs for what may come in any order, effects that must not
//! come, a virtual clock, fixed random numbers and more are told at [`Script`], what can be said about an effect at
//! [`Expect`].
//!
//! Lanes ask in the order in which they stand in the handler, and so are they expected; then they are answered in the order
//! of the expectations, one by one. What loses a race or a timeout is asked as well, and expected to
//! [stay pending](Script::expect_pending).
//!
//! # An exploration
//!
//! It runs the same handler with every failure, in a world where what is asked for really happens. What counts as wrong is
//! what you check at the end of each run, and for any handler: a [`Law`] that is broken, a panic, waiting for ever, asking
//! without an end, awaiting what is no effect, making no response, and doing something else the second time.
//!
//! ```
//! use segno::{Io, Request, Response, Result};
//! use segno::testing::{Sqlite, World, explore, post};
//!
//! async fn visit(mut io: Io, _: Request) -> Result<Response> {
//!     io.sql("update page set visits = visits + 1", ()).await?;
//!     Ok(Response::text("welcome"))
//! }
//!
//! let world = || World::new().database(Sqlite::new("create table page (visits); insert into page values (0)"));
//! let explored = explore(visit, world).request(post("/")).check(|world, end| {
//!     let visits: i64 = world.sqlite().value("select visits from page", ());
//!     assert!(visits == 1 || !end.succeeded());
//! });
//! assert_eq!(explored.to_string(), "explored 13 runs, all that there are");
//! ```

mod again;
mod difference;
mod end;
mod explore;
mod finding;
pub mod guide {
    #![doc = include_str!("guide.md")]
}
mod laws;
mod outcomes;
mod replay;
mod request;
mod responded;
mod script;
mod setting;
mod simulate;
mod simulation;
mod sqlite;
mod tape;
mod trial;
mod world;

pub use end::End;
pub use explore::{Explore, explore};
pub use finding::{Explored, Finding};
pub use laws::{Law, Standards};
pub use outcomes::{AskingLine, Outcomes, Report};
pub use replay::{Replayed, replay, replay_directory};
pub use request::{TestRequest, delete, get, head, patch, post, put, request};
pub use responded::Responded;
pub use script::{
    ChatSendExpect, Expect, Script, Scriptable, any, begin, chat_balance, chat_recv, chat_send, chat_subscribe, commit,
    effect, field, file_info, http_by, http_get, http_post, http_send, inform, now, ok, random, read_file, reply,
    respond, rollback, script, sleep, sql, sql_close, sql_fetch, sql_like, sql_stream, transaction, write,
};
pub use simulate::{Simulate, simulate};
pub use simulation::Client;
pub use sqlite::{Sqlite, SqliteSession};
pub use tape::{ParseTapeError, Search, Tape, shrink};
pub use world::{Clock, Session, World};

pub use crate::trace_file::{Header, OpenError, ReadError, RecordedEnd, RecordedEndKind, RecordedRequest, Recording};

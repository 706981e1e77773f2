//! Tests for handlers, without a server, a database or a clock: [`script`].
//!
//! A script says what a handler is expected to ask for, in order, and what it is answered. It is strict: an effect that was
//! not expected fails the test, and so does an expectation that was not met. The message then shows what was asked before,
//! the line of the handler that asked, and the difference.
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
//! The request's body and the response need no expectations: the script answers the one from its request, and collects the
//! other. Stubs for what may come in any order, effects that must not come, a virtual clock, fixed random numbers and more
//! are told at [`Script`], what can be said about an effect at [`Expect`].
//!
//! Lanes ask in the order in which they stand in the handler, and so are they expected; then they are answered in the order
//! of the expectations, one by one. What loses a race or a timeout is asked as well, and expected to stay pending:
//!
//! ```
//! use std::time::Duration;
//! use segno::{Io, Request, Response, Result};
//! use segno::testing::{chat_recv, get, script, sleep};
//!
//! async fn wait(mut io: Io, _: Request) -> Result<Response> {
//!     let limit = Duration::from_secs(5);
//!     match io.timeout(limit, async |io| io.chat_recv("room").await).await {
//!         Ok(message) => Ok(Response::text(message?.to_string())),
//!         Err(_elapsed) => Ok(Response::text("nobody spoke")),
//!     }
//! }
//!
//! script(wait, get("/"))
//!     .expect(chat_recv("room"), "hello".into())
//!     .expect_pending(sleep(Duration::from_secs(5)))
//!     .responds(200)
//!     .body("hello");
//! script(wait, get("/"))
//!     .expect_pending(chat_recv("room"))
//!     .expect(sleep(Duration::from_secs(5)), ())
//!     .responds(200)
//!     .body("nobody spoke");
//! ```
//!
//! Where SQL is to be truly carried out, [`Sqlite`] is a database in memory.
//! What a recorder has written of a real request is a test as well: [`replay`].

mod again;
mod difference;
mod end;
mod explore;
mod finding;
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
pub use replay::{Replay, replay, replay_directory};
pub use request::{TestRequest, delete, get, head, patch, post, put, request};
pub use responded::Responded;
pub use script::{
    ChatSendExpect, Expect, Script, Scriptable, any, begin, chat_balance, chat_recv, chat_send, chat_subscribe, commit,
    effect, field, http_by, http_get, http_post, http_send, now, ok, random, reply, respond, rollback, script, sleep,
    sql, sql_like, transaction, write,
};
pub use simulate::{Simulate, simulate};
pub use simulation::Client;
pub use sqlite::{Sqlite, SqliteSession};
pub use tape::{ParseTapeError, Search, Tape, shrink};
pub use world::{Clock, Session, World};

pub use crate::trace_file::{Header, OpenError, ReadError, RecordedEnd, RecordedEndKind, RecordedRequest, Recording};

//! What is said about the standard effects.

use std::{borrow::Cow, ops::RangeBounds, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use segno_core::{
    ChatBalance, ChatRecv, ChatSend, ChatSubscribe, HttpGet, HttpReply, HttpRequest, HttpSend, Inform, Now, Params,
    Random, Respond, Sleep, Sql, SqlClose, SqlFetch, SqlOpen, Transaction, TransactionAct, TransactionOptions, Write,
};

use super::expect::{Expect, any, field};
use crate::testing::difference::both;

/// This statement with these parameters, in a transaction or not.
pub fn sql(text: impl Into<Cow<'static, str>>, params: impl Into<Params>) -> Expect<Sql> {
    field("text", |sql: &Sql| &sql.text, text.into()).params(params)
}

/// A statement like this pattern, with any parameters unless [`params`](Expect::params) says which.
///
/// As in SQL, `%` stands for any text, and upper and lower case are alike. So are all kinds of white space.
///
/// ```
/// use segno::testing::sql_like;
///
/// let insert = sql_like("insert into hold %");
/// let of_seven = sql_like("% from author where id = ?1").params([7]);
/// ```
pub fn sql_like(pattern: &str) -> Expect<Sql> {
    let pattern = one_spaced(pattern);
    let description = format!("sql like {pattern:?}");
    Expect::new(description, move |sql: &Sql| match is_like(&one_spaced(&sql.text), &pattern) {
        true => Ok(()),
        false => Err(both("text", &format!("like {pattern:?}"), &format!("{:?}", sql.text))),
    })
}

impl Expect<Sql> {
    /// With these parameters.
    #[must_use]
    pub fn params(self, params: impl Into<Params>) -> Self {
        self.and(field("params", |sql: &Sql| &sql.params, params.into()))
    }
}

/// The beginning of a stream of rows, by this statement with these parameters, in a transaction or not: it is answered
/// with the first batch. More batches are [`sql_fetch`]es; the end after the last of them comes by itself.
///
/// ```
/// # use segno::{Io, Request, Response, Result, rows, testing::{get, script, sql_fetch, sql_stream}};
/// async fn count(mut io: Io, _: Request) -> Result<Response> {
///     let (mut count, mut rows) = (0, io.sql_stream("select name from author", ()).await?);
///     while let Some(batch) = rows.next(&mut io).await? {
///         count += batch.len();
///     }
///     Ok(Response::text(count.to_string()))
/// }
///
/// script(count, get("/"))
///     .expect(sql_stream("select name from author", ()), rows!["name"; ["Ada"], ["Grace"]])
///     .expect(sql_fetch(), rows!["name"; ["Mary"]])
///     .responds(200)
///     .body("3");
/// ```
pub fn sql_stream(text: impl Into<Cow<'static, str>>, params: impl Into<Params>) -> Expect<SqlOpen> {
    field("text", |open: &SqlOpen| &open.sql.text, text.into()).and(field(
        "params",
        |open: &SqlOpen| &open.sql.params,
        params.into(),
    ))
}

/// The next batch of a stream of rows.
pub fn sql_fetch() -> Expect<SqlFetch> {
    any()
}

/// The end of a stream of rows that was not read to its end: told, and only to be expected by who wants to see it.
pub fn sql_close() -> Expect<SqlClose> {
    any()
}

fn one_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('%') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let (middle, end) = rest.rsplit_once('%').unwrap_or(("", rest));
    for part in middle.split('%') {
        let Some((_, after)) = text.split_once(part) else { return false };
        text = after;
    }
    text.ends_with(end)
}

/// The beginning of a transaction.
pub fn begin() -> Expect<Transaction> {
    transaction(TransactionAct::Begin)
}

/// The commit of a transaction.
pub fn commit() -> Expect<Transaction> {
    transaction(TransactionAct::Commit)
}

/// The rollback of a transaction, asked or told.
pub fn rollback() -> Expect<Transaction> {
    transaction(TransactionAct::Rollback)
}

/// Any act of a transaction, such as a savepoint.
pub fn transaction(act: TransactionAct) -> Expect<Transaction> {
    field("act", |transaction: &Transaction| &transaction.act, act)
}

impl Expect<Transaction> {
    /// Of this kind.
    ///
    /// ```
    /// use segno::{Isolation, testing::begin};
    ///
    /// let serializable = begin().options(Isolation::Serializable);
    /// ```
    #[must_use]
    pub fn options(self, options: impl Into<TransactionOptions>) -> Self {
        self.and(field("options", |transaction: &Transaction| &transaction.options, options.into()))
    }
}

/// A GET of this URL.
pub fn http_get(url: impl Into<Cow<'static, str>>) -> Expect<HttpGet> {
    HttpGet { url: url.into() }.into()
}

/// Exactly this HTTP request.
pub fn http_send(request: HttpRequest) -> Expect<HttpSend> {
    HttpSend(Box::new(request)).into()
}

/// A POST to this URL, with any fields and any body unless they are said.
///
/// ```
/// use segno::testing::http_post;
///
/// let charge = http_post("http://bank.internal/charge").header("idempotency-key", "cart-7").body_contains("1999");
/// ```
pub fn http_post(url: impl Into<Cow<'static, str>>) -> Expect<HttpSend> {
    http_by(Method::POST, url)
}

/// An HTTP request by this method to this URL, with any fields and any body unless they are said.
pub fn http_by(method: Method, url: impl Into<Cow<'static, str>>) -> Expect<HttpSend> {
    field("method", |send: &HttpSend| &send.0.method, method).and(field(
        "url",
        |send: &HttpSend| &send.0.url,
        url.into(),
    ))
}

impl Expect<HttpSend> {
    /// With this header field, whatever the others are.
    #[must_use]
    pub fn header(self, name: &str, value: &str) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.and(Self::new(format!("{name}: {value:?}"), move |send: &HttpSend| {
            let found: Vec<_> = send.0.headers.get_all(name.as_str()).iter().collect();
            if found.iter().any(|found| *found == value.as_str()) {
                return Ok(());
            }
            let asked = if found.is_empty() { "nothing".into() } else { format!("{found:?}") };
            Err(both(&format!("header {name}"), &format!("{value:?}"), &asked))
        }))
    }

    /// With this body.
    #[must_use]
    pub fn body(self, body: impl Into<Bytes>) -> Self {
        self.and(field("body", |send: &HttpSend| &send.0.body, body.into()))
    }

    /// With this text somewhere in the body.
    #[must_use]
    pub fn body_contains(self, text: &str) -> Self {
        self.containing("body", text, |send| String::from_utf8_lossy(&send.0.body).into_owned())
    }
}

/// The answer to an HTTP request: a reply with status 200 and this body.
pub fn ok(body: impl Into<Bytes>) -> HttpReply {
    reply(200, body)
}

/// The answer to an HTTP request: a reply with this status and this body.
///
/// # Panics
///
/// If HTTP has no such status.
#[track_caller]
pub fn reply(status: u16, body: impl Into<Bytes>) -> HttpReply {
    HttpReply { status: checked(status), ..HttpReply::new(200, body) }
}

/// A message to this room; say [which](ChatSendExpect::message), what it [contains](ChatSendExpect::contains), or that
/// [any](ChatSendExpect::any) will do.
pub fn chat_send(room: impl Into<Cow<'static, str>>) -> ChatSendExpect {
    ChatSendExpect { room: room.into() }
}

/// A message to a room, half said.
#[derive(Clone, Debug)]
#[must_use = "say which message is expected, or any"]
pub struct ChatSendExpect {
    room: Cow<'static, str>,
}

impl ChatSendExpect {
    /// Exactly this message.
    pub fn message(self, message: &str) -> Expect<ChatSend> {
        ChatSend { room: self.room, message: message.into() }.into()
    }

    /// A message with this text somewhere in it.
    pub fn contains(self, text: &str) -> Expect<ChatSend> {
        self.any().containing("message", text, |send| send.message.to_string())
    }

    /// Any message.
    pub fn any(self) -> Expect<ChatSend> {
        field("room", |send: &ChatSend| &send.room, self.room)
    }
}

/// A receive in this room, with or without a subscription.
pub fn chat_recv(room: impl Into<Cow<'static, str>>) -> Expect<ChatRecv> {
    field("room", |recv: &ChatRecv| &recv.room, room.into())
}

/// A subscription to this room.
pub fn chat_subscribe(room: impl Into<Cow<'static, str>>) -> Expect<ChatSubscribe> {
    field("room", |subscribe: &ChatSubscribe| &subscribe.room, room.into())
}

/// A question for this room's balance.
pub fn chat_balance(room: impl Into<Cow<'static, str>>) -> Expect<ChatBalance> {
    ChatBalance { room: room.into() }.into()
}

/// An interim response with this status and any fields.
///
/// # Panics
///
/// If HTTP has no such status.
#[track_caller]
pub fn inform(status: u16) -> Expect<Inform> {
    field("status", |inform: &Inform| &inform.0.status, checked(status))
}

/// The head of a streamed response, with this status and any fields.
///
/// # Panics
///
/// If HTTP has no such status.
#[track_caller]
pub fn respond(status: u16) -> Expect<Respond> {
    field("status", |respond: &Respond| &respond.0.status, checked(status))
}

#[track_caller]
fn checked(status: u16) -> StatusCode {
    match status.try_into() {
        Ok(status) => status,
        Err(_) => panic!("HTTP has no status {status}: it is between 100 and 999"),
    }
}

/// This piece of a streamed response.
pub fn write(piece: impl Into<Bytes>) -> Expect<Write> {
    Write(piece.into()).into()
}

/// A look at the clock.
pub fn now() -> Expect<Now> {
    any()
}

/// A wait of this length. It takes no time.
pub fn sleep(time: Duration) -> Expect<Sleep> {
    Sleep(time).into()
}

/// A random number of this range, as [`Io::random`](crate::Io::random) takes it.
pub fn random(range: impl RangeBounds<u64>) -> Expect<Random> {
    Random::new(range).into()
}

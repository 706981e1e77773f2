//! What a handler is expected to ask for.

use std::{borrow::Cow, fmt, ops::RangeBounds, time::Duration};

use bytes::Bytes;
use segno_core::{
    ChatBalance, ChatRecv, ChatSend, ChatSubscribe, Effect, HttpGet, HttpReply, HttpRequest, HttpSend, Now, Params,
    Random, Sleep, Sql, Transaction, TransactionAct,
};

use super::report::difference;

/// An expected effect: a value to be equal to, or a question to be answered with yes.
///
/// The functions of this module make it for the standard effects; any effect of your own turns into one that expects
/// exactly this value, and [`effect`] asks a question about it.
pub struct Expect<E> {
    description: String,
    check: Check<E>,
}

/// Says what is wrong with an effect.
pub(super) type Check<E> = Box<dyn Fn(&E) -> Result<(), String> + Send>;

impl<E> Expect<E> {
    /// Expects what `check` lets through. It says what is wrong with what it does not.
    pub fn new(description: impl Into<String>, check: impl Fn(&E) -> Result<(), String> + Send + 'static) -> Self {
        Self { description: description.into(), check: Box::new(check) }
    }

    pub(super) fn check(&self, effect: &E) -> Result<(), String> {
        (self.check)(effect)
    }

    pub(super) fn description(&self) -> &str {
        &self.description
    }

    /// Expects these parts of an effect to be equal.
    fn of<P: PartialEq + fmt::Debug + Send + 'static>(
        name: &str,
        parts: P,
        of: impl Fn(&E) -> P + Send + 'static,
    ) -> Self {
        Self::new(format!("{name} {parts:?}"), move |effect| {
            let asked = of(effect);
            if asked == parts { Ok(()) } else { Err(difference(&parts, &asked)) }
        })
    }
}

impl<E> fmt::Debug for Expect<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expect").field(&self.description).finish()
    }
}

/// Exactly this effect.
impl<E: Effect> From<E> for Expect<E> {
    fn from(expected: E) -> Self {
        Self::new(
            format!("{expected:?}"),
            move |asked| {
                if *asked == expected { Ok(()) } else { Err(difference(&expected, asked)) }
            },
        )
    }
}

/// Any effect of type `E` for which the answer is yes: of your own, or a standard one.
///
/// ```
/// use segno::{HttpSend, testing::effect};
///
/// let any_charge = effect(|send: &HttpSend| send.0.url.ends_with("/charge"));
/// ```
pub fn effect<E: Effect>(question: impl Fn(&E) -> bool + Send + 'static) -> Expect<E> {
    Expect::new(format!("any {} that the test's question lets through", E::NAME), move |asked| {
        if question(asked) { Ok(()) } else { Err(format!("the question's answer is no for {asked:?}")) }
    })
}

/// This statement with these parameters, in a transaction or not.
pub fn sql(text: impl Into<Cow<'static, str>>, params: impl Into<Params>) -> Expect<Sql> {
    Expect::of("sql", Statement { text: text.into(), params: params.into() }, |sql: &Sql| Statement {
        text: sql.text.clone(),
        params: sql.params.clone(),
    })
}

#[derive(PartialEq, Debug)]
struct Statement {
    text: Cow<'static, str>,
    params: Params,
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
    Expect::of("transaction", act, |transaction: &Transaction| transaction.act)
}

/// A GET of this URL.
pub fn http_get(url: impl Into<Cow<'static, str>>) -> Expect<HttpGet> {
    HttpGet { url: url.into() }.into()
}

/// Exactly this HTTP request.
pub fn http_send(request: HttpRequest) -> Expect<HttpSend> {
    HttpSend(Box::new(request)).into()
}

/// The answer to an HTTP request: a reply with status 200 and this body.
pub fn ok(body: impl Into<Bytes>) -> HttpReply {
    HttpReply::new(200, body)
}

/// A message to this room; say [which](ChatSendExpect::message), or that [any](ChatSendExpect::any) will do.
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

    /// Any message.
    pub fn any(self) -> Expect<ChatSend> {
        Expect::of("chat_send of any message to", self.room, |send: &ChatSend| send.room.clone())
    }
}

/// A receive in this room, with or without a subscription.
pub fn chat_recv(room: impl Into<Cow<'static, str>>) -> Expect<ChatRecv> {
    Expect::of("chat_recv", room.into(), |recv: &ChatRecv| recv.room.clone())
}

/// A subscription to this room.
pub fn chat_subscribe(room: impl Into<Cow<'static, str>>) -> Expect<ChatSubscribe> {
    Expect::of("chat_subscribe", room.into(), |subscribe: &ChatSubscribe| subscribe.room.clone())
}

/// A question for this room's balance.
pub fn chat_balance(room: impl Into<Cow<'static, str>>) -> Expect<ChatBalance> {
    ChatBalance { room: room.into() }.into()
}

/// A look at the clock.
pub fn now() -> Expect<Now> {
    Now.into()
}

/// A wait of this length. It takes no time.
pub fn sleep(time: Duration) -> Expect<Sleep> {
    Sleep(time).into()
}

/// A random number of this range, as [`Io::random`](crate::Io::random) takes it.
pub fn random(range: impl RangeBounds<u64>) -> Expect<Random> {
    Random::new(range).into()
}

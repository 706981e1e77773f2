//! How a handler asks for the standard effects.

use alloc::{borrow::Cow, boxed::Box, sync::Arc};
use core::{fmt, future::Future, ops::RangeBounds, panic::Location, time::Duration};

use bytes::Bytes;

use crate::{
    effect::{EffectSet, Has},
    error::Happened,
    io::{Ask, Io},
    response::ResponseStream,
    slot::Shared,
    standard::{
        ChatBalance, ChatError, ChatRecv, ChatSend, ChatSubscribe, ChatUnsubscribe, HttpGet, HttpRequest, HttpSend,
        Inform, Now, Params, Random, Respond, ResponseHead, Sleep, Sql, Standard, SubscriptionId, Write, WriteError,
    },
};

impl<S: EffectSet> Io<S> {
    /// Runs a SQL statement, outside of a transaction. The placeholders are `?1`, `?2` and so on, on every database.
    ///
    /// All rows come at once: [`Rows::one`](crate::Rows::one), [`optional`](crate::Rows::optional) and
    /// [`iter`](crate::Rows::iter) read them.
    ///
    /// # Errors
    ///
    /// If the database refuses the statement or cannot be reached; the [kind](crate::SqlErrorKind) says why.
    ///
    /// ```
    /// # use segno_core::{Io, Result};
    /// async fn names(io: &mut Io, from: i64) -> Result<Vec<String>> {
    ///     let rows = io.sql("select name from author where id >= ?1", [from]).await?;
    ///     Ok(rows.iter().map(|row| row.get("name")).collect::<Result<_, _>>()?)
    /// }
    /// ```
    #[track_caller]
    pub fn sql(&mut self, text: impl Into<Cow<'static, str>>, params: impl Into<Params>) -> Ask<'_, S, Sql>
    where
        S: Has<Sql>,
    {
        self.perform(Sql { text: text.into(), params: params.into(), transaction: None })
    }

    /// Fetches a URL. Redirects are followed, as far as the backend's limit; what is to be fetched for a stranger, or without
    /// redirects, is an [`http_send`](Self::http_send).
    ///
    /// # Errors
    ///
    /// If no whole reply came. A reply of any status is `Ok`; [`success`](crate::HttpReply::success) makes an error of one that
    /// does not say success.
    #[track_caller]
    pub fn http_get(&mut self, url: impl Into<Cow<'static, str>>) -> Ask<'_, S, HttpGet>
    where
        S: Has<HttpGet>,
    {
        self.perform(HttpGet { url: url.into() })
    }

    /// Sends an HTTP request of any kind.
    ///
    /// # Errors
    ///
    /// As of [`http_get`](Self::http_get). Before it is sent again, look at the error's
    /// [`happened`](crate::EffectError::happened).
    #[track_caller]
    pub fn http_send(&mut self, request: HttpRequest) -> Ask<'_, S, HttpSend>
    where
        S: Has<HttpSend>,
    {
        self.perform(HttpSend(Box::new(request)))
    }

    /// Says something to all who listen in a room now; tells how many of this process it reached.
    #[track_caller]
    pub fn chat_send(
        &mut self,
        room: impl Into<Cow<'static, str>>,
        message: impl Into<Arc<str>>,
    ) -> Ask<'_, S, ChatSend>
    where
        S: Has<ChatSend>,
    {
        self.perform(ChatSend { room: room.into(), message: message.into() })
    }

    /// Waits for the next message that is said in a room from now on.
    ///
    /// What is said between two of these is not heard; a [subscription](Self::chat_subscribe) hears it.
    #[track_caller]
    pub fn chat_recv(&mut self, room: impl Into<Cow<'static, str>>) -> Ask<'_, S, ChatRecv>
    where
        S: Has<ChatRecv>,
    {
        self.perform(ChatRecv { room: room.into(), subscription: None })
    }

    /// Begins to collect what is said in a room, until the subscription is dropped.
    ///
    /// # Errors
    ///
    /// If the backend has no room for another subscription, or what carries the chat cannot be reached.
    #[track_caller]
    pub fn chat_subscribe(
        &mut self,
        room: impl Into<Cow<'static, str>>,
    ) -> impl Future<Output = Result<Subscription<S>, ChatError>>
    where
        S: Has<ChatSubscribe> + Has<ChatUnsubscribe>,
    {
        let (room, location) = (room.into(), Location::caller());
        async move {
            let id = SubscriptionId::new(self.next_path());
            // Made before the answer: what was asked and not heard of may have begun.
            let asks = !self.slot.lock().refuses(self.lane);
            let unsubscribe = asks.then(|| S::inject(ChatUnsubscribe { id: id.clone() }));
            let subscription = Subscription { slot: self.slot.clone(), room, id, unsubscribe };
            let effect = ChatSubscribe { room: subscription.room.clone(), id: subscription.id.clone() };
            match self.perform_at(effect, location).await {
                Ok(()) => Ok(subscription),
                Err(error) => {
                    subscription.refused(error.happened);
                    Err(error)
                }
            }
        }
    }

    /// Counts the receivers of this process that a message to the room would reach now.
    #[track_caller]
    pub fn chat_balance(&mut self, room: impl Into<Cow<'static, str>>) -> Ask<'_, S, ChatBalance>
    where
        S: Has<ChatBalance>,
    {
        self.perform(ChatBalance { room: room.into() })
    }

    /// Sends an interim response, before the response begins: 103 Early Hints, for instance, so that a browser fetches what
    /// the page will need while the page is made. There may be several.
    ///
    /// A client of HTTP/1.0 knows none, and is sent none.
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, ResponseHead, Result};
    /// async fn page(mut io: Io, _: Request) -> Result<Response> {
    ///     io.inform(ResponseHead::new(103).header("link", "</style.css>; rel=preload; as=style")?).await?;
    ///     let text: String = io.sql("select text from page", ()).await?.one()?.get("text")?;
    ///     Ok(Response::html(text))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If the status is not from 100 to 199, or is 101; if there is a field that says where a body ends, or what becomes of
    /// the connection; if the head of the response was sent before.
    #[track_caller]
    pub fn inform(&mut self, head: ResponseHead) -> Ask<'_, S, Inform>
    where
        S: Has<Inform>,
    {
        self.perform(Inform(head))
    }

    /// Sends the head of a response whose body follows in pieces.
    ///
    /// With a `Content-Length` the body must have just this length, or the connection is cut; without, its end is told by
    /// itself. To a HEAD request the head is the whole response, and the first write fails with
    /// [`NoBody`](crate::WriteErrorKind::NoBody).
    ///
    /// ```
    /// # use segno_core::{Io, Request, Response, ResponseHead, Result};
    /// async fn count(mut io: Io, _: Request) -> Result<Response> {
    ///     let mut out = io.respond(ResponseHead::html()).await?;
    ///     for number in 1..=3 {
    ///         out.write(&mut io, format!("{number}<br>")).await?;
    ///     }
    ///     Ok(out.end())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// If a head was sent before, or this one cannot be sent.
    #[track_caller]
    pub fn respond(&mut self, head: ResponseHead) -> impl Future<Output = Result<ResponseStream, WriteError>>
    where
        S: Has<Respond>,
    {
        let ask = self.perform(Respond(head));
        async move {
            ask.await?;
            Ok(ResponseStream::new())
        }
    }

    /// Reads the clock.
    ///
    /// # Errors
    ///
    /// [`Stopped`](crate::Stopped) alone.
    #[track_caller]
    pub fn now(&mut self) -> Ask<'_, S, Now>
    where
        S: Has<Now>,
    {
        self.perform(Now)
    }

    /// Waits.
    ///
    /// # Errors
    ///
    /// [`Stopped`](crate::Stopped) alone.
    #[track_caller]
    pub fn sleep(&mut self, time: Duration) -> Ask<'_, S, Sleep>
    where
        S: Has<Sleep>,
    {
        self.perform(Sleep(time))
    }

    /// Draws a whole number from a range, each as likely as any other. From an empty range comes its start.
    ///
    /// ```
    /// # use segno_core::{Io, Result};
    /// async fn now_and_then(io: &mut Io) -> Result<bool> {
    ///     Ok(io.random(0..10).await? <= 1)
    /// }
    /// ```
    #[track_caller]
    pub fn random(&mut self, range: impl RangeBounds<u64>) -> Ask<'_, S, Random>
    where
        S: Has<Random>,
    {
        self.perform(Random::new(range))
    }
}

impl ResponseStream {
    /// Sends a piece of the body; waits while the client is slow.
    ///
    /// A piece after the end, or from two lanes at once, does not compile:
    ///
    /// ```compile_fail,E0382
    /// # use segno_core::{Io, Response, ResponseStream, Result};
    /// async fn late(io: &mut Io, mut out: ResponseStream) -> Result<Response> {
    ///     let response = out.end();
    ///     out.write(io, "more").await?;
    ///     Ok(response)
    /// }
    /// ```
    ///
    /// ```compile_fail,E0499
    /// # use segno_core::{Io, ResponseStream};
    /// async fn torn(io: &mut Io, mut out: ResponseStream) {
    ///     io.join2(async |io| out.write(io, "left").await, async |io| out.write(io, "right").await).await;
    /// }
    /// ```
    #[track_caller]
    pub fn write<'a, S: Has<Write>>(&'a mut self, io: &'a mut Io<S>, piece: impl Into<Bytes>) -> Ask<'a, S, Write> {
        io.perform(Write(piece.into()))
    }
}

/// A subscription to a chat room: it hears all that is said from its beginning, also between two receives.
///
/// It is buffered and bounded. If it is read too slowly, the oldest messages go, and the next receive says how many:
/// [`Lagged`](crate::ChatErrorKind::Lagged), which also tells of a lost connection where rooms span processes. Dropping
/// it ends it.
///
/// ```
/// # use segno_core::{Io, Request, Response, Result};
/// async fn listen(mut io: Io, _: Request) -> Result<Response> {
///     let mut room = io.chat_subscribe("room").await?;
///     let mut events = io.events().await?;
///     loop {
///         let message = events.wait(&mut io, async |io| room.recv(io).await).await??;
///         events.send(&mut io, &*message).await?;
///     }
/// }
/// ```
pub struct Subscription<S: EffectSet = Standard> {
    slot: Shared<S>,
    room: Cow<'static, str>,
    id: SubscriptionId,
    /// Told when the subscription ends.
    unsubscribe: Option<S>,
}

impl<S: EffectSet> Subscription<S> {
    /// Takes the next message, or waits for it.
    #[track_caller]
    pub fn recv<'a>(&'a mut self, io: &'a mut Io<S>) -> Ask<'a, S, ChatRecv>
    where
        S: Has<ChatRecv>,
    {
        io.perform(ChatRecv { room: self.room.clone(), subscription: Some(self.id.clone()) })
    }

    /// The room's name.
    pub fn room(&self) -> &str {
        &self.room
    }

    /// It did not come about: nothing is to be ended, unless nobody knows.
    fn refused(mut self, happened: Happened) {
        if happened == Happened::No {
            self.unsubscribe = None;
        }
    }
}

impl<S: EffectSet> Drop for Subscription<S> {
    fn drop(&mut self) {
        if let Some(unsubscribe) = self.unsubscribe.take() {
            self.slot.lock().tell(unsubscribe);
        }
    }
}

impl<S: EffectSet> fmt::Debug for Subscription<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("room", &self.room).field("id", &self.id).finish_non_exhaustive()
    }
}

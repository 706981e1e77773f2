//! Server-sent events: a response that goes on, one event after the other.

use alloc::{string::String, sync::Arc};
use core::{
    fmt::{self, Write as _},
    future::Future,
    iter,
    panic::Location,
    time::Duration,
};

use bytes::Bytes;

use crate::{
    effect::{EffectSet, Has},
    io::{Ask, Io},
    lanes::{Companion, Race2},
    response::{Response, ResponseStream},
    standard::{Respond, ResponseHead, Sleep, Write, WriteError},
};

impl<S: EffectSet> Io<S> {
    /// Begins a response of server-sent events, which a page hears by `new EventSource(…)`; see [`EventStream`].
    ///
    /// # Errors
    ///
    /// If the head of a response was sent before.
    #[track_caller]
    pub fn events(&mut self) -> impl Future<Output = Result<EventStream, WriteError>>
    where
        S: Has<Respond>,
    {
        let response = self.respond(ResponseHead::events());
        async move { Ok(response.await?.into()) }
    }
}

/// A response of server-sent events (`text/event-stream`).
///
/// While the handler waits for something to tell, a comment goes out [every now and then](Self::heartbeat): proxies cut
/// what is silent, and without it nobody would notice a client that is gone.
///
/// A client that was cut off comes again by itself, and says the id of the last event that it has heard, if there was one:
/// `request.header("last-event-id")`.
///
/// ```
/// use segno_core::{Event, Io, Request, Response, Result};
///
/// async fn listen(mut io: Io, request: Request) -> Result<Response> {
///     let mut next: u64 = request.header("last-event-id").and_then(|id| id.parse().ok()).map_or(1, |last: u64| last + 1);
///     let mut room = io.chat_subscribe("room").await?;
///     let mut events = io.events().await?;
///     loop {
///         let message = events.wait(&mut io, async |io| room.recv(io).await).await??;
///         if &*message == "good night" {
///             return Ok(events.end());
///         }
///         events.send(&mut io, Event::new(&message).event("said")?.id(&next.to_string())?).await?;
///         next += 1;
///     }
/// }
/// ```
///
/// A stream is a request that runs: a server's shutdown waits for it as long as it waits for any other.
///
/// If the head needs other fields, it is sent by hand:
///
/// ```
/// # use segno_core::{EventStream, Io, ResponseHead, Result};
/// # async fn open(io: &mut Io) -> Result<EventStream> {
/// let head = ResponseHead::events().header("access-control-allow-origin", "*")?;
/// let events = EventStream::from(io.respond(head).await?);
/// # Ok(events)
/// # }
/// ```
#[derive(Debug)]
pub struct EventStream {
    response: ResponseStream,
    heartbeat: Duration,
}

impl EventStream {
    /// Sets how long it may be silent while it [waits](Self::wait): 15 seconds by default, and 10 milliseconds at the least.
    #[must_use]
    pub fn heartbeat(mut self, interval: Duration) -> Self {
        self.heartbeat = interval.max(SHORTEST_HEARTBEAT);
        self
    }

    /// Sends an event; waits while the client is slow. A text is an event of these data.
    ///
    /// # Errors
    ///
    /// If the client is gone, or takes nothing for too long.
    #[track_caller]
    pub fn send<'a, S: Has<Write>>(&'a mut self, io: &'a mut Io<S>, event: impl Into<Event>) -> Ask<'a, S, Write> {
        self.response.write(io, event.into())
    }

    /// Waits for what the lane gives, and meanwhile sends a comment at every [heartbeat](Self::heartbeat).
    ///
    /// The lane runs once, and is not disturbed by heartbeats. If the client is slow, and a heartbeat is still on its way when
    /// the lane ends, that is waited for, as any piece of a response.
    ///
    /// # Errors
    ///
    /// If a heartbeat cannot be sent: the lane is abandoned, and if it has ended, what it gave is dropped. What the lane
    /// itself gives, be it an error, is `Ok` here.
    ///
    /// ```
    /// # use segno_core::{EventStream, Io, Result, Subscription};
    /// async fn next(io: &mut Io, events: &mut EventStream, room: &mut Subscription) -> Result<String> {
    ///     let message = events.wait(io, async |io| room.recv(io).await).await??;
    ///     Ok(message.to_string())
    /// }
    /// ```
    #[track_caller]
    pub fn wait<S, T>(
        &mut self,
        io: &mut Io<S>,
        lane: impl AsyncFnOnce(&mut Io<S>) -> T,
    ) -> impl Future<Output = Result<T, WriteError>>
    where
        S: Has<Sleep> + Has<Write>,
    {
        let location = Location::caller();
        async move {
            let companion = Companion::default();
            let heartbeats = async |io: &mut Io<S>| {
                loop {
                    if io.perform_at(Sleep(self.heartbeat), location).await.is_err() {
                        // The lane hears of the stop as well, and ends as it likes.
                        io.park().await;
                    }
                    let sent = companion.busy(io.perform_at(Write(HEARTBEAT), location)).await;
                    match (sent, companion.is_alone()) {
                        (Err(_), false) if io.stopped().is_some() => io.park().await,
                        (Err(error), _) => return error,
                        (Ok(()), true) => io.park().await,
                        (Ok(()), false) => {}
                    }
                }
            };
            match io.accompany(&companion, lane, heartbeats).await {
                Race2::A(end) => Ok(end),
                Race2::B(error) => Err(error),
            }
        }
    }

    /// Ends the stream: what the handler returns. The client comes again after a moment, unless it is told not to: a page
    /// by `EventSource.close()`, any client by a 204 the next time.
    pub fn end(self) -> Response {
        self.response.end()
    }
}

/// Events over a response whose head was [sent](Io::respond) by hand: its content type must be `text/event-stream`.
impl From<ResponseStream> for EventStream {
    fn from(response: ResponseStream) -> Self {
        Self { response, heartbeat: USUAL_HEARTBEAT }
    }
}

/// One server-sent event, as it goes over the wire.
///
/// ```
/// use segno_core::Event;
///
/// let event = Event::new("two\nlines").event("said")?.id("7")?;
/// assert_eq!(event.to_string(), "data: two\ndata: lines\nevent: said\nid: 7\n\n");
/// assert_eq!(Event::comment("still here").to_string(), ": still here\n\n");
/// # Ok::<_, segno_core::InvalidEvent>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whole lines.
    lines: String,
}

impl Event {
    /// An event with these data, which may have several lines.
    pub fn new(data: &str) -> Self {
        Self { lines: String::new() }.with("data", data)
    }

    /// A comment, which pages do not see.
    pub fn comment(text: &str) -> Self {
        Self { lines: String::new() }.with("", text)
    }

    /// Sets the type: who listens for `said` hears it, by `addEventListener("said", …)`. Without one it is a `message`.
    ///
    /// # Errors
    ///
    /// If it holds a line break.
    pub fn event(self, name: &str) -> Result<Self, InvalidEvent> {
        match name.contains(LINE_ENDS) {
            true => Err(InvalidEvent { field: "event" }),
            false => Ok(self.with("event", name)),
        }
    }

    /// Sets the id, which a client that was cut off says when it comes again, as `Last-Event-ID`.
    ///
    /// # Errors
    ///
    /// If it holds a line break or NUL.
    pub fn id(self, id: &str) -> Result<Self, InvalidEvent> {
        match id.contains(LINE_ENDS) || id.contains('\0') {
            true => Err(InvalidEvent { field: "id" }),
            false => Ok(self.with("id", id)),
        }
    }

    /// Tells the client how long to wait before it comes again, from now on.
    #[must_use]
    pub fn retry(mut self, pause: Duration) -> Self {
        // A string takes all that is written to it.
        let _ = writeln!(self.lines, "retry: {}", pause.as_millis());
        self
    }

    /// Adds a field: its name on each line of its value, so that no line is taken for another field.
    fn with(mut self, name: &str, value: &str) -> Self {
        for line in lines(value) {
            for part in [name, ": ", line, "\n"] {
                self.lines.push_str(part);
            }
        }
        self
    }
}

impl From<&str> for Event {
    fn from(data: &str) -> Self {
        Self::new(data)
    }
}

impl From<String> for Event {
    fn from(data: String) -> Self {
        Self::new(&data)
    }
}

/// As chat messages are.
impl From<Arc<str>> for Event {
    fn from(data: Arc<str>) -> Self {
        Self::new(&data)
    }
}

impl From<Event> for Bytes {
    fn from(event: Event) -> Self {
        (event.lines + "\n").into()
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.lines)
    }
}

/// A field of an event that would be taken for something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the `{field}` of a server-sent event holds a line break or NUL")]
pub struct InvalidEvent {
    field: &'static str,
}

/// The lines of a text, which end with CR LF, LF or CR; after an end there is another line, though it may be empty.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(LINE_ENDS) else { return rest.take() };
        let (line, after) = text.split_at(end);
        rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(LINE_ENDS));
        Some(line)
    })
}

/// What ends a line of an event stream.
const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// What is sent while there is nothing to tell.
const HEARTBEAT: Bytes = Bytes::from_static(b": heartbeat\n\n");

/// As the specification of server-sent events suggests: proxies mostly cut what is silent for half a minute or a minute.
const USUAL_HEARTBEAT: Duration = Duration::from_secs(15);

/// Without a pause the handler would do nothing else; this is often enough for any test.
const SHORTEST_HEARTBEAT: Duration = Duration::from_millis(10);

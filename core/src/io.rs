//! What a handler holds: it asks for effects.

use core::{
    future::{Future, poll_fn},
    ops::{Deref, DerefMut},
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use crate::{
    effect::{Answer, Effect, EffectSet, Has},
    error::{Happened, Stopped},
    path::Path,
    slot::{Asked, Kind, Question, Shared},
    standard::Standard,
};

/// What a handler asks for effects with.
///
/// It is handed to a handler by value and lent to helpers as `&mut Io`, as deep as they go. It cannot be cloned, and asking
/// borrows it: two effects are asked one after the other, or side by side in the lanes of a [`join2`](Io::join2), a
/// [`race2`](Io::race2) or a [`timeout`](Io::timeout).
///
/// | to ask for | there is |
/// |---|---|
/// | SQL | [`sql`](Io::sql), [`sql_stream`](Io::sql_stream), [`transaction`](Io::transaction), [`retry_transaction`](Io::retry_transaction) |
/// | HTTP from others | [`http_get`](Io::http_get), [`http_send`](Io::http_send) |
/// | chat | [`chat_send`](Io::chat_send), [`chat_recv`](Io::chat_recv), [`chat_subscribe`](Io::chat_subscribe), [`chat_balance`](Io::chat_balance) |
/// | the request's body | [`Body::text`](crate::Body::text), [`bytes`](crate::Body::bytes), [`form`](crate::Body::form), [`chunk`](crate::Body::chunk) |
/// | the fields that come after it | [`Body::trailers`](crate::Body::trailers) |
/// | an interim response | [`inform`](Io::inform) |
/// | a response in pieces | [`respond`](Io::respond), then [`ResponseStream::write`](crate::ResponseStream::write) |
/// | server-sent events | [`events`](Io::events), then [`EventStream::send`](crate::EventStream::send) |
/// | time and chance | [`now`](Io::now), [`sleep`](Io::sleep), [`random`](Io::random) |
/// | several at the same time | [`join!`](crate::join), [`race!`](crate::race), [`join_all`](Io::join_all), [`race_all`](Io::race_all), [`timeout`](Io::timeout) |
/// | what must be done after a stop | [`cleanup`](Io::cleanup), [`stopped`](Io::stopped) |
/// | effects of your own | [`perform`](Io::perform) |
///
/// ```
/// use segno_core::{Io, Result};
///
/// async fn greet(io: &mut Io, id: i64) -> Result<String> {
///     let name: String = io.sql("select name from author where id = ?1", [id]).await?.one()?.get("name")?;
///     Ok(format!("hello {name}"))
/// }
///
/// async fn greet_all(io: &mut Io) -> Result<String> {
///     let mut greetings = greet(io, 1).await?;
///     for id in 2..4 {
///         greetings += &greet(io, id).await?;
///     }
///     Ok(greetings)
/// }
/// ```
///
/// Two effects at once from the same `Io` do not compile:
///
/// ```compile_fail,E0499
/// # use segno_core::Io;
/// async fn two(io: &mut Io) {
///     let (first, second) = (io.now(), io.now());
///     drop((first.await, second.await));
/// }
/// ```
#[derive(Debug)]
pub struct Io<S: EffectSet = Standard> {
    pub(crate) slot: Shared<S>,
    pub(crate) lane: u32,
}

impl<S: EffectSet> Io<S> {
    /// Asks for an effect. Standard effects have methods of their own.
    #[track_caller]
    pub fn perform<E: Effect>(&mut self, effect: E) -> Ask<'_, S, E>
    where
        S: Has<E>,
    {
        self.perform_at(effect, Location::caller())
    }

    /// Asks for an effect on behalf of the line `location`.
    pub(crate) fn perform_at<E: Effect>(&mut self, effect: E, location: &'static Location<'static>) -> Ask<'_, S, E>
    where
        S: Has<E>,
    {
        Ask { io: self, effect: Some(effect), location, waits: false }
    }

    /// Why the handler is to stop, if it is.
    ///
    /// An effect that was asked after the stop fails with the same value.
    pub fn stopped(&self) -> Option<Stopped> {
        let reason = self.slot.lock().stopped()?;
        Some(Stopped { reason, happened: Happened::No })
    }

    /// Asks for effects that are performed even after a stop: to release what the handler holds.
    ///
    /// Its budget for one tasklet is 16 effects; a stop that comes while one of them is pending leaves it alone.
    ///
    /// ```
    /// # use segno_core::{Io, Result, HttpReply};
    /// async fn charge(io: &mut Io) -> Result<HttpReply> {
    ///     let reply = io.http_get("http://bank.internal/charge").await;
    ///     if reply.is_err() {
    ///         io.cleanup().sql("delete from hold where cart = ?1", [7]).await?;
    ///     }
    ///     Ok(reply?)
    /// }
    /// ```
    pub fn cleanup(&mut self) -> Cleanup<'_, S> {
        let before = self.slot.lock().cleanup(self.lane, true);
        Cleanup { io: self, before }
    }

    /// The place that the next effect asked here will have: a name that is the same in every run.
    pub fn next_path(&self) -> Path {
        self.slot.lock().next_path(self.lane)
    }

    /// Waits for the end of the lane beside this one.
    pub(crate) async fn park(&mut self) {
        self.slot.lock().park(self.lane);
        poll_fn(|_| Poll::<()>::Pending).await;
    }
}

/// An effect that is asked for when it is awaited, and abandoned when it is dropped after that.
#[must_use = "an effect is not asked until it is awaited"]
#[derive(Debug)]
pub struct Ask<'a, S: Has<E>, E: Effect> {
    io: &'a mut Io<S>,
    /// The effect, until it is asked.
    effect: Option<E>,
    location: &'static Location<'static>,
    /// Whether it was asked and not answered yet.
    waits: bool,
}

impl<S: Has<E>, E: Effect> Unpin for Ask<'_, S, E> {}

impl<S: Has<E>, E: Effect> Future for Ask<'_, S, E> {
    type Output = Answer<E>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Answer<E>> {
        let this = self.get_mut();
        if let Some(effect) = this.effect.take() {
            let question = Question {
                holds: effect.holds(),
                effect: S::inject(effect),
                kind: const { &Kind { name: E::NAME, fits: |outcome| S::answer(outcome).is_some() } },
                location: this.location,
            };
            return match this.io.slot.lock().ask(this.io.lane, question) {
                Asked::Refused(stopped) => Poll::Ready(Err(stopped.into())),
                Asked::Pending => {
                    this.waits = true;
                    Poll::Pending
                }
            };
        }
        let taken = this.io.slot.lock().take(this.io.lane);
        let Some(taken) = taken else {
            return Poll::Pending;
        };
        this.waits = false;
        match taken.map(S::unwrap) {
            Ok(Ok(answer)) => Poll::Ready(answer),
            Err(stopped) => Poll::Ready(Err(stopped.into())),
            // The tasklet lets no outcome through that does not fit the effect.
            Ok(Err(_)) => Poll::Pending,
        }
    }
}

impl<S: Has<E>, E: Effect> Drop for Ask<'_, S, E> {
    fn drop(&mut self) {
        if self.waits {
            self.io.slot.lock().withdraw(self.io.lane);
        }
    }
}

/// An [`Io`] whose effects are performed even after a stop; see [`Io::cleanup`].
#[derive(Debug)]
pub struct Cleanup<'a, S: EffectSet = Standard> {
    io: &'a mut Io<S>,
    before: bool,
}

impl<S: EffectSet> Deref for Cleanup<'_, S> {
    type Target = Io<S>;

    fn deref(&self) -> &Io<S> {
        self.io
    }
}

impl<S: EffectSet> DerefMut for Cleanup<'_, S> {
    fn deref_mut(&mut self) -> &mut Io<S> {
        self.io
    }
}

impl<S: EffectSet> Drop for Cleanup<'_, S> {
    fn drop(&mut self) {
        self.io.slot.lock().cleanup(self.io.lane, self.before);
    }
}

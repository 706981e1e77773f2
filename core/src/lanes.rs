//! Lanes: effects side by side in one handler.
//!
//! A lane is a future beside others, with an [`Io`] and a path of its own. The lanes of a join, race or timeout run in
//! turn within their parent's future: first each once, and then only the one whose answer came.

mod companion;

use alloc::{boxed::Box, vec::Vec};
use core::{
    fmt,
    future::{Future, poll_fn},
    ops::ControlFlow::{self, Break, Continue},
    panic::Location,
    pin::pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use crate::{
    effect::{EffectSet, Has},
    io::Io,
    slot::Shared,
    standard::Sleep,
};

pub(crate) use companion::Companion;

impl<S: EffectSet> Io<S> {
    /// Runs any number of lanes of one kind side by side, and gives what they return, in their order.
    ///
    /// ```
    /// # use segno_core::{HttpError, HttpReply, Io};
    /// async fn fetch(io: &mut Io, urls: Vec<String>) -> Vec<Result<HttpReply, HttpError>> {
    ///     io.join_all(urls.into_iter().map(|url| async move |io: &mut Io| io.http_get(url).await)).await
    /// }
    /// ```
    pub async fn join_all<T, F>(&mut self, lanes: impl IntoIterator<Item = F>) -> Vec<T>
    where
        F: AsyncFnOnce(&mut Self) -> T,
    {
        let lanes: Vec<F> = lanes.into_iter().collect();
        let mut ends: Vec<Option<T>> = lanes.iter().map(|_| None).collect();
        let mut fork = Fork::new(self, alloc::vec![CLOSED; lanes.len()]);
        let mut ios: Vec<_> = (0..lanes.len()).map(|lane| fork.io(lane)).collect();
        let mut futures: Vec<_> = ios.iter_mut().zip(lanes).map(|(io, lane)| Some(Box::pin(lane(io)))).collect();
        fork.run(|lane, context| {
            let Some(future) = &mut futures[lane] else {
                return Poll::Pending;
            };
            ends[lane] = Some(ready!(future.as_mut().poll(context)));
            futures[lane] = None;
            Poll::Ready(Continue(()))
        })
        .await;
        drop(futures);
        ends.into_iter().flatten().collect()
    }

    /// Runs any number of lanes of one kind side by side until the first ends: gives its position and what it returns.
    /// The others are abandoned. Nothing comes of no lanes.
    ///
    /// ```
    /// # use segno_core::{HttpError, HttpReply, Io};
    /// async fn first(io: &mut Io, mirrors: Vec<String>) -> Option<Result<HttpReply, HttpError>> {
    ///     let lanes = mirrors.into_iter().map(|url| async move |io: &mut Io| io.http_get(url).await);
    ///     Some(io.race_all(lanes).await?.1)
    /// }
    /// ```
    pub async fn race_all<T, F>(&mut self, lanes: impl IntoIterator<Item = F>) -> Option<(usize, T)>
    where
        F: AsyncFnOnce(&mut Self) -> T,
    {
        let lanes: Vec<F> = lanes.into_iter().collect();
        let mut end = None;
        let mut fork = Fork::new(self, alloc::vec![CLOSED; lanes.len()]);
        let mut ios: Vec<_> = (0..lanes.len()).map(|lane| fork.io(lane)).collect();
        let mut futures: Vec<_> = ios.iter_mut().zip(lanes).map(|(io, lane)| Box::pin(lane(io))).collect();
        fork.run(|lane, context| {
            end = Some((lane, ready!(futures[lane].as_mut().poll(context))));
            Poll::Ready(Break(()))
        })
        .await;
        drop(futures);
        end
    }

    /// Runs a lane for this long at most; then it is abandoned.
    ///
    /// # Errors
    ///
    /// [`Elapsed`] if the time was over first. A stop reaches the lane as everywhere; it does not count as time.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use segno_core::{Io, Result};
    /// async fn wait(io: &mut Io) -> Result<String> {
    ///     let message = io.timeout(Duration::from_secs(15), async |io| io.chat_recv("room").await).await;
    ///     Ok(match message {
    ///         Ok(message) => message?.to_string(),
    ///         Err(elapsed) => format!("nobody spoke: {elapsed}"),
    ///     })
    /// }
    /// ```
    #[track_caller]
    pub fn timeout<T>(
        &mut self,
        limit: Duration,
        lane: impl AsyncFnOnce(&mut Self) -> T,
    ) -> impl Future<Output = Result<T, Elapsed>>
    where
        S: Has<Sleep>,
    {
        let location = Location::caller();
        async move {
            let clock = async |io: &mut Self| {
                if io.perform_at(Sleep(limit), location).await.is_err() {
                    // The lane hears of the stop as well, and ends as it likes.
                    io.park().await;
                }
            };
            match self.race2(lane, clock).await {
                Race2::A(end) => Ok(end),
                Race2::B(()) => Err(Elapsed { limit }),
            }
        }
    }
}

/// The time that a [`timeout`](Io::timeout) gave was over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed {
    /// How long it was.
    pub limit: Duration,
}

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nothing came within {:?}", self.limit)
    }
}

impl core::error::Error for Elapsed {}

/// The open lanes of one join or race. When it is dropped, after the futures of its lanes, it closes them.
struct Fork<'a, S: EffectSet, L: AsMut<[u32]>> {
    slot: &'a Shared<S>,
    parent: u32,
    /// The lanes' numbers; one that has ended is `CLOSED`, since its number may be another's by now.
    lanes: L,
}

impl<'a, S: EffectSet, L: AsMut<[u32]>> Fork<'a, S, L> {
    /// Opens as many lanes as `lanes` has places.
    fn new(parent: &'a Io<S>, mut lanes: L) -> Self {
        let mut slot = parent.slot.lock();
        slot.fork(parent.lane);
        for (index, lane) in lanes.as_mut().iter_mut().enumerate() {
            *lane = slot.open(parent.lane, index as u32);
        }
        Self { slot: &parent.slot, parent: parent.lane, lanes }
    }

    fn io(&mut self, lane: usize) -> Io<S> {
        Io { slot: self.slot.clone(), lane: self.lanes.as_mut()[lane] }
    }

    /// Runs the lanes until all have ended, or one of them with a break.
    async fn run(&mut self, mut poll: impl FnMut(usize, &mut Context<'_>) -> Poll<ControlFlow<()>>) {
        let Self { slot, parent, lanes } = self;
        let lanes = lanes.as_mut();
        let mut open = lanes.len();
        let mut started = open == 0;
        poll_fn(|context| {
            let polled = match started {
                false => 0..lanes.len(),
                true if open == 0 => return Poll::Ready(()),
                true => match slot.lock().child(*parent) {
                    Some(lane) => lane..lane + 1,
                    None => return Poll::Pending,
                },
            };
            started = true;
            for lane in polled.clone() {
                if lanes[lane] == CLOSED {
                    continue;
                }
                if let Poll::Ready(end) = poll(lane, context) {
                    slot.lock().close(lanes[lane]);
                    lanes[lane] = CLOSED;
                    open -= 1;
                    if open == 0 || end.is_break() {
                        return Poll::Ready(());
                    }
                }
            }
            let mut slot = slot.lock();
            for lane in lanes[polled].iter().filter(|lane| **lane != CLOSED) {
                slot.waits(*lane);
            }
            Poll::Pending
        })
        .await;
    }
}

impl<S: EffectSet, L: AsMut<[u32]>> Drop for Fork<'_, S, L> {
    fn drop(&mut self) {
        let mut slot = self.slot.lock();
        for lane in self.lanes.as_mut().iter().filter(|lane| **lane != CLOSED) {
            slot.close(*lane);
        }
        slot.unfork(self.parent);
    }
}

/// Stands for a lane that has ended.
const CLOSED: u32 = u32::MAX;

macro_rules! arity {
    ($number:literal $count:literal $join:ident $race:ident $Race:ident: $($Lane:ident $lane:ident $index:tt),*) => {
        #[doc = concat!("What the winner of a [race of ", $number, "](Io::", stringify!($race), ") returned, by its position.")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Race<$($Lane),*> {
            $(
                #[doc = concat!("Lane ", stringify!($index), " won.")]
                $Lane($Lane),
            )*
        }

        impl<S: EffectSet> Io<S> {
            #[doc = concat!("Runs ", $number, " lanes side by side, and gives what they return, in their order.")]
            ///
            /// Their effects are performed at the same time. [`join!`](crate::join) writes it shorter.
            #[allow(clippy::too_many_arguments, reason = "one for each lane")]
            pub async fn $join<$($Lane),*>(
                &mut self,
                $($lane: impl AsyncFnOnce(&mut Self) -> $Lane),*
            ) -> ($($Lane,)*) {
                let mut ends = ($(None::<$Lane>,)*);
                let mut fork = Fork::new(self, [CLOSED; $count]);
                let mut ios = ($(fork.io($index),)*);
                {
                    $(let mut $lane = pin!($lane(&mut ios.$index));)*
                    fork.run(|lane, context| match lane {
                        $($index => $lane.as_mut().poll(context).map(|end| {
                            ends.$index = Some(end);
                            Continue(())
                        }),)*
                        _ => Poll::Pending,
                    })
                    .await;
                }
                match ends {
                    ($(Some($lane),)*) => ($($lane,)*),
                    _ => unreachable!("a join ends when each of its lanes has ended"),
                }
            }

            #[doc = concat!("Runs ", $number, " lanes side by side until the first ends; the others are abandoned.")]
            ///
            /// The winner is the lane that ended first; the driver decides by its answers. [`race!`](crate::race) writes it
            /// shorter.
            #[allow(clippy::too_many_arguments, reason = "one for each lane")]
            pub async fn $race<$($Lane),*>(
                &mut self,
                $($lane: impl AsyncFnOnce(&mut Self) -> $Lane),*
            ) -> $Race<$($Lane),*> {
                let mut end = None;
                let mut fork = Fork::new(self, [CLOSED; $count]);
                let mut ios = ($(fork.io($index),)*);
                {
                    $(let mut $lane = pin!($lane(&mut ios.$index));)*
                    fork.run(|lane, context| match lane {
                        $($index => $lane.as_mut().poll(context).map(|value| {
                            end = Some($Race::$Lane(value));
                            Break(())
                        }),)*
                        _ => Poll::Pending,
                    })
                    .await;
                }
                match end {
                    Some(end) => end,
                    None => unreachable!("a race ends when one of its lanes has ended"),
                }
            }
        }
    };
}

arity!("two" 2 join2 race2 Race2: A a 0, B b 1);
arity!("three" 3 join3 race3 Race3: A a 0, B b 1, C c 2);
arity!("four" 4 join4 race4 Race4: A a 0, B b 1, C c 2, D d 3);
arity!("five" 5 join5 race5 Race5: A a 0, B b 1, C c 2, D d 3, E e 4);
arity!("six" 6 join6 race6 Race6: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5);
arity!("seven" 7 join7 race7 Race7: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6);
arity!("eight" 8 join8 race8 Race8: A a 0, B b 1, C c 2, D d 3, E e 4, F f 5, G g 6, H h 7);

macro_rules! lane_macro {
    ($d:tt $(#[$doc:meta])* $macro:ident: $two:ident $three:ident $four:ident $five:ident $six:ident $seven:ident $eight:ident) => {
        $(#[$doc])*
        #[macro_export]
        macro_rules! $macro {
            ($d io:ident: $d a:expr, $d b:expr $d(,)?) => { $d crate::$macro!(@$two $d io: $d a, $d b) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr $d(,)?) => { $d crate::$macro!(@$three $d io: $d a, $d b, $d c) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr, $d e:expr $d(,)?) => { $d crate::$macro!(@$four $d io: $d a, $d b, $d c, $d e) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr, $d e:expr, $d f:expr $d(,)?) => { $d crate::$macro!(@$five $d io: $d a, $d b, $d c, $d e, $d f) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr, $d e:expr, $d f:expr, $d g:expr $d(,)?) => { $d crate::$macro!(@$six $d io: $d a, $d b, $d c, $d e, $d f, $d g) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr, $d e:expr, $d f:expr, $d g:expr, $d h:expr $d(,)?) => { $d crate::$macro!(@$seven $d io: $d a, $d b, $d c, $d e, $d f, $d g, $d h) };
            ($d io:ident: $d a:expr, $d b:expr, $d c:expr, $d e:expr, $d f:expr, $d g:expr, $d h:expr, $d i:expr $d(,)?) => { $d crate::$macro!(@$eight $d io: $d a, $d b, $d c, $d e, $d f, $d g, $d h, $d i) };
            (@$d method:ident $d io:ident: $d($d lane:expr),*) => { $d io.$d method($d(async |$d io| $d lane),*).await };
        }
    };
}

lane_macro! {
    $
    /// Runs two to eight expressions side by side, each with the `Io` that is named first: [`Io::join2`] written shorter.
    ///
    /// ```
    /// # use segno_core::{Io, Result, join};
    /// async fn page(io: &mut Io) -> Result<String> {
    ///     let (rows, feed) = join!(io: io.sql("select 1", ()).await, io.http_get("http://feeds.internal/7").await);
    ///     Ok(format!("{} {}", rows?.len(), feed?.text()))
    /// }
    /// ```
    join: join2 join3 join4 join5 join6 join7 join8
}

lane_macro! {
    $
    /// Runs two to eight expressions side by side until the first ends, each with the `Io` that is named first:
    /// [`Io::race2`] written shorter.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use segno_core::{Io, Race2, Result, race};
    /// async fn either(io: &mut Io) -> Result<String> {
    ///     match race!(io: io.chat_recv("left").await, io.chat_recv("right").await) {
    ///         Race2::A(message) => Ok(format!("left: {}", message?)),
    ///         Race2::B(message) => Ok(format!("right: {}", message?)),
    ///     }
    /// }
    /// ```
    race: race2 race3 race4 race5 race6 race7 race8
}

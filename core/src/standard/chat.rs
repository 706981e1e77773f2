//! Chat: rooms in which handlers wait for what others say.

use alloc::{borrow::Cow, sync::Arc};

use crate::{
    effect::{Effect, Menu, Replay},
    error::{EffectError, Happened, StopReason},
    path::Path,
};

/// Says something to all who listen in a room; asked by [`Io::chat_send`](crate::Io::chat_send).
///
/// Answered with the number of receivers that it reached: those that wait in a [`ChatRecv`], and the subscriptions. Where
/// rooms span processes, those of this process are counted.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatSend {
    /// The room.
    pub room: Cow<'static, str>,
    /// What is said.
    pub message: Arc<str>,
}

impl Effect for ChatSend {
    type Output = u64;
    type Error = ChatError;
    const NAME: &'static str = "chat_send";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("closed", Happened::No, ChatErrorKind::Closed);
    }
}

/// Waits for the next message; asked by [`Io::chat_recv`](crate::Io::chat_recv) and
/// [`Subscription::recv`](crate::Subscription::recv).
///
/// Without a subscription it hears what is said while it waits, and nothing else.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatRecv {
    /// The room.
    pub room: Cow<'static, str>,
    /// The subscription to take the message from.
    pub subscription: Option<SubscriptionId>,
}

impl Effect for ChatRecv {
    type Output = Arc<str>;
    type Error = ChatError;
    const NAME: &'static str = "chat_recv";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        if self.subscription.is_some() {
            menu.kind("lagged", Happened::No, ChatErrorKind::Lagged(3));
        }
        menu.kind("closed", Happened::No, ChatErrorKind::Closed);
    }
}

/// Begins to collect a room's messages; asked by [`Io::chat_subscribe`](crate::Io::chat_subscribe).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatSubscribe {
    /// The room.
    pub room: Cow<'static, str>,
    /// The name of the new subscription.
    pub id: SubscriptionId,
}

impl Effect for ChatSubscribe {
    type Output = ();
    type Error = ChatError;
    const NAME: &'static str = "chat_subscribe";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("too many subscriptions", Happened::No, ChatErrorKind::Limit);
    }
}

/// Ends a subscription; told when a [`Subscription`](crate::Subscription) is dropped.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatUnsubscribe {
    /// Which subscription.
    pub id: SubscriptionId,
}

impl Effect for ChatUnsubscribe {
    type Output = ();
    type Error = ChatError;
    const NAME: &'static str = "chat_unsubscribe";

    fn replay(&self) -> Replay {
        Replay::Read
    }
}

/// Counts the receivers of this process that a message to the room would reach now; asked by
/// [`Io::chat_balance`](crate::Io::chat_balance).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChatBalance {
    /// The room.
    pub room: Cow<'static, str>,
}

impl Effect for ChatBalance {
    type Output = u64;
    type Error = ChatError;
    const NAME: &'static str = "chat_balance";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("closed", Happened::No, ChatErrorKind::Closed);
    }
}

/// Names a subscription among those of its tasklet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SubscriptionId(Arc<Path>);

impl SubscriptionId {
    /// The subscription that begins at this place.
    pub fn new(path: Path) -> Self {
        Self(Arc::new(path))
    }
}

/// Why chat failed.
pub type ChatError = EffectError<ChatErrorKind>;

/// The kinds of [`ChatError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ChatErrorKind {
    /// The subscription was read too slowly, and this many messages were dropped from its front. It goes on after them.
    ///
    /// Where rooms span processes, it is also heard where messages may be missing since the connection between them was
    /// lost for a while. Nobody knows how many then, if any: such a gap counts as 1.
    Lagged(u64),
    /// The message, the room's name, or the number of rooms or subscriptions is over a limit.
    Limit,
    /// There is no such subscription.
    NoSubscription,
    /// The chat is gone.
    Closed,
    /// What carries the chat between processes, such as a database, cannot be reached or does not do its part.
    ConnectionLost,
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for ChatErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

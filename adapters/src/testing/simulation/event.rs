//! What can happen next in a run.

use segno_core::{StopReason, Ticket};

/// Something that can happen next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A client comes, and its handler begins.
    Arrives(usize),
    /// A client goes away.
    Vanishes(usize),
    /// A handler is stopped while it waits for others.
    Stops(usize, StopReason),
    /// Somebody outside says this, by its number.
    Says(usize),
    /// An effect is performed, or goes on.
    Effect(usize, Ticket),
    /// An effect goes on for which nobody waits, by its number.
    Unheard(usize, u64),
}

impl Event {
    /// The client that it concerns.
    pub(super) fn client(self) -> Option<usize> {
        match self {
            Self::Arrives(client)
            | Self::Vanishes(client)
            | Self::Stops(client, _)
            | Self::Effect(client, _)
            | Self::Unheard(client, _) => Some(client),
            Self::Says(_) => None,
        }
    }
}

//! Who follows what the tasklets of a server do.

use segno_core::{EffectSet, Request, Trace};

/// Follows the tasklets of a server.
pub(crate) trait Observer<S: EffectSet>: Send + Sync {
    /// Begins with the tasklet of this request.
    fn begin(&self, request: &Request) -> Box<dyn Observed<S>>;
}

/// Follows one tasklet.
pub(crate) trait Observed<S: EffectSet>: Send {
    /// What it did next.
    fn add(&mut self, trace: Trace<S>);

    /// How it ended, and the status that its client got.
    fn end(self: Box<Self>, status: u16, how: How);
}

/// How a tasklet ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "record"), expect(dead_code, reason = "a recorder is who reads it"))]
pub(crate) enum How {
    Responded,
    /// With this error, before the client saw anything.
    Failed(String),
    /// With this error, in the middle of the response; it is not the client's.
    Torn(String),
    Panicked(String),
    /// It was no handler to be driven.
    Faulty(String),
    /// It was dropped where it stood.
    Dropped(String),
}

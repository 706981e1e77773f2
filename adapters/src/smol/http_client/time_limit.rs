//! Time limits.

use std::{
    future,
    time::{Duration, Instant},
};

use async_io::Timer;

/// A time limit that has begun to run.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimit {
    length: Duration,
    /// Nothing if it is longer than the clock can count.
    end: Option<Instant>,
}

impl TimeLimit {
    /// One that begins now.
    pub(super) fn begin(length: Duration) -> Self {
        Self { length, end: Instant::now().checked_add(length) }
    }

    /// How long it was at its beginning.
    pub(super) fn length(&self) -> Duration {
        self.length
    }

    /// How much of it is left.
    pub(super) fn left(&self) -> Duration {
        self.end.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()))
    }

    /// What `work` gives, unless the time is over before; it is dropped then.
    pub(super) async fn bound<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let timer = async {
            match self.end {
                Some(end) => Timer::at(end).await,
                None => future::pending().await,
            };
            None
        };
        futures_lite::future::or(async { Some(work.await) }, timer).await
    }
}

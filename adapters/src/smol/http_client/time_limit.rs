//! Time limits.

use std::{
    future,
    time::{Duration, Instant},
};

use async_io::Timer;

/// What `work` gives, unless it takes longer than `limit`; it is dropped then.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let end = Instant::now().checked_add(limit);
    let timer = async {
        match end {
            Some(end) => Timer::at(end).await,
            // Longer than the clock can count.
            None => future::pending().await,
        };
        None
    };
    futures_lite::future::or(async { Some(work.await) }, timer).await
}

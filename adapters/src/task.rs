//! All that depends on the runtime in SQL and in chat over a database, beside sqlx itself: tasks, and waits for a time. sqlx
//! runs on smol where no other runtime is entered, and so does this.

use std::{future::Future, pin::pin, time::Duration};

use async_io::Timer;
use futures_lite::future;
use smol::channel;

/// Runs the future in a task of its own, to its end, with nobody waiting for it.
pub(crate) fn spawn(future: impl Future<Output = ()> + Send + 'static) {
    smol::spawn(future).detach();
}

/// A task that ends when this is dropped.
#[cfg(feature = "postgres")]
pub(crate) type Task = smol::Task<()>;

/// Runs the future in a task of its own, until it ends or the [`Task`] is dropped.
#[cfg(feature = "postgres")]
pub(crate) fn start(future: impl Future<Output = ()> + Send + 'static) -> Task {
    smol::spawn(future)
}

/// Runs the future in a task of its own, so that it comes to its end even if nobody waits for it any longer; nothing, if it
/// panicked.
pub(crate) async fn to_the_end<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Option<T> {
    let (sender, receiver) = channel::bounded(1);
    // Nobody receives if the waiting future was dropped.
    spawn(async move { drop(sender.send(future.await).await) });
    receiver.recv().await.ok()
}

/// Waits for so long.
pub(crate) async fn sleep(time: Duration) {
    Timer::after(time.min(LONGEST_WAIT)).await;
}

/// What the future gives, if it does so in time.
pub(crate) async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    future::or(async { Some(future.as_mut().await) }, async {
        sleep(time).await;
        None
    })
    .await
}

/// Drivers count in 32 bits of milliseconds, and the sum of a time and a longer wait may be no time at all; nobody waits for a
/// day.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

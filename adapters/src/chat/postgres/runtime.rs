//! What the chat over a database needs of the runtime: a task, and time. The database's driver runs on smol here, since it
//! does where no other runtime is entered.

use std::{future::Future, time::Duration};

use async_io::Timer;
use futures_lite::future::or;

/// A task, which ends when this is dropped.
pub(super) type Task = smol::Task<()>;

/// Runs this until it ends or its [`Task`] is dropped.
pub(super) fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Task {
    smol::spawn(future)
}

/// Waits.
pub(super) async fn sleep(time: Duration) {
    Timer::after(time).await;
}

/// Waits for a future no longer than this.
pub(super) async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let late = async {
        sleep(limit).await;
        None
    };
    or(async { Some(future.await) }, late).await
}

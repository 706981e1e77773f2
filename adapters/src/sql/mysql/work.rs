//! What was asked of a connection, carried on when nobody waits for it any longer.
//!
//! The driver loses its place in the server's answer if a future of it is dropped while half of a packet is there. So none
//! is, but together with the connection.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use segno_core::{Happened, SqlError, SqlErrorKind};

use crate::sql::driver::Boxed;

/// Something, or what is being done with it.
pub(super) enum Work<T> {
    Idle(T),
    Busy(Boxed<'static, T>),
    /// It was dropped, or is taken out for a moment.
    Gone,
}

impl<T: Send + 'static> Work<T> {
    /// Waits until what was asked before has ended, then does this. If the future is dropped, it is carried on by the next
    /// call.
    pub(super) async fn ask<O, F>(&mut self, work: F) -> Result<O, SqlError>
    where
        O: Send + 'static,
        F: for<'a> FnOnce(&'a mut T) -> Boxed<'a, O> + Send + 'static,
    {
        self.end().await;
        let Self::Idle(mut subject) = mem::replace(self, Self::Gone) else {
            let message = "the connection is closed";
            return Err(SqlError::new(SqlErrorKind::ConnectionLost, Happened::No, message));
        };
        let answer = Arc::new(Mutex::new(None));
        let place = answer.clone();
        *self = Self::Busy(Box::pin(async move {
            let output = work(&mut subject).await;
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(output);
            subject
        }));
        self.end().await;
        let output = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(output.expect("what was asked has ended, and nobody else takes the answer"))
    }

    /// Waits until what was asked before has ended, whose answer nobody wants.
    async fn end(&mut self) {
        if let Self::Busy(work) = self {
            let subject = work.await;
            *self = Self::Idle(subject);
        }
    }
}

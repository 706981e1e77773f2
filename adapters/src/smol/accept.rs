//! Accepting: clients come from all listeners, each to a place of its own.

use std::{future::poll_fn, io, panic::AssertUnwindSafe, sync::Arc, task::Poll, time::Duration};

use async_io::{Async, Timer};
use futures_lite::FutureExt;
use segno_core::PerformedBy;
use smol::{Executor, channel::Sender, future};

use super::{
    connection::{Service, turn_away},
    peer::Peer,
    places::Free,
    socket::Socket,
};
use crate::backend::Backend;

/// Accepts connections for ever, and serves each in a task of its own, which holds `alive` while it lives.
pub(crate) async fn accept<S, B>(
    listeners: Vec<Async<socket2::Socket>>,
    service: Arc<Service<S, B>>,
    executor: Arc<Executor<'static>>,
    alive: Sender<()>,
) where
    S: PerformedBy<B::Session>,
    B: Backend,
{
    let mut turn = 0;
    loop {
        let free = match service.places.try_take() {
            Some(free) => free,
            None => {
                // Nobody has to make room for a client that is not there.
                any_readable(&listeners).await;
                service.places.take().await
            }
        };
        match accept_any(&listeners, &mut turn) {
            Some(Ok((socket, peer))) => welcome(socket, peer, free, &service, &executor, alive.clone()),
            Some(Err(error)) => {
                tracing::error!(%error, "a connection could not be accepted");
                // Mostly there are no descriptors left: some will be, when other connections end.
                service.places.claim();
                Timer::after(ACCEPT_PAUSE).await;
            }
            None => {
                drop(free);
                any_readable(&listeners).await;
            }
        }
        // Many clients at once must not keep a shutdown from being seen.
        future::yield_now().await;
    }
}

/// Accepts a client that waits, if there is one; no listener is before the others.
fn accept_any(listeners: &[Async<socket2::Socket>], turn: &mut usize) -> Option<io::Result<(Socket, Peer)>> {
    for _ in 0..listeners.len() {
        *turn = (*turn + 1) % listeners.len();
        match listeners[*turn].get_ref().accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            // The client went away while it waited.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => return Some(Err(error)),
            Ok((socket, address)) => {
                return Some(Socket::new(socket).map(|socket| (socket, Peer::new(&address))));
            }
        }
    }
    None
}

/// Ends when a client waits.
async fn any_readable(listeners: &[Async<socket2::Socket>]) {
    let mut all: Vec<_> = listeners.iter().map(|listener| Box::pin(listener.readable())).collect();
    poll_fn(|context| match all.iter_mut().any(|one| one.as_mut().poll(context).is_ready()) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Serves a client, or tells it that its address has too many connections.
fn welcome<S, B>(
    socket: Socket,
    peer: Peer,
    free: Free,
    service: &Arc<Service<S, B>>,
    executor: &Executor<'static>,
    alive: Sender<()>,
) where
    S: PerformedBy<B::Session>,
    B: Backend,
{
    let Some(place) = service.places.give(free, peer) else {
        tracing::debug!(%peer, "a connection refused: its address has as many as it may have");
        if let Some(place) = service.places.send_away() {
            executor.spawn(async move { drop((turn_away(socket).await, place, alive)) }).detach();
        }
        return;
    };
    let service = service.clone();
    let connection = async move {
        if AssertUnwindSafe(service.serve(socket, peer)).catch_unwind().await.is_err() {
            tracing::error!(%peer, "a connection panicked; no other is harmed");
        }
        drop((place, alive));
    };
    executor.spawn(connection).detach();
}

/// How long to wait for descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

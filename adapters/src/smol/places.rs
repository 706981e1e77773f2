//! How many clients are served at a time: in all, and of one address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, PoisonError},
};

use smol::{
    channel::{Receiver, Sender, bounded},
    lock::{Semaphore, SemaphoreGuardArc},
};

use super::peer::Peer;

/// The places for clients.
#[derive(Debug)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    most_of_one: usize,
    of_one: Mutex<HashMap<IpAddr, usize>>,
    /// A client waits for a place: an idle connection that takes this word ends. Mostly it is the one that waits longest.
    claim: Sender<()>,
    claims: Receiver<()>,
    /// Places for those that are sent away, so that they take none from others.
    sent_away: Arc<Semaphore>,
}

/// A free place.
#[derive(Debug)]
pub(crate) struct Free {
    _place: SemaphoreGuardArc,
}

/// A place that a client has; it is given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    _one: Free,
    counted: Option<(Arc<Places>, IpAddr)>,
}

impl Places {
    pub(crate) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        let (claim, claims) = bounded(1);
        Arc::new(Self {
            all: Arc::new(Semaphore::new(most.max(1))),
            most_of_one: most_of_one.max(1),
            of_one: Mutex::default(),
            claim,
            claims,
            sent_away: Arc::new(Semaphore::new(SENT_AWAY)),
        })
    }

    /// A free place, if there is one.
    pub(crate) fn try_take(&self) -> Option<Free> {
        self.all.try_acquire_arc().map(|_place| Free { _place })
    }

    /// Waits for a free place, on behalf of a client: an idle connection gives up its own.
    pub(crate) async fn take(&self) -> Free {
        if let Some(free) = self.try_take() {
            return free;
        }
        self.claim();
        let _place = self.all.acquire_arc().await;
        // Another connection may have ended by itself: then none has to for this client.
        let _ = self.claims.try_recv();
        Free { _place }
    }

    /// Lets an idle connection end, now or as soon as there is one.
    pub(crate) fn claim(&self) {
        // If it is full, a claim is under way already.
        let _ = self.claim.try_send(());
    }

    /// Ends when this idle connection is to give up its place.
    pub(crate) async fn claimed(&self) {
        // We hold a sender: the channel is never closed.
        let _ = self.claims.recv().await;
    }

    /// Gives a place to a client; `None` if its address has as many as it may have.
    pub(crate) fn give(self: &Arc<Self>, free: Free, peer: Peer) -> Option<Place> {
        let Some(address) = peer.address().map(|address| group(address.ip())) else {
            return Some(Place { _one: free, counted: None });
        };
        let mut of_one = self.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        let count = of_one.entry(address).or_default();
        if *count >= self.most_of_one {
            return None;
        }
        *count += 1;
        Some(Place { _one: free, counted: Some((self.clone(), address)) })
    }

    /// A place for a client that is told to go away, if there is one.
    pub(crate) fn send_away(&self) -> Option<impl Sized + use<>> {
        self.sent_away.try_acquire_arc()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, address)) = &self.counted else { return };
        let mut of_one = places.of_one.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = of_one.get_mut(address) {
            *count -= 1;
            if *count == 0 {
                of_one.remove(address);
            }
        }
    }
}

/// What counts as one address: of IPv6 the network, since one user has all of a /64.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// How many clients are told at a time that they have too many connections; more are cut off without a word. An answer takes
/// a second at most, so that this many are told in each second, and it is little beside the connections that are served.
const SENT_AWAY: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    /// Over real sockets there is no more than one address of IPv6 to be had.
    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let rows = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ];
        for (one, other, is_one) in rows {
            let [one, other] = [one, other].map(|address| group(address.parse().expect("an address")));
            assert_eq!(one == other, is_one, "{one} and {other}");
        }
    }
}

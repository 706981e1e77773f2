//! The world of the handlers that charge cards: a bank that remembers.

use std::sync::{Arc, Mutex};

use segno::{HttpReply, HttpRequest, testing::World};

/// What the bank has taken.
#[derive(Debug, Default)]
pub(crate) struct Bank {
    /// The key of each charge; none for one without.
    charges: Mutex<Vec<Option<String>>>,
}

impl Bank {
    /// How often a card was charged.
    pub(crate) fn charges(&self) -> usize {
        self.charges.lock().unwrap().len()
    }

    /// Charges once for each key, and every time without one.
    fn charge(&self, request: &HttpRequest) -> HttpReply {
        let key =
            request.headers.get("idempotency-key").map(|key| String::from_utf8_lossy(key.as_bytes()).into_owned());
        let mut charges = self.charges.lock().unwrap();
        if key.is_none() || !charges.contains(&key) {
            charges.push(key);
        }
        HttpReply::new(200, "charged")
    }
}

/// A world with such a bank, at `bank.internal`.
pub(crate) fn world() -> World<Arc<Bank>> {
    let bank = Arc::new(Bank::default());
    let peer = bank.clone();
    World::new().peer("bank.internal", move |request| Ok(peer.charge(request))).state(bank)
}

pub(crate) fn charge() -> HttpRequest {
    HttpRequest::post("http://bank.internal/charge").body("cents=1999")
}

//! What every run must hold, whatever was answered: each transaction that began is closed exactly once, and used only
//! while it is open; each subscription that began is ended exactly once, and each stream of rows is read to its end or
//! closed, exactly once.

use std::collections::BTreeMap;

use segno_core::{
    CursorId, Happened, Standard, StandardOutcome, SubscriptionId, Transaction, TransactionAct, TransactionId,
};

/// The transactions of one tasklet, and the savepoints in them, by their depth; 0 is the transaction itself.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    scopes: BTreeMap<(TransactionId, u32), Scope>,
    subscriptions: BTreeMap<SubscriptionId, Scope>,
    streams: BTreeMap<CursorId, Scope>,
}

/// How often something was begun that may have to be closed, and how often it was closed.
#[derive(Clone, Copy, Debug, Default)]
struct Scope {
    begun: u32,
    closed: u32,
}

impl Ledger {
    /// The handler asked for the effect, or told it.
    pub(crate) fn asked(&mut self, effect: &Standard) {
        match effect {
            Standard::Sql(sql) => {
                let Some(id) = &sql.transaction else { return };
                assert!(self.is_open(id, 0), "a statement in {id}, which is not open");
            }
            Standard::Transaction(Transaction { id, act, .. }) => self.acted(id, *act),
            Standard::SqlOpen(open) => {
                if let Some(id) = &open.sql.transaction {
                    assert!(self.is_open(id, 0), "a stream of rows in {id}, which is not open");
                }
                let before = self.streams.insert(open.id.clone(), Scope { begun: 1, closed: 0 });
                assert!(before.is_none(), "the stream of rows {} begins twice", open.id);
            }
            Standard::SqlFetch(fetch) => {
                assert_eq!(self.streams[&fetch.id].closed, 0, "the stream of rows {} is read after its end", fetch.id);
            }
            Standard::SqlClose(close) => self.streams.get_mut(&close.id).expect("it has begun").closed += 1,
            Standard::ChatSubscribe(subscribe) => {
                let before = self.subscriptions.insert(subscribe.id.clone(), Scope { begun: 1, closed: 0 });
                assert!(before.is_none(), "the subscription {:?} begins twice", subscribe.id);
            }
            Standard::ChatUnsubscribe(unsubscribe) => {
                let scope = self.subscriptions.get_mut(&unsubscribe.id).expect("it has begun");
                scope.closed += 1;
                assert!(scope.closed <= scope.begun, "the subscription {:?} ends once", unsubscribe.id);
            }
            Standard::ChatRecv(recv) => {
                let Some(id) = &recv.subscription else { return };
                let scope = self.subscriptions[id];
                assert!(scope.begun > scope.closed, "the subscription {id:?} is read after its end");
            }
            Standard::HttpGet(_)
            | Standard::HttpSend(_)
            | Standard::ChatSend(_)
            | Standard::ChatBalance(_)
            | Standard::ReadBody(_)
            | Standard::ReadTrailers(_)
            | Standard::Inform(_)
            | Standard::Respond(_)
            | Standard::Write(_)
            | Standard::FileInfo(_)
            | Standard::ReadFile(_)
            | Standard::Now(_)
            | Standard::Sleep(_)
            | Standard::Random(_) => {}
        }
    }

    /// The driver answered: what surely did not begin needs no end.
    pub(crate) fn answered(&mut self, effect: &Standard, outcome: &StandardOutcome) {
        let transaction = match (effect, outcome) {
            (Standard::Transaction(transaction), StandardOutcome::Transaction(Err(error)))
                if error.happened == Happened::No =>
            {
                transaction
            }
            (Standard::ChatSubscribe(subscribe), StandardOutcome::ChatSubscribe(Err(error)))
                if error.happened == Happened::No =>
            {
                self.subscriptions.insert(subscribe.id.clone(), Scope::default());
                return;
            }
            (Standard::SqlOpen(open), StandardOutcome::SqlOpen(Err(error))) if error.happened == Happened::No => {
                self.streams.insert(open.id.clone(), Scope::default());
                return;
            }
            (Standard::SqlFetch(fetch), StandardOutcome::SqlFetch(Ok(rows))) if rows.is_empty() => {
                self.streams.get_mut(&fetch.id).expect("it has begun").closed += 1;
                return;
            }
            _ => return,
        };
        let depth = match transaction.act {
            TransactionAct::Begin => 0,
            TransactionAct::Savepoint(depth) => depth,
            TransactionAct::Commit
            | TransactionAct::Rollback
            | TransactionAct::Release(_)
            | TransactionAct::RollbackTo(_) => return,
        };
        self.scope(&transaction.id, depth).begun -= 1;
    }

    /// The tasklet has ended.
    pub(crate) fn close(&self) {
        for ((id, depth), scope) in &self.scopes {
            assert_eq!(scope.begun, scope.closed, "depth {depth} of the transaction {id}: {scope:?}");
        }
        for (id, scope) in &self.subscriptions {
            assert_eq!(scope.begun, scope.closed, "the subscription {id:?}: {scope:?}");
        }
        for (id, scope) in &self.streams {
            assert_eq!(scope.begun, scope.closed, "the stream of rows {id}: {scope:?}");
        }
    }

    fn acted(&mut self, id: &TransactionId, act: TransactionAct) {
        match act {
            TransactionAct::Begin => {
                assert!(!self.scopes.contains_key(&(id.clone(), 0)), "the transaction {id} begins twice");
                self.scope(id, 0).begun += 1;
            }
            TransactionAct::Savepoint(depth) => {
                assert!(self.is_open(id, depth - 1), "the savepoint {depth} of {id} is in nothing");
                assert!(!self.is_open(id, depth), "the savepoint {depth} of {id} begins in itself");
                self.scope(id, depth).begun += 1;
            }
            TransactionAct::Commit | TransactionAct::Rollback => self.closed(id, 0),
            TransactionAct::Release(depth) | TransactionAct::RollbackTo(depth) => self.closed(id, depth),
        }
    }

    fn closed(&mut self, id: &TransactionId, depth: u32) {
        assert!(self.is_open(id, depth), "depth {depth} of {id} is closed, and was not open");
        assert!(!self.is_open(id, depth + 1), "depth {depth} of {id} is closed around an open savepoint");
        self.scope(id, depth).closed += 1;
    }

    fn is_open(&self, id: &TransactionId, depth: u32) -> bool {
        self.scopes.get(&(id.clone(), depth)).is_some_and(|scope| scope.begun > scope.closed)
    }

    fn scope(&mut self, id: &TransactionId, depth: u32) -> &mut Scope {
        self.scopes.entry((id.clone(), depth)).or_default()
    }
}

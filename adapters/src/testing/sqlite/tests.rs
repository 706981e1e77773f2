//! What only the other parts of the kit may do.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use segno_core::{
    Happened, Perform, Sql, SqlErrorKind, Transaction, TransactionAct, TransactionId, TransactionOptions,
};

use super::Sqlite;

#[test]
fn a_transaction_whose_connection_is_lost_is_rolled_back_and_no_longer_there() {
    let database = Sqlite::new("create table note (text)");
    let (session, other) = (database.session(), database.session());
    let id = TransactionId::new("0#1".parse().expect("a path"));
    let act = |act| ready(session.perform(Transaction { id: id.clone(), act, options: TransactionOptions::default() }));
    let insert =
        || Sql { text: "insert into note values ('a')".into(), params: ().into(), transaction: Some(id.clone()) };
    act(TransactionAct::Begin).expect("nobody else writes");
    ready(session.perform(insert())).expect("the transaction is open");
    let id_of_other = TransactionId::new("0#2".parse().expect("a path"));
    let mut waiting = pin!(other.perform(Transaction {
        id: id_of_other,
        act: TransactionAct::Begin,
        options: TransactionOptions::default()
    }));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());

    session.lose(&id);
    assert_eq!(database.open_transactions(), 0);
    assert_eq!(database.value::<i64>("select count(*) from note", ()), 0);
    assert_eq!(waiting.as_mut().poll(&mut context), Poll::Ready(Ok(())), "the next one has its turn");

    let error = ready(session.perform(insert())).expect_err("the transaction is gone");
    assert_eq!((error.kind, error.happened), (SqlErrorKind::NoTransaction, Happened::No));
    assert_eq!(act(TransactionAct::Begin).expect_err("it has not ended").kind, SqlErrorKind::Database);
    assert_eq!(act(TransactionAct::Savepoint(1)).expect_err("it is gone").kind, SqlErrorKind::NoTransaction);
    assert_eq!(act(TransactionAct::Commit).expect_err("it is gone").kind, SqlErrorKind::NoTransaction);
    assert_eq!(act(TransactionAct::Rollback), Ok(()));
    assert_eq!(database.open_transactions(), 1, "the other's is open still");
}

/// What a future that never waits gives.
fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

//! Who reads never waits, and who writes waits for those who came before.

use std::task::Poll;

use segno::{
    TransactionAct::{Begin, Commit, Rollback},
    testing::Sqlite,
};

use super::{Running, act, id, notes, ready, run, run_in};

const COUNT: &str = "select count(*) from note";

fn count(database: &Sqlite) -> i64 {
    database.value(COUNT, ())
}

#[test]
fn a_read_sees_what_is_committed_and_does_not_wait() {
    let database = notes();
    let (writer, reader) = (database.session(), database.session());
    let counted = || ready(run(&reader, COUNT)).unwrap().one().unwrap().get::<i64>(0).unwrap();
    database.execute("insert into note (text) values ('a')", ());
    for round in 0..3 {
        let (id, insert) = (id("0#1"), format!("insert into note (text) values ('b{round}')"));
        ready(act(&writer, &id, Begin)).unwrap();
        assert_eq!(counted(), 1 + round);
        ready(run_in(&writer, &id, &insert)).unwrap();
        assert_eq!((counted(), count(&database)), (1 + round, 1 + round));
        let own = ready(run_in(&writer, &id, COUNT)).unwrap();
        assert_eq!(own.one().unwrap().get::<i64>(0).unwrap(), 2 + round);
        ready(act(&writer, &id, Commit)).unwrap();
        assert_eq!((counted(), count(&database)), (2 + round, 2 + round));
    }
}

#[test]
fn a_read_sees_nothing_of_a_transaction_however_much_it_changes() {
    // More than the connections keep of it.
    let many = "with recursive c (x) as (select 1 union all select x + 1 from c limit 20000)
        insert into note (text) select 'a' || hex(zeroblob(500)) || x from c";
    let changed = "select count(*) from note where text like 'b%'";
    let database = notes();
    let (writer, reader) = (database.session(), database.session());
    let id = id("0#1");
    database.execute(many, ());
    ready(act(&writer, &id, Begin)).unwrap();
    let update = ready(run_in(&writer, &id, "update note set text = 'b' || text")).unwrap();
    assert_eq!(update.rows_affected(), 20_000);
    assert_eq!(ready(run(&reader, changed)).unwrap().one().unwrap().get::<i64>(0).unwrap(), 0);
    assert_eq!(count(&database), 20_000);
    ready(act(&writer, &id, Rollback)).unwrap();
    assert_eq!(database.value::<i64>(changed, ()), 0);
    assert_eq!(database.value::<String>("select integrity_check from pragma_integrity_check", ()), "ok");
}

#[test]
fn who_writes_waits_and_has_a_turn_in_the_order_of_coming() {
    let database = notes();
    let sessions = [database.session(), database.session(), database.session()];
    let (first, second, third) = (id("0#1"), id("0#2"), id("0#3"));
    ready(act(&sessions[0], &first, Begin)).unwrap();
    let mut begin = Running::new(act(&sessions[1], &second, Begin));
    let mut insert = Running::new(run(&sessions[2], "insert into note (text) values ('plain')"));
    // Even in the session that has the lock.
    let mut last = Running::new(act(&sessions[0], &third, Begin));
    assert!(begin.poll().is_pending() && insert.poll().is_pending() && last.poll().is_pending());
    assert_eq!((begin.wakes(), insert.wakes(), last.wakes()), (0, 0, 0));

    ready(act(&sessions[0], &first, Commit)).unwrap();
    assert_eq!((begin.wakes(), insert.wakes(), last.wakes()), (1, 0, 0), "one is called, and once");
    assert!(insert.poll().is_pending() && last.poll().is_pending(), "nobody overtakes");
    let mut late = Running::new(run(&sessions[0], "insert into note (text) values ('late')"));
    assert!(late.poll().is_pending(), "nor does who comes now");
    assert_eq!(begin.poll(), Poll::Ready(Ok(())));
    assert!(insert.poll().is_pending());

    ready(act(&sessions[1], &second, Rollback)).unwrap();
    assert_eq!((insert.wakes(), last.wakes()), (1, 0));
    assert_eq!(insert.poll().map(|rows| rows.unwrap().rows_affected()), Poll::Ready(1));
    assert_eq!(last.wakes(), 1, "a plain write is over at once");
    assert_eq!(last.poll(), Poll::Ready(Ok(())));
    assert_eq!((database.open_transactions(), late.wakes()), (1, 0));
    drop(last);
    ready(act(&sessions[0], &third, Commit)).unwrap();
    assert!(late.poll().is_ready());
    assert_eq!((database.open_transactions(), count(&database)), (0, 2));
}

#[test]
fn who_is_dropped_gives_the_turn_to_the_next() {
    let database = notes();
    let (holder, other) = (database.session(), database.session());
    let ids = [id("0#1"), id("0#2"), id("0#3"), id("0#4")];
    ready(act(&holder, &ids[0], Begin)).unwrap();
    let mut waiting: Vec<_> = ids[1..].iter().map(|id| Running::new(act(&other, id, Begin))).collect();
    assert!(waiting.iter_mut().all(|begin| begin.poll().is_pending()));
    // One before it is called.
    drop(waiting.remove(1));
    ready(act(&holder, &ids[0], Commit)).unwrap();
    assert_eq!((waiting[0].wakes(), waiting[1].wakes()), (1, 0));
    // One after it is called.
    drop(waiting.remove(0));
    assert_eq!(waiting[0].wakes(), 1);
    assert_eq!(waiting[0].poll(), Poll::Ready(Ok(())));
    assert_eq!(database.open_transactions(), 1);
}

#[test]
fn who_is_polled_with_another_waker_is_woken_by_that() {
    let database = notes();
    let (holder, other) = (database.session(), database.session());
    let (first, second) = (id("0#1"), id("0#2"));
    ready(act(&holder, &first, Begin)).unwrap();
    let mut begin = Running::new(act(&other, &second, Begin));
    assert!(begin.poll().is_pending());
    let old = std::mem::take(&mut begin.wakes);
    assert!(begin.poll().is_pending());
    ready(act(&holder, &first, Commit)).unwrap();
    assert_eq!(begin.wakes(), 1);
    assert_eq!(old.0.load(std::sync::atomic::Ordering::Relaxed), 0);
    assert_eq!(begin.poll(), Poll::Ready(Ok(())));
}

#[test]
fn a_session_that_is_dropped_undoes_and_lets_the_next_in() {
    let database = notes();
    let (gone, other) = (database.session(), database.session());
    let (first, second) = (id("0#1"), id("0#2"));
    ready(act(&gone, &first, Begin)).unwrap();
    ready(run_in(&gone, &first, "insert into note (text) values ('a')")).unwrap();
    let mut begin = Running::new(act(&other, &second, Begin));
    assert!(begin.poll().is_pending());
    drop(gone);
    assert_eq!((begin.wakes(), database.open_transactions()), (1, 0));
    assert_eq!(begin.poll(), Poll::Ready(Ok(())));
    assert_eq!(count(&database), 0);
}

#[test]
fn a_transaction_that_sqlite_ended_lets_the_next_in() {
    let database = notes();
    database.execute("insert into note (text) values ('a')", ());
    let (session, other) = (database.session(), database.session());
    let first = id("0#1");
    ready(act(&session, &first, Begin)).unwrap();
    let mut insert = Running::new(run(&other, "insert into note (text) values ('b')"));
    assert!(insert.poll().is_pending());
    ready(run_in(&session, &first, "insert or rollback into note (text) values ('a')")).unwrap_err();
    assert_eq!((insert.wakes(), database.open_transactions()), (1, 0));
    assert!(matches!(insert.poll(), Poll::Ready(Ok(_))));
    assert_eq!(count(&database), 2);
}

#[test]
fn one_transaction_is_begun_twice_only_after_its_end() {
    let database = notes();
    let session = database.session();
    let id = id("0#1");
    let mut begins = [Running::new(act(&session, &id, Begin)), Running::new(act(&session, &id, Begin))];
    assert_eq!(begins[0].poll(), Poll::Ready(Ok(())));
    assert!(matches!(begins[1].poll(), Poll::Ready(Err(_))));
    ready(act(&session, &id, Rollback)).unwrap();
    ready(act(&session, &id, Begin)).unwrap();
}

#[test]
fn sessions_and_their_futures_go_from_thread_to_thread() {
    fn shared<T: Send + Sync>(_: &T) {}
    let database = notes();
    let session = database.session();
    shared(&database);
    shared(&session);
    std::thread::scope(|scope| {
        for number in 0..4 {
            let session = &session;
            let insert = format!("insert into note (text) values ('{number}')");
            scope.spawn(move || smol::block_on(run(session, &insert)).unwrap());
        }
    });
    assert_eq!(count(&database), 4);
}

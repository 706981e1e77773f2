//! What can go wrong with an effect, as data; and what a stopped handler asks in vain, in its trace.

use segno_core::{
    CursorId, EffectError, EffectSet, Entry, FileInfo, FilePath, FileVersion, Happened, Has, HttpErrorKind, HttpGet,
    HttpRequest, HttpSend, Inform, Io, Isolation, Now, Params, Random, ReadFile, ReadTrailers, ResponseHead, Sql,
    SqlFetch, SqlOpen, Standard, StandardOutcome, Step, StopReason, Stopped, Tasklet, Timestamp, Transaction,
    TransactionAct, TransactionId, TransactionOptions,
};

fn names(effect: &Standard) -> Vec<(&'static str, Happened)> {
    let mut names = Vec::new();
    effect.faults(&mut |fault| names.push((fault.name, fault.happened)));
    names
}

#[test]
fn every_fault_of_a_menu_can_be_made_and_says_what_the_menu_says() {
    let id = TransactionId::new("0#1".parse().unwrap());
    let sql = |text: &'static str| Sql { text: text.into(), params: Params::default(), transaction: None };
    let acts = [TransactionAct::Begin, TransactionAct::Commit, TransactionAct::Savepoint(1), TransactionAct::Rollback];
    let transactions = acts
        .map(|act| Standard::Transaction(Transaction { id: id.clone(), act, options: TransactionOptions::default() }));
    let path: FilePath = "a".parse().unwrap();
    let version = FileVersion { length: 1, modified: Timestamp::EPOCH };
    let mut effects = vec![
        Standard::Sql(sql("select 1")),
        Standard::Sql(sql("delete from cart")),
        Standard::HttpGet(HttpGet { url: "http://a.example".into() }),
        Standard::HttpSend(HttpSend(Box::new(HttpRequest::post("http://a.example")))),
        Standard::Random(Random { low: 2, high: 5 }),
        Standard::ReadTrailers(ReadTrailers),
        Standard::Inform(Inform(ResponseHead::new(103))),
        Standard::FileInfo(FileInfo { path: path.clone() }),
        Standard::ReadFile(ReadFile { path, version, from: 0, length: 1 }),
        Standard::Now(Now),
    ];
    effects.extend(transactions);
    let cursor = || CursorId::new("0#1".parse().unwrap());
    effects.push(Standard::SqlOpen(SqlOpen { id: cursor(), sql: Box::new(sql("select 1")), batch: SqlOpen::BATCH }));
    effects.push(Standard::SqlFetch(SqlFetch { id: cursor() }));
    let options = Isolation::Serializable.into();
    effects.push(Standard::Transaction(Transaction { id, act: TransactionAct::Commit, options }));
    for effect in effects {
        let mut faults = Vec::new();
        effect.faults(&mut |fault| faults.push(fault));
        for (number, fault) in faults.iter().enumerate() {
            let outcome = effect.fail(number).unwrap();
            let failed = Standard::error(&outcome);
            assert_eq!(failed.is_none(), fault.answers, "{effect:?}: {fault:?}");
            assert!(failed.is_none_or(|failed| failed.happened() == fault.happened), "{effect:?}: {fault:?}");
        }
        assert_eq!(effect.fail(faults.len()), None, "{effect:?}");
    }
}

#[test]
fn what_reads_has_not_happened_and_what_writes_may_have() {
    let get = Standard::HttpGet(HttpGet { url: "http://a.example".into() });
    let post = Standard::HttpSend(HttpSend(Box::new(HttpRequest::post("http://a.example"))));
    assert_eq!(names(&get)[0], ("timeout", Happened::No));
    assert_eq!(names(&post)[0], ("timeout", Happened::Unknown));
    assert_eq!(names(&Standard::Now(Now)), []);
    // Trailers came with the body, or the body was broken before them.
    assert_eq!(names(&Standard::ReadTrailers(ReadTrailers)), []);
    assert_eq!(names(&Standard::Inform(Inform(ResponseHead::new(103)))), [("connection lost", Happened::Unknown)]);
    let timeout = EffectError::new(HttpErrorKind::Timeout, Happened::No, "timeout");
    assert_eq!(get.fail(0), Some(<Standard as Has<HttpGet>>::wrap(Err(timeout))));
    let random = Standard::Random(Random { low: 2, high: 5 });
    assert_eq!([random.fail(0), random.fail(1)], [2, 5].map(|number| Some(StandardOutcome::Random(Ok(number)))));
}

/// What a test that replays a string tries is what it always tried, unless it asks for more.
#[test]
fn a_commit_can_fail_for_want_of_an_order_where_one_is_asked_for() {
    let id = TransactionId::new("0#1".parse().unwrap());
    let of = |isolation, act| {
        let options = TransactionOptions { isolation, read_only: false };
        names(&Standard::Transaction(Transaction { id: id.clone(), act, options }))
    };
    let lost = ("connection lost", Happened::Unknown);
    for isolation in [None, Some(Isolation::ReadUncommitted), Some(Isolation::ReadCommitted)] {
        assert_eq!(of(isolation, TransactionAct::Commit), [lost], "{isolation:?}");
    }
    for isolation in [Isolation::RepeatableRead, Isolation::Serializable].map(Some) {
        let unordered = ("cannot be ordered", Happened::No);
        assert_eq!(of(isolation, TransactionAct::Commit), [lost, unordered], "{isolation:?}");
        assert_eq!(of(isolation, TransactionAct::Begin), of(None, TransactionAct::Begin), "{isolation:?}");
    }
}

#[test]
fn what_is_asked_after_a_stop_stands_in_the_trace_as_refused() {
    let handler = async |mut io: Io| {
        io.now().await.unwrap_err();
        io.random(..).await.unwrap_err();
        io.cleanup().now().await
    };
    let mut tasklet = Tasklet::new(handler).record();
    assert!(matches!(tasklet.step(), Step::Perform(..)));
    assert!(matches!(tasklet.step(), Step::Waiting));
    tasklet.stop(StopReason::Shutdown);
    assert!(matches!(tasklet.step(), Step::Abandon(_)));
    assert!(matches!(tasklet.step(), Step::Perform(_, Standard::Now(_))));
    let path = |text: &str| text.parse().unwrap();
    let random = Standard::Random(Random::new(..));
    let entries = tasklet.trace().unwrap().entries;
    assert_eq!(
        entries,
        [
            Entry::Asked { path: path("0#1"), effect: Standard::Now(Now) },
            Entry::Stopped { reason: StopReason::Shutdown },
            Entry::Refused { path: path("0#2"), effect: random },
            Entry::Asked { path: path("0#2"), effect: Standard::Now(Now) },
        ]
    );
    let stopped = Stopped { reason: StopReason::Shutdown, happened: Happened::No };
    let outcome = StandardOutcome::Now(Err(stopped));
    assert_eq!(Standard::error(&outcome).unwrap().happened(), Happened::No);
}

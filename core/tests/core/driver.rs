//! The driver of these tests: it answers everything with a success, and writes down each step.

use bytes::Bytes;
use segno_core::{
    Chunk, Headers, HttpReply, Place, Rows, Standard, StandardOutcome, Step, StopReason, Tasklet, Ticket, Timestamp,
    TransactionAct, rows,
};

/// How a tasklet ended.
#[derive(Debug, PartialEq)]
pub(crate) enum End<T> {
    Done(T),
    Foreign(Place),
    Runaway(Place),
    Dead,
    /// It waits, and nothing is pending.
    Deadlock,
}

impl<T: std::fmt::Debug> End<T> {
    #[track_caller]
    pub(crate) fn done(self) -> T {
        match self {
            Self::Done(value) => value,
            end => panic!("expected the handler to return, it ended as {end:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn foreign(self) -> Place {
        match self {
            Self::Foreign(place) => place,
            end => panic!("expected a foreign await, got {end:?}"),
        }
    }
}

/// What to do when the tasklet waits.
pub(crate) enum Choice {
    /// Answer the pending effect at this position, oldest first.
    Answer(usize),
    Stop(StopReason),
    Abort,
}

pub(crate) struct Pending {
    pub(crate) ticket: Ticket,
    pub(crate) effect: Standard,
}

/// Runs a tasklet to its end, and tells the steps.
pub(crate) fn run<T: 'static>(
    mut tasklet: Tasklet<T>,
    mut choose: impl FnMut(&[Pending]) -> Choice,
) -> (End<T>, Vec<String>) {
    let mut log = Vec::new();
    let mut pending = Vec::<Pending>::new();
    for _ in 0..STEPS {
        let end = match tasklet.step() {
            Step::Perform(ticket, effect) => {
                log.push(show(&effect));
                pending.push(Pending { ticket, effect });
                continue;
            }
            Step::Abandon(ticket) => {
                log.push(format!("abandon {}", show(&take(&mut pending, ticket))));
                continue;
            }
            Step::Detach(ticket) => {
                log.push(format!("detach {}", show(&take(&mut pending, ticket))));
                continue;
            }
            Step::Tell(effect) => {
                log.push(format!("tell {}", show(&effect)));
                continue;
            }
            Step::Waiting if pending.is_empty() => End::Deadlock,
            Step::Waiting => {
                match choose(&pending) {
                    Choice::Answer(index) => {
                        let Pending { ticket, effect } = pending.remove(index);
                        tasklet.answer(ticket, success(&effect)).expect("the effect is pending");
                    }
                    Choice::Stop(reason) => {
                        log.push("STOP".into());
                        tasklet.stop(reason);
                    }
                    Choice::Abort => {
                        log.push("ABORT".into());
                        tasklet.abort();
                    }
                }
                continue;
            }
            Step::Done(value) => End::Done(value),
            Step::Foreign(place) => End::Foreign(place),
            Step::Runaway(place) => End::Runaway(place),
            Step::Dead => End::Dead,
        };
        assert!(matches!(end, End::Deadlock) || matches!(tasklet.step(), Step::Dead), "the end comes once");
        let left: Vec<_> = pending.iter().map(|pending| show(&pending.effect)).collect();
        assert!(left.is_empty() || matches!(end, End::Deadlock), "left pending: {left:?}");
        return (end, log);
    }
    panic!("no end after {STEPS} steps: {log:?}");
}

/// The first asked is the first answered.
pub(crate) fn oldest(_: &[Pending]) -> Choice {
    Choice::Answer(0)
}

/// The last asked is the first answered.
pub(crate) fn newest(pending: &[Pending]) -> Choice {
    Choice::Answer(pending.len() - 1)
}

/// Stops instead of giving the answer of this number, from 0.
pub(crate) fn stop_at(number: usize) -> impl FnMut(&[Pending]) -> Choice {
    instead_of(number, || Choice::Stop(StopReason::Disconnected))
}

/// Makes this choice instead of giving the answer of this number, from 0.
pub(crate) fn instead_of(number: usize, choice: impl Fn() -> Choice) -> impl FnMut(&[Pending]) -> Choice {
    let mut count = 0;
    move |_| {
        count += 1;
        if count == number + 1 { choice() } else { Choice::Answer(0) }
    }
}

/// Answers a pending effect of this description first, if there is one.
pub(crate) fn prefer(wanted: &'static str) -> impl FnMut(&[Pending]) -> Choice {
    move |pending| {
        let found = pending.iter().position(|pending| show(&pending.effect) == wanted);
        Choice::Answer(found.unwrap_or_default())
    }
}

fn take(pending: &mut Vec<Pending>, ticket: Ticket) -> Standard {
    let index = pending.iter().position(|pending| pending.ticket == ticket);
    pending.remove(index.expect("only what is pending is abandoned")).effect
}

pub(crate) fn success(effect: &Standard) -> StandardOutcome {
    type O = StandardOutcome;
    match effect {
        Standard::Sql(_) => O::Sql(Ok(rows!["n"; [1]])),
        Standard::Transaction(_) => O::Transaction(Ok(())),
        // One batch, and the end.
        Standard::SqlOpen(_) => O::SqlOpen(Ok(rows!["n"; [1], [2]])),
        Standard::SqlFetch(_) => O::SqlFetch(Ok(rows!["n"])),
        Standard::SqlClose(_) => O::SqlClose(Ok(())),
        Standard::HttpGet(get) => O::HttpGet(Ok(HttpReply::new(200, get.url.to_string()))),
        Standard::HttpSend(_) => O::HttpSend(Ok(HttpReply::new(200, ""))),
        Standard::ChatSend(_) => O::ChatSend(Ok(1)),
        Standard::ChatRecv(recv) => O::ChatRecv(Ok(format!("hello {}", recv.room).into())),
        Standard::ChatSubscribe(_) => O::ChatSubscribe(Ok(())),
        Standard::ChatUnsubscribe(_) => O::ChatUnsubscribe(Ok(())),
        Standard::ChatBalance(_) => O::ChatBalance(Ok(0)),
        Standard::ReadBody(_) => O::ReadBody(Ok(None)),
        Standard::ReadTrailers(_) => O::ReadTrailers(Ok(Headers::default())),
        Standard::Inform(_) => O::Inform(Ok(())),
        Standard::Respond(_) => O::Respond(Ok(())),
        Standard::Write(_) => O::Write(Ok(())),
        Standard::FileInfo(_) => O::FileInfo(Ok(None)),
        Standard::ReadFile(_) => O::ReadFile(Ok(Chunk(Bytes::new()))),
        Standard::Now(_) => O::Now(Ok(Timestamp::EPOCH)),
        Standard::Sleep(_) => O::Sleep(Ok(())),
        Standard::Random(random) => O::Random(Ok(random.low)),
    }
}

pub(crate) fn show(effect: &Standard) -> String {
    match effect {
        Standard::Sql(sql) if sql.transaction.is_some() => format!("tx {}", sql.text),
        Standard::Sql(sql) => format!("sql {}", sql.text),
        Standard::Transaction(transaction) => match transaction.act {
            TransactionAct::Begin => "begin".into(),
            TransactionAct::Commit => "commit".into(),
            TransactionAct::Rollback => "rollback".into(),
            TransactionAct::Savepoint(depth) => format!("savepoint {depth}"),
            TransactionAct::Release(depth) => format!("release {depth}"),
            TransactionAct::RollbackTo(depth) => format!("rollback to {depth}"),
        },
        Standard::SqlOpen(open) => format!("open {}", open.sql.text),
        Standard::SqlFetch(_) => "fetch".into(),
        Standard::SqlClose(_) => "close".into(),
        Standard::HttpGet(get) => format!("get {}", get.url),
        Standard::HttpSend(send) => format!("send {}", send.0.url),
        Standard::ChatSend(send) => format!("say {}", send.message),
        Standard::ChatRecv(recv) => format!("recv {}", recv.room),
        Standard::ChatSubscribe(subscribe) => format!("subscribe {}", subscribe.room),
        Standard::ChatUnsubscribe(_) => "unsubscribe".into(),
        Standard::ChatBalance(balance) => format!("balance {}", balance.room),
        Standard::ReadBody(_) => "read".into(),
        Standard::ReadTrailers(_) => "read trailers".into(),
        Standard::Inform(head) => format!("inform {}", head.0.status.as_u16()),
        Standard::Respond(head) => format!("respond {}", head.0.status.as_u16()),
        Standard::Write(write) => format!("write {}", String::from_utf8_lossy(&write.0)),
        Standard::FileInfo(info) => format!("info {}", info.path),
        Standard::ReadFile(read) => format!("read {}", read.path),
        Standard::Now(_) => "now".into(),
        Standard::Sleep(sleep) => format!("sleep {:?}", sleep.0),
        Standard::Random(random) => format!("random {}..={}", random.low, random.high),
    }
}

/// Reads the one number of the answer that this driver gives to SQL.
pub(crate) fn number(rows: Rows) -> i64 {
    rows.one().and_then(|row| row.get("n")).expect("one row with one number")
}

/// No test takes as many: a handler that does has no end.
const STEPS: usize = 200_000;

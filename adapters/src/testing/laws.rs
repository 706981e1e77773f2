//! What must hold for every handler, whatever happens to it.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

use segno_core::{
    ChatRecv, CursorId, EffectSet, Entry, Happened, Has, HttpGet, HttpSend, Inform, Path, ReadBody, Replay, Respond,
    Sql, SqlClose, SqlFetch, SqlOpen, Trace, Transaction, TransactionAct, TransactionId, Write,
};

use super::{difference::short, end::End};
use crate::{panics, sql::statement::controls_transaction};

/// An effect set that contains the standard effects that laws speak of; every set over [`Standard`](crate::Standard) is one.
pub trait Standards:
    Has<Sql>
    + Has<Transaction>
    + Has<SqlOpen>
    + Has<SqlFetch>
    + Has<SqlClose>
    + Has<HttpGet>
    + Has<HttpSend>
    + Has<ChatRecv>
    + Has<ReadBody>
    + Has<Inform>
    + Has<Respond>
    + Has<Write>
{
}

impl<S> Standards for S where
    S: Has<Sql>
        + Has<Transaction>
        + Has<SqlOpen>
        + Has<SqlFetch>
        + Has<SqlClose>
        + Has<HttpGet>
        + Has<HttpSend>
        + Has<ChatRecv>
        + Has<ReadBody>
        + Has<Inform>
        + Has<Respond>
        + Has<Write>
{
}

/// A law that holds for every run, unless a test [switches it off](super::Explore::without).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Law {
    /// Every transaction is committed or rolled back exactly once, on every path.
    TransactionsClose,
    /// Every stream of rows is read to its end or closed: an open one holds a connection.
    StreamsClose,
    /// No statement is `BEGIN`, `COMMIT`, `ROLLBACK`, `SAVEPOINT` or the like: transactions are scopes.
    TransactionsAreScopes,
    /// No HTTP request and no receive of chat is under way while a transaction of the same handler is open, in whatever lane: a
    /// slow peer would hold a connection and its locks.
    NoWaitInTransaction,
    /// A streamed response has one head, no piece before it, and no interim response after it.
    OneResponse,
    /// What must happen [once](Replay::Once) is not asked for again after nobody knows whether it happened: it failed so, or
    /// it was abandoned.
    NoRepeat,
    /// Once it has heard of a stop, a handler asks for nothing but in a [cleanup](crate::Io::cleanup): it would be
    /// refused.
    QuietAfterStop,
}

/// All laws.
const ALL: [Law; 7] = [
    Law::TransactionsClose,
    Law::StreamsClose,
    Law::TransactionsAreScopes,
    Law::NoWaitInTransaction,
    Law::OneResponse,
    Law::NoRepeat,
    Law::QuietAfterStop,
];

/// The laws of a test: those that are on, and its own.
pub(super) struct Laws<S: EffectSet> {
    on: Vec<Law>,
    own: Vec<(String, OwnLaw<S>)>,
}

type OwnLaw<S> = Box<dyn Fn(&Trace<S>, &End) -> Result<(), String>>;

impl<S: EffectSet> Default for Laws<S> {
    fn default() -> Self {
        Self { on: ALL.to_vec(), own: Vec::new() }
    }
}

impl<S: Standards> Laws<S> {
    pub(super) fn switch_off(&mut self, law: Law) {
        self.on.retain(|on| *on != law);
    }

    pub(super) fn add(&mut self, name: &str, law: impl Fn(&Trace<S>, &End) -> Result<(), String> + 'static) {
        self.own.push((name.into(), Box::new(law)));
    }

    /// What the run of a handler breaks, if anything.
    pub(super) fn broken(&self, trace: &Trace<S>, end: &End) -> Option<String> {
        let broken = |name: &str, why: String| format!("the law `{name}` is broken: {why}");
        let standard = self.on.iter().find_map(|law| {
            let kept = match law {
                Law::TransactionsClose => transactions_close(trace),
                Law::StreamsClose => streams_close(trace),
                Law::TransactionsAreScopes => transactions_are_scopes(trace),
                Law::NoWaitInTransaction => no_wait_in_transaction(trace),
                Law::OneResponse => one_response(trace),
                Law::NoRepeat => no_repeat(trace),
                Law::QuietAfterStop => quiet_after_stop(trace),
            };
            kept.err().map(|why| broken(&format!("{law:?}"), why))
        });
        standard.or_else(|| {
            self.own.iter().find_map(|(name, law)| {
                let kept = catch_unwind(AssertUnwindSafe(|| law(trace, end)));
                let kept = kept.unwrap_or_else(|panic| Err(panics::message(&*panic)));
                kept.err().map(|why| broken(name, why))
            })
        })
    }
}

impl<S: EffectSet> fmt::Debug for Laws<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let own: Vec<_> = self.own.iter().map(|(name, _)| name).collect();
        f.debug_struct("Laws").field("on", &self.on).field("own", &own).finish()
    }
}

/// What is asked or told.
fn effect<S: EffectSet>(entry: &Entry<S>) -> Option<&S> {
    match entry {
        Entry::Asked { effect, .. } | Entry::Told { effect } => Some(effect),
        Entry::Refused { .. }
        | Entry::Answered { .. }
        | Entry::Abandoned { .. }
        | Entry::Detached { .. }
        | Entry::Stopped { .. } => None,
    }
}

/// Where a transaction stands.
#[derive(Clone, Copy, PartialEq)]
enum Stands {
    /// It was asked to begin, at this place of the trace, and may have begun.
    Begun,
    Open,
    /// It never began, or was closed.
    Closed,
}

fn transactions_close<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    let mut all: Vec<(&TransactionId, &Path, Stands)> = Vec::new();
    for entry in &trace.entries {
        if let Entry::Asked { path, effect } = entry
            && let Some(Transaction { id, act: TransactionAct::Begin, .. }) = effect.project()
        {
            all.push((id, path, Stands::Begun));
        } else if let Entry::Answered { path, outcome } = entry
            && let Some((_, _, stands)) =
                all.iter_mut().find(|(_, begin, stands)| *begin == path && *stands == Stands::Begun)
        {
            *stands = match S::error(outcome).map(|error| error.happened()) {
                None | Some(Happened::Yes) => Stands::Open,
                Some(Happened::No) => Stands::Closed,
                Some(Happened::Unknown) => Stands::Begun,
            };
        } else if let Some(Transaction { id, act, .. }) = effect(entry).and_then(|effect| effect.project())
            && matches!(act, TransactionAct::Commit | TransactionAct::Rollback)
        {
            match all.iter_mut().rev().find(|(begun, _, _)| *begun == id) {
                Some((_, _, stands)) if *stands != Stands::Closed => *stands = Stands::Closed,
                Some(_) => return Err(format!("the transaction {id} is closed by {act:?}, and was closed before")),
                None => return Err(format!("the transaction {id} is closed by {act:?}, and never began")),
            }
        }
    }
    match all.iter().find(|(_, _, stands)| *stands == Stands::Open) {
        Some((id, _, _)) => Err(format!("the transaction {id} is never closed")),
        None => Ok(()),
    }
}

fn streams_close<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    let mut open: Vec<&CursorId> = Vec::new();
    // Those that were asked for, whose answers are not there yet.
    let mut asked: Vec<(&Path, &CursorId)> = Vec::new();
    for entry in &trace.entries {
        if let Entry::Asked { path, effect } = entry {
            let opened = <S as Has<SqlOpen>>::project(effect).map(|open| &open.id);
            let fetched = || <S as Has<SqlFetch>>::project(effect).map(|fetch| &fetch.id);
            asked.extend(opened.or_else(fetched).map(|id| (path, id)));
            open.extend(opened);
        } else if let Entry::Answered { path, outcome } = entry
            && let Some(place) = asked.iter().position(|(other, _)| *other == path)
        {
            let (_, id) = asked.remove(place);
            let answer = <S as Has<SqlOpen>>::answer(outcome).or_else(|| <S as Has<SqlFetch>>::answer(outcome));
            let over = answer.is_some_and(|answer| match answer {
                Ok(rows) => rows.is_empty(),
                Err(error) => error.happened == Happened::No,
            });
            open.retain(|other| !over || *other != id);
        }
        if let Some(SqlClose { id }) = effect(entry).and_then(|effect| effect.project()) {
            open.retain(|other| *other != id);
        }
    }
    match open.first() {
        Some(id) => Err(format!("the stream of rows {id} is neither read to its end nor closed")),
        None => Ok(()),
    }
}

fn transactions_are_scopes<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    for sql in trace.entries.iter().filter_map(|entry| <S as Has<Sql>>::project(effect(entry)?)) {
        if controls_transaction(&sql.text) {
            return Err(format!("the statement `{}` controls a transaction by hand: use `io.transaction`", sql.text));
        }
    }
    Ok(())
}

fn no_wait_in_transaction<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    // Where each was asked to begin; one that is told to end has no place.
    let mut open: Vec<(&TransactionId, &Path)> = Vec::new();
    let mut waits: Vec<(&Path, &S)> = Vec::new();
    for entry in &trace.entries {
        if let Some(Transaction { id, act, .. }) = effect(entry).and_then(|effect| effect.project()) {
            match (act, entry) {
                (TransactionAct::Begin, Entry::Asked { path, .. }) => open.push((id, path)),
                (TransactionAct::Commit | TransactionAct::Rollback, _) => open.retain(|(other, _)| *other != id),
                (TransactionAct::Begin | TransactionAct::Savepoint(_) | TransactionAct::Release(_), _)
                | (TransactionAct::RollbackTo(_), _) => {}
            }
        } else if let Entry::Asked { path, effect } = entry
            && takes_long(effect)
        {
            waits.push((path, effect));
        }
        match entry {
            Entry::Answered { path, outcome } => {
                waits.retain(|(waiting, _)| *waiting != path);
                if S::error(outcome).is_some_and(|error| error.happened() == Happened::No) {
                    open.retain(|(_, begin)| *begin != path);
                }
            }
            Entry::Abandoned { path } => waits.retain(|(waiting, _)| *waiting != path),
            Entry::Stopped { .. } => waits.clear(),
            Entry::Asked { .. } | Entry::Refused { .. } | Entry::Detached { .. } | Entry::Told { .. } => {}
        }
        if let (Some((id, _)), Some((path, wait))) = (open.first(), waits.first()) {
            return Err(format!("{} (at {path}) waits while the transaction {id} is open", wait.name()));
        }
    }
    Ok(())
}

fn takes_long<S: Standards>(effect: &S) -> bool {
    <S as Has<HttpGet>>::project(effect).is_some()
        || <S as Has<HttpSend>>::project(effect).is_some()
        || <S as Has<ChatRecv>>::project(effect).is_some()
}

fn one_response<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    let mut heads = 0;
    for asked in trace.entries.iter().filter_map(effect) {
        heads += usize::from(<S as Has<Respond>>::project(asked).is_some());
        if heads > 1 {
            return Err("a second head is sent".into());
        }
        if heads == 0 && <S as Has<Write>>::project(asked).is_some() {
            return Err("a piece is sent before the head".into());
        }
        if heads > 0 && <S as Has<Inform>>::project(asked).is_some() {
            return Err("an interim response is sent after the head".into());
        }
    }
    Ok(())
}

fn no_repeat<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    // Reading again what was not read is no repetition.
    let counts = |effect: &S| {
        effect.replay() == Replay::Once
            && <S as Has<ChatRecv>>::project(effect).is_none()
            && <S as Has<ReadBody>>::project(effect).is_none()
    };
    let mut waiting: Vec<(&Path, &S)> = Vec::new();
    let mut unknown: Vec<&S> = Vec::new();
    // What the stop may have ended: what goes on in spite of it is answered later.
    let mut stopped: Vec<(&Path, &S)> = Vec::new();
    for entry in &trace.entries {
        let (path, heard) = match entry {
            Entry::Asked { path, effect } if counts(effect) => {
                if unknown.contains(&effect) || stopped.iter().any(|(_, other)| *other == effect) {
                    let name = effect.name();
                    return Err(format!("{name} is asked for again, and may have happened before: {}", short(effect)));
                }
                waiting.push((path, effect));
                continue;
            }
            Entry::Answered { path, outcome } => {
                (path, S::error(outcome).is_none_or(|error| error.happened() != Happened::Unknown))
            }
            Entry::Abandoned { path } => (path, false),
            Entry::Stopped { .. } => {
                stopped.append(&mut waiting);
                continue;
            }
            Entry::Asked { .. } | Entry::Refused { .. } | Entry::Detached { .. } | Entry::Told { .. } => continue,
        };
        for waiting in [&mut waiting, &mut stopped] {
            if let Some(place) = waiting.iter().position(|(waits, _)| *waits == path) {
                let (_, effect) = waiting.remove(place);
                if !heard {
                    unknown.push(effect);
                }
            }
        }
    }
    Ok(())
}

fn quiet_after_stop<S: Standards>(trace: &Trace<S>) -> Result<(), String> {
    let stopped = trace.entries.iter().position(|entry| matches!(entry, Entry::Stopped { .. }));
    let mut waiting: Vec<&Path> = Vec::new();
    for (at, entry) in trace.entries.iter().enumerate() {
        match entry {
            Entry::Asked { path, .. } if stopped.is_none_or(|stopped| at < stopped) => waiting.push(path),
            Entry::Answered { path, .. } | Entry::Abandoned { path } | Entry::Detached { path } => {
                waiting.retain(|other| *other != path);
            }
            // Who waited at the stop was told by it; who was in the middle of a commit is told by the first refusal.
            Entry::Refused { path, effect } if waiting.iter().any(|told| told.is_in(path) || path.is_in(told)) => {
                return Err(format!(
                    "after it was stopped, the handler asked for {}, which was refused: what must still be done goes \
                     through `io.cleanup()`, and what must not ends with the error\n    {}",
                    effect.name(),
                    short(effect)
                ));
            }
            Entry::Refused { path, .. } => waiting.push(path),
            Entry::Asked { .. } | Entry::Told { .. } | Entry::Stopped { .. } => {}
        }
    }
    Ok(())
}

//! Recorded requests as tests.

mod directory;

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::Arc,
};

use bytes::BytesMut;
use segno_core::{
    Answer, Effect, EffectSet, Entry, Error, Handler, Has, IntoHandler, Path, PerformedBy, Request, Respond, Response,
    ResponseHead, Result, Trace, Write,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use directory::replay_directory;

use super::{
    again::{Again, Ended, Fakes, Rerun},
    responded::Responded,
    script::Scriptable,
    world::{Session, World, perform_at_once},
};
use crate::{
    panics,
    trace_file::{RecordedEnd, RecordedEndKind, Recording, fits, shortened},
};

/// Runs this handler, or this router, once more as it ran when a recorder wrote this file.
///
/// The handler gets the recorded request, and the recorded answers in their order. If it does not do the same, the test
/// fails, and shows both runs side by side:
///
/// ```
/// use segno::{Io, Request, Response, Result, testing::replay};
///
/// async fn sum(mut io: Io, _: Request) -> Result<Response> {
///     let sum: i64 = io.sql("select 1 + 1 as sum", ()).await?.one()?.get("sum")?;
///     Ok(Response::text(sum.to_string()))
/// }
///
/// # let file = std::env::temp_dir().join(format!("segno-replay-{}.jsonl", std::process::id()));
/// # std::fs::write(&file, concat!(
/// #     r#"{"segno_trace":1,"segno":"0.1.0","handler":"GET /sum","effects":["sql"],"schema":"","#,
/// #     r#""request":{"method":"GET","target":"/sum","headers":[]}}"#, "\n",
/// #     r#"{"asked":{"path":"0#1","effect":{"effect":"sql","value":"#,
/// #     r#"{"text":"select 1 + 1 as sum","params":[],"transaction":null}}}}"#, "\n",
/// #     r#"{"answered":{"path":"0#1","outcome":{"effect":"sql","value":{"Err":"#,
/// #     r#"{"kind":"busy","happened":"no","message":"the database is locked"}}}}}"#, "\n",
/// #     r#"{"end":{"status":500,"kind":"failed","message":"the database is locked","micros":1234}}"#, "\n",
/// # ))?;
/// # let handler = sum;
/// replay(handler, &file).ends_as_recorded();
/// assert_eq!(replay(sum, &file).fails().to_string(), "the database is locked");
///
/// // What if the database had answered?
/// use segno::{Sql, rows};
/// replay(sum, &file).edit::<Sql>("0#1", Ok(rows!["sum"; [2]])).responds(200).body("2");
/// # std::fs::remove_file(&file)?;
/// # Ok::<_, std::io::Error>(())
/// ```
///
/// What stands for a secret in the file (`[secret-1f2e3d4c]`) is what the handler gets, and whatever it asks for in the
/// place of such a token is taken for the same, as long as it is no other token.
///
/// # Panics
///
/// If it is a router whose routes are in conflict.
#[track_caller]
pub fn replay<S: Scriptable>(handler: impl IntoHandler<S>, file: impl Into<PathBuf>) -> Replayed<S> {
    match handler.into_handler() {
        Ok(handler) => Replayed::new(handler, file.into()),
        Err(error) => panic!("{error}"),
    }
}

/// A recorded request that is to be run again; made by [`replay`].
#[must_use = "a recorded request runs when it is asked how it ends"]
pub struct Replayed<S: EffectSet> {
    handler: Handler<S>,
    file: PathBuf,
    params: Vec<(String, String)>,
    truncated: bool,
    edits: Vec<(Path, S::Outcome)>,
    fakes: Option<Fakes<S>>,
}

impl<S: EffectSet> Replayed<S> {
    pub(super) fn new(handler: Handler<S>, file: PathBuf) -> Self {
        Self { handler, file, params: Vec::new(), truncated: false, edits: Vec::new(), fakes: None }
    }

    /// Sets a parameter of the route, for a handler that runs without its router.
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Also takes a file whose end is missing, and runs the handler as far as the file goes.
    pub fn truncated(mut self) -> Self {
        self.truncated = true;
        self
    }

    /// Gives another answer to the effect that the handler asks for at this place: `0#2` is its second one.
    ///
    /// From there on the handler may do what it likes: what it asks as it did before is answered as before, and the
    /// rest by [`then`](Self::then).
    ///
    /// # Panics
    ///
    /// If this is not a place.
    #[track_caller]
    pub fn edit<E: Effect>(mut self, place: &str, answer: Answer<E>) -> Self
    where
        S: Has<E>,
    {
        match place.parse() {
            Ok(path) => self.edits.push((path, <S as Has<E>>::wrap(answer))),
            Err(error) => panic!("{error}"),
        }
        self
    }

    /// Answers what the recording does not answer; an effect that gets no answer stays pending.
    pub fn then(mut self, answer: impl FnMut(&S) -> Option<S::Outcome> + 'static) -> Self {
        self.fakes = Some(Box::new(answer));
        self
    }

    /// Performs on this world what the recording does not answer; time passes in it as it must.
    ///
    /// Keep an `Arc` of the world to look at it afterwards.
    pub fn then_in<X>(self, world: impl Into<Arc<World<X>>>) -> Self
    where
        S: PerformedBy<Session<X>>,
        X: Send + Sync + 'static,
    {
        let session = Arc::new(world.into().session());
        self.then(move |effect| perform_at_once(effect.clone(), &session))
    }
}

impl<S> Replayed<S>
where
    S: Scriptable + Serialize + DeserializeOwned,
    S::Outcome: DeserializeOwned,
{
    /// Runs the handler, and expects that it ends as it did.
    ///
    /// # Panics
    ///
    /// If it does anything else than it did, or if the file is not the recording of such a handler.
    #[track_caller]
    pub fn ends_as_recorded(self) {
        if let Err(failure) = self.check() {
            panic!("{failure}");
        }
    }

    /// Runs the handler, and expects a response with this status.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected, or recorded.
    #[track_caller]
    pub fn responds(self, status: u16) -> Responded {
        match self.respond() {
            Ok(responded) => responded.expect_status(status),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// Runs the handler, and expects it to fail; gives its error.
    ///
    /// # Panics
    ///
    /// If anything is not as it is expected, or recorded.
    #[track_caller]
    pub fn fails(self) -> Error {
        match self.respond() {
            Ok(responded) => responded.expect_failure(),
            Err(failure) => panic!("{failure}"),
        }
    }

    /// As [`ends_as_recorded`](Self::ends_as_recorded), with the failure as text.
    pub(super) fn check(self) -> Result<(), String> {
        let file = self.file.display().to_string();
        let (again, recorded) = self.run()?;
        match recorded {
            Some(end) => ends_as(again, &end).map_err(|failure| format!("{file}: {failure}")),
            None => Ok(()),
        }
    }

    fn respond(self) -> Result<Responded, String> {
        let file = self.file.display().to_string();
        let (Again { end, trace }, _) = self.run()?;
        match end {
            Ended::Done(end) => Responded::of(end, written(&trace)).map_err(|wrong| format!("{file}: {wrong}")),
            Ended::Panicked(_) | Ended::Foreign(_) | Ended::Runaway(_) | Ended::Waits(_) => {
                Err(format!("{file}: {end}"))
            }
        }
    }

    /// Runs the handler; gives what came of it, and the end that was recorded.
    fn run(self) -> Result<(Ran<S>, Option<RecordedEnd>), String> {
        let Self { handler, file, params, truncated, edits, fakes } = self;
        let recording = Recording::<S>::open(&file, truncated).map_err(|error| error.to_string())?;
        let request = request(&recording, &params)
            .ok_or_else(|| format!("{}: line 1: HTTP does not allow the method or the target", file.display()))?;
        let partial = recording.end.as_ref().is_none_or(is_open);
        let rerun = Rerun::new(&recording.trace).same(same).partial(partial).edits(edits).fakes(fakes);
        let again = match catch_unwind(AssertUnwindSafe(|| handler.tasklet(request))) {
            Ok(tasklet) => rerun.run(tasklet).map_err(|divergence| {
                format!("{}: the handler does not do what was recorded: {divergence}", file.display())
            })?,
            Err(panic) => Again { end: Ended::Panicked(panics::message(&*panic)), trace: Trace::default() },
        };
        Ok((again, recording.end))
    }
}

/// What came of a handler.
type Ran<S> = Again<Result<Response>, S>;

/// Whether the handler went on after what was recorded, or would have.
fn is_open(end: &RecordedEnd) -> bool {
    end.cut || end.kind == RecordedEndKind::Dropped
}

fn request<S: EffectSet>(recording: &Recording<S>, params: &[(String, String)]) -> Option<Request> {
    let recorded = &recording.header.request;
    let target = recorded.target.parse::<http::Uri>().ok()?;
    let mut request = Request::new(recorded.method.parse().ok()?, &target.to_string());
    request.headers = (*recorded.headers).clone();
    // It may be a secret that was taken out.
    if let Some(peer) = recorded.peer.as_ref().and_then(|peer| peer.parse().ok()) {
        request = request.with_peer(peer);
    }
    Some(params.iter().fold(request, |request, (name, value)| request.with_param(name, value)))
}

/// Whether an effect is the recorded one, in which tokens stand for secrets.
fn same<S: EffectSet + Serialize>(recorded: &S, asked: &S) -> bool {
    recorded == asked
        || recorded.name() == asked.name()
            && matches!((serde_json::to_value(recorded), serde_json::to_value(asked)), (Ok(a), Ok(b)) if alike(&a, &b))
}

fn alike(recorded: &Value, asked: &Value) -> bool {
    match (recorded, asked) {
        (Value::String(recorded), Value::String(asked)) => fits(recorded, asked),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| alike(a, b)))
        }
        (recorded, asked) => recorded == asked,
    }
}

/// The response that the handler has streamed, if it has begun one.
fn written<S: Scriptable>(trace: &Trace<S>) -> Option<(ResponseHead, bytes::Bytes)> {
    let (mut head, mut body) = (None, BytesMut::new());
    for entry in &trace.entries {
        if let Entry::Asked { effect, .. } = entry {
            if let Some(Respond(sent)) = effect.project() {
                head = Some(sent.clone());
            }
            if let Some(Write(piece)) = effect.project() {
                body.extend_from_slice(piece);
            }
        }
    }
    Some((head?, body.freeze()))
}

/// Compares how a handler ended with how it did when it was recorded.
fn ends_as<S: Scriptable>(again: Ran<S>, recorded: &RecordedEnd) -> Result<(), String> {
    let Again { end, trace } = again;
    let message = recorded.message.as_deref().unwrap_or_default();
    let now = match (&end, recorded.kind) {
        (Ended::Waits(_), _) if is_open(recorded) => return Ok(()),
        (Ended::Panicked(now), RecordedEndKind::Panicked) if fits(message, &shortened(now)) => return Ok(()),
        (Ended::Foreign(_) | Ended::Runaway(_), RecordedEndKind::Faulty) => return Ok(()),
        (Ended::Done(Err(error)), RecordedEndKind::Failed | RecordedEndKind::Torn)
            if fits(message, &shortened(&error.to_string())) =>
        {
            return Ok(());
        }
        (Ended::Done(Err(error)), _) => format!("the handler failed: {error}"),
        (Ended::Done(Ok(_)), RecordedEndKind::Responded) => match end {
            Ended::Done(end) => return responds_as(Responded::of(end, written(&trace)), recorded.status),
            Ended::Panicked(_) | Ended::Foreign(_) | Ended::Runaway(_) | Ended::Waits(_) => end.to_string(),
        },
        _ => end.to_string(),
    };
    let then = match recorded.kind {
        RecordedEndKind::Responded => format!("it responded with status {}", recorded.status),
        RecordedEndKind::Failed | RecordedEndKind::Torn => format!("it failed: {message}"),
        RecordedEndKind::Panicked => format!("it panicked: {message}"),
        RecordedEndKind::Faulty => format!("it could not be driven: {message}"),
        RecordedEndKind::Dropped => format!("it was dropped: {message}"),
    };
    Err(format!("the handler does not end as it was recorded\n  recorded: {then}\n  now:      {now}"))
}

fn responds_as(responded: Result<Responded, &'static str>, status: u16) -> Result<(), String> {
    let now = responded?.head.status.as_u16();
    if now == status { Ok(()) } else { Err(format!("the handler responds with status {now}, recorded was {status}")) }
}

impl<S: EffectSet> fmt::Debug for Replayed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replayed").field("file", &self.file).field("edits", &self.edits).finish_non_exhaustive()
    }
}

//! The recorder: which traces are kept, and how much of them.

mod open;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use segno_core::{EffectSet, Request};
use serde::Serialize;

pub use self::open::OpenTrace;
use super::{redact::Names, writer::Writer};
use crate::trace_file::{RecordedEnd, RecordedEndKind};

/// Keeps the traces of real requests, each in a file of its own; see the [module](super).
///
/// By default those are kept that failed with a status of 500 or more, that failed in the middle of their response, and
/// those that panicked. Its clones write to the same directory. Files are written on a thread of their own; what comes
/// faster than they can be written is not kept, and the log says so. When the last clone is dropped, all is written.
#[derive(Clone, Debug)]
pub struct Recorder {
    options: Arc<Options>,
    /// How many requests there were.
    seen: Arc<AtomicU64>,
    writer: Arc<Writer>,
}

/// What is kept.
#[derive(Clone, Debug)]
struct Options {
    errors: bool,
    slower_than: Option<Duration>,
    one_in: Option<u64>,
    max_files: usize,
    max_entries: usize,
    max_bytes: usize,
    names: Names,
}

impl Recorder {
    /// Keeps traces in this directory, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made or read, or the system refuses a thread.
    pub fn new(directory: impl AsRef<Path>) -> io::Result<Self> {
        let options = Options {
            errors: true,
            slower_than: None,
            one_in: None,
            max_files: FILES,
            max_entries: ENTRIES,
            max_bytes: BYTES,
            names: Names::default(),
        };
        let writer = Writer::start(directory.as_ref())?;
        Ok(Self { options: Arc::new(options), seen: Arc::default(), writer: Arc::new(writer) })
    }

    /// Whether those that failed are kept: with a status of 500 or more, but for 501, or in the middle of their response.
    /// They are, unless this says no. Those that panicked are kept in any case.
    #[must_use]
    pub fn errors(self, kept: bool) -> Self {
        self.with(|options| options.errors = kept)
    }

    /// Also keeps those that took longer than this.
    #[must_use]
    pub fn slower_than(self, limit: Duration) -> Self {
        self.with(|options| options.slower_than = Some(limit))
    }

    /// Also keeps the first of every `count` requests; none if it is 0.
    #[must_use]
    pub fn one_in(self, count: u64) -> Self {
        self.with(|options| options.one_in = Some(count))
    }

    /// How many files are kept: the oldest is removed for a new one. 1,000 by default.
    ///
    /// Only files that have the names of a recorder's are counted and removed.
    #[must_use]
    pub fn max_files(self, count: usize) -> Self {
        self.with(|options| options.max_files = count.max(1))
    }

    /// How many entries are kept of each trace: the later ones are missing, and its end says so. 10,000 by default.
    #[must_use]
    pub fn max_entries(self, count: usize) -> Self {
        self.with(|options| options.max_entries = count)
    }

    /// How many bytes are kept of each trace, in whole entries. A megabyte by default.
    #[must_use]
    pub fn max_bytes(self, count: usize) -> Self {
        self.with(|options| options.max_bytes = count)
    }

    /// Takes the values of this name for secrets, besides the names that are known to be secret: of header fields,
    /// cookies, columns, and fields of JSON, forms and queries. Case, `-` and `_` make no difference.
    #[must_use]
    pub fn secret(self, name: &str) -> Self {
        self.with(|options| options.names.add(name))
    }

    /// Begins with a request, before its handler does.
    ///
    /// ```
    /// use segno::{Handler, Request, Response, record::{RecordedEnd, RecordedEndKind, Recorder}};
    ///
    /// # let directory = std::env::temp_dir().join(format!("segno-begin-{}", std::process::id()));
    /// let recorder = Recorder::new(&directory)?.one_in(1);
    /// let handler: Handler = Handler::new(async |_, _| Ok(Response::text("hello")));
    /// let request = Request::get("/");
    ///
    /// let mut open = recorder.begin(&request);
    /// let mut tasklet = handler.tasklet(request).record();
    /// // Here it is driven to its end. A long one is asked for its trace every now and then.
    /// while !tasklet.ended() { let _ = tasklet.step(); }
    /// open.add(tasklet.take_trace().unwrap_or_default());
    /// open.end(RecordedEnd::new(200, RecordedEndKind::Responded, None));
    ///
    /// recorder.flush();
    /// assert_eq!(std::fs::read_dir(&directory)?.count(), 1);
    /// # std::fs::remove_dir_all(&directory)?;
    /// # Ok::<_, std::io::Error>(())
    /// ```
    pub fn begin<S: EffectSet + Serialize>(&self, request: &Request) -> OpenTrace<S> {
        let seen = self.seen.fetch_add(1, Ordering::Relaxed);
        let sampled = self.options.one_in.is_some_and(|count| count > 0 && seen.is_multiple_of(count));
        OpenTrace::new(self.clone(), request, sampled)
    }

    /// Waits until all traces that have ended are written.
    pub fn flush(&self) {
        self.writer.flush();
    }

    /// Has a trace written, with its lines up to the end.
    fn keep(&self, lines: Vec<u8>, why: &'static str) {
        self.writer.write(lines, why, self.options.names.clone(), self.options.max_files);
    }

    fn with(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(Arc::make_mut(&mut self.options));
        self
    }
}

impl Options {
    /// Why a trace is kept, if it is.
    fn why(&self, end: &RecordedEnd, took: Duration, sampled: bool) -> Option<&'static str> {
        let failed = end.status >= SERVER_ERROR && end.status != NOT_IMPLEMENTED || end.kind == RecordedEndKind::Torn;
        let slow = self.slower_than.is_some_and(|limit| took > limit);
        match end.kind {
            RecordedEndKind::Panicked => Some("panic"),
            _ if failed && self.errors => Some("error"),
            _ if slow => Some("slow"),
            _ if sampled => Some("sample"),
            RecordedEndKind::Responded
            | RecordedEndKind::Failed
            | RecordedEndKind::Torn
            | RecordedEndKind::Faulty
            | RecordedEndKind::Dropped => None,
        }
    }
}

/// From here on a status says that the server is to blame.
const SERVER_ERROR: u16 = 500;

/// But for this one: it answers a method that nobody knows, and whoever sends those must not push out what failed.
const NOT_IMPLEMENTED: u16 = 501;

/// More files than a person looks at, and a gigabyte at most.
const FILES: usize = 1_000;

/// A page asks for tens of effects; what asks for thousands is a stream, whose beginning tells enough.
const ENTRIES: usize = 10_000;

/// The requests and answers of many pages; ten thousand requests at once take ten gigabytes at the very most.
const BYTES: usize = 1 << 20;

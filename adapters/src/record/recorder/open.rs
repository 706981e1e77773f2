//! The trace of a request that still runs.

use std::{
    io::{self, Write},
    marker::PhantomData,
    time::Instant,
};

use segno_core::{EffectSet, Request, Trace};
use serde::Serialize;

use super::Recorder;
use crate::trace_file::{EndLine, Header, RecordedEnd};

/// The trace of a request that still runs; made by [`Recorder::begin`]. Dropped without an [end](Self::end), it is not
/// kept.
#[derive(Debug)]
pub struct OpenTrace<S> {
    recorder: Recorder,
    since: Instant,
    sampled: bool,
    lines: Vec<u8>,
    entries: usize,
    cut: bool,
    set: PhantomData<fn(S) -> S>,
}

impl<S: EffectSet + Serialize> OpenTrace<S> {
    pub(super) fn new(recorder: Recorder, request: &Request, sampled: bool) -> Self {
        let mut lines = Vec::new();
        let header = line(&mut lines, &Header::new::<S>(request), HEADER);
        let cut = header.is_err();
        Self { recorder, since: Instant::now(), sampled, lines, entries: 0, cut, set: PhantomData }
    }

    /// Adds what the tasklet did next.
    pub fn add(&mut self, trace: Trace<S>)
    where
        S::Outcome: Serialize,
    {
        let options = &self.recorder.options;
        for entry in trace.entries {
            if self.cut {
                return;
            }
            let room = options.max_bytes.saturating_sub(self.lines.len());
            self.cut = self.entries == options.max_entries || line(&mut self.lines, &entry, room).is_err();
            self.entries += 1;
        }
    }

    /// Ends it; the recorder's thread writes it, if it is one to be kept.
    pub fn end(mut self, mut end: RecordedEnd) {
        let took = self.since.elapsed();
        let Some(why) = self.recorder.options.why(&end, took, self.sampled) else { return };
        end.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        end.cut = self.cut;
        // A header that does not fit is no trace.
        if !self.lines.is_empty() && line(&mut self.lines, &EndLine { end }, END).is_ok() {
            self.recorder.keep(self.lines, why);
        }
    }
}

/// Adds a line of at most `room` bytes, or nothing.
fn line(lines: &mut Vec<u8>, value: &impl Serialize, room: usize) -> io::Result<()> {
    let begin = lines.len();
    let written = serde_json::to_writer(Room { lines, room }, value);
    match written {
        Ok(()) => lines.push(b'\n'),
        Err(_) => lines.truncate(begin),
    }
    Ok(written?)
}

/// What takes no more than there is room for.
struct Room<'a> {
    lines: &'a mut Vec<u8>,
    room: usize,
}

impl Write for Room<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.room = self.room.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        self.lines.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A head is limited by the server; in JSON, each of its bytes takes six at most.
const HEADER: usize = 1 << 20;

/// An end has one message, which is limited.
const END: usize = 64 << 10;

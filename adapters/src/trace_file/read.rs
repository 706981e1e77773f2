//! Reading a trace file, which anybody may have written.

use std::{
    any::type_name,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use segno_core::{EffectSet, Entry, Trace};
use serde::{Deserialize, de::DeserializeOwned};

use super::{EndLine, Header, RecordedEnd, VERSION, names};

/// A recorded request, as it was read from a file.
///
/// ```
/// use segno::{Standard, testing::{ReadError, Recording}};
///
/// let error = Recording::<Standard>::read(b"{\"name\": \"cargo\"}\n").unwrap_err();
/// assert_eq!(error, ReadError::Foreign);
/// assert_eq!(error.to_string(), "this is no trace of segno: its first line has no `segno_trace`");
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Recording<S: EffectSet> {
    /// What was recorded.
    pub header: Header,
    /// What the handler asked and was answered.
    pub trace: Trace<S>,
    /// What came of it; none if the file is truncated.
    pub end: Option<RecordedEnd>,
}

/// Why a file is no recording.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It is something else.
    #[error("this is no trace of segno: its first line has no `segno_trace`")]
    Foreign,
    /// A newer segno wrote it.
    #[error("the trace has version {found}, and this segno reads up to {VERSION}: replay it with a newer segno")]
    Version {
        /// Its version.
        found: u64,
    },
    /// It was recorded with another effect set.
    #[error("line {line}: the trace has the effect `{effect}`, which the set {set} does not contain")]
    UnknownEffect {
        /// Where.
        line: usize,
        /// The effect's name.
        effect: String,
        /// The set that it was read with.
        set: String,
    },
    /// A line is not what must stand there.
    #[error("line {line}: {message}")]
    Line {
        /// Where.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The last line is not whole.
    #[error("line {line} is torn: the file was not copied to its end; `truncated` replays what is there")]
    Torn {
        /// Where.
        line: usize,
    },
    /// The last line is not the end.
    #[error("the trace has no end after {entries} entries: the file was truncated; `truncated` replays what is there")]
    Truncated {
        /// How many entries there are.
        entries: usize,
    },
    /// A line is too long to be read.
    #[error("line {line} is longer than {LINE} bytes")]
    LineTooLong {
        /// Where.
        line: usize,
    },
    /// There are too many lines.
    #[error("the trace has more than {ENTRIES} entries")]
    TooManyEntries,
}

/// A file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The system does not let it be read.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is no recording.
    #[error("{}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: ReadError,
    },
}

impl<S> Recording<S>
where
    S: EffectSet + DeserializeOwned,
    S::Outcome: DeserializeOwned,
{
    /// Reads the contents of a file.
    ///
    /// # Errors
    ///
    /// If it is not a whole trace of this effect set, in a version that is known.
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        match Self::read_truncated(bytes)? {
            (Some(torn), _) => Err(ReadError::Torn { line: torn }),
            (None, recording) if recording.end.is_none() => {
                Err(ReadError::Truncated { entries: recording.trace.entries.len() })
            }
            (None, recording) => Ok(recording),
        }
    }

    /// Reads a file; one without its end too, if it may be `truncated`.
    pub(crate) fn open(path: &Path, truncated: bool) -> Result<Self, OpenError> {
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(FILE).read_to_end(&mut bytes));
        read.map_err(|error| OpenError::Io { path: path.into(), error })?;
        let recording = if truncated { Self::read_truncated(&bytes).map(|read| read.1) } else { Self::read(&bytes) };
        recording.map_err(|error| OpenError::Read { path: path.into(), error })
    }

    /// What is there, and the number of the last line if it is torn.
    fn read_truncated(bytes: &[u8]) -> Result<(Option<usize>, Self), ReadError> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1..);
        let (first, _) = lines.next().ok_or(ReadError::Empty)?;
        let mut recording = Self { header: header(first)?, trace: Trace::default(), end: None };
        for (line, number) in lines {
            if recording.end.is_some() {
                return Err(ReadError::Line { line: number, message: "something follows the trace's end".into() });
            }
            if line.len() > LINE {
                return Err(ReadError::LineTooLong { line: number });
            }
            let whole = line.strip_suffix(b"\n");
            let (torn, line) = (whole.is_none(), whole.unwrap_or(line));
            if let Ok(EndLine { end }) = serde_json::from_slice(line) {
                recording.end = Some(end);
                continue;
            }
            if recording.trace.entries.len() == ENTRIES {
                return Err(ReadError::TooManyEntries);
            }
            match serde_json::from_slice::<Entry<S>>(line) {
                // A whole line ends with a line break.
                Ok(_) | Err(_) if torn => return Ok((Some(number), recording)),
                Ok(entry) => recording.trace.entries.push(entry),
                Err(error) => return Err(unreadable::<S>(line, number, &error)),
            }
        }
        Ok((None, recording))
    }
}

fn header(line: &[u8]) -> Result<Header, ReadError> {
    /// What stands in the header of every version.
    #[derive(Deserialize)]
    struct Version {
        segno_trace: u64,
    }
    if line.len() > LINE {
        return Err(ReadError::LineTooLong { line: 1 });
    }
    match serde_json::from_slice(line) {
        Ok(Version { segno_trace: found }) if found > VERSION => Err(ReadError::Version { found }),
        Ok(Version { .. }) => {
            serde_json::from_slice(line).map_err(|error| ReadError::Line { line: 1, message: said(&error) })
        }
        Err(_) if !line.ends_with(b"\n") && line.starts_with(b"{\"segno_trace\"") => Err(ReadError::Torn { line: 1 }),
        Err(_) => Err(ReadError::Foreign),
    }
}

/// Why a line is no entry.
fn unreadable<S: EffectSet>(line: &[u8], number: usize, error: &serde_json::Error) -> ReadError {
    let value: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    let entry = value.as_object().and_then(|entry| entry.values().next());
    let effect = ["effect", "outcome"].iter().find_map(|key| entry?.get(key)?.get("effect")?.as_str());
    match effect {
        Some(effect) if !names::<S>().contains(&effect) => {
            let set = type_name::<S>().rsplit("::").next().unwrap_or_default();
            ReadError::UnknownEffect { line: number, effect: effect.into(), set: set.into() }
        }
        Some(_) | None => ReadError::Line { line: number, message: said(error) },
    }
}

/// What is wrong with a line, without the place in a text of one line.
fn said(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((text, _)) => format!("{text} (column {})", error.column()),
        None => text,
    }
}

/// How long a line may be: a recorder keeps a megabyte of a whole trace, and can be told to keep more.
const LINE: usize = 16 << 20;

/// How many entries a file may have: ten times what a recorder keeps if it is told nothing else.
const ENTRIES: usize = 100_000;

/// How much of a file is read: what is longer is torn.
const FILE: u64 = 256 << 20;

//! The file of one recorded request: JSON lines. A header, the entries of the trace, and the end.

#[cfg(feature = "testing")]
mod read;
mod token;

use segno_core::EffectSet;
use serde::{Deserialize, Serialize};

#[cfg(feature = "testing")]
pub use read::{OpenError, ReadError, Recording};
#[cfg(feature = "testing")]
pub(crate) use token::fits;
#[cfg(feature = "record")]
pub(crate) use token::{is_token, token};

/// The first line of a trace file: what was recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Header {
    /// The version of the file's format.
    pub segno_trace: u64,
    /// The version of segno that wrote it.
    pub segno: String,
    /// The method and the path of the request.
    pub handler: String,
    /// The names of the effects that its handler could ask for.
    pub effects: Vec<String>,
    /// A hash of these names: traces of the same effect set have the same one.
    pub schema: String,
    /// The head of the request.
    pub request: RecordedRequest,
}

/// The head of a recorded request. Its body is in the entries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method.
    pub method: String,
    /// The target.
    pub target: String,
    /// The header fields.
    pub headers: segno_core::Headers,
    /// The address of who was connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
}

impl Header {
    /// The header for a request whose handler asks for effects of the set `S`.
    #[cfg(feature = "record")]
    pub(crate) fn new<S: EffectSet>(request: &segno_core::Request) -> Self {
        let effects = names::<S>();
        Self {
            segno_trace: VERSION,
            segno: env!("CARGO_PKG_VERSION").into(),
            handler: format!("{} {}", request.method, request.path()),
            schema: schema(&effects),
            effects: effects.into_iter().map(str::to_owned).collect(),
            request: RecordedRequest {
                method: request.method.to_string(),
                target: request.uri.to_string(),
                headers: request.headers.clone().into(),
                peer: request.peer().map(|peer| peer.to_string()),
            },
        }
    }
}

/// The last line of a trace file: what came of the request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordedEnd {
    /// The status that the client got; 0 if it got none.
    pub status: u16,
    /// How the handler ended.
    pub kind: RecordedEndKind,
    /// The error, or what the panic said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How long it took.
    #[serde(default)]
    pub micros: u64,
    /// The trace is longer than the recorder's limits: its later entries are missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
}

/// How a recorded handler ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordedEndKind {
    /// With a response.
    Responded,
    /// With an error, before its response.
    Failed,
    /// With an error, in the middle of its response.
    Torn,
    /// It panicked.
    Panicked,
    /// It awaited something that is no effect, or went on asking after a stop.
    Faulty,
    /// It was dropped before its end: what performed an effect panicked, or it took too long after a stop.
    Dropped,
}

impl RecordedEnd {
    /// A handler that ended like this; `message` says what its error or panic said.
    pub fn new(status: u16, kind: RecordedEndKind, message: Option<&str>) -> Self {
        Self { status, kind, message: message.map(shortened), micros: 0, cut: false }
    }
}

/// The last line, as it is written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EndLine {
    pub(crate) end: RecordedEnd,
}

/// The names of the effects of a set.
pub(crate) fn names<S: EffectSet>() -> Vec<&'static str> {
    let mut names = Vec::new();
    S::names(&mut |name| names.push(name));
    names
}

/// The beginning of a message, as it stands in a file.
pub(crate) fn shortened(message: &str) -> String {
    message.char_indices().nth(MESSAGE).map_or(message, |(end, _)| &message[..end]).to_owned()
}

/// A hash of names that is the same on every machine (64-bit FNV-1a).
#[cfg(feature = "record")]
fn schema(names: &[&str]) -> String {
    let bytes = names.iter().flat_map(|name| name.bytes().chain([b'\n']));
    let hash =
        bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    format!("{hash:016x}")
}

/// The version of the format. It grows when an older segno could not read a file, or would read it wrongly.
pub(crate) const VERSION: u64 = 1;

/// How many characters of a message are kept: a person reads no more.
const MESSAGE: usize = 4096;

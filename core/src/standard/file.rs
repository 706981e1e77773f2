//! Files: what there is, and what is in it.

use super::{file_path::FilePath, response::Chunk, time::Timestamp};
use crate::{
    effect::{Effect, Menu, Replay},
    error::{EffectError, Happened, StopReason},
};

/// Asks what there is at a path; asked by [`Io::file_info`](crate::Io::file_info).
///
/// Answered with `None` if there is nothing, or what is neither a file nor a directory.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FileInfo {
    /// The path, below the backend's directory.
    pub path: FilePath,
}

impl Effect for FileInfo {
    type Output = Option<FileKind>;
    type Error = FileError;
    const NAME: &'static str = "file_info";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.answers("no such file", Happened::No, || None);
        menu.kind("denied", Happened::No, FileErrorKind::Denied);
        menu.kind("unreadable", Happened::No, FileErrorKind::System);
    }
}

/// Reads a piece of a file, as long as it is the same file; asked by [`Io::read_file`](crate::Io::read_file).
///
/// Answered with as many bytes as are there, but not more than [`MAX_LENGTH`](Self::MAX_LENGTH); with none at the file's end.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReadFile {
    /// The path, below the backend's directory.
    pub path: FilePath,
    /// The version that is to be read. If the file was changed since, the answer is [`Changed`](FileErrorKind::Changed).
    pub version: FileVersion,
    /// Where to begin.
    pub from: u64,
    /// How many bytes to read at most.
    pub length: u64,
}

impl ReadFile {
    /// How many bytes one answer may have: 64 KiB, about as much as a socket takes at once; a thousand downloads then have
    /// 64 MiB in memory.
    pub const MAX_LENGTH: u64 = 64 << 10;
}

impl Effect for ReadFile {
    type Output = Chunk;
    type Error = FileError;
    const NAME: &'static str = "read_file";

    fn replay(&self) -> Replay {
        Replay::Read
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.kind("not found", Happened::No, FileErrorKind::NotFound);
        menu.kind("changed", Happened::No, FileErrorKind::Changed);
        menu.kind("unreadable", Happened::No, FileErrorKind::System);
    }
}

/// What there is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum FileKind {
    /// A file with content.
    File(FileVersion),
    /// A directory.
    Directory,
}

/// Tells a version of a file from those before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FileVersion {
    /// How many bytes it has.
    pub length: u64,
    /// When it was written last.
    pub modified: Timestamp,
}

/// Why a file could not be read.
pub type FileError = EffectError<FileErrorKind>;

/// The kinds of [`FileError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum FileErrorKind {
    /// There is no file at the path.
    NotFound,
    /// The system does not let the server read it, or a link leads out of the backend's directory.
    Denied,
    /// The file is another one than it was.
    Changed,
    /// The backend has no directory to read from.
    NoDirectory,
    /// The disk or the system failed.
    System,
    /// The handler was told to stop.
    Stopped(StopReason),
}

impl From<StopReason> for FileErrorKind {
    fn from(reason: StopReason) -> Self {
        Self::Stopped(reason)
    }
}

//! A directory that no path leads out of: cap-std resolves below it, links included.
//!
//! All that touches the disk runs on smol's threads for what blocks.

use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::Arc,
    time::UNIX_EPOCH,
};

use cap_std::{
    ambient_authority,
    fs::{Dir, File, FileExt, Metadata, OpenOptions, OpenOptionsExt},
};
use rustix::{fs::OFlags, io::Errno};
use segno_core::{
    Answer, Chunk, FileError, FileErrorKind, FileInfo, FileKind, FilePath, FileVersion, Happened, ReadFile, Timestamp,
};

/// A directory, open.
#[derive(Clone, Debug)]
pub(super) struct Directory(Arc<Dir>);

impl Directory {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let opened = Dir::open_ambient_dir(path, ambient_authority());
        let named = |error: io::Error| {
            io::Error::new(error.kind(), format!("the directory `{}` cannot be opened: {error}", path.display()))
        };
        Ok(Self(Arc::new(opened.map_err(named)?)))
    }

    pub(super) async fn info(&self, path: FilePath) -> Answer<FileInfo> {
        let directory = self.0.clone();
        smol::unblock(move || kind(&directory, &path).map_err(|error| failed(&path, &error))).await
    }

    pub(super) async fn read(&self, read: ReadFile) -> Answer<ReadFile> {
        let directory = self.0.clone();
        smol::unblock(move || {
            let ReadFile { path, version, from, length } = read;
            let piece = piece(&directory, &path, from, length).map_err(|error| failed(&path, &error))?;
            match piece {
                Some((found, piece)) if found == version => Ok(Chunk(piece.into())),
                Some(_) => Err(refused(FileErrorKind::Changed, format!("the file `{path}` was changed"))),
                None => Err(refused(FileErrorKind::NotFound, format!("there is no file `{path}`"))),
            }
        })
        .await
    }
}

/// What there is at the path.
fn kind(directory: &Dir, path: &FilePath) -> io::Result<Option<FileKind>> {
    let metadata = match directory.metadata(path.as_str()) {
        Err(error) if is_absent(&error) => return Ok(None),
        metadata => metadata?,
    };
    Ok(match metadata.is_dir() {
        true => Some(FileKind::Directory),
        false => version(&metadata).map(FileKind::File),
    })
}

/// A piece of the file at the path, and the version that it is of; none if there is no file.
fn piece(directory: &Dir, path: &FilePath, from: u64, length: u64) -> io::Result<Option<(FileVersion, Vec<u8>)>> {
    // Opening a device may do something.
    let Some(FileKind::File(_)) = kind(directory, path)? else { return Ok(None) };
    let mut options = OpenOptions::new();
    // If a pipe has taken the file's place since, nobody waits for its other end.
    options.read(true).custom_flags((OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed());
    let file = directory.open_with(path.as_str(), &options)?;
    let Some(before) = version(&file.metadata()?) else { return Ok(None) };
    let piece = read(&file, from, length.min(before.length.saturating_sub(from)))?;
    // Asked for after the reading, so that what was written in the meantime shows.
    Ok(version(&file.metadata()?).map(|version| (version, piece)))
}

/// As much of the file as is there, and asked for.
fn read(file: &File, from: u64, length: u64) -> io::Result<Vec<u8>> {
    let length = usize::try_from(length.min(ReadFile::MAX_LENGTH)).unwrap_or_default();
    let (mut piece, mut filled) = (vec![0; length], 0);
    while filled < length {
        match file.read_at(&mut piece[filled..], from.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    piece.truncate(filled);
    Ok(piece)
}

/// The version of a file with content; none of a pipe, a socket, a device.
fn version(metadata: &Metadata) -> Option<FileVersion> {
    // A system without times of modification, or a time before 1970: then the length alone tells.
    let modified = metadata.modified().map(|time| time.into_std().duration_since(UNIX_EPOCH).unwrap_or_default());
    let modified = Timestamp::from_unix(modified.unwrap_or_default());
    metadata.is_file().then(|| FileVersion { length: metadata.len(), modified })
}

/// Whether it says that there is nothing, or cannot be anything, at a path.
fn is_absent(error: &io::Error) -> bool {
    let is_loop = error.raw_os_error() == Some(Errno::LOOP.raw_os_error());
    is_loop || matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::InvalidFilename)
}

fn failed(path: &FilePath, error: &io::Error) -> FileError {
    let kind = match error.kind() == ErrorKind::PermissionDenied {
        _ if is_absent(error) => FileErrorKind::NotFound,
        true => FileErrorKind::Denied,
        false => FileErrorKind::System,
    };
    refused(kind, format!("the file `{path}` cannot be read: {error}"))
}

fn refused(kind: FileErrorKind, message: String) -> FileError {
    FileError::new(kind, Happened::No, message)
}

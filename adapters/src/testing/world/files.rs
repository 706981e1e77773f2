//! Files in memory.

use std::collections::BTreeMap;

use bytes::Bytes;
use segno_core::{
    Answer, Chunk, FileError, FileErrorKind, FileInfo, FileKind, FilePath, FileVersion, Happened, ReadFile, Timestamp,
};

/// The files of a world, by their paths. All were written at the beginning of time.
#[derive(Debug, Default)]
pub(super) struct Files(BTreeMap<FilePath, Bytes>);

impl Files {
    pub(super) fn add(&mut self, path: FilePath, content: Bytes) {
        self.0.insert(path, content);
    }

    pub(super) fn info(&self, info: &FileInfo) -> Answer<FileInfo> {
        if let Some(content) = self.0.get(&info.path) {
            return Ok(Some(FileKind::File(version(content))));
        }
        let below =
            |path: &FilePath| path.as_str().strip_prefix(info.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        Ok(self.0.keys().any(below).then_some(FileKind::Directory))
    }

    pub(super) fn read(&self, read: &ReadFile) -> Answer<ReadFile> {
        let path = &read.path;
        let Some(content) = self.0.get(path) else {
            return Err(refused(
                FileErrorKind::NotFound,
                format!("the world has no file `{path}`: add it by `World::file`"),
            ));
        };
        if version(content) != read.version {
            return Err(refused(FileErrorKind::Changed, format!("the file `{path}` was changed")));
        }
        let within = |position: u64| usize::try_from(position).map_or(content.len(), |at| at.min(content.len()));
        let length = read.length.min(ReadFile::MAX_LENGTH);
        Ok(Chunk(content.slice(within(read.from)..within(read.from.saturating_add(length)))))
    }
}

fn version(content: &Bytes) -> FileVersion {
    FileVersion { length: content.len() as u64, modified: Timestamp::EPOCH }
}

fn refused(kind: FileErrorKind, message: String) -> FileError {
    FileError::new(kind, Happened::No, message)
}

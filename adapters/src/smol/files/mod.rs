//! Files for handlers, from one directory of the machine.

#[cfg(feature = "files")]
mod directory;

#[cfg(feature = "files")]
use std::{io, path::Path};

use segno_core::{Answer, FileError, FileErrorKind, FileInfo, Happened, ReadFile};

#[cfg(feature = "files")]
use self::directory::Directory;

/// The directory that a backend was given, if it was.
#[derive(Clone, Debug, Default)]
pub(super) struct Files {
    #[cfg(feature = "files")]
    directory: Option<Directory>,
}

#[cfg(feature = "files")]
impl Files {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self { directory: Some(Directory::open(path)?) })
    }

    pub(super) async fn info(&self, info: FileInfo) -> Answer<FileInfo> {
        self.directory()?.info(info.path).await
    }

    pub(super) async fn read(&self, read: ReadFile) -> Answer<ReadFile> {
        self.directory()?.read(read).await
    }

    fn directory(&self) -> Result<&Directory, FileError> {
        self.directory
            .as_ref()
            .ok_or_else(|| nowhere("the backend has no directory for files: give it one by `Backend::files`"))
    }
}

#[cfg(not(feature = "files"))]
impl Files {
    pub(super) async fn info(&self, _: FileInfo) -> Answer<FileInfo> {
        Err(nowhere(FEATURE))
    }

    pub(super) async fn read(&self, _: ReadFile) -> Answer<ReadFile> {
        Err(nowhere(FEATURE))
    }
}

fn nowhere(message: &str) -> FileError {
    FileError::new(FileErrorKind::NoDirectory, Happened::No, message)
}

/// What a program is told that asks for files, and was built without them.
#[cfg(not(feature = "files"))]
const FEATURE: &str = "segno was built without files: switch on its feature `files`, and give the backend a directory by `Backend::files`";

//! How a handler asks for files.

use core::ops::Range;

use crate::{
    effect::{EffectSet, Has},
    io::{Ask, Io},
    standard::{FileInfo, FilePath, FileVersion, ReadFile},
};

impl<S: EffectSet> Io<S> {
    /// Asks what there is at a path below the backend's directory: a file, a directory, or nothing.
    ///
    /// # Errors
    ///
    /// If the backend has no directory, or the system does not let it look.
    ///
    /// ```
    /// # use segno_core::{FileKind, Io, Result};
    /// async fn motto(io: &mut Io) -> Result<Option<String>> {
    ///     let path = "motto.txt".parse()?;
    ///     let Some(FileKind::File(version)) = io.file_info(&path).await? else { return Ok(None) };
    ///     let text = io.read_file(&path, version, 0..version.length).await?.0;
    ///     Ok(Some(String::from_utf8_lossy(&text).into_owned()))
    /// }
    /// ```
    #[track_caller]
    pub fn file_info(&mut self, path: &FilePath) -> Ask<'_, S, FileInfo>
    where
        S: Has<FileInfo>,
    {
        self.perform(FileInfo { path: path.clone() })
    }

    /// Reads a piece of a version of a file: as many bytes of the range as are there, but not more than
    /// [64 KiB](ReadFile::MAX_LENGTH) at a time.
    ///
    /// # Errors
    ///
    /// [`Changed`](crate::FileErrorKind::Changed) if the file is not the same any longer, so that nobody gets the beginning
    /// of one version and the end of another; and whatever goes wrong.
    #[track_caller]
    pub fn read_file(&mut self, path: &FilePath, version: FileVersion, range: Range<u64>) -> Ask<'_, S, ReadFile>
    where
        S: Has<ReadFile>,
    {
        let length = range.end.saturating_sub(range.start).min(ReadFile::MAX_LENGTH);
        self.perform(ReadFile { path: path.clone(), version, from: range.start, length })
    }
}

//! What is said about the effects on files.

use std::ops::Range;

use segno_core::{FileInfo, FilePath, ReadFile};

use super::expect::{Expect, field};

/// A question for what there is at this path.
///
/// # Panics
///
/// If it is not a path for a file.
#[track_caller]
pub fn file_info(path: &str) -> Expect<FileInfo> {
    FileInfo { path: checked(path) }.into()
}

/// A read of this piece of a file, in whatever version.
///
/// ```
/// use segno::{Chunk, FileKind, FileVersion, Io, Request, Response, Result, Timestamp};
/// use segno::testing::{file_info, get, read_file, script};
///
/// async fn motto(mut io: Io, _: Request) -> Result<Response> {
///     let path = "motto.txt".parse()?;
///     let Some(FileKind::File(version)) = io.file_info(&path).await? else { return Ok(Response::text("none")) };
///     Ok(Response::text(io.read_file(&path, version, 0..version.length).await?.0))
/// }
///
/// let version = FileVersion { length: 5, modified: Timestamp::EPOCH };
/// script(motto, get("/motto"))
///     .expect(file_info("motto.txt"), Some(FileKind::File(version)))
///     .expect(read_file("motto.txt", 0..5), Chunk("segno".into()))
///     .responds(200)
///     .body("segno");
/// ```
///
/// # Panics
///
/// If it is not a path for a file.
#[track_caller]
pub fn read_file(path: &str, range: Range<u64>) -> Expect<ReadFile> {
    let path = field("path", |read: &ReadFile| &read.path, checked(path));
    let from = field("from", |read: &ReadFile| &read.from, range.start);
    let length = range.end.saturating_sub(range.start).min(ReadFile::MAX_LENGTH);
    path.and(from).and(field("length", |read: &ReadFile| &read.length, length))
}

#[track_caller]
fn checked(path: &str) -> FilePath {
    match FilePath::with_hidden(path) {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    }
}

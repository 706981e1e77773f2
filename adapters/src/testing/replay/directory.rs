//! A directory of recorded requests, as one test.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use segno_core::IntoHandler;
use serde::{Serialize, de::DeserializeOwned};

use super::Replayed;
use crate::testing::script::Scriptable;

/// Runs this handler, or this router, with each recording (`*.jsonl`) of a directory, and expects each to end as it was
/// recorded: a regression test in one line.
///
/// ```no_run
/// # use segno::{Request, Response, Router};
/// # let router: Router = Router::new().get("/", async |_, _| Ok(Response::text("hello")));
/// segno::testing::replay_directory(router, "tests/traces");
/// ```
///
/// # Panics
///
/// If any of them does not, after all have been tried; if there is none, or if it is a router whose routes are in
/// conflict.
#[track_caller]
pub fn replay_directory<S>(handler: impl IntoHandler<S>, directory: impl AsRef<Path>)
where
    S: Scriptable + Serialize + DeserializeOwned,
    S::Outcome: DeserializeOwned,
{
    let directory = directory.as_ref();
    let handler = match handler.into_handler() {
        Ok(handler) => handler,
        Err(error) => panic!("{error}"),
    };
    let files = match recordings(directory) {
        Ok(files) => files,
        Err(error) => panic!("{}: {error}", directory.display()),
    };
    assert!(!files.is_empty(), "{}: there is no recording (*.jsonl) in this directory", directory.display());
    let count = files.len();
    let checked = files.into_iter().map(|file| Replayed::new(handler.clone(), file).check());
    let failures: Vec<_> = checked.filter_map(Result::err).collect();
    assert!(failures.is_empty(), "{} of {count} recordings fail\n\n{}", failures.len(), failures.join("\n\n"));
}

/// The recordings in a directory, by name.
fn recordings(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let files: io::Result<Vec<_>> = fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect();
    let mut files = files?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort_unstable();
    Ok(files)
}

//! What all tests of a process drive, if somebody wants to know.

use std::{
    env, fs,
    path::PathBuf,
    process,
    sync::{LazyLock, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use super::{Outcomes, kept};

/// Collects what all tests of this process drive; nobody does unless `SEGNO_OUTCOMES` is set.
///
/// # Panics
///
/// If that names no directory in which files can be written.
pub(in crate::testing) fn of_process() -> Option<&'static Outcomes> {
    PROCESS.as_ref().map(|process| &process.outcomes)
}

/// Writes what this process has driven so far. Called at the end of each test of a handler, since nobody is told of the end
/// of a process.
///
/// # Panics
///
/// If it cannot be written.
pub(in crate::testing) fn keep() {
    let Some(process) = &*PROCESS else { return };
    // Of several threads, the last writes what all have driven.
    let path = process.path.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = kept::write(&path, process.outcomes.report().lines()) {
        panic!("what was driven cannot be kept, as {VARIABLE} asks: {}: {error}", path.display());
    }
}

struct Process {
    outcomes: Outcomes,
    /// Who holds it may write.
    path: Mutex<PathBuf>,
}

static PROCESS: LazyLock<Option<Process>> = LazyLock::new(|| {
    let directory = PathBuf::from(env::var_os(VARIABLE).filter(|directory| !directory.is_empty())?);
    assert!(
        directory.is_absolute(),
        "{VARIABLE} names `{}`: name it from the root, since each package's tests run in a folder of their own",
        directory.display()
    );
    if let Err(error) = fs::create_dir_all(&directory) {
        panic!("{VARIABLE} names `{}`, which cannot be made: {error}", directory.display());
    }
    let began = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let path = Mutex::new(kept::path(&directory, process::id(), began));
    Some(Process { outcomes: Outcomes::new(), path })
});

/// Names the directory in which what was driven is kept.
const VARIABLE: &str = "SEGNO_OUTCOMES";

//! The thread that writes traces, without their secrets.

use std::{
    collections::VecDeque,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    process,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{SystemTime, UNIX_EPOCH},
};

use super::redact::{Names, redacted};

/// A handle on the thread; dropping it waits until all is written.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
    /// How many traces were not kept since the queue was full.
    lost: AtomicU64,
}

enum Job {
    Write { lines: Vec<u8>, why: &'static str, names: Names, max_files: usize },
    Flush(Sender<()>),
}

impl Writer {
    pub(super) fn start(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let files = Files { directory: directory.into(), names: existing(directory)? };
        let (jobs, queue) = sync_channel(QUEUE);
        let thread = thread::Builder::new().name("segno-recorder".into()).spawn(move || work(files, &queue))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), lost: AtomicU64::new(0) })
    }

    /// Hands a trace over, if there is room for it.
    pub(super) fn write(&self, lines: Vec<u8>, why: &'static str, names: Names, max_files: usize) {
        let job = Job::Write { lines, why, names, max_files };
        if self.jobs.as_ref().is_none_or(|jobs| jobs.try_send(job).is_err()) {
            let lost = self.lost.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::warn!(lost, "a trace is not kept: traces come faster than they can be written");
        }
    }

    /// Waits until all that was handed over is written.
    pub(super) fn flush(&self) {
        let (done, flushed) = channel();
        if self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::Flush(done)).is_ok()) {
            // It ends without an answer if the thread has.
            let _ = flushed.recv();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the recorder's thread has panicked");
        }
    }
}

fn work(mut files: Files, queue: &Receiver<Job>) {
    for job in queue {
        match job {
            Job::Write { lines, why, names, max_files } => match redacted(&lines, &names) {
                Some(lines) => files.write(&lines, why, max_files),
                None => tracing::warn!("a trace is not kept: it has too many secrets to replace"),
            },
            Job::Flush(done) => {
                // Who wanted to know may not wait any longer.
                let _ = done.send(());
            }
        }
    }
}

/// The files of one directory.
struct Files {
    directory: PathBuf,
    /// Oldest first.
    names: VecDeque<String>,
}

impl Files {
    fn write(&mut self, lines: &[u8], why: &str, max_files: usize) {
        while self.names.len() >= max_files {
            if let Some(oldest) = self.names.pop_front() {
                // Somebody may have taken it away.
                let _ = fs::remove_file(self.directory.join(oldest));
            }
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
        let name = format!("{millis:013}-{}-{number:06}-{why}.{EXTENSION}", process::id());
        match self.place(lines, &name) {
            Ok(()) => self.names.push_back(name),
            Err(error) => tracing::warn!(%error, directory = %self.directory.display(), "a trace cannot be written"),
        }
    }

    /// Writes a file in such a way that its name stands for all of it.
    fn place(&self, lines: &[u8], name: &str) -> io::Result<()> {
        let part = self.directory.join(format!(".{name}.part"));
        let written = create(&part).and_then(|mut file| file.write_all(lines));
        let placed = written.and_then(|()| fs::rename(&part, self.directory.join(name)));
        if placed.is_err() {
            // It takes room, and may not be there.
            let _ = fs::remove_file(&part);
        }
        placed
    }
}

/// A new file that its owner alone can read.
fn create(path: &Path) -> io::Result<fs::File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// The traces that are there, oldest first.
fn existing(directory: &Path) -> io::Result<VecDeque<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string().ok().filter(|name| is_a_trace(name)));
    }
    names.sort_unstable();
    Ok(names.into())
}

/// Whether a recorder has given this name.
fn is_a_trace(name: &str) -> bool {
    let Some((name, EXTENSION)) = name.rsplit_once('.') else { return false };
    let parts: Vec<_> = name.split('-').collect();
    let numbers = parts.iter().filter(|part| part.bytes().all(|byte| byte.is_ascii_digit())).count();
    parts.len() == 4 && numbers == 3
}

/// Counts the files of this process: two of its recorders may write to one directory in one millisecond.
static NUMBER: AtomicU64 = AtomicU64::new(1);

const EXTENSION: &str = "jsonl";

/// How many traces wait to be written: a burst of failures, 64 megabytes at most if it is told nothing else.
const QUEUE: usize = 64;

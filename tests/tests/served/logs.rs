//! What the server logs, of all tests of this process: each looks for words of its own.

use std::{
    io::{self, Write},
    sync::{Mutex, Once, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use crate::server::eventually;

static LINES: Mutex<String> = Mutex::new(String::new());

/// Begins to collect. To be called before the server starts.
pub(crate) fn collect() {
    static BEGUN: Once = Once::new();
    BEGUN.call_once(|| {
        let filter = EnvFilter::new("segno=info");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Writer).init();
    });
}

/// The line that holds all these words, when it has come.
#[track_caller]
pub(crate) fn line_with(words: &[&str]) -> String {
    let mut found = String::new();
    eventually(&format!("a line of the log with {words:?}"), || {
        let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        found = lines.lines().find(|line| words.iter().all(|word| line.contains(word))).unwrap_or_default().into();
        !found.is_empty()
    });
    found
}

/// How many lines hold all these words by now.
pub(crate) fn count_with(words: &[&str]) -> usize {
    let lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.lines().filter(|line| words.iter().all(|word| line.contains(word))).count()
}

struct Writer;

impl MakeWriter<'_> for Writer {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        Self
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push_str(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

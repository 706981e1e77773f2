//! What was driven, as text and as numbers.

use std::{
    fmt::{self, Write as _},
    fs, io,
    path::Path,
};

use super::{
    kept,
    line::{AskingLine, Table},
    page,
};

/// Which outcomes were driven, and which were not; made by [`Outcomes::report`](super::Outcomes::report).
///
/// As text it is a table, with a line for each line that asks:
///
/// ```text
/// src/pay.rs:88  http_send    ok 12 · timeout NO · connection refused 3 · 503 3 · stopped 4
/// src/pay.rs:93  transaction  ok 9 · connection lost 6
/// 6 of 7 outcomes were driven (85 %), of 2 lines that ask
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    lines: Vec<AskingLine>,
}

impl Report {
    pub(super) fn new(table: Table) -> Self {
        Self { lines: table.into_lines() }
    }

    /// Reads what the processes of a run of tests have kept in this directory, which `SEGNO_OUTCOMES` named.
    ///
    /// # Errors
    ///
    /// If the directory cannot be read, or a file of it, or if that was not written by this version.
    pub fn read(directory: impl AsRef<Path>) -> io::Result<Self> {
        let mut table = Table::default();
        kept::read(directory.as_ref(), &mut table)?;
        Ok(Self::new(table))
    }

    /// The lines that ask, by file and line.
    pub fn lines(&self) -> &[AskingLine] {
        &self.lines
    }

    /// The outcomes that were never driven, each with its line.
    pub fn missing(&self) -> impl Iterator<Item = (&AskingLine, &str)> {
        self.lines.iter().flat_map(|line| line.missing().map(move |outcome| (line, outcome)))
    }

    /// The share of the outcomes that were driven, from 0 to 1; 0 if nothing asked. Errors that are in no menu do not count.
    pub fn share(&self) -> f64 {
        match self.driven() {
            (_, 0) => 0.0,
            (driven, all) => driven as f64 / all as f64,
        }
    }

    /// Says what is missing if less than this share of the outcomes was driven; nothing if it was enough.
    pub fn shortfall(&self, share: f64) -> Option<String> {
        if self.share() >= share {
            return None;
        }
        // A tenth of a percent: what is beyond it is a float's.
        let wanted = (share * 1000.0).round() / 10.0;
        let mut text = format!("{}, and {wanted} % are wanted; missing are:", self.sum());
        if self.lines.is_empty() {
            text += "\n  all (was anything tried out?)";
        }
        for (line, outcome) in self.missing() {
            // A string takes all that is written to it.
            let _ = write!(text, "\n  {line}  {}  {outcome}", line.effect());
        }
        Some(text)
    }

    /// Checks that at least this share of the outcomes was driven, such as `0.9`.
    ///
    /// # Panics
    ///
    /// If it is less, with all that is missing.
    #[track_caller]
    pub fn assert_at_least(&self, share: f64) {
        if let Some(shortfall) = self.shortfall(share) {
            panic!("{shortfall}");
        }
    }

    /// A page for a browser, which needs no other file.
    pub fn to_html(&self) -> String {
        page::html(&self.lines, &self.sum())
    }

    /// Writes [`to_html`](Self::to_html) to this file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write_html(&self, path: impl AsRef<Path>) -> io::Result<()> {
        fs::write(path, self.to_html())
    }

    /// How many outcomes were driven, of how many.
    fn driven(&self) -> (usize, usize) {
        let lines = self.lines.iter().map(AskingLine::driven);
        lines.fold((0, 0), |(driven, all), line| (driven + line.0, all + line.1))
    }

    fn sum(&self) -> String {
        let (driven, all) = self.driven();
        // Rounded down: 100 % is all.
        let percent = (driven * 100).checked_div(all).unwrap_or(0);
        let lines = if self.lines.len() == 1 { "line that asks" } else { "lines that ask" };
        format!("{driven} of {all} outcomes were driven ({percent} %), of {} {lines}", self.lines.len())
    }
}

/// A line of text for each line that asks, and the sum.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |text: &dyn Fn(&AskingLine) -> usize| self.lines.iter().map(text).max().unwrap_or(0);
        let place = width(&|line| line.to_string().chars().count());
        let effect = width(&|line| line.effect().chars().count());
        for line in &self.lines {
            write!(f, "{line:<place$}  {:<effect$}  ", line.effect())?;
            for (number, (outcome, count)) in line.outcomes().enumerate() {
                f.write_str(if number == 0 { "" } else { " · " })?;
                match count {
                    0 => write!(f, "{outcome} NO")?,
                    count => write!(f, "{outcome} {count}")?,
                }
            }
            writeln!(f)?;
        }
        f.write_str(&self.sum())
    }
}

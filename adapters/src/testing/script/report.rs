//! How a failed script tells what is wrong.

use std::{
    collections::VecDeque,
    fmt::{Debug, Display, Write},
    panic::Location,
};

use crate::testing::difference::short;

/// The last effects of a run, with their answers.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<Line>,
    /// How many effects the lines are about.
    effects: usize,
    skipped: usize,
}

#[derive(Debug)]
struct Line {
    text: String,
    /// Whether it begins an effect.
    asked: bool,
}

impl Log {
    pub(super) fn asked(&mut self, name: &str, effect: &impl Debug, place: &impl Display) {
        self.lines.push_back(Line { text: format!("{name:<14} {}  ({place})", short(effect)), asked: true });
        self.effects += 1;
        if self.effects > SHOWN {
            self.effects -= 1;
            self.skipped += 1;
            self.lines.pop_front();
            while self.lines.front().is_some_and(|line| !line.asked) {
                self.lines.pop_front();
            }
        }
    }

    pub(super) fn answered(&mut self, name: &str, outcome: &impl Debug, path: &impl Display) {
        self.noted(format!("{name:<14}   -> {}  ({path})", short(outcome)));
    }

    pub(super) fn noted(&mut self, note: String) {
        self.lines.push_back(Line { text: note, asked: false });
    }
}

/// Where an effect was asked: its place in the structure of the handler, and its line.
pub(super) fn place(path: Option<impl Display>, location: Option<&Location<'_>>) -> String {
    match (path, location) {
        (Some(path), Some(location)) => format!("{path} at {location}"),
        _ => "nobody waits for it".into(),
    }
}

/// A failure in full.
pub(super) struct Report(String);

impl Report {
    /// What is wrong, and what came before.
    pub(super) fn new(what: &str, log: &Log) -> Self {
        let mut lines = Vec::new();
        if log.skipped > 0 {
            lines.push(format!("… {} earlier effects", log.skipped));
        }
        lines.extend(log.lines.iter().map(|line| line.text.clone()));
        let mut report = Self(format!("{what}\n"));
        report.section("so far", if lines.is_empty() { vec!["nothing".into()] } else { lines });
        report
    }

    /// What was still expected, the next first.
    pub(super) fn expected(&mut self, rest: &[String]) {
        let mut lines: Vec<_> = rest.iter().take(SHOWN_NEXT).map(|next| format!("then {next}")).collect();
        match lines.first_mut() {
            Some(first) => *first = format!("NEXT EXPECTED: {}", rest[0]),
            None => lines.push("nothing more".into()),
        }
        let more = rest.len().saturating_sub(SHOWN_NEXT);
        if more > 0 {
            lines.push(format!("… and {more} more"));
        }
        self.section("expected next", lines);
    }

    /// Other lines, if there are any.
    pub(super) fn section(&mut self, title: &str, lines: Vec<String>) {
        if lines.is_empty() {
            return;
        }
        // A string takes all that is written to it.
        let _ = writeln!(self.0, "  {title}:");
        for line in lines.iter().flat_map(|line| line.lines()) {
            let _ = writeln!(self.0, "    {line}");
        }
    }

    pub(super) fn text(self) -> String {
        self.0
    }
}

/// The last effects are what matters; more of them hide it.
const SHOWN: usize = 12;

/// Enough to see where the script and the handler parted.
const SHOWN_NEXT: usize = 4;

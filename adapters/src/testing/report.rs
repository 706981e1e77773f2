//! How a failed script tells what is wrong.

use std::{
    fmt::{Debug, Write},
    panic::Location,
};

/// What happened so far in a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    lines: Vec<String>,
}

impl Log {
    pub(super) fn asked(&mut self, name: &str, effect: &impl Debug, location: Option<&Location<'_>>) {
        let place = location.map_or_else(|| "told".into(), ToString::to_string);
        self.lines.push(format!("{name:<14} {}  ({place})", short(effect)));
    }

    pub(super) fn answered(&mut self, name: &str, outcome: &impl Debug) {
        self.lines.push(format!("{name:<14}   -> {}", short(outcome)));
    }

    pub(super) fn noted(&mut self, note: &str) {
        self.lines.push(note.into());
    }
}

/// A failure in full: what is wrong, what came before, and what was still expected.
pub(super) fn failure(what: &str, log: &Log, rest: &[String]) -> String {
    let mut report = format!("{what}\n\n  so far:\n");
    let skipped = log.lines.len().saturating_sub(SHOWN);
    if skipped > 0 {
        // A string takes all that is written to it.
        let _ = writeln!(report, "    … {skipped} earlier lines");
    }
    if log.lines.is_empty() {
        report += "    nothing\n";
    }
    for line in &log.lines[skipped..] {
        let _ = writeln!(report, "    {line}");
    }
    report += "  expected next:\n";
    for (number, line) in rest.iter().take(SHOWN_NEXT).enumerate() {
        let _ = writeln!(report, "    {}{line}", if number == 0 { "NEXT EXPECTED: " } else { "then " });
    }
    match rest.len().saturating_sub(SHOWN_NEXT) {
        0 if rest.is_empty() => report += "    nothing more\n",
        0 => {}
        more => {
            let _ = writeln!(report, "    … and {more} more");
        }
    }
    report
}

/// What differs between two values, line by line of what they show.
pub(super) fn difference(expected: &impl Debug, asked: &impl Debug) -> String {
    let (expected, asked) = (format!("{expected:#?}"), format!("{asked:#?}"));
    let (old, new): (Vec<_>, Vec<_>) = (expected.lines().collect(), asked.lines().collect());
    let same = |(a, b): &(&&str, &&str)| a == b;
    let before = old.iter().zip(&new).take_while(same).count();
    let after = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(same).count();
    let mut report = String::new();
    for line in &old[before..old.len() - after] {
        let _ = writeln!(report, "    expected {}", line.trim());
    }
    for line in &new[before..new.len() - after] {
        let _ = writeln!(report, "    asked    {}", line.trim());
    }
    report
}

fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(WIDTH) {
        None => text,
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The last effects are what matters; more of them hide it.
const SHOWN: usize = 12;

/// Enough to see where the script and the handler parted.
const SHOWN_NEXT: usize = 4;

/// What fits beside a line number on a screen.
const WIDTH: usize = 160;

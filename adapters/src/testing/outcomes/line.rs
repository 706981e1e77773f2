//! The lines that ask, and how often each outcome of theirs was driven.

use std::{collections::BTreeMap, fmt};

/// A line of a handler that asks for an effect, and how often each of its outcomes was driven; see [`Report`](super::Report).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskingLine {
    file: String,
    line: u32,
    effect: String,
    counts: Counts,
}

impl AskingLine {
    /// The file, as the compiler names it.
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The line's number.
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The [name](crate::Effect::NAME) of the effect.
    pub fn effect(&self) -> &str {
        &self.effect
    }

    /// The outcomes and how often each was driven: `ok`, the faults of the effect's [menu](crate::Effect::faults), `other error`
    /// if there was one that is in no menu, and `stopped`, where a stop could have come.
    pub fn outcomes(&self) -> impl Iterator<Item = (&str, u64)> {
        self.counts.0.iter().map(|(outcome, count)| (outcome.as_str(), *count))
    }

    /// The outcomes that were never driven.
    pub fn missing(&self) -> impl Iterator<Item = &str> {
        self.outcomes().filter(|(_, count)| *count == 0).map(|(outcome, _)| outcome)
    }

    /// How many outcomes were driven, of how many that are known before: the errors that are in no menu are none of these.
    pub(super) fn driven(&self) -> (usize, usize) {
        let known = self.outcomes().filter(|(outcome, _)| *outcome != OTHER);
        known.fold((0, 0), |(driven, all), (_, count)| (driven + usize::from(count > 0), all + 1))
    }
}

/// `src/pay.rs:88`
impl fmt::Display for AskingLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}:{}", self.file, self.line))
    }
}

/// Counts for each line, by file, line and effect: what is generic, or stands in several places of a line, is one.
#[derive(Debug, Default)]
pub(super) struct Table(BTreeMap<(String, u32, String), Counts>);

impl Table {
    pub(super) fn line(&mut self, file: &str, line: u32, effect: &str) -> &mut Counts {
        self.0.entry((file.into(), line, effect.into())).or_default()
    }

    pub(super) fn into_lines(self) -> Vec<AskingLine> {
        let lines = self.0.into_iter();
        lines.map(|((file, line, effect), counts)| AskingLine { file, line, effect, counts }).collect()
    }
}

/// The outcomes of a line and how often each was driven, in the order of a table's columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts(Vec<(String, u64)>);

impl Counts {
    pub(super) fn add(&mut self, outcome: &str, times: u64) {
        match self.0.iter_mut().find(|(known, _)| known == outcome) {
            Some((_, count)) => *count = count.saturating_add(times),
            None => {
                let at = self.0.partition_point(|(known, _)| column(known) <= column(outcome));
                self.0.insert(at, (outcome.into(), times));
            }
        }
    }
}

/// Faults stand in the order of their menu, between what is usual and the rest.
pub(super) fn column(outcome: &str) -> u8 {
    match outcome {
        OK => 0,
        OTHER => 2,
        STOPPED => 3,
        _ => 1,
    }
}

/// What an effect gives when it is performed.
pub(super) const OK: &str = "ok";

/// Errors that are in no menu.
pub(super) const OTHER: &str = "other error";

/// The handler was stopped while it waited.
pub(super) const STOPPED: &str = "stopped";

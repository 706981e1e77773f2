//! What differs between two values, field by field.

use std::{fmt::Debug, iter::Peekable, str::Lines};

/// What differs between two values, by what they show of themselves: a line for each field, expected and asked.
pub(super) fn difference(expected: &(impl Debug + ?Sized), asked: &(impl Debug + ?Sized)) -> String {
    let texts = (format!("{expected:#?}"), format!("{asked:#?}"));
    let mut found = Vec::new();
    compare(&Tree::of(&texts.0), &Tree::of(&texts.1), "", &mut found);
    if found.is_empty() {
        // They show the same, or in a way that is no tree.
        found.push(both("", &format!("{expected:?}"), &format!("{asked:?}")));
    }
    let more = found.len().saturating_sub(SHOWN);
    found.truncate(SHOWN);
    if more > 0 {
        found.push(format!("… and {more} more differences"));
    }
    found.join("\n")
}

/// The two lines that say what a part was expected to be, and what it is.
pub(super) fn both(part: &str, expected: &str, asked: &str) -> String {
    let part = if part.is_empty() { String::new() } else { format!("{part}: ") };
    let (expected, asked) = excerpts(expected, asked);
    format!("expected {part}{expected}\nasked    {part}{asked}")
}

/// A value in one line that is not too long.
pub(super) fn short(value: &impl Debug) -> String {
    cut(without_sets(&format!("{value:?}")), 0)
}

/// The text without the variants of effect sets around it: they say no more than the effect's name.
pub(in crate::testing) fn without_sets(mut text: &str) -> &str {
    while let Some((name, rest)) = text.split_once('(')
        && let Some(inner) = rest.strip_suffix(')')
        && !matches!(name, "Ok" | "Err" | "Some")
        && name.chars().all(char::is_alphanumeric)
        && inner.starts_with(char::is_uppercase)
    {
        text = inner;
    }
    text
}

/// The shown form of a value, taken apart.
struct Tree {
    /// What stands before its parts, or all of it.
    head: String,
    parts: Vec<(Option<String>, Self)>,
    close: String,
}

impl Tree {
    fn of(text: &str) -> Self {
        Self::read(&mut text.lines().peekable()).1
    }

    fn read(lines: &mut Peekable<Lines<'_>>) -> (Option<String>, Self) {
        let line = lines.next().unwrap_or_default();
        let (name, head) = named(line.trim().trim_end_matches(','));
        let mut tree = Self { head: head.into(), parts: Vec::new(), close: String::new() };
        let deeper = |next: &&str| indentation(next) > indentation(line);
        if head.ends_with(['{', '(', '[']) && lines.peek().is_some_and(deeper) {
            while lines.peek().is_some_and(deeper) {
                tree.parts.push(Self::read(lines));
            }
            tree.close = lines.next().unwrap_or_default().trim().trim_end_matches(',').into();
        }
        (name.map(Into::into), tree)
    }

    fn text(&self) -> String {
        let parts = self.parts.iter().map(|(name, part)| match name {
            Some(name) => format!("{name}: {}", part.text()),
            None => part.text(),
        });
        format!("{}{}{}", self.head, parts.collect::<Vec<_>>().join(", "), self.close)
    }

    /// Where a part is, seen from the whole.
    fn path(&self, above: &str, place: usize) -> String {
        match &self.parts[place].0 {
            Some(key) if key.starts_with('"') => format!("{above}[{key}]"),
            Some(name) if above.is_empty() => name.clone(),
            Some(name) => format!("{above}.{name}"),
            None if self.head.ends_with('(') && self.parts.len() == 1 => above.into(),
            None => format!("{above}[{place}]"),
        }
    }

    fn part(&self, name: Option<&str>, place: usize) -> Option<&Self> {
        let found = match name {
            Some(name) => self.parts.iter().find(|(other, _)| other.as_deref() == Some(name)),
            None => self.parts.get(place),
        };
        found.map(|(_, part)| part)
    }
}

fn compare(expected: &Tree, asked: &Tree, path: &str, found: &mut Vec<String>) {
    if expected.head != asked.head || (expected.parts.is_empty() != asked.parts.is_empty()) {
        found.push(both(path, &expected.text(), &asked.text()));
        return;
    }
    for (place, (name, part)) in expected.parts.iter().enumerate() {
        let path = expected.path(path, place);
        match asked.part(name.as_deref(), place) {
            Some(other) => compare(part, other, &path, found),
            None => found.push(both(&path, &part.text(), NOTHING)),
        }
    }
    for (place, (name, part)) in asked.parts.iter().enumerate() {
        if expected.part(name.as_deref(), place).is_none() {
            found.push(both(&asked.path(path, place), NOTHING, &part.text()));
        }
    }
}

/// A field's name and its value, or a map's key and its value, or a value alone.
fn named(text: &str) -> (Option<&str>, &str) {
    let quoted = text.starts_with('"');
    let Some((name, value)) = text.split_once(if quoted { "\": " } else { ": " }) else { return (None, text) };
    let name = &text[..name.len() + usize::from(quoted)];
    match quoted || name.chars().all(|c| c.is_alphanumeric() || c == '_') {
        true => (Some(name), value),
        false => (None, text),
    }
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Both texts, around the place where they part if they are long.
fn excerpts(expected: &str, asked: &str) -> (String, String) {
    let common = expected.chars().zip(asked.chars()).take_while(|(a, b)| a == b).count();
    let from = if common > WIDTH / 2 { common - BEFORE } else { 0 };
    (cut(expected, from), cut(asked, from))
}

/// A line's worth of a text, from this character on.
fn cut(text: &str, from: usize) -> String {
    let shown: String = text.chars().skip(from).take(WIDTH).collect();
    let before = if from > 0 { "…" } else { "" };
    let after = if text.chars().nth(from + WIDTH).is_some() { "…" } else { "" };
    format!("{before}{shown}{after}")
}

/// What is shown for a part that is not there.
const NOTHING: &str = "nothing";

/// Whoever sees that many differences has expected something else altogether.
const SHOWN: usize = 8;

/// What fits beside a line number on a screen.
const WIDTH: usize = 160;

/// Enough of what two long texts have in common to find the place in them.
const BEFORE: usize = 40;

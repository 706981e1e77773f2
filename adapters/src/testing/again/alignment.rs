//! Two runs side by side, as `diff` shows two files.

use std::{collections::HashMap, fmt::Write, panic::Location};

use segno_core::{EffectSet, Entry, Path, StopReason};

use crate::testing::difference::{difference, short};

/// Where the effects of a run were asked.
type Locations = HashMap<Path, &'static Location<'static>>;

/// What a handler did, without what it was answered.
struct Item<'a, S> {
    what: What,
    path: Option<&'a Path>,
    /// None for an effect that the trace does not show.
    effect: Option<&'a S>,
}

#[derive(Clone, Copy, PartialEq)]
enum What {
    Asked,
    Refused,
    Told,
    Abandoned,
    Detached,
    Stopped(StopReason),
}

/// A recorded line, a new one, or both.
struct Line<'a, S> {
    old: Option<Item<'a, S>>,
    new: Option<Item<'a, S>>,
}

/// The lines of both runs, in order.
pub(super) struct Alignment<'a, S> {
    lines: Vec<Line<'a, S>>,
}

impl<'a, S: EffectSet> Alignment<'a, S> {
    pub(super) fn new(old: &'a [Entry<S>], new: &'a [Entry<S>], same: &dyn Fn(&S, &S) -> bool) -> Self {
        let (old, new) = (items(old), items(new));
        let equal = |old: &Item<'_, S>, new: &Item<'_, S>| {
            let effects = match (old.effect, new.effect) {
                (Some(old), Some(new)) => same(old, new),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            };
            effects && old.what == new.what
        };
        let before = old.iter().zip(&new).take_while(|(old, new)| equal(old, new)).count();
        let after = old[before..].iter().rev().zip(new[before..].iter().rev());
        let after = after.take_while(|(old, new)| equal(old, new)).count();
        let table = table(&old[before..old.len() - after], &new[before..new.len() - after], equal);
        let (width, height) = (new.len() - after - before, old.len() - after - before);
        let mut lines = Vec::new();
        let (mut x, mut y) = (0, 0);
        let (mut olds, mut news) = (old.into_iter(), new.into_iter());
        lines.extend((0..before).map(|_| Line { old: olds.next(), new: news.next() }));
        while x < width || y < height {
            let step = if x == width {
                Step::Old
            } else if y == height {
                Step::New
            } else {
                table.get(y * width + x).copied().unwrap_or(Step::Old)
            };
            lines.push(Line {
                old: if step == Step::New { None } else { olds.next() },
                new: if step == Step::Old { None } else { news.next() },
            });
            y += usize::from(step != Step::New);
            x += usize::from(step != Step::Old);
        }
        lines.extend(olds.zip(news).map(|(old, new)| Line { old: Some(old), new: Some(new) }));
        Self { lines }
    }

    /// What the first difference is; `partial` says that there may be more in the new run.
    pub(super) fn verdict(&self, locations: &Locations, partial: bool) -> Option<String> {
        let first = self.lines.iter().position(|line| !line.is_same())?;
        let block: Vec<_> = self.lines[first..].iter().take_while(|line| line.is_one_sided()).collect();
        let old = block.iter().find_map(|line| line.old.as_ref());
        let new = block.iter().find_map(|line| line.new.as_ref());
        match (old, new) {
            (None, Some(_)) if partial && first + block.len() == self.lines.len() => None,
            (None, Some(new)) => Some(format!("a new effect: {}", new.place(locations))),
            (Some(old), None) => Some(format!("a missing effect: {} is not asked any longer", old.place(locations))),
            (Some(old), Some(new)) if old.what == new.what && old.name() == new.name() => {
                let difference = old.effect.zip(new.effect).map(|(old, new)| difference(old, new)).unwrap_or_default();
                Some(format!("a changed effect: {}\n{}", new.place(locations), difference.trim_end()))
            }
            (Some(old), Some(new)) => {
                Some(format!("another effect: {}, where {} was recorded", new.place(locations), old.name()))
            }
            (None, None) => {
                let Line { old, new } = &self.lines[first];
                let from = old.as_ref().and_then(|old| old.path).map(ToString::to_string).unwrap_or_default();
                Some(format!("a moved effect: {}, it was at {from}", new.as_ref()?.place(locations)))
            }
        }
    }

    /// Both runs: `=` for what is the same, `~` for what has moved, `-` for what is recorded, and `+` for what is new.
    pub(super) fn show(&self, locations: &Locations) -> String {
        let differs: Vec<_> = (0..self.lines.len()).filter(|at| !self.lines[*at].is_same()).collect();
        let near = |at: usize| differs.iter().any(|differs| differs.abs_diff(at) <= CONTEXT);
        let mut shown = String::from("  - recorded, + asked now, ~ moved\n");
        let (mut count, mut skipped) = (0, 0);
        for (at, line) in self.lines.iter().enumerate() {
            if count == SHOWN || !(near(at) || differs.is_empty()) {
                skipped += 1;
                continue;
            }
            // A string takes all that is written to it.
            if skipped > 0 {
                let _ = writeln!(shown, "    … {skipped} lines");
            }
            (count, skipped) = (count + 1, 0);
            let (sign, item) = match (&line.old, &line.new) {
                (Some(old), Some(new)) => (if old.path == new.path { '=' } else { '~' }, new),
                (None, Some(new)) => ('+', new),
                (Some(old), None) => ('-', old),
                (None, None) => continue,
            };
            let place = if sign == '-' { None } else { item.location(locations) };
            let _ =
                writeln!(shown, "  {sign} {}{}", item.text(), place.map_or_else(String::new, |at| format!("  ({at})")));
        }
        if skipped > 0 {
            let _ = writeln!(shown, "    … {skipped} lines");
        }
        shown
    }
}

impl<S> Line<'_, S> {
    fn is_same(&self) -> bool {
        matches!((&self.old, &self.new), (Some(old), Some(new)) if old.path == new.path)
    }

    fn is_one_sided(&self) -> bool {
        self.old.is_some() != self.new.is_some()
    }
}

impl<S: EffectSet> Item<'_, S> {
    fn name(&self) -> &'static str {
        self.effect.map_or("stop", EffectSet::name)
    }

    fn location(&self, locations: &Locations) -> Option<&'static Location<'static>> {
        locations.get(self.path?).copied()
    }

    /// What it is and where, in a few words.
    fn place(&self, locations: &Locations) -> String {
        let path = self.path.map_or_else(String::new, |path| format!(" ({path})"));
        let location = self.location(locations).map_or_else(String::new, |location| format!(" at {location}"));
        format!("{}{}{path}{location}", self.what.word(), self.name())
    }

    fn text(&self) -> String {
        match (self.what, self.effect) {
            (What::Stopped(reason), _) => format!("stopped: {reason}"),
            (What::Asked, Some(effect)) => format!("{:<14} {}", effect.name(), short(effect)),
            (what, Some(effect)) => format!("{}{}  {}", what.word(), effect.name(), short(effect)),
            (what, None) => what.word().into(),
        }
    }
}

impl What {
    /// What comes before the effect's name.
    fn word(self) -> &'static str {
        match self {
            Self::Asked | Self::Stopped(_) => "",
            Self::Refused => "refused ",
            Self::Told => "told ",
            Self::Abandoned => "abandoned ",
            Self::Detached => "detached ",
        }
    }
}

fn items<S: EffectSet>(entries: &[Entry<S>]) -> Vec<Item<'_, S>> {
    let mut asked = HashMap::new();
    let item = |what, path, effect| Some(Item { what, path, effect });
    let items = entries.iter().filter_map(|entry| match entry {
        Entry::Asked { path, effect } => {
            asked.insert(path, effect);
            item(What::Asked, Some(path), Some(effect))
        }
        Entry::Refused { path, effect } => item(What::Refused, Some(path), Some(effect)),
        Entry::Told { effect } => item(What::Told, None, Some(effect)),
        Entry::Abandoned { path } => item(What::Abandoned, Some(path), asked.get(path).copied()),
        Entry::Detached { path } => item(What::Detached, Some(path), asked.get(path).copied()),
        Entry::Stopped { reason } => item(What::Stopped(*reason), None, None),
        Entry::Answered { .. } => None,
    });
    items.collect()
}

/// Which way leads from two places to the longest common rest.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Both,
    Old,
    New,
}

/// The steps for every two places of what differs; none if that is too much.
fn table<'a, S>(
    old: &[Item<'a, S>],
    new: &[Item<'a, S>],
    equal: impl Fn(&Item<'a, S>, &Item<'a, S>) -> bool,
) -> Vec<Step> {
    let width = new.len();
    if old.len().saturating_mul(width) > COMPARED {
        return Vec::new();
    }
    let mut steps = vec![Step::Old; old.len() * width];
    let mut below = vec![0_u32; width + 1];
    for y in (0..old.len()).rev() {
        let mut row = vec![0_u32; width + 1];
        for x in (0..width).rev() {
            (row[x], steps[y * width + x]) = if equal(&old[y], &new[x]) {
                (below[x + 1] + 1, Step::Both)
            } else if below[x] >= row[x + 1] {
                (below[x], Step::Old)
            } else {
                (row[x + 1], Step::New)
            };
        }
        below = row;
    }
    steps
}

/// How many lines around a difference show where it is.
const CONTEXT: usize = 4;

/// More lines than fit on a screen help nobody.
const SHOWN: usize = 60;

/// How many pairs of effects are compared: a thousand by a thousand take less than a second.
const COMPARED: usize = 1 << 20;

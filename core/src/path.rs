//! Names for what a tasklet does: paths, which are data, and tickets, which never are.

use alloc::{boxed::Box, string::ToString, vec::Vec};
use core::{fmt, str::FromStr};

/// The place of an effect, a lane, a transaction or a subscription in the structure of its handler.
///
/// `0` is the handler itself, `0.2:1` the second lane of the handler's second join or race, `0.2:1#3` the third effect that
/// was asked there. All is counted in program order, so a path is the same in every run that gets the same answers,
/// in whatever order they come: that is why effects, traces and replays use paths, and never tickets.
///
/// ```
/// # use segno_core::Path;
/// let path: Path = "0.2:1#3".parse().unwrap();
/// assert_eq!(path.to_string(), "0.2:1#3");
/// assert!(path < "0.10:0".parse().unwrap());
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    branches: Box<[(u32, u32)]>,
    asked: u32,
}

impl Path {
    /// A path from its branches, outermost first, and the number of the effect (0 for the lane itself).
    pub(crate) fn new(branches: Vec<(u32, u32)>, asked: u32) -> Self {
        Self { branches: branches.into_boxed_slice(), asked }
    }

    /// Whether this place is in `lane`, or in a lane below it.
    ///
    /// ```
    /// # use segno_core::Path;
    /// let effect: Path = "0.2:1#3".parse().unwrap();
    /// assert!(effect.is_in(&"0.2:1".parse().unwrap()));
    /// assert!(!effect.is_in(&"0.2:0".parse().unwrap()));
    /// ```
    pub fn is_in(&self, lane: &Self) -> bool {
        self.branches.starts_with(&lane.branches)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("0")?;
        for (fork, lane) in &self.branches {
            write!(f, ".{fork}:{lane}")?;
        }
        if self.asked > 0 {
            write!(f, "#{}", self.asked)?;
        }
        Ok(())
    }
}

/// As it is displayed: reports show many of them.
impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Path {
    type Err = ParsePathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text).filter(|path| path.to_string() == text).ok_or_else(|| ParsePathError(text.into()))
    }
}

/// Says that a text could not be read as a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a path: expected something like `0.2:1#3`")]
pub struct ParsePathError(Box<str>);

fn parse(text: &str) -> Option<Path> {
    let (lane, asked) = match text.split_once('#') {
        Some((lane, asked)) => (lane, asked.parse().ok()?),
        None => (text, 0),
    };
    let mut parts = lane.split('.');
    if parts.next()? != "0" {
        return None;
    }
    let branches = parts
        .map(|part| {
            let (fork, lane) = part.split_once(':')?;
            Some((fork.parse().ok()?, lane.parse().ok()?))
        })
        .collect::<Option<Vec<_>>>()?;
    Some(Path::new(branches, asked))
}

#[cfg(feature = "serde")]
impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = alloc::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Names an asked effect between the core and its driver, until it is answered or abandoned.
///
/// Tickets depend on the order in which answers came: they are no data, and must not be stored. What outlives the run is
/// the [`Path`], which [`Tasklet::path`](crate::Tasklet::path) tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket {
    pub(crate) lane: u32,
    pub(crate) number: u32,
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.lane, self.number)
    }
}

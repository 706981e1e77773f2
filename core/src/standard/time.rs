//! Time and chance.

use core::{
    fmt,
    ops::{Bound, RangeBounds},
    time::Duration,
};

use crate::{
    effect::{Effect, Menu, Replay},
    error::{Happened, Stopped},
};

/// Reads the clock; asked by [`Io::now`](crate::Io::now).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Now;

impl Effect for Now {
    type Output = Timestamp;
    type Error = Stopped;
    const NAME: &'static str = "now";

    fn replay(&self) -> Replay {
        Replay::Pure
    }
}

/// A moment: the time since 1970-01-01 00:00 UTC, leap seconds not counted.
///
/// ```
/// use core::time::Duration;
/// use segno_core::Timestamp;
///
/// let moment = Timestamp::from_unix(Duration::from_millis(1_500));
/// assert_eq!(moment.to_string(), "1.500000000");
/// assert_eq!(moment.since(Timestamp::EPOCH).as_millis(), 1_500);
/// let _system_time = std::time::UNIX_EPOCH + moment.unix();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Timestamp(Duration);

impl Timestamp {
    /// 1970-01-01 00:00 UTC.
    pub const EPOCH: Self = Self(Duration::ZERO);

    /// The moment this long after 1970-01-01 00:00 UTC.
    pub const fn from_unix(since_epoch: Duration) -> Self {
        Self(since_epoch)
    }

    /// The time since 1970-01-01 00:00 UTC.
    pub const fn unix(self) -> Duration {
        self.0
    }

    /// The time since an earlier moment; zero if it is not earlier.
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

/// As seconds since 1970, with nine decimals.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:09}", self.0.as_secs(), self.0.subsec_nanos())
    }
}

/// Waits; asked by [`Io::sleep`](crate::Io::sleep) and [`Io::timeout`](crate::Io::timeout).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Sleep(pub Duration);

impl Effect for Sleep {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "sleep";

    fn replay(&self) -> Replay {
        Replay::Pure
    }
}

/// Draws a whole number from `low` to `high`, both included, each as likely as any other; asked by
/// [`Io::random`](crate::Io::random).
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Random {
    /// The smallest number.
    pub low: u64,
    /// The largest number; not below `low`.
    pub high: u64,
}

impl Random {
    /// A number of this range. An empty range gives its start.
    pub fn new(range: impl RangeBounds<u64>) -> Self {
        let low = match range.start_bound() {
            Bound::Included(low) => *low,
            Bound::Excluded(low) => low.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let high = match range.end_bound() {
            Bound::Included(high) => *high,
            Bound::Excluded(high) => high.saturating_sub(1),
            Bound::Unbounded => u64::MAX,
        };
        Self { low, high: high.max(low) }
    }
}

impl Effect for Random {
    type Output = u64;
    type Error = Stopped;
    const NAME: &'static str = "random";

    fn replay(&self) -> Replay {
        Replay::Pure
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        menu.answers("lowest", Happened::No, || self.low);
        menu.answers("highest", Happened::No, || self.high);
    }
}

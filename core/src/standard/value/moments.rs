//! Days, times and moments: as text, and between chrono's types and the clock's.

use core::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};

use super::super::time::Timestamp;

/// Reads `YYYY-MM-DD HH:MM:SS.fff`, or the same with a `T` between: ISO 8601, and what SQLite writes.
pub(super) fn date_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = text.split_once([' ', 'T'])?;
    Some(NaiveDateTime::new(date.parse().ok()?, time.parse().ok()?))
}

/// Reads a moment with its zone, as RFC 3339 writes it, or one without, which is in UTC.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    match text.parse::<DateTime<FixedOffset>>() {
        Ok(moment) => Some(moment.to_utc()),
        Err(_) => date_time(text).map(|moment| moment.and_utc()),
    }
}

/// The same moment, or the last one that chrono has.
pub(super) fn from_timestamp(timestamp: Timestamp) -> DateTime<Utc> {
    let since_epoch = timestamp.unix();
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, since_epoch.subsec_nanos()).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// The same moment, if it is not before 1970.
pub(super) fn timestamp(moment: DateTime<Utc>) -> Option<Timestamp> {
    let seconds = moment.timestamp().try_into().ok()?;
    Some(Timestamp::from_unix(Duration::new(seconds, moment.timestamp_subsec_nanos())))
}

//! SQL functions that give something else in every run, replaced by such that do not.

use std::{
    cell::OnceCell,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rusqlite::{
    Connection, Error, Result, ffi,
    functions::{Context, FunctionFlags},
    params_from_iter,
    types::Value,
};

/// A sequence of numbers without a pattern, the same in every run.
#[derive(Clone, Debug, Default)]
pub(super) struct Chance(Arc<AtomicU64>);

impl Chance {
    /// Begins the sequence anew.
    pub(super) fn restart(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The next number, by SplitMix64.
    fn next(&self) -> u64 {
        let mut mixed = self.0.fetch_add(STRIDE, Ordering::Relaxed).wrapping_add(STRIDE);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Replaces the functions that ask for chance or for the clock.
pub(super) fn replace(connection: &Connection, chance: &Chance) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_INNOCUOUS;
    let numbers = chance.clone();
    connection.create_scalar_function("random", 0, flags, move |_| Ok(numbers.next().cast_signed()))?;
    let numbers = chance.clone();
    connection.create_scalar_function("randomblob", 1, flags, move |context| {
        let length = context.get::<Option<i64>>(0)?.unwrap_or_default().max(1);
        let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_BLOB);
        let length = length.ok_or_else(|| Error::SqliteFailure(ffi::Error::new(TOO_BIG), None))?;
        Ok((0..length).map(|_| numbers.next().to_le_bytes()[0]).collect::<Vec<u8>>())
    })?;
    let flags = flags | FunctionFlags::SQLITE_DETERMINISTIC;
    for (name, value) in [("current_date", DATE), ("current_time", TIME), ("current_timestamp", EPOCH)] {
        connection.create_scalar_function(name, 0, flags, move |_| Ok(value))?;
    }
    for (name, moments) in CLOCKS {
        let original = OnceCell::new();
        connection
            .create_scalar_function(name, -1, flags, move |context| at_epoch(context, &original, name, moments))?;
    }
    Ok(())
}

/// Calls SQLite's own function on another connection, with the epoch for each moment that is now.
fn at_epoch(context: &Context<'_>, original: &OnceCell<Connection>, name: &str, moments: &[usize]) -> Result<Value> {
    let mut arguments = (0..context.len()).map(|index| context.get::<Value>(index)).collect::<Result<Vec<_>>>()?;
    for &moment in moments {
        match arguments.get(moment) {
            // `timediff` is the one that takes two, and it wants both.
            None if moments.len() == 1 && arguments.len() == moment => arguments.push(epoch()),
            Some(Value::Text(text)) if text.eq_ignore_ascii_case("now") => arguments[moment] = epoch(),
            Some(Value::Text(text)) if is_now_in_detail(text) => arguments.insert(moment, epoch()),
            Some(_) | None => {}
        }
    }
    if original.get().is_none() {
        // Nobody else can have set it in between: a connection is used by one thread at a time.
        let _ = original.set(Connection::open_in_memory()?);
    }
    let connection = original.get().ok_or_else(|| failed(format!("{name}() cannot be called")))?;
    let places = vec!["?"; arguments.len()].join(", ");
    let answer = connection
        .prepare_cached(&format!("select {name}({places})"))
        .and_then(|mut select| select.query_row(params_from_iter(arguments), |row| row.get(0)));
    // The code of the other connection's error would say that the whole text is wrong.
    answer.map_err(|error| failed(error.to_string()))
}

/// Alone, they mean now, with fractions of a second.
fn is_now_in_detail(text: &str) -> bool {
    text.eq_ignore_ascii_case("subsec") || text.eq_ignore_ascii_case("subsecond")
}

fn epoch() -> Value {
    Value::Text(EPOCH.to_owned())
}

fn failed(message: String) -> Error {
    Error::UserFunctionError(message.into())
}

/// The functions that may ask for the clock, and which of their arguments are moments.
const CLOCKS: [(&str, &[usize]); 7] = [
    ("date", &[0]),
    ("time", &[0]),
    ("datetime", &[0]),
    ("julianday", &[0]),
    ("unixepoch", &[0]),
    ("strftime", &[1]),
    ("timediff", &[0, 1]),
];

const EPOCH: &str = "1970-01-01 00:00:00";
const DATE: &str = "1970-01-01";
const TIME: &str = "00:00:00";

/// SQLite's code for what is too large.
const TOO_BIG: i32 = 18;

/// SQLite's own limit of a blob.
const LONGEST_BLOB: usize = 1_000_000_000;

/// What SplitMix64 adds at each step.
const STRIDE: u64 = 0x9e37_79b9_7f4a_7c15;

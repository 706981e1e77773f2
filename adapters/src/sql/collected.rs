//! The rows of an answer, as they come in, and how many there may be.

use segno_core::{Rows, SqlError, SqlErrorKind, Value};

/// The rows of an answer, as they come in.
#[derive(Default)]
pub(crate) struct Collected {
    rows: Vec<Box<[Value]>>,
    columns: Vec<Box<str>>,
    bytes: usize,
}

impl Collected {
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres", feature = "testing")),
        expect(dead_code, reason = "MySQL tells the columns of an answer without rows")
    )]
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether these rows are enough for a batch of this many, or large enough to be one.
    pub(crate) fn fills(&self, size: usize) -> bool {
        self.rows.len() >= size || self.bytes >= LARGE_BATCH
    }

    /// Adds a row, if it can be read and is not one too many; the first one tells the columns.
    pub(crate) fn push(
        &mut self,
        columns: impl FnOnce() -> Vec<Box<str>>,
        values: impl Iterator<Item = Result<Value, Refused>>,
    ) -> Result<(), Refused> {
        if self.rows.is_empty() {
            self.columns = columns();
        }
        if self.rows.len() == MAX_ROWS {
            let message = format!("the answer has more than {MAX_ROWS} rows: ask for it in parts, with `limit`");
            return Err((SqlErrorKind::TooLarge, message));
        }
        let values: Box<[Value]> = values.collect::<Result<_, _>>()?;
        self.bytes = values.iter().fold(self.bytes, |bytes, value| bytes.saturating_add(size(value)));
        if self.bytes > MAX_BYTES {
            let message = format!("the answer is larger than {MAX_BYTES} bytes: ask for it in parts, with `limit`");
            return Err((SqlErrorKind::TooLarge, message));
        }
        self.rows.push(values);
        Ok(())
    }

    /// The rows; `columns` are the names of the columns if no row told them.
    pub(crate) fn finish(self, columns: Vec<Box<str>>) -> Result<Rows, SqlError> {
        let columns = if self.rows.is_empty() { columns } else { self.columns };
        Rows::new(columns, self.rows)
    }
}

/// Why a row cannot be taken.
pub(crate) type Refused = (SqlErrorKind, String);

fn size(value: &Value) -> usize {
    size_of::<Value>()
        + match value {
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => 0,
            Value::Date(_) | Value::Time(_) | Value::DateTime(_) | Value::Timestamp(_) | Value::Uuid(_) => 0,
            Value::Text(text) => text.len(),
            Value::Bytes(bytes) => bytes.len(),
            Value::Json(json) => json.len(),
            Value::Decimal(number) => usize::try_from(number.digits()).unwrap_or(usize::MAX),
            Value::Array(values) => values.iter().map(size).fold(0, usize::saturating_add),
        }
}

/// No page shows more; who exports a table asks in parts, and so never holds it as a whole.
const MAX_ROWS: usize = 100_000;

/// A hundred such answers at once fit into a small server's memory of 4 GB.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// A batch of a stream is not larger, but for its last row: a client reads it in a second, and thousands of them fit into
/// memory at once.
const LARGE_BATCH: usize = 256 * 1024;

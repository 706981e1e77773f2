//! What a SQL statement answers with.

#[cfg(feature = "serde")]
mod column;
#[cfg(feature = "serde")]
mod deserialize;
mod from_row;
#[cfg(feature = "serde")]
mod refusal;
mod row;

use core::fmt;

use alloc::{boxed::Box, format, sync::Arc, vec::Vec};

use super::{
    sql_error::{SqlError, SqlErrorKind},
    value::Value,
};
use crate::error::Happened;

#[cfg(feature = "serde")]
pub use column::column;
pub use from_row::FromRow;
pub use row::{ColumnIndex, Row};

/// The answer to a [`Sql`](crate::Sql) effect: rows, and what a write did.
///
/// It is cheap to clone. In tests, [`rows!`](crate::rows) makes one. Rows become tuples and types of your own by
/// [`FromRow`], and with the feature `serde` also by `Deserialize`.
///
/// ```
/// let rows = segno_core::rows!["id", "name"; [7, "Ada"], [8, "Grace"]];
/// assert_eq!(rows.len(), 2);
/// for row in rows.iter() {
///     let (id, name): (i64, String) = (row.get("id")?, row.get(1)?);
///     assert!(id == 7 && name == "Ada" || id == 8 && name == "Grace");
/// }
/// assert!(rows.one().is_err());
///
/// let people: Vec<(i64, String)> = rows.all_as()?;
/// assert_eq!(people[1].1, "Grace");
/// # Ok::<_, segno_core::SqlError>(())
/// ```
#[derive(Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Table", into = "Table"))]
pub struct Rows(Arc<Table>);

#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Table {
    columns: Vec<Box<str>>,
    rows: Vec<Box<[Value]>>,
    affected: u64,
    last_id: Option<i64>,
}

/// The columns and the values, or how many rows were changed: reports show many of them.
impl fmt::Debug for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Table { columns, rows, affected, last_id } = &*self.0;
        if !columns.is_empty() {
            write!(f, "Rows {columns:?} {rows:?}")
        } else if let Some(last_id) = last_id {
            write!(f, "Rows {{ affected: {affected}, last_id: {last_id} }}")
        } else {
            write!(f, "Rows {{ affected: {affected} }}")
        }
    }
}

impl Rows {
    /// Rows of these columns.
    ///
    /// # Errors
    ///
    /// If a row has another number of values than there are columns: the error says which row.
    pub fn new<C, R>(columns: C, rows: R) -> Result<Self, SqlError>
    where
        C: IntoIterator<Item: Into<Box<str>>>,
        R: IntoIterator<Item: Into<Box<[Value]>>>,
    {
        let columns = columns.into_iter().map(Into::into).collect();
        let rows = rows.into_iter().map(Into::into).collect();
        Table { columns, rows, affected: 0, last_id: None }.checked()
    }

    /// What a statement that gives no rows did: how many rows it changed, and the id of the last one it inserted.
    pub fn written(affected: u64, last_id: Option<i64>) -> Self {
        Self(Arc::new(Table { affected, last_id, ..Table::default() }))
    }

    /// The same rows, with what the statement changed besides giving them (`insert … returning`).
    #[must_use]
    pub fn with_written(mut self, affected: u64, last_id: Option<i64>) -> Self {
        let table = Arc::make_mut(&mut self.0);
        table.affected = affected;
        table.last_id = last_id;
        self
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.0.rows.is_empty()
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.0.columns.iter().map(|name| &**name)
    }

    /// How many rows the statement inserted, updated or deleted.
    pub fn rows_affected(&self) -> u64 {
        self.0.affected
    }

    /// The id of the last row that the statement inserted, where the database tells it.
    pub fn last_id(&self) -> Option<i64> {
        self.0.last_id
    }

    /// The rows, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row> {
        (0..self.len()).map(|index| Row { table: self.0.clone(), index })
    }

    /// The one row.
    ///
    /// # Errors
    ///
    /// [`RowCount`](SqlErrorKind::RowCount) if there is none or more than one.
    pub fn one(&self) -> Result<Row, SqlError> {
        self.optional()?.ok_or_else(|| count_error("one row", 0))
    }

    /// The one row, or nothing if there is none.
    ///
    /// # Errors
    ///
    /// [`RowCount`](SqlErrorKind::RowCount) if there is more than one.
    pub fn optional(&self) -> Result<Option<Row>, SqlError> {
        match self.len() {
            0 | 1 => Ok(self.iter().next()),
            count => Err(count_error("at most one row", count)),
        }
    }
}

fn count_error(expected: &str, count: usize) -> SqlError {
    SqlError::new(SqlErrorKind::RowCount, Happened::Yes, format!("expected {expected}, got {count}"))
}

impl Table {
    fn checked(self) -> Result<Rows, SqlError> {
        let width = self.columns.len();
        match self.rows.iter().enumerate().find(|(_, row)| row.len() != width) {
            None => Ok(Rows(Arc::new(self))),
            Some((index, row)) => {
                let message = format!("row {index} has {} values for {width} columns", row.len());
                Err(SqlError::new(SqlErrorKind::Decode, Happened::Yes, message))
            }
        }
    }
}

#[cfg(feature = "serde")]
impl TryFrom<Table> for Rows {
    type Error = SqlError;

    fn try_from(table: Table) -> Result<Self, SqlError> {
        table.checked()
    }
}

#[cfg(feature = "serde")]
impl From<Rows> for Table {
    fn from(rows: Rows) -> Self {
        Arc::unwrap_or_clone(rows.0)
    }
}

/// Makes [`Rows`] for a test: the columns' names, then the rows.
///
/// ```
/// let rows = segno_core::rows!["id", "name"; [7, "Ada"], [8, "Grace"]];
/// assert_eq!(rows.columns().collect::<Vec<_>>(), ["id", "name"]);
/// assert!(segno_core::rows!["id"].is_empty());
/// ```
///
/// # Panics
///
/// If a row has another number of values than there are columns.
#[macro_export]
macro_rules! rows {
    ($($column:expr),+ $(; $([$($value:expr),* $(,)?]),* $(,)?)?) => {
        match $crate::Rows::new([$($column),+], [$($(vec![$($crate::Value::from($value)),*]),*)?] as [Vec<$crate::Value>; _]) {
            Ok(rows) => rows,
            Err(error) => panic!("{error}"),
        }
    };
}

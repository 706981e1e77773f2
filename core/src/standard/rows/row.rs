//! One row, and its columns by name and by position.

use alloc::{boxed::Box, format, string::String, sync::Arc};

use super::{
    super::value::{FromValue, refused},
    Happened, SqlError, SqlErrorKind, Table, Value,
};

/// One row of [`Rows`](crate::Rows).
#[derive(Clone, Debug)]
pub struct Row {
    pub(super) table: Arc<Table>,
    pub(super) index: usize,
}

impl Row {
    /// The value in this column, by name or by position from 0.
    ///
    /// # Errors
    ///
    /// [`Decode`](SqlErrorKind::Decode), naming the column, if there is none of this name or position, if several have the
    /// name, as after a join (name them apart with `as`, or read by position), or if its value is of another type; read
    /// `Option<T>` where `NULL` may stand.
    ///
    /// ```
    /// let row = segno_core::rows!["id", "name", "id"; [7, "Ada", None::<i64>]].one()?;
    /// assert_eq!(row.get::<String>("name")?, "Ada");
    /// assert_eq!(row.get::<Option<i64>>(2)?, None);
    /// let error = row.get::<i64>("name").unwrap_err();
    /// assert_eq!(error.to_string(), "column `name` holds text, expected int");
    /// let error = row.get::<i64>("id").unwrap_err();
    /// assert_eq!(error.to_string(), "there are 2 columns `id`: name them apart with `as`, or read them by position");
    /// # Ok::<_, segno_core::SqlError>(())
    /// ```
    pub fn get<T: FromValue>(&self, column: impl ColumnIndex) -> Result<T, SqlError> {
        let index = column.index(&self.table.columns).map_err(decode)?;
        let value = &self.values()[index];
        T::from_value(value).ok_or_else(|| decode(format!("{} {}", self.place(index), refused::<T>(value))))
    }

    /// All values, in the order of the columns.
    pub fn values(&self) -> &[Value] {
        &self.table.rows[self.index]
    }

    /// The names of the columns, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = &str> {
        self.table.columns.iter().map(|name| &**name)
    }

    /// How messages call a column: with the row, if there are several.
    pub(super) fn place(&self, column: usize) -> String {
        let name = &self.table.columns[column];
        match self.table.rows.len() {
            0 | 1 => format!("column `{name}`"),
            _ => format!("column `{name}` of row {}", self.index),
        }
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.table.columns == other.table.columns && self.values() == other.values()
    }
}

pub(super) fn decode(message: String) -> SqlError {
    SqlError::new(SqlErrorKind::Decode, Happened::Yes, message)
}

/// A name or a position of a column.
pub trait ColumnIndex {
    /// The position.
    ///
    /// # Errors
    ///
    /// What is wrong, in words, if there is no such column or more than one.
    fn index(&self, columns: &[Box<str>]) -> Result<usize, String>;
}

impl ColumnIndex for str {
    fn index(&self, columns: &[Box<str>]) -> Result<usize, String> {
        let mut found = columns.iter().enumerate().filter(|(_, name)| ***name == *self).map(|(index, _)| index);
        match (found.next(), found.count()) {
            (Some(index), 0) => Ok(index),
            (Some(_), more) => Err(format!(
                "there are {} columns `{self}`: name them apart with `as`, or read them by position",
                more + 1
            )),
            (None, _) => Err(format!("there is no column `{self}`; there are: {}", columns.join(", "))),
        }
    }
}

impl ColumnIndex for String {
    fn index(&self, columns: &[Box<str>]) -> Result<usize, String> {
        (**self).index(columns)
    }
}

impl ColumnIndex for usize {
    fn index(&self, columns: &[Box<str>]) -> Result<usize, String> {
        if *self < columns.len() {
            return Ok(*self);
        }
        Err(format!("there is no column at position {self}; there are: {}", columns.join(", ")))
    }
}

impl<T: ColumnIndex + ?Sized> ColumnIndex for &T {
    fn index(&self, columns: &[Box<str>]) -> Result<usize, String> {
        (**self).index(columns)
    }
}

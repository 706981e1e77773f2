//! Rows as tuples and as types of their own.

use alloc::{format, vec::Vec};

use super::{super::value::FromValue, Row, Rows, SqlError, row::decode};

/// What a row can be read as: a tuple of up to twelve columns, or a type of your own.
///
/// ```
/// use segno_core::{FromRow, Row, SqlError, rows};
///
/// #[derive(Debug, PartialEq)]
/// struct Author {
///     id: i64,
///     name: String,
///     born: Option<i32>,
/// }
///
/// impl FromRow for Author {
///     fn from_row(row: &Row) -> Result<Self, SqlError> {
///         Ok(Self { id: row.get("id")?, name: row.get("name")?, born: row.get("born")? })
///     }
/// }
///
/// let rows = rows!["id", "name", "born"; [7, "Ada", 1815], [8, "Homer", None::<i32>]];
/// let authors: Vec<Author> = rows.all_as()?;
/// assert_eq!(authors[1], Author { id: 8, name: "Homer".into(), born: None });
///
/// let (id, name, _) = rows.iter().next().unwrap().to::<(i64, String, Option<i32>)>()?;
/// assert_eq!((id, &*name), (7, "Ada"));
/// # Ok::<_, SqlError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "a row cannot be read as `{Self}`",
    note = "implement `FromRow` for `{Self}`, or read a tuple; one column alone is `(T,)`, or `rows.one()?.get(0)`",
    note = "with the feature `serde`, `deserialize` reads a type that is `Deserialize`"
)]
pub trait FromRow: Sized {
    /// Reads the row.
    ///
    /// # Errors
    ///
    /// Those of [`Row::get`], or [`Decode`](crate::SqlErrorKind::Decode) with words of your own.
    fn from_row(row: &Row) -> Result<Self, SqlError>;
}

impl Rows {
    /// All rows, each as a tuple or a type of your own.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::SqlErrorKind::Decode), naming the row and the column, if one cannot be read.
    pub fn all_as<T: FromRow>(&self) -> Result<Vec<T>, SqlError> {
        self.iter().map(|row| row.to()).collect()
    }

    /// The one row, as a tuple or a type of your own.
    ///
    /// # Errors
    ///
    /// Those of [`one`](Self::one) and of [`Row::to`].
    pub fn one_as<T: FromRow>(&self) -> Result<T, SqlError> {
        self.one()?.to()
    }

    /// The one row, as a tuple or a type of your own, or nothing if there is none.
    ///
    /// # Errors
    ///
    /// Those of [`optional`](Self::optional) and of [`Row::to`].
    pub fn optional_as<T: FromRow>(&self) -> Result<Option<T>, SqlError> {
        self.optional()?.map(|row| row.to()).transpose()
    }
}

impl Row {
    /// The row as a tuple, column by column, or as a type of your own.
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::SqlErrorKind::Decode), naming the column, if one is missing or holds a value of another type.
    pub fn to<T: FromRow>(&self) -> Result<T, SqlError> {
        T::from_row(self)
    }
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self, SqlError> {
        Ok(row.clone())
    }
}

macro_rules! from_row_for_tuples {
    ($first:ident $($rest:ident)*) => {
        /// One value for each column, in order.
        impl<$first: FromValue, $($rest: FromValue),*> FromRow for ($first, $($rest,)*) {
            fn from_row(row: &Row) -> Result<Self, SqlError> {
                width(row, [stringify!($first), $(stringify!($rest)),*].len())?;
                let mut read = 0;
                let mut next = || {
                    read += 1;
                    read - 1
                };
                Ok((row.get::<$first>(next())?, $(row.get::<$rest>(next())?,)*))
            }
        }
        from_row_for_tuples! { $($rest)* }
    };
    () => {};
}

from_row_for_tuples! { A B C D E F G H I J K L }

/// A tuple of another length than the row would leave out a column, or silently take one for the other.
fn width(row: &Row, expected: usize) -> Result<(), SqlError> {
    match row.values().len() {
        count if count == expected => Ok(()),
        count => {
            let columns = row.table.columns.join(", ");
            Err(decode(format!("the row has {count} columns, and the tuple {expected}: {columns}")))
        }
    }
}

//! Rows as whatever serde can read.

use alloc::vec::Vec;
use core::ops::Range;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, DeserializeSeed, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{Row, Rows, SqlError, column::Column, refusal::Refusal};

impl Rows {
    /// All rows, each as [`Row::deserialize`] reads it.
    ///
    /// # Errors
    ///
    /// Those of [`Row::deserialize`].
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<Vec<T>, SqlError> {
        self.iter().map(|row| row.deserialize()).collect()
    }
}

impl Row {
    /// The row as a struct with fields that are named like the columns, as a map, or as a tuple in the order of the
    /// columns.
    ///
    /// Numbers are read by the rules of [`get`](Self::get). `NULL` is `None`; a text is also an enum of unit variants; JSON,
    /// and a text where the field is a struct, a map or a sequence, is read as JSON. UUIDs, decimals, days, times and
    /// moments are given as text, which is what their types read with serde.
    ///
    /// As always with serde, a field that is an `Option` is `None` also if there is no such column.
    ///
    /// A field is read exactly as `get` does, with all it knows of types that a database keeps as text or as floats, if
    /// [`column`](crate::column) says so.
    ///
    /// ```
    /// use segno_core::{chrono::NaiveDateTime, rows};
    /// use serde::Deserialize;
    ///
    /// #[derive(Debug, PartialEq, Deserialize)]
    /// struct Book {
    ///     title: String,
    ///     kind: Kind,
    ///     pages: Option<u16>,
    ///     #[serde(deserialize_with = "segno_core::column")]
    ///     bought: NaiveDateTime,
    /// }
    ///
    /// #[derive(Debug, PartialEq, Deserialize)]
    /// #[serde(rename_all = "lowercase")]
    /// enum Kind {
    ///     Novel,
    ///     Play,
    /// }
    ///
    /// let rows = rows!["title", "kind", "pages", "bought"; ["Faust", "play", 288, "2026-11-23 10:00:00"]];
    /// let book: Book = rows.one()?.deserialize()?;
    /// assert_eq!((book.kind, book.pages), (Kind::Play, Some(288)));
    ///
    /// let error = rows!["title", "kind"; ["Faust", "poem"]].deserialize::<Book>().unwrap_err();
    /// assert_eq!(error.to_string(), "column `kind` holds text, expected one of `novel`, `play`");
    /// # Ok::<_, segno_core::SqlError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Decode`](crate::SqlErrorKind::Decode), naming the column and never its content, if a column is missing, is there
    /// twice, or is refused by the type of its field.
    pub fn deserialize<'a, T: Deserialize<'a>>(&'a self) -> Result<T, SqlError> {
        T::deserialize(Fields(self)).map_err(Refusal::of_row::<T>)
    }
}

/// A row on its way into a type.
struct Fields<'a>(&'a Row);

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_map(Columns::of(self.0))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_seq(Columns::of(self.0))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refusal> {
        if length != self.0.values().len() {
            return Err(serde::de::Error::invalid_length(self.0.values().len(), &visitor));
        }
        visitor.visit_seq(Columns::of(self.0))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct map struct
        enum identifier ignored_any
    }
}

/// The columns of a row that are still to be read: with their names as a map, without as a sequence.
struct Columns<'a> {
    row: &'a Row,
    rest: Range<usize>,
}

impl<'a> Columns<'a> {
    fn of(row: &'a Row) -> Self {
        Self { row, rest: 0..row.values().len() }
    }

    fn read<T: DeserializeSeed<'a>>(&self, index: usize, seed: T) -> Result<T::Value, Refusal> {
        let value = &self.row.values()[index];
        seed.deserialize(Column(value))
            .map_err(|refusal| refusal.of_column::<T::Value>(|| self.row.place(index), value))
    }
}

impl<'a> MapAccess<'a> for Columns<'a> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'a>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let name: &'a str = &self.row.table.columns[self.rest.start];
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'a>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let index = self.rest.next().ok_or(Refusal::Unexplained)?;
        self.read(index, seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

impl<'a> SeqAccess<'a> for Columns<'a> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'a>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        match self.rest.next() {
            None => Ok(None),
            Some(index) => self.read(index, seed).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

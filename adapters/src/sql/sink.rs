//! Where the rows of a statement go: into its answer, or on in batches.

use segno_core::{Rows, SqlError};

use super::{collected::Collected, driver::Batches};

pub(super) struct Sink {
    rows: Collected,
    batches: Option<Batches>,
}

impl Sink {
    /// Keeps all rows for the answer.
    pub(super) fn whole() -> Self {
        Self { rows: Collected::default(), batches: None }
    }

    /// Sends the rows on.
    pub(super) fn batches(batches: Batches) -> Self {
        Self { rows: Collected::default(), batches: Some(batches) }
    }

    /// Takes rows.
    pub(super) fn rows(&mut self) -> &mut Collected {
        &mut self.rows
    }

    /// Sends a full batch on, and waits until it is taken; says whether anybody wants more.
    pub(super) async fn flows(&mut self) -> Result<bool, SqlError> {
        match &self.batches {
            Some(batches) if self.rows.fills(batches.size) => {
                let rows = std::mem::take(&mut self.rows).finish(Vec::new())?;
                Ok(batches.sender.send(rows).await.is_ok())
            }
            Some(_) | None => Ok(true),
        }
    }

    /// The rows, or those of the last batch that was not full; `columns` are the names of the columns if no row told them.
    pub(super) async fn finish(self, columns: Vec<Box<str>>) -> Result<Rows, SqlError> {
        let rows = self.rows.finish(columns)?;
        match self.batches {
            Some(batches) if !rows.is_empty() => {
                // Nobody wants it if it is not taken.
                let _ = batches.sender.send(rows).await;
                Ok(Rows::written(0, None))
            }
            Some(_) | None => Ok(rows),
        }
    }
}

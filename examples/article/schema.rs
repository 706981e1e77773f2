//! The article's table, which is made on the first start.

use segno::{Io, Result};

pub(crate) async fn create(io: &mut Io) -> Result<()> {
    io.transaction(async |tx| {
        tx.sql("create table if not exists test (id integer primary key, name text not null)", ()).await?;
        let count: i64 = tx.sql("select count(*) as n from test", ()).await?.one()?.get("n")?;
        if count == 0 {
            for name in NAMES {
                tx.sql("insert into test (name) values (?1)", [name]).await?;
            }
        }
        Ok(())
    })
    .await
}

/// Twelve, so that the article's `limit 10` has something to leave out.
pub(crate) const NAMES: [&str; 12] = [
    "generators",
    "tasklets",
    "channels",
    "deferreds",
    "continuations",
    "fibers",
    "effects",
    "handlers",
    "lanes",
    "traces",
    "tapes",
    "drivers",
];

//! What only MySQL and MariaDB have: their types, errors and procedures.

use segno::{Database, Value};

use crate::{case::Case, home::Home, steps::Client};

mod failures;
mod server;
mod types;

pub(crate) fn cases() -> Vec<Case> {
    [failures::cases(), server::cases(), types::cases()].into_iter().flatten().collect()
}

/// Does this with a new pool.
fn with<T>(home: &Home, work: impl AsyncFnOnce(Client, Database) -> T) -> T {
    let database = home.open();
    smol::block_on(async {
        let done = work(Client::of(&database), database.clone()).await;
        database.close().await;
        done
    })
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

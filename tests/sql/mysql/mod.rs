//! What only MySQL and MariaDB have: their types, errors and procedures.

use segno::{Database, Value};
use sqlx::{AssertSqlSafe, Connection, Executor};

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

/// Carries statements out that no handler may ask for, on a connection of their own.
fn by_hand(home: &Home, statements: &[&str]) {
    smol::block_on(async {
        let mut connection = sqlx::MySqlConnection::connect(&home.url).await.unwrap();
        for statement in statements {
            connection.execute(sqlx::raw_sql(AssertSqlSafe((*statement).to_owned()))).await.unwrap();
        }
        connection.close().await.unwrap();
    });
}

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

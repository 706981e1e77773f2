//! Many tasklets at once.

use segno::{
    Database, DatabaseOptions, SqlError,
    TransactionAct::{Begin, Commit},
    Value,
};

use super::{act, file, id, memory, run, run_in, value};

/// Reads a number, and writes the next one: an update is lost if two do so at once.
async fn count_up(database: Database) -> Result<(), SqlError> {
    let (session, id) = (database.session(), id("0#1"));
    act(&session, &id, Begin).await?;
    let number: i64 = run_in(&session, &id, "select number from counter").await?.one()?.get(0)?;
    run_in(&session, &id, format!("update counter set number = {}", number + 1)).await?;
    act(&session, &id, Commit).await
}

async fn count_up_at_once(database: &Database, tasks: i64) {
    let session = database.session();
    run(&session, "create table counter (number integer)").await.unwrap();
    run(&session, "insert into counter values (0)").await.unwrap();
    let tasks: Vec<_> = (0..tasks).map(|_| smol::spawn(count_up(database.clone()))).collect();
    let expected = Value::Int(tasks.len().try_into().unwrap());
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(value(&session, "select number from counter").await, expected);
}

#[test]
fn fifty_transactions_that_read_and_then_write_all_succeed_on_a_file() {
    smol::block_on(async {
        let (database, _folder) = file().await;
        count_up_at_once(&database, 50).await;
        database.close().await;
    });
}

#[test]
fn a_hundred_transactions_share_the_one_connection_of_a_database_in_memory() {
    smol::block_on(async {
        let database = memory().await;
        count_up_at_once(&database, 100).await;
        database.close().await;
    });
}

#[test]
fn a_new_file_is_opened_by_many_at_once() {
    smol::block_on(async {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let options = DatabaseOptions { max_connections: 40, ..DatabaseOptions::default() };
            let database = Database::open_with(&super::url(&folder, ""), &options).unwrap();
            let first = |task: i64| {
                let session = database.session();
                smol::spawn(async move {
                    let made = run(&session, "create table if not exists t (x)").await;
                    made.and(super::run_with(&session, "insert into t values (?1)", [task]).await)
                })
            };
            let tasks: Vec<_> = (0..40).map(first).collect();
            for task in tasks {
                task.await.unwrap();
            }
            let session = database.session();
            assert_eq!(value(&session, "select count(*) from t").await, Value::Int(40));
            assert_eq!(value(&session, "pragma journal_mode").await, Value::Text("wal".to_owned()));
        }
    });
}

#[test]
fn readers_and_a_writer_do_not_wait_for_each_other() {
    smol::block_on(async {
        let (database, _folder) = file().await;
        let (session, id) = (database.session(), id("0#1"));
        act(&session, &id, Begin).await.unwrap();
        run_in(&session, &id, "insert into note (text) values ('a')").await.unwrap();
        let readers: Vec<_> = (0..30)
            .map(|_| {
                let session = database.session();
                smol::spawn(async move { run(&session, "select text from note").await })
            })
            .collect();
        for reader in readers {
            assert!(reader.await.unwrap().is_empty());
        }
        act(&session, &id, Commit).await.unwrap();
    });
}

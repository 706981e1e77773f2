//! Reads that are asked at the same time are carried out once, and never see less than they would alone.

use segno::{
    Database, DatabaseOptions, SqlErrorKind,
    TransactionAct::{Begin, Commit},
    Value,
};
use smol::future::{poll_once, zip};
use tempfile::TempDir;

use super::{NOTE, act, id, kind, run, run_in, run_with, url};

async fn database(coalesce: bool) -> (Database, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = DatabaseOptions { coalesce, ..DatabaseOptions::default() };
    let database = Database::open_with(&url(&folder, ""), &options).unwrap();
    run(&database.session(), NOTE).await.unwrap();
    (database, folder)
}

/// Long enough that it is still under way when the next one is asked; gives another number each time it is carried out.
const READ: &str = "with recursive c (x) as (select 1 union all select x + 1 from c limit 50000)
    select (select count(*) from note) as notes, random() as number, count(*) as steps, ?1 as param from c";

/// How many different executions answered so many readers.
async fn executions(database: &Database, readers: i64, param: impl Fn(i64) -> i64) -> usize {
    let tasks: Vec<_> = (0..readers)
        .map(|reader| {
            let (session, param) = (database.session(), param(reader));
            let mut read = Box::pin(async move { run_with(&session, READ, [param]).await });
            // All have asked before the first is answered.
            let first = smol::block_on(poll_once(&mut read));
            assert!(first.is_none());
            read
        })
        .collect();
    let mut numbers = Vec::new();
    for task in tasks {
        let number: i64 = task.await.unwrap().one().unwrap().get("number").unwrap();
        numbers.push(number);
    }
    numbers.sort_unstable();
    numbers.dedup();
    numbers.len()
}

#[test]
fn equal_reads_at_the_same_time_are_one() {
    smol::block_on(async {
        let (coalescing, _folder) = database(true).await;
        assert_eq!(executions(&coalescing, 20, |_| 1).await, 1);
        assert_eq!(executions(&coalescing, 6, |reader| reader % 3).await, 3, "other parameters, another read");
        let (plain, _folder) = database(false).await;
        assert_eq!(executions(&plain, 4, |_| 1).await, 4, "it is an option");
    });
}

#[test]
fn reads_one_after_the_other_are_two() {
    smol::block_on(async {
        let (database, _folder) = database(true).await;
        let number = async || run_with(&database.session(), READ, [1]).await.unwrap();
        assert_ne!(number().await, number().await);
    });
}

#[test]
fn a_read_after_a_write_joins_none_that_began_before() {
    smol::block_on(async {
        let (database, _folder) = database(true).await;
        for round in 1..20 {
            let (early, late) = (database.session(), database.session());
            let mut began_before = Box::pin(run_with(&early, READ, [1]));
            assert!(poll_once(&mut began_before).await.is_none());
            let writes_and_reads = async {
                if round % 2 == 0 {
                    run_with(&late, "insert into note (text) values (?1)", [round.to_string()]).await.unwrap();
                } else {
                    let id = id("0#1");
                    act(&late, &id, Begin).await.unwrap();
                    run_in(&late, &id, format!("insert into note (text) values ('{round}')")).await.unwrap();
                    act(&late, &id, Commit).await.unwrap();
                }
                run_with(&late, READ, [1]).await.unwrap().one().unwrap().get::<i64>("notes").unwrap()
            };
            let (_, notes) = zip(began_before, writes_and_reads).await;
            assert_eq!(notes, round, "it sees its own write");
        }
    });
}

#[test]
fn a_read_in_a_transaction_is_its_own() {
    smol::block_on(async {
        let (database, _folder) = database(true).await;
        let (outside, inside, id) = (database.session(), database.session(), id("0#1"));
        let read = "with recursive c (x) as (select 1 union all select x + 1 from c limit 50000)
            select (select count(*) from note) as notes, count(*) from c";
        act(&inside, &id, Begin).await.unwrap();
        run_in(&inside, &id, "insert into note (text) values ('a')").await.unwrap();
        let mut first = Box::pin(run(&outside, read));
        assert!(poll_once(&mut first).await.is_none());
        let notes: i64 = run_in(&inside, &id, read).await.unwrap().one().unwrap().get("notes").unwrap();
        assert_eq!(notes, 1, "what is not committed is seen inside");
        let notes: i64 = first.await.unwrap().one().unwrap().get("notes").unwrap();
        assert_eq!(notes, 0, "and not outside");
        act(&inside, &id, Commit).await.unwrap();
    });
}

#[test]
fn an_error_is_shared() {
    smol::block_on(async {
        let (database, _folder) = database(true).await;
        let (one, two) = (database.session(), database.session());
        let both = zip(run(&one, "select x from nowhere"), run(&two, "select x from nowhere")).await;
        assert_eq!(kind(both.0.clone()), SqlErrorKind::MissingTable);
        assert_eq!(both.0, both.1);
        run(&one, "create table nowhere (x)").await.unwrap();
        run(&one, "select x from nowhere").await.unwrap();
    });
}

#[test]
fn another_takes_over_from_one_who_goes_away() {
    smol::block_on(async {
        let (database, _folder) = database(true).await;
        let sessions: Vec<_> = (0..5).map(|_| database.session()).collect();
        for stay in 0..sessions.len() {
            let mut reads = Vec::new();
            for session in &sessions {
                let mut read = Box::pin(run_with(session, READ, [1]));
                assert!(poll_once(&mut read).await.is_none());
                reads.push(read);
            }
            let stays = reads.remove(stay);
            drop(reads);
            assert_eq!(stays.await.unwrap().one().unwrap().get::<i64>("steps").unwrap(), 50_000);
        }
        // And when all of them do, nothing is left behind.
        for session in &sessions {
            assert!(poll_once(Box::pin(run_with(session, READ, [1]))).await.is_none());
        }
        let rows = run_with(&sessions[0], READ, [1]).await.unwrap();
        assert_eq!(rows.one().unwrap().get::<Value>("param").unwrap(), Value::Int(1));
    });
}

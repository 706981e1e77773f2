//! The kit's database answers as the real one does: each script is run on both.

mod script;
mod statements;
mod streams;
mod transactions;

use segno::{
    CursorId, Database, Happened, Params, Perform, Rows, Sql, SqlClose, SqlError, SqlErrorKind, SqlFetch, SqlOpen,
    Timestamp, Transaction,
    TransactionAct::{self, Begin, Commit, Release, Rollback, RollbackTo, Savepoint},
    TransactionId, TransactionOptions,
    bigdecimal::BigDecimal,
    chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc},
    testing::Sqlite,
    uuid::Uuid,
};

use self::script::{Expected, SCHEMA};
use super::id;

/// What is compared: all but the words of a message.
#[derive(Debug, PartialEq)]
enum Seen {
    Rows(Vec<String>, Vec<Vec<segno::Value>>, u64, Option<i64>),
    Done,
    Failed(SqlErrorKind, Happened),
}

#[test]
fn both_databases_answer_alike() {
    smol::block_on(async {
        let mut differences = String::new();
        for (name, steps) in statements::SCRIPTS.iter().chain(transactions::SCRIPTS).chain(streams::SCRIPTS) {
            let (folder, kit) = (tempfile::tempdir().unwrap(), Sqlite::new(SCHEMA));
            let real = Database::open(&format!("sqlite:{}", folder.path().join("test.db").display())).unwrap();
            for statement in SCHEMA.split(";\n") {
                real.session().perform(sql(statement, &Params::default(), None)).await.unwrap();
            }
            let (real, kit) = (real.session(), kit.session());
            for (number, (step, expected)) in steps.iter().enumerate() {
                let (real, kit) = (perform(&real, step).await, perform(&kit, step).await);
                if real != kit || outcome(&real) != *expected {
                    differences += &format!("{name}, step {number}, {step}:\n  real {real:?}\n  kit  {kit:?}\n");
                }
            }
        }
        assert!(differences.is_empty(), "\n{differences}");
    });
}

#[test]
fn parameters_come_back_alike() {
    smol::block_on(async {
        let (real, kit) = (Database::open("sqlite::memory:").unwrap(), Sqlite::new(""));
        let (real, kit) = (real.session(), kit.session());
        let text = "a\0b — 🦀".repeat(10_000);
        let values: [segno::Value; 23] = [
            None::<i64>.into(),
            true.into(),
            false.into(),
            i64::MIN.into(),
            i64::MAX.into(),
            0.1.into(),
            (-0.0).into(),
            f64::NAN.into(),
            f64::INFINITY.into(),
            5e-324.into(),
            "".into(),
            text.clone().into(),
            Vec::<u8>::new().into(),
            text.into_bytes().into(),
            u64::MAX.into(),
            BigDecimal::new((-70).into(), 3).into(),
            NaiveDate::MAX.into(),
            NaiveTime::MIN.into(),
            NaiveDateTime::MIN.into(),
            DateTime::<Utc>::MAX_UTC.into(),
            Timestamp::EPOCH.into(),
            Uuid::max().into(),
            segno::Value::Json("{\"a\":1}".into()),
        ];
        for value in values {
            let ask = sql("select ?1 as a, typeof(?1) as type", &Params::from([value.clone()]), None);
            let (real, kit) = (real.perform(ask.clone()).await.unwrap(), kit.perform(ask).await.unwrap());
            assert!(real == kit, "{:.80}", format!("{value:?}"));
        }
    });
}

async fn perform<S>(session: &S, step: &'static str) -> Seen
where
    S: Perform<Sql> + Perform<Transaction> + Perform<SqlOpen> + Perform<SqlFetch> + Perform<SqlClose>,
{
    let id = id("0#1");
    if let Some((act, options)) = control(step) {
        return match session.perform(Transaction { id, act, options }).await {
            Ok(()) => Seen::Done,
            Err(error) => failed(&error),
        };
    }
    let cursor = CursorId::new("0#2".parse().unwrap());
    let (text, transaction) = match step.strip_prefix("TX ") {
        Some(text) => (text, Some(id)),
        None => (step, None),
    };
    let answer = match text.split_once(' ').unwrap_or((text, "")) {
        ("OPEN", text) => {
            let sql = Box::new(sql(text, &given(text), transaction));
            session.perform(SqlOpen { id: cursor, sql, batch: 2 }).await
        }
        ("FETCH", _) => session.perform(SqlFetch { id: cursor }).await,
        ("CLOSE", _) => session.perform(SqlClose { id: cursor }).await.map(|()| Rows::written(0, None)),
        _ => session.perform(sql(text, &given(text), transaction)).await,
    };
    match answer {
        Ok(rows) => rows_seen(&rows),
        Err(error) => failed(&error),
    }
}

fn sql(text: &'static str, params: &Params, transaction: Option<TransactionId>) -> Sql {
    Sql { text: text.into(), params: params.clone(), transaction }
}

/// Three parameters, for a statement that takes any.
fn given(text: &str) -> Params {
    if text.contains('?') || text.contains(":a") { (7, "Ada", 0.5).into() } else { Params::default() }
}

fn control(step: &str) -> Option<(TransactionAct, TransactionOptions)> {
    if step == "BEGIN READ ONLY" {
        return Some((Begin, TransactionOptions { isolation: None, read_only: true }));
    }
    let (word, depth) = step.split_once(' ').unwrap_or((step, "0"));
    let depth = depth.parse();
    let act = match (word, depth) {
        ("BEGIN", Ok(0)) => Begin,
        ("COMMIT", Ok(0)) => Commit,
        ("ROLLBACK", Ok(0)) => Rollback,
        ("SAVEPOINT", Ok(depth)) => Savepoint(depth),
        ("RELEASE", Ok(depth)) => Release(depth),
        ("UNDO", Ok(depth)) => RollbackTo(depth),
        _ => return None,
    };
    Some((act, TransactionOptions::default()))
}

fn rows_seen(rows: &Rows) -> Seen {
    let columns = rows.columns().map(str::to_owned).collect();
    let values = rows.iter().map(|row| row.values().to_vec()).collect();
    Seen::Rows(columns, values, rows.rows_affected(), rows.last_id())
}

fn failed(error: &SqlError) -> Seen {
    Seen::Failed(error.kind, error.happened)
}

fn outcome(seen: &Seen) -> Expected {
    match seen {
        Seen::Rows(..) | Seen::Done => Expected::Works,
        Seen::Failed(kind, _) => Expected::Fails(*kind),
    }
}

//! Streams of rows: whole, or visibly torn, and closed on every path.

use std::{collections::BTreeSet, sync::Mutex};

use segno::{
    CursorId, Io, Params, Request, Response, ResponseHead, Result, Sql, SqlErrorKind, SqlOpen,
    testing::{Law, Sqlite, World, explore, get, simulate},
};

const SCHEMA: &str = "
    create table note (id integer primary key, text text not null);
    insert into note (text) values ('a'), ('b'), ('c'), ('d'), ('e');
";

fn world() -> World {
    World::new().database(Sqlite::new(SCHEMA))
}

/// Two notes in each line.
async fn export(mut io: Io, _: Request) -> Result<Response> {
    let mut rows = io.sql_stream_by(2, "select text from note order by id", ()).await?;
    let mut out = io.respond(ResponseHead::text()).await?;
    while let Some(batch) = rows.next(&mut io).await? {
        let line: Vec<String> = batch.iter().map(|row| row.get("text")).collect::<Result<_, _>>()?;
        out.write(&mut io, line.concat() + "\n").await?;
    }
    Ok(out.end())
}

#[test]
fn an_export_is_whole_or_visibly_torn() {
    let seen = Mutex::new(BTreeSet::new());
    explore(export, world).check(|_, end| {
        assert!(end.error().is_some() || end.text() == "ab\ncd\ne\n", "{end}");
        seen.lock().unwrap().insert((end.error().is_some(), end.status(), end.text()));
    });
    let seen = seen.into_inner().unwrap();
    for (failed, status, text) in
        [(false, 200, "ab\ncd\ne\n"), (true, 500, "Internal Server Error"), (true, 200, "ab\n")]
    {
        assert!(seen.contains(&(failed, Some(status), text.to_owned())), "{text:?} is not in {seen:?}");
    }
}

#[test]
fn a_stream_outlives_what_is_written_meanwhile() {
    async fn deletes(mut io: Io, _: Request) -> Result<Response> {
        let (mut count, mut rows) = (0, io.sql_stream_by(2, "select text from note order by id", ()).await?);
        while let Some(batch) = rows.next(&mut io).await? {
            count += batch.len();
            io.sql("delete from note where text = 'e'", ()).await?;
        }
        Ok(Response::text(count.to_string()))
    }
    explore(deletes, world).check(|_, end| assert!(end.error().is_some() || end.text() == "5", "{end}"));
}

#[test]
fn who_opens_a_stream_by_hand_must_close_it() {
    async fn leaves(mut io: Io, _: Request) -> Result<Response> {
        let id = CursorId::new(io.next_path());
        let sql = Sql { text: "select text from note".into(), params: Params::default(), transaction: None };
        let first = io.perform(SqlOpen { id, sql: Box::new(sql), batch: 2 }).await?;
        Ok(Response::text(first.len().to_string()))
    }
    let finding = explore(leaves, world).find(|_, _| ()).unwrap_err();
    assert!(finding.what().contains("the stream of rows 0#1 is neither read to its end nor closed"), "{finding}");
    explore(leaves, world).without(Law::StreamsClose).check(|_, _| ());
}

#[test]
fn with_the_connection_of_a_stream_its_transaction_is_lost() {
    async fn stubborn(mut io: Io, _: Request) -> Result<Response> {
        io.transaction(async |tx| {
            tx.sql("insert into note (text) values ('f')", ()).await?;
            let mut rows = tx.sql_stream_by(2, "select text from note", ()).await?;
            let mut read = 0;
            // Whoever takes an error for the end must at least not keep anything.
            while let Ok(Some(batch)) = rows.next().await {
                read += batch.len();
            }
            Ok(Response::text(read.to_string()))
        })
        .await
    }
    let kinds = Mutex::new(Vec::new());
    explore(stubborn, world).check(|world, end| {
        let kept = world.sqlite().value::<i64>("select count(*) from note", ()) == 6;
        assert!(end.error().is_some() || (kept && end.text() == "6"), "{end}");
        assert_eq!(world.sqlite().open_transactions(), 0);
        kinds
            .lock()
            .unwrap()
            .extend(end.error().and_then(|error| error.cause()).map(|error: &segno::SqlError| error.kind));
    });
    assert!(kinds.into_inner().unwrap().contains(&SqlErrorKind::NoTransaction));
}

#[test]
fn clients_read_side_by_side() {
    let explored =
        simulate(export, world).clients(3, |_| get("/")).with_faults().faults(1).seeds(0..50).check(|_, ends| {
            ends.iter().for_each(|end| assert!(end.error().is_some() || end.text() == "ab\ncd\ne\n", "{end}"));
        });
    assert_eq!(explored.runs(), 50);
}

//! Rows in batches, recorded and replayed; their secret columns are left out like those of any rows.

use std::fs;

use segno::{
    Io, Request, Response, ResponseHead, Result, SqlFetch, Standard, StandardOutcome, record::Recorder, rows,
    testing::replay,
};

use crate::{directory, files, record};

async fn export(mut io: Io, _: Request) -> Result<Response> {
    let mut rows = io.sql_stream("select name, password_hash from author", ()).await?;
    let mut out = io.respond(ResponseHead::text()).await?;
    while let Some(batch) = rows.next(&mut io).await? {
        for row in batch.iter() {
            out.write(&mut io, row.get::<String>("name")? + "\n").await?;
        }
    }
    Ok(out.end())
}

#[test]
fn a_recorded_stream_is_replayed_batch_by_batch() {
    let directory = directory();
    let mut batches = vec![rows!["name", "password_hash"; ["Grace", "hash-of-grace"]], rows!["name", "password_hash"]];
    record(&Recorder::new(&directory).unwrap().one_in(1), Request::get("/export"), export, |effect| match effect {
        Standard::SqlOpen(_) => StandardOutcome::SqlOpen(Ok(rows!["name", "password_hash"; ["Ada", "hash-of-ada"]])),
        Standard::SqlFetch(_) => StandardOutcome::SqlFetch(Ok(batches.remove(0))),
        Standard::Respond(_) => StandardOutcome::Respond(Ok(())),
        Standard::Write(_) => StandardOutcome::Write(Ok(())),
        effect => panic!("{effect:?}"),
    });
    let file = &files(&directory)[0];
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains("Grace") && !text.contains("hash-of"), "{text}");
    replay(export, file).responds(200).body("Ada\nGrace\n");
    let end = rows!["name", "password_hash"];
    replay(export, file).edit::<SqlFetch>("0#4", Ok(end)).responds(200).body("Ada\n");
}

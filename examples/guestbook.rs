//! A guestbook: SQL with parameters, a transaction, a form, HTML that shows what strangers wrote, and a table that is
//! sent as it is read, however long it is.
//!
//! Run it with `cargo run --example guestbook`, and open <http://127.0.0.1:8080/> in a browser. It keeps its entries in
//! `guestbook.sqlite`. A guest signs once: a second time is refused by the database, and the transaction leaves nothing
//! behind.
//!
//! ```text
//! $ curl -w '%{http_code}\n' -d name=Ada -d 'words=2 < 3' http://127.0.0.1:8080/
//! 303
//! $ curl -w '%{http_code}\n' -d name=Ada -d words=again http://127.0.0.1:8080/
//! Ada has signed before
//! 409
//! $ curl http://127.0.0.1:8080/
//! <!doctype html><title>Guestbook</title>
//! <form method=post><input name=name placeholder=name> <input name=words> <button>Sign</button></form>
//! <p><b>Ada</b>: 2 &lt; 3
//! $ curl http://127.0.0.1:8080/export.csv
//! "Ada","2 < 3"
//! ```

use segno::{
    Database, Error, Escaped, Form, Io, Page, Request, Response, ResponseHead, Result, Router, SqlError, SqlErrorKind,
    smol::{Backend, serve},
};

fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let backend = Backend::new().database(Database::open("sqlite:guestbook.sqlite")?);
    // A handler is also a job: this one makes the tables before anybody comes.
    backend.run(async |mut io: Io| create_tables(&mut io).await)?;
    Ok(serve("127.0.0.1:8080", router(), backend)?)
}

fn router() -> Router {
    Router::new().get("/", list).post("/", sign).get("/export.csv", export)
}

async fn create_tables(io: &mut Io) -> Result<()> {
    io.sql(CREATE_GUEST, ()).await?;
    io.sql(CREATE_ENTRY, ()).await?;
    Ok(())
}

async fn list(mut io: Io, _: Request) -> Result<Response> {
    let entries = io.sql(NEWEST, ()).await?;
    let mut page = Page::new();
    page.write("<!doctype html><title>Guestbook</title>\n");
    page.write(
        "<form method=post><input name=name placeholder=name> <input name=words> <button>Sign</button></form>\n",
    );
    for entry in entries.iter() {
        let (name, words): (String, String) = (entry.get("name")?, entry.get("words")?);
        page.write(format!("<p><b>{}</b>: {}\n", Escaped(name), Escaped(words)));
    }
    Ok(page.into())
}

/// All entries, of which only a batch is in memory at a time: the next is read when the client has taken it.
async fn export(mut io: Io, _: Request) -> Result<Response> {
    // If the database fails, it does so before the response begins.
    let mut entries = io.sql_stream(ALL, ()).await?;
    let mut out = io.respond(ResponseHead::new(200).header("content-type", "text/csv; charset=utf-8")?).await?;
    while let Some(batch) = entries.next(&mut io).await? {
        let mut lines = String::new();
        for entry in batch.iter() {
            let (name, words): (String, String) = (entry.get("name")?, entry.get("words")?);
            lines += &format!("{},{}\n", quoted(&name), quoted(&words));
        }
        out.write(&mut io, lines).await?;
    }
    Ok(out.end())
}

/// A field of CSV, which may hold commas and line breaks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

async fn sign(mut io: Io, mut request: Request) -> Result<Response> {
    let form = request.body.form(&mut io, MAX_FORM).await?;
    let (name, words) = (filled(&form, "name")?, filled(&form, "words")?);
    let signed = io.transaction_as(async |tx| {
        let guest = tx.sql(ADD_GUEST, [&*name]).await?.last_id();
        tx.sql(ADD_ENTRY, (guest, &*words)).await?;
        Ok::<_, SqlError>(())
    });
    match signed.await {
        Ok(()) => Ok(Response::see_other("/")?),
        Err(error) if error.kind == SqlErrorKind::Unique => {
            Err(Error::from(error).shown_as(409, format!("{name} has signed before")))
        }
        Err(error) => Err(error.into()),
    }
}

/// A field of an HTML form that must be filled in.
fn filled(form: &Form, name: &str) -> Result<String> {
    let value: String = form.get(name)?.unwrap_or_default();
    if value.is_empty() { Err(Error::status(400, format!("the field `{name}` is empty"))) } else { Ok(value) }
}

const CREATE_GUEST: &str = "create table if not exists guest (id integer primary key, name text not null unique)";
const CREATE_ENTRY: &str =
    "create table if not exists entry (guest integer not null references guest, words text not null)";
const ADD_GUEST: &str = "insert into guest (name) values (?1)";
const ADD_ENTRY: &str = "insert into entry (guest, words) values (?1, ?2)";
const NEWEST: &str =
    "select name, words from entry join guest on guest.id = entry.guest order by guest.id desc limit 100";
const ALL: &str = "select name, words from entry join guest on guest.id = entry.guest order by guest.id";

/// A name and a few lines: whoever writes more wants a book of their own.
const MAX_FORM: usize = 16 << 10;

#[cfg(test)]
mod tests {
    use segno::{
        BodyError, BodyErrorKind, Happened, Rows, rows,
        testing::{begin, commit, get, post, rollback, script, sql, sql_fetch, sql_stream},
    };

    use super::*;

    #[test]
    fn what_guests_wrote_is_text_and_not_html() {
        script(list, get("/"))
            .expect(sql(NEWEST, ()), rows!["name", "words"; ["Eve", "<script>"], ["Ada", "2 < 3"]])
            .responds(200)
            .header("content-type", "text/html; charset=utf-8")
            .body_contains("<p><b>Eve</b>: &lt;script&gt;\n<p><b>Ada</b>: 2 &lt; 3\n");
    }

    #[test]
    fn an_export_is_sent_batch_by_batch() {
        script(export, get("/export.csv"))
            .expect(sql_stream(ALL, ()), rows!["name", "words"; ["Ada", "2 < 3"], ["Eve", "\"so,\nwhat\""]])
            .expect(sql_fetch(), rows!["name", "words"; ["Grace", ""]])
            .responds(200)
            .header("content-type", "text/csv; charset=utf-8")
            .body("\"Ada\",\"2 < 3\"\n\"Eve\",\"\"\"so,\nwhat\"\"\"\n\"Grace\",\"\"\n");
    }

    #[test]
    fn a_guest_and_an_entry_are_kept_together() {
        script(sign, post("/").body("name=Ada&words=2+%3C+3"))
            .expect(begin(), ())
            .expect(sql(ADD_GUEST, ["Ada"]), Rows::written(1, Some(7)))
            .expect(sql(ADD_ENTRY, (7, "2 < 3")), Rows::written(1, None))
            .expect(commit(), ())
            .responds(303)
            .header("location", "/");
    }

    #[test]
    fn a_second_signature_is_a_conflict_and_undone() {
        script(sign, post("/").body("name=Ada&words=again"))
            .expect(begin(), ())
            .expect_error(sql(ADD_GUEST, ["Ada"]), SqlError::new(SqlErrorKind::Unique, Happened::No, "guest.name"))
            .expect(rollback(), ())
            .responds(409)
            .body("Ada has signed before");
    }

    #[test]
    fn the_database_fails_without_a_word_to_the_client() {
        script(sign, post("/").body("name=Ada&words=hello"))
            .expect_error(begin(), SqlError::new(SqlErrorKind::Busy, Happened::No, "database is locked"))
            .responds(500)
            .body("Internal Server Error");
    }

    #[test]
    fn empty_fields_are_refused_before_the_database_is_asked() {
        for form in ["", "name=Ada", "name=Ada&words=", "words=hello"] {
            script(sign, post("/").body(form)).responds(400);
        }
    }

    #[test]
    fn a_form_that_is_too_long_is_refused() {
        let form = format!("name=Ada&words={}", "x".repeat(MAX_FORM));
        let error = script(sign, post("/").body(form)).fails();
        assert_eq!(error.cause::<BodyError>().unwrap().kind, BodyErrorKind::TooLarge);
    }

    #[test]
    fn the_statements_are_good_sql() {
        let backend = Backend::new().database(Database::open("sqlite::memory:").unwrap());
        let run = backend.run(async |mut io: Io| {
            create_tables(&mut io).await?;
            let guest = io.sql(ADD_GUEST, ["Ada"]).await?.last_id();
            io.sql(ADD_ENTRY, (guest, "hello")).await?;
            assert_eq!(io.sql(NEWEST, ()).await?, rows!["name", "words"; ["Ada", "hello"]]);
            let mut all = io.sql_stream(ALL, ()).await?;
            assert_eq!(all.next(&mut io).await?, Some(rows!["name", "words"; ["Ada", "hello"]]));
            assert_eq!(all.next(&mut io).await?, None);
            let again = io.sql(ADD_GUEST, ["Ada"]).await.unwrap_err();
            assert_eq!(again.kind, SqlErrorKind::Unique);
            Ok(())
        });
        run.unwrap();
    }
}

//! The pages against scripts: what they ask for, in which order, and what comes of the answers.

use segno::{
    Happened, HttpError, HttpErrorKind, Rows, Sql, SqlError, Standard, Value, rows,
    testing::{Expect, Script, chat_balance, chat_recv, chat_send, get, http_get, ok, random, script, sleep, sql},
};

use super::*;

#[test]
fn without_luck_the_page_is_three_queries() {
    open("/")
        .expect(random(0..1_000_000_000), 7)
        .expect(query(), row("first"))
        .expect(random(0..10), 2)
        .expect(query(), row("second"))
        .expect(random(0..10), 2)
        .expect(random(0..10), 3)
        .expect(query(), row("third"))
        .responds(200)
        .header("content-type", "text/html; charset=utf-8")
        .body(
            "<!doctype html><title>segno</title>\n\
             hi, we are now inside the request tasklet<br>\n\
             <br><br>QUERY 1:<table><tr><td>1<td>first</table>\n\
             <br><br>QUERY 2:<table><tr><td>1<td>second</table>\n\
             <br><br>QUERY 3:<table><tr><td>1<td>third</table>\n",
        );
}

#[test]
fn with_luck_the_page_fetches_speaks_and_listens() {
    let responded = open("/")
        .expect(random(0..1_000_000_000), 7)
        .expect(query(), row("first"))
        .expect(random(0..10), 1)
        .expect(http_get(UPSTREAM), ok("from <upstream>"))
        .expect(query(), row("second"))
        .expect(random(0..10), 1)
        .expect(chat_balance("chat"), 2)
        .expect(chat_send("chat").message("hi from 7 (and to other 2 chaps)"), 2)
        .expect(random(0..10), 2)
        .expect(chat_recv("chat"), "hi from <b>8</b>".into())
        .expect(query(), row("third"))
        .responds(200);
    responded.body_contains("<br><br>HTTP:<pre>from &lt;upstream&gt;</pre>\n").body_contains(
        "<br><br>CHAT PRODUCER:sending to 2 clients<br><br>CHAT CONSUMER (waiting for a producer: load this page in other tabs):hi from &lt;b&gt;8&lt;/b&gt;<br><br>QUERY 3:",
    );
}

#[test]
fn together_asks_for_all_at_once_and_hears_what_is_said() {
    open_together()
        .expect(chat_recv("chat"), "hi from <b>8</b>".into())
        .expect_pending(sleep(together::PATIENCE))
        .responds(200)
        .body_contains(
            "<br><br>QUERY 1:<table><tr><td>1<td>first</table>\n<br><br>QUERY 2:<table><tr><td>1<td>second</table>\n",
        )
        .body_contains("<br><br>HTTP:<pre>from upstream</pre>\n<br><br>CHAT CONSUMER:hi from &lt;b&gt;8&lt;/b&gt;");
}

#[test]
fn together_waits_for_nobody_for_ever() {
    let responded =
        open_together().expect_pending(chat_recv("chat")).expect(sleep(together::PATIENCE), ()).responds(200);
    assert!(responded.text().ends_with("CHAT CONSUMER:nothing came within 5s"), "{responded}");
}

#[test]
fn together_fails_as_a_whole_before_it_says_anything() {
    open("/together")
        .expect(query(), row("first"))
        .expect(query(), row("second"))
        .expect(query(), row("third"))
        .expect_error(http_get(UPSTREAM), HttpError::new(HttpErrorKind::Connect, Happened::No, "refused by 10.0.0.7"))
        .responds(500)
        .body("Internal Server Error");
}

#[test]
fn the_motto_is_there_without_a_database() {
    open("/motto").responds(200).body("Dal segno: from the sign, go on.\n");
}

#[test]
fn the_table_is_made_and_filled_once() {
    let database = Database::open("sqlite::memory:").unwrap();
    for _ in 0..2 {
        smol::block_on(database.migrate(&MIGRATIONS)).unwrap();
    }
    let names = Backend::new().database(database).run(async |mut io: Io| {
        let rows = io.sql("select name from test order by id", ()).await?;
        Ok(rows.iter().map(|row| row.get("name")).collect::<Result<Vec<String>, SqlError>>()?)
    });
    let names = names.unwrap();
    assert_eq!((names.len(), &*names[0], &*names[11]), (12, "generators", "drivers"));
}

fn open(path: &str) -> Script<Standard> {
    script(router(Some(UPSTREAM.into()), SocketAddr::from(([127, 0, 0, 1], 8080))), get(path))
}

fn open_together() -> Script<Standard> {
    open("/together")
        .expect(query(), row("first"))
        .expect(query(), row("second"))
        .expect(query(), row("third"))
        .expect(http_get(UPSTREAM), ok("from upstream"))
}

fn query() -> Expect<Sql> {
    sql("select * from test limit 10", ())
}

fn row(name: &str) -> Rows {
    rows!["id", "name"; [Value::from(1), Value::from(name)]]
}

const UPSTREAM: &str = "http://upstream.internal/";

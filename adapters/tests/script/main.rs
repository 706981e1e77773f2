//! The script: what it lets through, and how it says what is wrong.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

mod effects;
mod exchange;
mod lanes;
mod order;
mod reports;
mod streams;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};

use segno::{
    Io, Request, Response, Result, Sql, Standard,
    testing::{Expect, Script, Scriptable, get, script, sql},
};

/// Runs a script that must fail, and gives what it says.
#[track_caller]
fn failure<S: Scriptable>(script: Script<S>) -> String {
    panic_of(|| drop(script.responds(200)))
}

/// What a test says that fails.
#[track_caller]
fn panic_of(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it must panic");
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => (*panic.downcast::<&'static str>().unwrap()).into(),
    }
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "expected {part:?} in\n{message}");
    }
}

#[track_caller]
fn says_not(message: &str, part: &str) {
    assert!(!message.contains(part), "expected no {part:?} in\n{message}");
}

/// Where a file says so first.
fn line_of(file: &str, text: &str) -> usize {
    file.lines().position(|line| line.contains(text)).unwrap() + 1
}

async fn greet(mut io: Io, request: Request) -> Result<Response> {
    let id: i64 = request.param("id")?;
    let name: String = io.sql("select name from author where id = ?1", [id]).await?.one()?.get("name")?;
    let page = io.http_get(format!("http://feeds.internal/{id}")).await?;
    io.chat_send("readers", format!("{name} was read")).await?;
    Ok(Response::text(format!("{name}: {}", page.text())).header("x-author", &name)?)
}

fn greeting() -> Script<Standard> {
    script(greet, get("/author/7").param("id", "7"))
}

fn author() -> Expect<Sql> {
    sql("select name from author where id = ?1", [7])
}

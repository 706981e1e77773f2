//! A changed handler is shown beside the recorded one.

use std::{fs, time::Duration};

use segno::{
    Happened, HttpError, HttpErrorKind, HttpReply, Io, Request, Response, ResponseHead, Result, Standard,
    StandardOutcome, TransactionAct,
    record::Recorder,
    rows,
    testing::{replay, replay_directory},
};
use tempfile::TempDir;

use crate::{directory, failure, files, record, record_stopped, says};

fn answer(effect: &Standard) -> StandardOutcome {
    match effect {
        Standard::Sql(_) => StandardOutcome::Sql(Ok(rows!["name"; ["Ada"]])),
        Standard::HttpGet(_) => StandardOutcome::HttpGet(Ok(HttpReply::new(200, "notes"))),
        Standard::ChatSend(_) => StandardOutcome::ChatSend(Ok(1)),
        Standard::Respond(_) => StandardOutcome::Respond(Ok(())),
        Standard::Write(_) => StandardOutcome::Write(Ok(())),
        Standard::ReadBody(_) => StandardOutcome::ReadBody(Ok(None)),
        effect => panic!("{effect:?}"),
    }
}

/// What the handlers of this file do, each a bit different.
#[derive(Clone, Copy, PartialEq)]
enum Variant {
    AsRecorded,
    Changed,
    NewFirst,
    NewLast,
    Missing,
    Another,
    InALane,
    Panics,
    Responds404,
    Fails,
}

async fn page(variant: Variant, mut io: Io, _: Request) -> Result<Response> {
    if variant == Variant::NewFirst {
        io.now().await?;
    }
    let name: String = match variant {
        Variant::InALane => io.join2(async |io| io.sql("select name", ()).await, async |_| ()).await.0?,
        _ => io.sql("select name", ()).await?,
    }
    .one()?
    .get("name")?;
    let url = if variant == Variant::Changed { "http://feeds/8" } else { "http://feeds/7" };
    if variant == Variant::Another {
        io.chat_send("log", "another").await?;
    } else if variant != Variant::Missing {
        io.http_get(url).await?;
    }
    assert!(variant != Variant::Panics, "the new panic");
    // The loser of a race is abandoned.
    let wait = async |io: &mut Io| io.chat_send("log", "read").await;
    io.timeout(Duration::from_secs(1), wait).await.unwrap()?;
    if variant == Variant::NewLast {
        io.random(1..=6).await?;
    }
    match variant {
        Variant::Responds404 => Ok(Response::text(name).status(404)),
        Variant::Fails => Err(segno::Error::status(200, "now it fails")),
        _ => Ok(Response::text(name)),
    }
}

fn recorded() -> TempDir {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    record(&recorder, Request::get("/"), |io, request| page(Variant::AsRecorded, io, request), answer);
    directory
}

#[test]
fn an_unchanged_handler_ends_as_recorded() {
    let directory = recorded();
    let file = &files(&directory)[0];
    let handler = |io, request| page(Variant::AsRecorded, io, request);
    replay(handler, file).ends_as_recorded();
    replay(handler, file).responds(200).body("Ada");
    replay_directory(handler, &directory);
    says(&failure(|| replay(handler, file).fails()), &["expected the handler to fail", "200 OK"]);
}

/// Where this file says so first.
fn line(text: &str) -> String {
    let before = include_str!("again.rs").lines().take_while(|line| !line.contains(text)).count();
    format!("again.rs:{}", before + 1)
}

#[test]
fn a_changed_handler_is_shown_as_an_alignment() {
    let directory = recorded();
    let sql = "  = sql            Sql { text: \"select name\"";
    let old_get = "  - http_get       HttpGet { url: \"http://feeds/7\" }";
    let send = "  = chat_send      ChatSend { room: \"log\", message: \"read\" }";
    let cases: &[(Variant, &[&str])] = &[
        (
            Variant::Changed,
            &[
                "a changed effect: http_get (0#2) at",
                &line("io.http_get(url)"),
                "expected url: \"http://feeds/7\"",
                "asked    url: \"http://feeds/8\"",
                sql,
                old_get,
                "  + http_get       HttpGet { url: \"http://feeds/8\" }  (",
                send,
                "the handler returned",
            ],
        ),
        (
            Variant::NewLast,
            &[
                "a new effect: random (0#3) at",
                &line("io.random("),
                "  = http_get",
                "  + random",
                "has no answer to random",
            ],
        ),
        (
            Variant::NewFirst,
            &[
                "another effect: now (0#1) at",
                ", where sql was recorded",
                &line("io.now()"),
                "  + now            Now",
                "the recording has no answer to now (0#1) at",
            ],
        ),
        (Variant::Missing, &["a missing effect: http_get (0#2) is not asked any longer", sql, old_get, send]),
        (Variant::Another, &["another effect: chat_send (0#2) at", ", where http_get was recorded", sql, old_get]),
        (
            Variant::InALane,
            &["a moved effect: sql (0.1:0#1) at", "it was at 0#1", "  ~ sql", "  ~ http_get", "the handler returned"],
        ),
        (Variant::Panics, &["a missing effect: chat_send (0.1:0#1)", "the handler panicked: the new panic"]),
    ];
    for (variant, parts) in cases {
        shows(&directory, *variant, parts);
    }
}

#[test]
fn another_end_is_shown_beside_the_recorded_one() {
    let directory = recorded();
    let cases: &[(Variant, &[&str])] = &[
        (Variant::Responds404, &["the handler responds with status 404, recorded was 200"]),
        (
            Variant::Fails,
            &["the handler does not end as it was recorded", "recorded: it responded with status 200", "now it fails"],
        ),
    ];
    for (variant, parts) in cases {
        shows(&directory, *variant, parts);
    }
}

/// Replays a changed handler, which must say this.
#[track_caller]
fn shows(directory: &TempDir, variant: Variant, parts: &[&str]) {
    let handler = move |io, request| page(variant, io, request);
    let replayed = replay(handler, &files(directory)[0]);
    let message = failure(|| replayed.ends_as_recorded());
    says(&message, parts);
    says(&message, &[".jsonl"]);
    let whole = failure(|| replay_directory(handler, directory));
    says(&whole, &["1 of 1 recordings fail", &message]);
}

#[test]
fn all_recordings_of_a_directory_are_tried() {
    let empty = directory();
    let handler = |io, request| page(Variant::AsRecorded, io, request);
    fs::write(empty.path().join("notes.txt"), "not a recording").unwrap();
    says(&failure(|| replay_directory(handler, &empty)), &["there is no recording (*.jsonl)"]);
    says(&failure(|| replay_directory(handler, empty.path().join("none"))), &["none: No such file"]);
    let directory = recorded();
    fs::copy(&files(&directory)[0], directory.path().join("0.jsonl")).unwrap();
    fs::write(directory.path().join("1.jsonl"), "").unwrap();
    let changed = |io, request| page(Variant::Responds404, io, request);
    let message = failure(|| replay_directory(changed, &directory));
    says(&message, &["3 of 3 recordings fail", "0.jsonl: the handler responds", "1.jsonl: the file is empty"]);
    says(&failure(|| replay_directory(handler, &directory)), &["1 of 3 recordings fail"]);
}

#[test]
fn what_is_streamed_is_responded() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    let handler = async |mut io: Io, request: Request| {
        let mut out = io.respond(ResponseHead::new(201)).await?;
        out.write(&mut io, "begun by ").await?;
        out.write(&mut io, request.path().to_owned()).await?;
        Ok(out.end())
    };
    record(&recorder, Request::get("/stream"), handler, answer);
    replay(handler, &files(&directory)[0]).responds(201).body("begun by /stream");
}

#[test]
fn a_stop_comes_again_and_so_does_what_it_refuses() {
    let file = directory();
    let path = file.path().join("stopped.jsonl");
    let lines = [
        r#"{"segno_trace":1,"segno":"0.1.0","handler":"GET /","effects":[],"schema":"","request":{"method":"GET","target":"/","headers":[]}}"#,
        r#"{"asked":{"path":"0#1","effect":{"effect":"chat_recv","value":{"room":"a","subscription":null}}}}"#,
        r#"{"stopped":{"reason":"deadline"}}"#,
        r#"{"refused":{"path":"0#2","effect":{"effect":"chat_send","value":{"room":"b","message":"lost"}}}}"#,
        r#"{"asked":{"path":"0#2","effect":{"effect":"chat_send","value":{"room":"b","message":"bye"}}}}"#,
        r#"{"answered":{"path":"0#2","outcome":{"effect":"chat_send","value":{"Ok":1}}}}"#,
        r#"{"end":{"status":503,"kind":"failed","message":"stopped: the request's time is over","micros":7}}"#,
        "",
    ];
    fs::write(&path, lines.join("\n")).unwrap();
    async fn stopped(lost: &'static str, mut io: Io, _: Request) -> Result<Response> {
        let error = io.chat_recv("a").await.unwrap_err();
        io.chat_send("b", lost).await.unwrap_err();
        io.cleanup().chat_send("b", "bye").await?;
        Err(error.into())
    }
    replay(|io, request| stopped("lost", io, request), &path).ends_as_recorded();
    let changed = replay(|io, request| stopped("found", io, request), &path);
    let message = failure(|| changed.ends_as_recorded());
    says(&message, &["a changed effect: refused chat_send (0#2)", "  = stopped: the request's time is over"]);
}

#[test]
fn a_commit_is_answered_after_the_stop_that_left_it() {
    let pays = async |mut io: Io, _: Request| {
        let paid = io.transaction(async |tx| Ok(tx.sql("update account", ()).await?.len())).await?;
        io.chat_send("log", "paid").await?;
        Ok(Response::text(paid.to_string()))
    };
    let answer = |effect: &Standard| match effect {
        Standard::Transaction(_) => StandardOutcome::Transaction(Ok(())),
        effect => answer(effect),
    };
    for stop_at in [TransactionAct::Begin, TransactionAct::Commit] {
        let directory = directory();
        let recorder = Recorder::new(&directory).unwrap().one_in(1);
        let stops = |effect: &Standard| matches!(effect, Standard::Transaction(effect) if effect.act == stop_at);
        record_stopped(&recorder, Request::get("/"), pays, answer, stops);
        let file = &files(&directory)[0];
        assert!(fs::read_to_string(file).unwrap().contains("{\"stopped\":"));
        replay(pays, file).ends_as_recorded();
    }
}

#[test]
fn an_early_panic_is_a_recorded_end() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap();
    let open = recorder.begin::<Standard>(&Request::get("/?n=x"));
    open.end(segno::record::RecordedEnd::new(500, segno::record::RecordedEndKind::Panicked, Some("too early")));
    recorder.flush();
    let early = |_: Io, request: Request| {
        assert!(request.query::<u8>("n").is_ok(), "too early");
        async { Ok(Response::text("")) }
    };
    replay(early, &files(&directory)[0]).ends_as_recorded();
    says(&failure(|| replay(early, &files(&directory)[0]).responds(200)), &["the handler panicked: too early"]);
}

#[test]
fn a_handler_without_its_router_gets_its_parameters() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(1);
    let handler = async |_: Io, request: Request| Ok(Response::text(request.param::<String>("id")?));
    record(&recorder, Request::get("/author/7").with_param("id", "7"), handler, answer);
    replay(handler, &files(&directory)[0]).param("id", "7").responds(200).body("7");
    let error = HttpError::new(HttpErrorKind::Timeout, Happened::Unknown, "x");
    let wrong = failure(|| replay(handler, &files(&directory)[0]).edit::<segno::HttpGet>("0-1", Err(error)));
    says(&wrong, &["`0-1` is not a path"]);
}

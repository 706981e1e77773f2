//! Coverage of outcomes: what counts as driven, what is missing, and what a whole run of tests keeps.

#![allow(clippy::unwrap_used, reason = "a test that meets what it does not expect panics")]

use std::{
    env, fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    process::{Command, Output},
};

use segno::{
    Answer, ChatSend, Effect, Happened, HttpError, HttpErrorKind, HttpReply, HttpRequest, Io, Menu, Perform, Replay,
    Request, Response, Result, Standard, StopReason, Stopped,
    testing::{Outcomes, Report, Session, Tape, World, any, explore, get, post, script, simulate},
};
use tempfile::tempdir;

/// Where this file says so first.
fn line_of(text: &str) -> u32 {
    include_str!("outcomes.rs").lines().position(|line| line.contains(text)).unwrap() as u32 + 1
}

async fn pay(mut io: Io, _: Request) -> Result<Response> {
    let lot = io.random(1..=3).await?;
    let request = HttpRequest::post("http://bank.internal/charge").body(lot.to_string());
    let reply = io.http_send(request).await;
    if reply.as_ref().is_err_and(|error| matches!(error.kind, HttpErrorKind::Stopped(_))) {
        io.cleanup().chat_send("desk", "somebody left").await?;
    }
    Ok(Response::text(reply?.success()?.text().into_owned()))
}

fn bank() -> World {
    World::new().peer("bank.internal", |_| Ok(HttpReply::new(200, "charged")))
}

/// What the report says of the line with this code: its effect, and the outcomes with `yes` or `NO`.
#[track_caller]
fn row(report: &Report, code: &str) -> String {
    let (file, line) = (file!(), line_of(code));
    let row = report.lines().iter().find(|row| (row.file(), row.line()) == (file, line));
    let row = row.unwrap_or_else(|| panic!("no line {file}:{line} in\n{report}"));
    let outcomes = row.outcomes().map(|(outcome, count)| format!("{outcome} {}", if count > 0 { "yes" } else { "NO" }));
    format!("{}: {}", row.effect(), outcomes.collect::<Vec<_>>().join(" · "))
}

#[test]
fn an_exploration_drives_every_outcome_of_every_line() {
    let outcomes = Outcomes::new();
    explore(pay, bank).request(post("/pay")).outcomes(&outcomes).faults(1).check(|_, _| ());
    let report = outcomes.report();
    assert_eq!(
        row(&report, "io.http_send("),
        "http_send: ok yes · timeout yes · connection refused yes · 503 yes · stopped yes"
    );
    assert_eq!(row(&report, "io.random("), "random: ok yes · lowest yes · highest yes · stopped yes");
    // A cleanup comes after the stop, and cannot be stopped once more.
    assert_eq!(row(&report, "io.cleanup("), "chat_send: ok yes · closed NO");
    assert_eq!(report.to_string().lines().last(), Some("10 of 11 outcomes were driven (90 %), of 3 lines that ask"));
}

#[test]
fn what_is_switched_off_is_missing() {
    let outcomes = Outcomes::new();
    explore(pay, bank).outcomes(&outcomes).without_faults().stops(&[]).check(|_, _| ());
    let report = outcomes.report();
    assert_eq!(
        row(&report, "io.http_send("),
        "http_send: ok yes · timeout NO · connection refused NO · 503 NO · stopped NO"
    );
    let missing: Vec<_> = report.missing().map(|(line, outcome)| (line.line(), line.effect(), outcome)).collect();
    let (random, send) = (line_of("io.random("), line_of("io.http_send("));
    let expected = [
        (random, "random", "lowest"),
        (random, "random", "highest"),
        (random, "random", "stopped"),
        (send, "http_send", "timeout"),
        (send, "http_send", "connection refused"),
        (send, "http_send", "503"),
        (send, "http_send", "stopped"),
    ];
    assert_eq!(missing, expected);
    assert!((report.share() - 2.0 / 9.0).abs() < 1e-9, "{}", report.share());
}

#[test]
fn several_tests_add_up() {
    let outcomes = Outcomes::new();
    simulate(pay, bank).clients(3, |_| get("/")).outcomes(&outcomes).check(|_, _| ());
    assert_eq!(
        row(&outcomes.report(), "io.http_send("),
        "http_send: ok yes · timeout NO · connection refused NO · 503 NO · stopped NO"
    );
    explore(pay, bank).stops(&[StopReason::Deadline]).faults(1).outcomes(&outcomes.clone()).check(|_, _| ());
    let report = outcomes.report();
    assert_eq!(
        row(&report, "io.http_send("),
        "http_send: ok yes · timeout yes · connection refused yes · 503 yes · stopped yes"
    );
}

#[test]
fn what_the_world_says_is_named_by_the_menu_or_counts_as_another_error() {
    // In the words of the menu, as its own fault would be.
    let refused = || World::new().peer("bank.internal", |_| Err(error(HttpErrorKind::Connect, "connection refused")));
    let garbled = || World::new().peer("bank.internal", |_| Err(error(HttpErrorKind::Protocol, "garbled")));
    let cases = [
        (
            refused as fn() -> World,
            "http_send: ok NO · timeout NO · connection refused yes · 503 NO · stopped NO",
            2.0 / 9.0,
        ),
        (
            garbled,
            "http_send: ok NO · timeout NO · connection refused NO · 503 NO · other error yes · stopped NO",
            1.0 / 9.0,
        ),
    ];
    for (world, expected, share) in cases {
        let outcomes = Outcomes::new();
        explore(pay, world).outcomes(&outcomes).without_faults().stops(&[]).may_fail().check(|_, _| ());
        let report = outcomes.report();
        assert_eq!(row(&report, "io.http_send("), expected);
        assert!((report.share() - share).abs() < 1e-9, "{report}");
    }
}

fn error(kind: HttpErrorKind, message: &str) -> HttpError {
    HttpError::new(kind, Happened::No, message)
}

async fn twice(mut io: Io, _: Request) -> Result<Response> {
    async fn tell<T: ToString>(io: &mut Io, what: T) -> Result<u64> {
        Ok(io.chat_send("everybody", what.to_string()).await?)
    }
    Ok(Response::text((tell(&mut io, 1_u8).await? + tell(&mut io, "two").await?).to_string()))
}

#[test]
fn a_generic_line_is_one_line() {
    let outcomes = Outcomes::new();
    explore(twice, World::new).outcomes(&outcomes).faults(0).check(|_, _| ());
    assert_eq!(row(&outcomes.report(), "io.chat_send(\"everybody\""), "chat_send: ok yes · closed NO · stopped NO");
    assert_eq!(outcomes.report().lines().len(), 1);
}

/// Stores a number; a stop waits for it.
#[derive(Clone, Debug, PartialEq)]
struct Store(u64);

impl Effect for Store {
    type Output = ();
    type Error = Stopped;
    const NAME: &'static str = "store";

    fn replay(&self) -> Replay {
        Replay::Once
    }

    fn holds(&self) -> bool {
        true
    }

    fn faults(&self, menu: &mut Menu<'_, Self>) {
        let lost = || Stopped { reason: StopReason::Shutdown, happened: Happened::No };
        match self.0 {
            0 => menu.fails("nothing to store", Happened::No, lost),
            _ => menu.fails("no room", Happened::No, lost),
        }
    }
}

segno::effects! {
    enum Storing (StoringOutcome): Standard + { Store }
}

impl Perform<Store> for Session {
    async fn perform(&self, _: Store) -> Answer<Store> {
        Ok(())
    }
}

async fn store(mut io: Io<Storing>, _: Request) -> Result<Response> {
    let number = io.random(0..=1).await?;
    io.perform(Store(number)).await?;
    Ok(Response::text("stored"))
}

#[test]
fn a_line_has_the_outcomes_of_all_values_and_no_stop_of_what_holds() {
    let outcomes = Outcomes::new();
    explore(store, World::new).outcomes(&outcomes).check(|_, _| ());
    assert_eq!(
        row(&outcomes.report(), "io.perform(Store(number))"),
        "store: ok yes · no room yes · nothing to store yes"
    );
}

#[test]
fn a_share_that_is_too_low_fails_and_says_what_is_missing() {
    let outcomes = Outcomes::new();
    explore(twice, World::new).outcomes(&outcomes).stops(&[]).check(|_, _| ());
    let report = outcomes.report();
    report.assert_at_least(0.66);
    let panic = catch_unwind(AssertUnwindSafe(|| report.assert_at_least(0.69))).unwrap_err();
    let place = format!("{}:{}", file!(), line_of("io.chat_send(\"everybody\""));
    let expected = format!(
        "2 of 3 outcomes were driven (66 %), of 1 line that asks, and 69 % are wanted; missing are:\n  \
         {place}  chat_send  stopped"
    );
    assert_eq!(panic.downcast_ref::<String>(), Some(&expected));
    // Who has tried nothing out has covered nothing.
    assert!(Outcomes::new().report().shortfall(0.1).unwrap().contains("was anything tried out?"));
}

#[test]
fn outcomes_are_counted() {
    let outcomes = Outcomes::new();
    let requests = simulate(twice, World::new).clients(3, |_| get("/")).with_faults().outcomes(&outcomes);
    // The first message of the first client fails, and ends its request.
    requests.tape("v1:0.0.1".parse().unwrap()).check(|_, _| ());
    let place = format!("{}:{}", file!(), line_of("io.chat_send(\"everybody\""));
    let expected = format!(
        "{place}  chat_send  ok 4 · closed 1 · stopped NO\n2 of 3 outcomes were driven (66 %), of 1 line that asks"
    );
    assert_eq!(outcomes.report().to_string(), expected);
}

#[test]
fn a_page_stands_alone_and_marks_what_is_missing() {
    let outcomes = Outcomes::new();
    explore(twice, World::new).outcomes(&outcomes).tape(Tape::normal()).check(|_, _| ());
    let page = outcomes.report().to_html();
    let line = line_of("io.chat_send(\"everybody\"");
    let row = format!(
        "<tr><td>{}:{line}</td><td class=\"driven\">2</td><td class=\"missing\">NO</td><td class=\"missing\">NO</td></tr>",
        file!()
    );
    assert!(page.contains("<tr><th>line</th><th>ok</th><th>closed</th><th>stopped</th></tr>"), "{page}");
    assert!(page.contains(&row), "{page}");
    assert!(page.contains("1 of 3 outcomes were driven (33 %), of 1 line that asks"), "{page}");
    for outside in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside} in {page}");
    }
}

/// Not for itself: the tests below run it in processes of their own.
#[test]
#[ignore = "a part of other tests"]
fn part_explored() {
    explore(twice, World::new).faults(1).check(|_, _| ());
}

#[test]
#[ignore = "a part of other tests"]
fn part_simulated() {
    simulate(twice, World::new).client(get("/")).check(|_, _| ());
    simulate(twice, World::new).client(get("/")).check(|_, _| ());
}

#[test]
#[ignore = "a part of other tests"]
fn part_scripted() {
    let say = |script: segno::testing::Script<Standard>| script.expect(any::<ChatSend>(), 3);
    say(say(script(twice, get("/")))).responds(200);
    script(twice, get("/")).expect_stopped(any::<ChatSend>(), StopReason::Shutdown).fails();
}

#[test]
fn scripts_count_as_well() {
    let directory = tempdir().unwrap();
    assert!(run("part_scripted", directory.path()).status.success());
    let report = Report::read(directory.path()).unwrap();
    assert_eq!(row(&report, "io.chat_send(\"everybody\""), "chat_send: ok yes · closed NO · stopped yes");
}

/// Runs a part of this file as a process of its own, which keeps what it drives in this directory.
fn run(part: &str, directory: &Path) -> Output {
    let tests = env::current_exe().unwrap();
    let arguments = ["--exact", part, "--ignored", "--nocapture"];
    Command::new(tests).args(arguments).env("SEGNO_OUTCOMES", directory).output().unwrap()
}

fn rendered(arguments: &[&Path]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_segno-outcomes")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_processes_of_a_run_add_up() {
    let scratch = tempdir().unwrap();
    let directory = scratch.path().join("made/by/the/first");
    for part in ["part_explored", "part_simulated", "part_simulated"] {
        assert!(run(part, &directory).status.success());
    }
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 3, "one file for each process, and nothing else");
    let report = Report::read(&directory).unwrap();
    assert_eq!(row(&report, "io.chat_send(\"everybody\""), "chat_send: ok yes · closed yes · stopped yes");

    let html = scratch.path().join("page.html");
    let flags = [Path::new("--html"), &html, Path::new("--at-least"), Path::new("100")];
    let (code, shown, complaint) = rendered(&[&[directory.as_path()], &flags[..]].concat());
    assert_eq!((code, shown, complaint), (Some(0), format!("{report}\n"), String::new()));
    assert_eq!(fs::read_to_string(html).unwrap(), report.to_html());
}

#[test]
fn the_program_fails_below_the_threshold() {
    let directory = tempdir().unwrap();
    assert!(run("part_simulated", directory.path()).status.success());
    let (code, shown, complaint) = rendered(&[directory.path(), Path::new("--at-least=50%")]);
    assert_eq!(code, Some(1));
    assert!(shown.contains(" · closed NO · stopped NO\n1 of 3 outcomes were driven (33 %)"), "{shown}");
    assert!(complaint.contains("and 50 % are wanted; missing are:\n"), "{complaint}");
    assert!(complaint.contains("  chat_send  closed\n"), "{complaint}");
}

#[test]
fn the_program_says_why_it_cannot_tell() {
    let scratch = tempdir().unwrap();
    let nowhere = scratch.path().join("nowhere");
    let broken = scratch.path().join("broken");
    fs::create_dir(&broken).unwrap();
    let file = broken.join("1-1.outcomes");
    let cases: [(&[&Path], &str, &str); 6] = [
        (&[], "", "which directory?"),
        (&[&broken, Path::new("--at-least=101")], "", "a percentage from 0 to 100 is wanted"),
        (&[&nowhere], "", "nowhere"),
        (&[&broken], "something else\n", "1-1.outcomes:1: this file does not begin with `segno outcomes 1`"),
        (&[&broken], "segno outcomes 1\n1\tsrc/a.rs\t7\tnow\n", "1-1.outcomes:2: there are not five fields"),
        (&[&broken], "segno outcomes 1\n\n", "1-1.outcomes:2: there are not five fields"),
    ];
    for (arguments, content, expected) in cases {
        fs::write(&file, content).unwrap();
        let (code, _, complaint) = rendered(arguments);
        assert_eq!(code, Some(2), "{complaint}");
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn a_directory_that_is_not_named_from_the_root_is_refused() {
    let output = run("part_explored", Path::new("target/outcomes"));
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.contains("SEGNO_OUTCOMES names `target/outcomes`: name it from the root"), "{text}");
}

#[test]
fn nothing_is_kept_unless_it_is_asked_for() {
    let directory = tempdir().unwrap();
    let tests = env::current_exe().unwrap();
    let mut alone = Command::new(tests);
    alone.args(["--exact", "part_explored", "--ignored"]).env_remove("SEGNO_OUTCOMES").current_dir(directory.path());
    assert!(alone.output().unwrap().status.success());
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

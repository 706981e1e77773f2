//! Files that are no recordings say so.

use std::fs;

use segno::{
    Effect, Entry, Io, Replay, Request, Response, Result, Standard, Stopped,
    testing::{ReadError, Recording, replay},
};

use crate::{directory, failure, says};

const HEADER: &str = r#"{"segno_trace":1,"segno":"0.1.0","handler":"GET /","effects":["now"],"schema":"","request":{"method":"GET","target":"/","headers":[["accept",{"text":"*/*"}]]}}"#;
const ASKED: &str = r#"{"asked":{"path":"0#1","effect":{"effect":"now","value":null}}}"#;
const ANSWERED: &str = r#"{"answered":{"path":"0#1","outcome":{"effect":"now","value":{"Ok":{"secs":0,"nanos":0}}}}}"#;
const END: &str = r#"{"end":{"status":200,"kind":"responded","micros":7}}"#;

/// An effect of an application's own.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Charge {
    cents: u64,
}

impl Effect for Charge {
    type Output = bool;
    type Error = Stopped;
    const NAME: &'static str = "charge";
    fn replay(&self) -> Replay {
        Replay::Once
    }
}

segno::effects! {
    #[serde]
    /// A set with an effect of its own.
    enum Shop (ShopOutcome): Standard + { Charge }
}

#[test]
fn a_whole_file_is_read() {
    let charged = r#"{"asked":{"path":"0#2","effect":{"effect":"charge","value":{"cents":7}}}}"#;
    for end in ["\n", ""] {
        let text = [HEADER, ASKED, charged, END].join("\n") + end;
        let recording = Recording::<Shop>::read(text.as_bytes());
        if end.is_empty() {
            // The end is whole, though its line break is not there.
            recording.as_ref().unwrap();
        }
        let recording = recording.unwrap();
        assert_eq!(recording.header.request.headers["accept"], "*/*");
        assert!(matches!(&recording.trace.entries[1], Entry::Asked { effect: Shop::Charge(Charge { cents: 7 }), .. }));
        assert_eq!(recording.end.unwrap().status, 200);
    }
}

#[test]
fn a_broken_file_says_what_is_wrong_with_it() {
    let line = |line, message: &str| ReadError::Line { line, message: message.into() };
    let future = HEADER.replace("\"segno_trace\":1", "\"segno_trace\":2");
    let changed = HEADER.replace("\"request\"", "\"question\"");
    let charge = ASKED.replace("now", "charge");
    let charged = ANSWERED.replace("\"now\"", "\"charge\"");
    let unknown = |line| ReadError::UnknownEffect { line, effect: "charge".into(), set: "Standard".into() };
    let long = format!("\"{}\"", "x".repeat(17 << 20));
    let cases: &[(&str, &[&str], &str, ReadError)] = &[
        ("nothing", &[], "", ReadError::Empty),
        ("an empty line", &[""], "\n", ReadError::Foreign),
        ("other JSON lines", &["{\"level\":\"info\"}"], "\n", ReadError::Foreign),
        ("no JSON", &["# Notes", "on the engine"], "\n", ReadError::Foreign),
        ("a future version", &[&future, "what it has"], "\n", ReadError::Version { found: 2 }),
        ("another header", &[&changed, END], "\n", line(1, "missing field `request` (column 160)")),
        ("a torn header", &[&HEADER[..40]], "", ReadError::Torn { line: 1 }),
        ("an effect of another set", &[HEADER, &charge, END], "\n", unknown(2)),
        ("an answer of another set", &[HEADER, ASKED, &charged, END], "\n", unknown(3)),
        ("no end", &[HEADER, ASKED, ANSWERED], "\n", ReadError::Truncated { entries: 2 }),
        ("a header alone", &[HEADER], "\n", ReadError::Truncated { entries: 0 }),
        ("a torn line", &[HEADER, ASKED, &ANSWERED[..50]], "", ReadError::Torn { line: 3 }),
        ("a line of which only the break is torn", &[HEADER, ASKED], "", ReadError::Torn { line: 2 }),
        ("no JSON in the middle", &[HEADER, "{", END], "\n", line(2, "EOF while parsing an object (column 1)")),
        (
            "another entry",
            &[HEADER, "{\"asks\":1}", END],
            "\n",
            line(
                2,
                "unknown variant `asks`, expected one of `asked`, `refused`, `answered`, `abandoned`, `detached`, `told`, `stopped` (column 7)",
            ),
        ),
        ("an end in the middle", &[HEADER, END, ASKED], "\n", line(3, "something follows the trace's end")),
        ("an endless line", &[HEADER, &long, END], "\n", ReadError::LineTooLong { line: 2 }),
    ];
    for (case, lines, end, expected) in cases {
        let text = lines.join("\n") + end;
        let error = Recording::<Standard>::read(text.as_bytes()).unwrap_err();
        assert_eq!(error, *expected, "{case}: {error}");
    }
    assert_eq!(
        unknown(2).to_string(),
        "line 2: the trace has the effect `charge`, which the set Standard does not contain"
    );
}

#[test]
fn every_beginning_of_a_file_is_an_error_and_no_panic() {
    let text = [HEADER, ASKED, ANSWERED, END].join("\n");
    for length in 0..text.len() {
        Recording::<Standard>::read(&text.as_bytes()[..length]).unwrap_err();
    }
    Recording::<Standard>::read(text.as_bytes()).unwrap();
}

#[test]
fn more_entries_than_a_file_may_have_are_refused() {
    let text = format!("{HEADER}\n{}", format!("{ASKED}\n").repeat(100_001));
    let error = Recording::<Standard>::read(text.as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "the trace has more than 100000 entries");
}

async fn two(mut io: Io, _: Request) -> Result<Response> {
    io.now().await?;
    let now = io.now().await?;
    Ok(Response::text(now.to_string()))
}

#[test]
fn a_truncated_file_runs_as_far_as_it_goes_if_it_may() {
    let directory = directory();
    let file = directory.path().join("torn.jsonl");
    fs::write(&file, [HEADER, ASKED, ANSWERED, &ASKED[..20]].join("\n")).unwrap();
    let message = failure(|| replay(two, &file).ends_as_recorded());
    says(&message, &["torn.jsonl: line 4 is torn", "`truncated` replays what is there"]);
    replay(two, &file).truncated().ends_as_recorded();
    let message = failure(|| replay(two, &file).truncated().responds(200));
    says(&message, &["the recording has no answer to now (0#2) at", "broken.rs:"]);
    let other = async |mut io: Io, _: Request| Ok(Response::text(io.random(1..=6).await?.to_string()));
    says(&failure(|| replay(other, &file).truncated().ends_as_recorded()), &["another effect: random (0#1)"]);
    let missing = directory.path().join("missing.jsonl");
    says(&failure(|| replay(two, &missing).ends_as_recorded()), &["missing.jsonl: No such file"]);
}

#[test]
fn a_request_that_http_does_not_allow_is_refused() {
    let directory = directory();
    let file = directory.path().join("odd.jsonl");
    for (from, to) in [("\"GET\"", "\"G T\""), ("\"target\":\"/\"", "\"target\":\"a b\"")] {
        fs::write(&file, [&HEADER.replace(from, to), END].join("\n")).unwrap();
        let message = failure(|| replay(two, &file).ends_as_recorded());
        says(&message, &["odd.jsonl: line 1: HTTP does not allow the method or the target"]);
    }
}

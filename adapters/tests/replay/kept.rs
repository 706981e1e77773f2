//! Which traces a recorder keeps, and how much of them.

use std::{fs, path::Path, time::Duration};

use segno::{
    ChatErrorKind, Io, Request, Response, Result, Standard, StandardOutcome, Timestamp,
    record::{RecordedEnd, RecordedEndKind, Recorder},
    testing::{Recording, replay},
};

use crate::{directory, failure, files, record, says};

fn reasons(directory: &tempfile::TempDir) -> Vec<String> {
    let name = |file: &Path| file.file_stem().unwrap().to_str().unwrap().rsplit('-').next().unwrap().to_owned();
    files(directory).iter().map(|file| name(file)).collect()
}

/// A request that ended like this, without an effect.
fn ended(recorder: &Recorder, status: u16, kind: RecordedEndKind) {
    recorder.begin::<Standard>(&Request::get("/")).end(RecordedEnd::new(status, kind, Some("why")));
    recorder.flush();
}

#[test]
fn errors_and_panics_are_kept_and_others_are_not() {
    let ends = [
        (200, RecordedEndKind::Responded, None),
        (500, RecordedEndKind::Responded, Some("error")),
        (404, RecordedEndKind::Failed, None),
        (499, RecordedEndKind::Failed, None),
        (503, RecordedEndKind::Failed, Some("error")),
        (200, RecordedEndKind::Torn, Some("error")),
        (500, RecordedEndKind::Panicked, Some("panic")),
        (500, RecordedEndKind::Faulty, Some("error")),
        (500, RecordedEndKind::Dropped, Some("error")),
    ];
    for (status, kind, kept) in ends {
        for errors in [true, false] {
            let directory = directory();
            ended(&Recorder::new(&directory).unwrap().errors(errors), status, kind);
            let kept = kept.filter(|why| errors || *why == "panic");
            assert_eq!(reasons(&directory), Vec::from_iter(kept), "{status} {kind:?} {errors}");
        }
    }
}

#[test]
fn slow_ones_are_kept() {
    let slow = directory();
    ended(&Recorder::new(&slow).unwrap().slower_than(Duration::ZERO), 200, RecordedEndKind::Responded);
    assert_eq!(reasons(&slow), ["slow"]);
    let quick = directory();
    ended(&Recorder::new(&quick).unwrap().slower_than(Duration::from_secs(3600)), 200, RecordedEndKind::Responded);
    assert!(reasons(&quick).is_empty());
}

#[test]
fn a_sample_is_kept_by_count() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap().one_in(3);
    for _ in 0..7 {
        ended(&recorder.clone(), 200, RecordedEndKind::Responded);
    }
    assert_eq!(reasons(&directory), ["sample"; 3]);
    let none = crate::directory();
    ended(&Recorder::new(&none).unwrap().one_in(0), 200, RecordedEndKind::Responded);
    assert!(files(&none).is_empty());
}

#[test]
fn the_oldest_files_make_room_and_others_stay() {
    let directory = directory();
    for other in ["notes.jsonl", "1-2-3-4.txt", "a-b-c-d.jsonl", "1-2-3.jsonl"] {
        fs::write(directory.path().join(other), "mine").unwrap();
    }
    for run in 0..3 {
        // The files of a recorder before it count as well.
        let recorder = Recorder::new(&directory).unwrap().max_files(4);
        for _ in 0..3 {
            recorder.begin::<Standard>(&Request::get(&format!("/{run}"))).end(RecordedEnd::new(
                500,
                RecordedEndKind::Failed,
                None,
            ));
        }
    }
    let texts: Vec<_> = files(&directory).iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let of = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
    assert_eq!((of("mine"), of("GET /0"), of("GET /1"), of("GET /2")), (4, 0, 1, 3));
}

async fn asks(mut io: Io, _: Request) -> Result<Response> {
    for _ in 0..100 {
        io.now().await?;
    }
    Ok(Response::text("").status(500))
}

fn epoch(_: &Standard) -> StandardOutcome {
    StandardOutcome::Now(Ok(Timestamp::EPOCH))
}

#[test]
fn a_long_trace_is_cut_and_says_so() {
    let cut = |recorder: fn(Recorder) -> Recorder| {
        let directory = directory();
        record(&recorder(Recorder::new(&directory).unwrap()), Request::get("/"), asks, epoch);
        let file = &files(&directory)[0];
        let bytes = fs::read(file).unwrap();
        let recording = Recording::<Standard>::read(&bytes).unwrap();
        replay(asks, file).ends_as_recorded();
        let other = async |mut io: Io, _: Request| Ok(Response::text(io.random(1..=6).await?.to_string()));
        says(&failure(|| replay(other, file).ends_as_recorded()), &["another effect: random (0#1)"]);
        (recording.trace.entries.len(), recording.end.unwrap().cut, bytes.len())
    };
    let (entries, is_cut, _) = cut(|recorder| recorder);
    assert_eq!((entries, is_cut), (200, false));
    for most in [1, 2, 7, 8] {
        let directory = directory();
        record(&Recorder::new(&directory).unwrap().max_entries(most), Request::get("/"), asks, epoch);
        let recording = Recording::<Standard>::read(&fs::read(&files(&directory)[0]).unwrap()).unwrap();
        assert_eq!((recording.trace.entries.len(), recording.end.unwrap().cut), (most, true));
        replay(asks, &files(&directory)[0]).ends_as_recorded();
    }
    let (entries, is_cut, bytes) = cut(|recorder| recorder.max_bytes(2000));
    assert!(entries > 4 && entries < 200 && is_cut && bytes < 2100, "{entries} {bytes}");
    let (entries, is_cut, _) = cut(|recorder| recorder.max_entries(200));
    assert_eq!((entries, is_cut), (200, false));
}

#[test]
fn a_file_is_its_owner_s_and_never_half_written() {
    let directory = directory();
    record(&Recorder::new(&directory).unwrap(), Request::get("/"), asks, epoch);
    let files = files(&directory);
    assert_eq!(files.len(), 1, "no part is left behind");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_panic_and_an_error_end_as_they_were_recorded() {
    let directory = directory();
    let recorder = Recorder::new(&directory).unwrap();
    let panics = async |mut io: Io, _: Request| {
        io.now().await?;
        panic!("the recorded panic")
    };
    record(&recorder, Request::get("/"), panics, epoch);
    let fails = async |mut io: Io, _: Request| {
        let error = io.chat_recv("room").await.unwrap_err();
        assert_eq!(error.kind, ChatErrorKind::Closed);
        Err(error.into())
    };
    let lost = segno::ChatError::new(ChatErrorKind::Closed, segno::Happened::No, "the chat is gone");
    record(&recorder, Request::get("/"), fails, |_| StandardOutcome::ChatRecv(Err(lost.clone())));
    let files = files(&directory);
    replay(panics, &files[0]).ends_as_recorded();
    replay(fails, &files[1]).ends_as_recorded();
    assert_eq!(replay(fails, &files[1]).fails().to_string(), "the chat is gone");
    let message = failure(|| replay(fails, &files[0]).ends_as_recorded());
    says(&message, &["another effect: chat_recv (0#1)"]);
}

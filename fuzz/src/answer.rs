//! Answers: a success of each effect, and a failure of each.

use segno_core::{
    BodyError, BodyErrorKind, ChatError, ChatErrorKind, Chunk, FileError, FileErrorKind, Happened, Headers, HttpError,
    HttpErrorKind, HttpReply, SqlError, SqlErrorKind, Standard, StandardOutcome, StopReason, Stopped, Timestamp,
    WriteError, WriteErrorKind, rows,
};

pub(crate) fn success(effect: &Standard) -> StandardOutcome {
    type O = StandardOutcome;
    match effect {
        Standard::Sql(_) => O::Sql(Ok(rows!["n"; [1]])),
        Standard::Transaction(_) => O::Transaction(Ok(())),
        Standard::SqlOpen(_) => O::SqlOpen(Ok(rows!["n"; [1]])),
        Standard::SqlFetch(_) => O::SqlFetch(Ok(rows!["n"])),
        Standard::SqlClose(_) => O::SqlClose(Ok(())),
        Standard::HttpGet(_) => O::HttpGet(Ok(HttpReply::new(200, "hi"))),
        Standard::HttpSend(_) => O::HttpSend(Ok(HttpReply::new(200, "hi"))),
        Standard::ChatSend(_) => O::ChatSend(Ok(1)),
        Standard::ChatRecv(_) => O::ChatRecv(Ok("hi".into())),
        Standard::ChatSubscribe(_) => O::ChatSubscribe(Ok(())),
        Standard::ChatUnsubscribe(_) => O::ChatUnsubscribe(Ok(())),
        Standard::ChatBalance(_) => O::ChatBalance(Ok(0)),
        Standard::ReadBody(_) => O::ReadBody(Ok(None)),
        Standard::ReadTrailers(_) => O::ReadTrailers(Ok(Headers::default())),
        Standard::Inform(_) => O::Inform(Ok(())),
        Standard::Respond(_) => O::Respond(Ok(())),
        Standard::Write(_) => O::Write(Ok(())),
        Standard::FileInfo(_) => O::FileInfo(Ok(None)),
        Standard::ReadFile(_) => O::ReadFile(Ok(Chunk("".into()))),
        Standard::Now(_) => O::Now(Ok(Timestamp::EPOCH)),
        Standard::Sleep(_) => O::Sleep(Ok(())),
        Standard::Random(random) => O::Random(Ok(random.high)),
    }
}

pub(crate) fn failure(effect: &Standard, happened: Happened) -> StandardOutcome {
    type O = StandardOutcome;
    let text = "as the input says";
    // What surely did not happen may be run again.
    let kind = match happened {
        Happened::No => SqlErrorKind::Serialization,
        Happened::Yes | Happened::Unknown => SqlErrorKind::ConnectionLost,
    };
    let sql = || SqlError::new(kind, happened, text);
    let http = || HttpError::new(HttpErrorKind::Timeout, happened, text);
    let chat = || ChatError::new(ChatErrorKind::Lagged(3), happened, text);
    let file = || FileError::new(FileErrorKind::Changed, happened, text);
    let stopped = Stopped { reason: StopReason::Deadline, happened };
    match effect {
        Standard::Sql(_) => O::Sql(Err(sql())),
        Standard::Transaction(_) => O::Transaction(Err(sql())),
        Standard::SqlOpen(_) => O::SqlOpen(Err(sql())),
        Standard::SqlFetch(_) => O::SqlFetch(Err(sql())),
        Standard::SqlClose(_) => O::SqlClose(Err(sql())),
        Standard::HttpGet(_) => O::HttpGet(Err(http())),
        Standard::HttpSend(_) => O::HttpSend(Err(http())),
        Standard::ChatSend(_) => O::ChatSend(Err(chat())),
        Standard::ChatRecv(_) => O::ChatRecv(Err(chat())),
        Standard::ChatSubscribe(_) => O::ChatSubscribe(Err(chat())),
        Standard::ChatUnsubscribe(_) => O::ChatUnsubscribe(Err(chat())),
        Standard::ChatBalance(_) => O::ChatBalance(Err(chat())),
        Standard::ReadBody(_) => O::ReadBody(Err(BodyError::new(BodyErrorKind::TooLarge, happened, text))),
        Standard::ReadTrailers(_) => O::ReadTrailers(Err(BodyError::new(BodyErrorKind::Order, happened, text))),
        Standard::Inform(_) => O::Inform(Err(WriteError::new(WriteErrorKind::Head, happened, text))),
        Standard::Respond(_) => O::Respond(Err(WriteError::new(WriteErrorKind::Order, happened, text))),
        Standard::Write(_) => O::Write(Err(WriteError::new(WriteErrorKind::ConnectionLost, happened, text))),
        Standard::FileInfo(_) => O::FileInfo(Err(file())),
        Standard::ReadFile(_) => O::ReadFile(Err(file())),
        Standard::Now(_) => O::Now(Err(stopped)),
        Standard::Sleep(_) => O::Sleep(Err(stopped)),
        Standard::Random(_) => O::Random(Err(stopped)),
    }
}

/// A success of an effect of another type.
pub(crate) fn wrong(effect: &Standard) -> StandardOutcome {
    match matches!(effect, Standard::Sleep(_)) {
        true => StandardOutcome::Now(Ok(Timestamp::EPOCH)),
        false => StandardOutcome::Sleep(Ok(())),
    }
}

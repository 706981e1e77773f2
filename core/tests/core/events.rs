//! Server-sent events: what goes over the wire, and what is asked while there is nothing to tell.

use std::time::Duration;

use segno_core::{
    EffectSet, Event, EventStream, Happened, Io, ResponseHead, Standard, StandardOutcome, Step, StopReason, Stopped,
    Tasklet, Ticket, WriteError, WriteErrorKind,
};

use crate::driver::{Choice, Pending, oldest, run, show, stop_at, success};

#[test]
fn an_event_is_written_field_by_field() {
    let cases = [
        (Event::new("one"), "data: one\n\n"),
        (Event::new(""), "data: \n\n"),
        (Event::new(" indented"), "data:  indented\n\n"),
        (Event::new("two\nlines"), "data: two\ndata: lines\n\n"),
        (Event::new("a\r\nb\rc\n\rd\n"), "data: a\ndata: b\ndata: c\ndata: \ndata: d\ndata: \n\n"),
        (Event::new("a\revent: fake\n\nid: 7"), "data: a\ndata: event: fake\ndata: \ndata: id: 7\n\n"),
        (Event::new("x").event("said").unwrap().id("7").unwrap(), "data: x\nevent: said\nid: 7\n\n"),
        (Event::new("x").id("").unwrap(), "data: x\nid: \n\n"),
        (Event::new("x").retry(Duration::from_millis(1500)), "data: x\nretry: 1500\n\n"),
        (Event::comment("still\nhere"), ": still\n: here\n\n"),
        (Event::comment("last").retry(Duration::ZERO), ": last\nretry: 0\n\n"),
    ];
    for (event, expected) in cases {
        assert_eq!(event.to_string(), expected);
        assert_eq!(bytes::Bytes::from(event), expected);
    }
}

#[test]
fn what_would_be_taken_for_another_field_is_an_error() {
    for broken in ["a\nb", "a\r", "\n"] {
        assert!(Event::new("x").event(broken).is_err(), "{broken:?}");
        assert!(Event::new("x").id(broken).is_err(), "{broken:?}");
    }
    let error = Event::new("x").id("a\0b").unwrap_err();
    assert_eq!(error.to_string(), "the `id` of a server-sent event holds a line break or NUL");
    assert!(Event::new("x").event("a\0b").is_ok());
}

/// The data of the events in a stream, as a browser reads them: by the specification of `EventSource`, and no other way.
fn heard(stream: &str) -> Vec<String> {
    let lines = stream.replace("\r\n", "\n").replace('\r', "\n");
    let (mut events, mut data) = (Vec::new(), String::new());
    for line in lines.split('\n') {
        if line.is_empty() {
            if let Some(data) = data.strip_suffix('\n') {
                events.push(data.to_owned());
            }
            data.clear();
            continue;
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        if name == "data" {
            data += value.strip_prefix(' ').unwrap_or(value);
            data.push('\n');
        }
    }
    events
}

#[test]
fn whatever_the_data_are_a_browser_hears_them_and_nothing_else() {
    const ALPHABET: [&str; 7] = ["a", ":", " ", "\r", "\n", "\0", "é"];
    for number in 0..ALPHABET.len().pow(5) {
        let digit = |place: u32| number / ALPHABET.len().pow(place) % ALPHABET.len();
        let text: String = (0..5).map(|place| ALPHABET[digit(place)]).collect();
        let stream = format!("{}{}", Event::comment(&text), Event::new(&text));
        let expected = text.replace("\r\n", "\n").replace('\r', "\n");
        assert_eq!(heard(&stream), [expected], "{text:?}");
    }
}

async fn next(io: &mut Io, events: &mut EventStream) -> String {
    let message = events.wait(io, async |io| io.chat_recv("room").await).await;
    format!("{message:?}")
}

/// Lets so many heartbeats come, each whole, before anything else.
fn after_heartbeats(count: usize) -> impl FnMut(&[Pending]) -> Choice {
    let mut left = count;
    move |pending| {
        let place = |name: &str| pending.iter().position(|pending| pending.effect.name() == name);
        match (place("write"), place("sleep")) {
            (Some(write), _) => Choice::Answer(write),
            (None, Some(sleep)) if left > 0 => {
                left -= 1;
                Choice::Answer(sleep)
            }
            (None, _) => Choice::Answer(0),
        }
    }
}

#[test]
fn heartbeats_are_sent_until_something_comes() {
    let handler = async |mut io: Io| {
        let mut events = io.events().await.unwrap();
        let message = next(&mut io, &mut events).await;
        events.send(&mut io, message.as_str()).await.unwrap();
        events.end().into_whole().is_none()
    };
    let (heartbeat, sent) = ("write : heartbeat\n\n", "write data: Ok(Ok(\"hello room\"))\n\n");
    for heartbeats in [0, 1, 3] {
        let (end, log) = run(Tasklet::new(handler), after_heartbeats(heartbeats));
        assert!(end.done());
        let mut expected = vec!["respond 200", "recv room", "sleep 15s"];
        for _ in 0..heartbeats {
            expected.extend([heartbeat, "sleep 15s"]);
        }
        expected.extend(["abandon sleep 15s", sent]);
        assert_eq!(log, expected);
    }
}

/// Answers in this order: an effect that begins so, each time.
fn in_order(mut order: &'static [&'static str]) -> impl FnMut(&[Pending]) -> Choice {
    move |pending| {
        let Some((next, rest)) = order.split_first() else { return Choice::Answer(0) };
        order = rest;
        let found = pending.iter().position(|pending| show(&pending.effect).starts_with(next));
        Choice::Answer(found.unwrap_or_else(|| panic!("{next} is not pending")))
    }
}

#[test]
fn a_heartbeat_on_its_way_is_waited_for_when_the_lane_ends() {
    let handler = async |mut io: Io| {
        let mut events = io.events().await.unwrap();
        next(&mut io, &mut events).await
    };
    let (end, log) = run(Tasklet::new(handler), in_order(&["respond", "sleep", "recv", "write"]));
    assert_eq!(end.done(), "Ok(Ok(\"hello room\"))");
    assert_eq!(log, ["respond 200", "recv room", "sleep 15s", "write : heartbeat\n\n"]);
}

/// Steps up to where the tasklet waits; gives what it has asked for.
fn asked<T: 'static>(tasklet: &mut Tasklet<T>) -> (Vec<(Ticket, Standard)>, Option<T>) {
    let mut asked = Vec::new();
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => asked.push((ticket, effect)),
            Step::Waiting => return (asked, None),
            Step::Done(done) => return (asked, Some(done)),
            _ => {}
        }
    }
}

#[test]
fn a_heartbeat_that_cannot_be_sent_ends_the_wait() {
    let lost = || WriteError::new(WriteErrorKind::ConnectionLost, Happened::Unknown, "lost");
    for lane_ends in [false, true] {
        let mut tasklet = Tasklet::new(async |mut io: Io| {
            let mut events = io.events().await.unwrap();
            events.wait(&mut io, async |io| io.chat_recv("room").await).await.map(Result::unwrap)
        });
        let (respond, _) = asked(&mut tasklet);
        tasklet.answer(respond[0].0, success(&respond[0].1)).unwrap();
        let (waits, _) = asked(&mut tasklet);
        tasklet.answer(waits[1].0, success(&waits[1].1)).unwrap();
        let (write, _) = asked(&mut tasklet);
        if lane_ends {
            tasklet.answer(waits[0].0, success(&waits[0].1)).unwrap();
            assert!(asked(&mut tasklet).1.is_none());
        }
        tasklet.answer(write[0].0, StandardOutcome::Write(Err(lost()))).unwrap();
        let (_, end) = asked(&mut tasklet);
        assert_eq!(end.unwrap(), Err(lost()));
    }
}

#[test]
fn a_lane_may_clean_up_after_a_stop_whatever_the_heartbeats_do() {
    for busy in [false, true] {
        let mut tasklet = Tasklet::new(async |mut io: Io| {
            let mut events = io.events().await.unwrap();
            let lane = async |io: &mut Io| {
                let stopped = io.chat_recv("room").await.is_err();
                (stopped, io.cleanup().chat_send("room", "gone").await.unwrap())
            };
            events.wait(&mut io, lane).await
        });
        let (respond, _) = asked(&mut tasklet);
        tasklet.answer(respond[0].0, success(&respond[0].1)).unwrap();
        let (waits, _) = asked(&mut tasklet);
        if busy {
            tasklet.answer(waits[1].0, success(&waits[1].1)).unwrap();
            assert_eq!(show(&asked(&mut tasklet).0[0].1), "write : heartbeat\n\n");
        }
        tasklet.stop(StopReason::Shutdown);
        let (cleanup, _) = asked(&mut tasklet);
        assert_eq!(show(&cleanup[0].1), "say gone");
        tasklet.answer(cleanup[0].0, success(&cleanup[0].1)).unwrap();
        assert_eq!(asked(&mut tasklet).1, Some(Ok((true, 1))), "busy: {busy}");
    }
}

#[test]
fn the_interval_can_be_set_and_is_never_nothing() {
    let cases = [(Duration::from_secs(2), "sleep 2s"), (Duration::ZERO, "sleep 10ms")];
    for (interval, expected) in cases {
        let handler = async move |mut io: Io| {
            let mut events = EventStream::from(io.respond(ResponseHead::events()).await.unwrap()).heartbeat(interval);
            next(&mut io, &mut events).await
        };
        let (_, log) = run(Tasklet::new(handler), oldest);
        assert_eq!(log[2], expected);
    }
}

#[test]
fn a_stop_is_what_the_lane_gives() {
    let handler = async |mut io: Io| {
        let mut events = io.events().await.unwrap();
        events.wait(&mut io, async |io| io.now().await).await
    };
    let (end, _) = run(Tasklet::new(handler), stop_at(1));
    let reason = |stopped: Stopped| stopped.reason;
    assert_eq!(end.done().unwrap().map_err(reason), Err(StopReason::Disconnected));
}

#[test]
fn a_heartbeat_is_asked_for_by_the_line_that_waits() {
    const WAITS: u32 = line!() + 3;
    let mut tasklet = Tasklet::new(async |mut io: Io| {
        let mut events = io.events().await.unwrap();
        events.wait(&mut io, async |io| io.chat_recv("room").await).await.unwrap().unwrap();
    });
    let mut asked = Vec::new();
    while asked.len() < 4 {
        if let Step::Perform(ticket, effect) = tasklet.step() {
            let location = tasklet.location(ticket).unwrap();
            assert_eq!(location.file(), file!());
            asked.push((effect.name(), location.line()));
            if !matches!(effect, Standard::ChatRecv(_)) {
                tasklet.answer(ticket, success(&effect)).unwrap();
            }
        }
    }
    assert_eq!(asked[1..], [("chat_recv", WAITS), ("sleep", WAITS), ("write", WAITS)]);
}

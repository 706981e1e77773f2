//! Answers that are wrong, double or late: refused with a reason, handed back, and nothing has changed.

use segno_core::{AnswerErrorKind, Io, StandardOutcome, Step, Tasklet, Ticket, Timestamp};

use crate::driver::success;

fn now() -> StandardOutcome {
    StandardOutcome::Now(Ok(Timestamp::EPOCH))
}

fn random(number: u64) -> StandardOutcome {
    StandardOutcome::Random(Ok(number))
}

#[track_caller]
fn refused<T: 'static>(tasklet: &mut Tasklet<T>, ticket: Ticket, outcome: StandardOutcome, kind: AnswerErrorKind) {
    let error = tasklet.answer(ticket, outcome.clone()).unwrap_err();
    assert_eq!((error.kind, error.outcome), (kind, outcome), "the outcome is handed back");
}

#[test]
fn of_the_wrong_type() {
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
    refused(&mut tasklet, ticket, random(4), AnswerErrorKind::WrongType);
    tasklet.answer(ticket, now()).unwrap();
    assert!(matches!(tasklet.step(), Step::Done(Ok(_))));
}

#[test]
fn twice() {
    let mut tasklet = Tasklet::new(async |mut io: Io| (io.random(..).await, io.random(..).await));
    let Step::Perform(first, _) = tasklet.step() else { panic!() };
    tasklet.answer(first, random(1)).unwrap();
    refused(&mut tasklet, first, random(2), AnswerErrorKind::Late);
    let Step::Perform(second, _) = tasklet.step() else { panic!() };
    refused(&mut tasklet, first, random(2), AnswerErrorKind::Late);
    tasklet.answer(second, random(3)).unwrap();
    assert!(matches!(tasklet.step(), Step::Done((Ok(1), Ok(3)))));
    refused(&mut tasklet, second, random(2), AnswerErrorKind::Dead);
}

#[test]
fn to_an_unknown_ticket() {
    let mut other = Tasklet::new(async |mut io: Io| (io.now().await, io.random(..).await));
    let Step::Perform(ticket, _) = other.step() else { panic!() };
    other.answer(ticket, now()).unwrap();
    let Step::Perform(unknown, _) = other.step() else { panic!() };
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    let Step::Perform(..) = tasklet.step() else { panic!() };
    refused(&mut tasklet, unknown, now(), AnswerErrorKind::Unknown);
}

#[test]
fn before_the_first_step() {
    let mut other = Tasklet::new(async |mut io: Io| io.now().await);
    let Step::Perform(ticket, _) = other.step() else { panic!() };
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    refused(&mut tasklet, ticket, now(), AnswerErrorKind::Unknown);
}

/// One answer between two waits: so no message is lost to a race that it did not win.
#[test]
fn a_second_one_before_the_first_is_taken() {
    let handler = async |mut io: Io| {
        let won = io.race2(async |io| io.random(1..).await, async |io| io.random(2..).await).await;
        (won, io.now().await)
    };
    let mut tasklet = Tasklet::new(handler);
    let Step::Perform(first, _) = tasklet.step() else { panic!() };
    refused(&mut tasklet, first, random(1), AnswerErrorKind::Busy);
    let Step::Perform(second, _) = tasklet.step() else { panic!() };
    assert!(matches!(tasklet.step(), Step::Waiting));
    tasklet.answer(second, random(2)).unwrap();
    refused(&mut tasklet, first, random(1), AnswerErrorKind::Busy);
    let Step::Abandon(abandoned) = tasklet.step() else { panic!() };
    assert_eq!(abandoned, first);
    refused(&mut tasklet, first, random(1), AnswerErrorKind::Late);
}

#[test]
fn to_a_ticket_whose_place_is_taken_again() {
    let handler = async |mut io: Io| {
        for _ in 0..2 {
            let _ = io.race2(async |io| io.chat_recv("room").await.is_ok(), async |io| io.now().await.is_ok()).await;
        }
    };
    let mut tasklet = Tasklet::new(handler);
    let (mut asked, mut old) = (Vec::new(), Vec::new());
    loop {
        match tasklet.step() {
            Step::Perform(ticket, effect) => asked.push((ticket, effect)),
            Step::Abandon(ticket) => old.extend(asked.iter().filter(|(asked, _)| *asked == ticket).cloned()),
            Step::Waiting => {
                for (ticket, effect) in &old {
                    refused(&mut tasklet, *ticket, success(effect), AnswerErrorKind::Late);
                }
                let (ticket, _) = asked.pop().unwrap();
                tasklet.answer(ticket, now()).unwrap();
            }
            Step::Done(()) => break,
            step => panic!("{step:?}"),
        }
    }
    assert_eq!(old.len(), 2);
}

#[test]
fn places_and_lines_are_known_while_an_effect_is_pending() {
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await);
    let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
    assert_eq!(tasklet.path(ticket).unwrap().to_string(), "0#1");
    let location = tasklet.location(ticket).unwrap();
    assert_eq!(location.line(), line!() - 4);
    tasklet.answer(ticket, now()).unwrap();
    assert_eq!(tasklet.path(ticket), None);
    assert_eq!(tasklet.last(), Some(("now", location)));
}

#[test]
fn the_line_of_a_helper_is_its_own() {
    async fn helper(io: &mut Io) {
        let _ = io.now().await;
    }
    let mut tasklet = Tasklet::new(async |mut io: Io| helper(&mut io).await);
    let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
    assert_eq!(tasklet.location(ticket).unwrap().line(), line!() - 4);
}

#[test]
fn tasklets_may_cross_threads() {
    let mut tasklet = Tasklet::new(async |mut io: Io| io.now().await.is_ok());
    let Step::Perform(ticket, _) = tasklet.step() else { panic!() };
    let end = std::thread::spawn(move || {
        tasklet.answer(ticket, now()).unwrap();
        matches!(tasklet.step(), Step::Done(true))
    });
    assert!(end.join().unwrap());
}

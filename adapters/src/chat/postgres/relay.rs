//! The task that holds the connection: what is said here it sends, what arrives it brings into the rooms.

use std::{
    collections::VecDeque,
    iter,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures_lite::future::{FutureExt, pending, race};
use segno_core::{ChatError, ChatSend, Happened};
use smol::channel::{Receiver, Sender};

use super::{
    super::rooms::{Rooms, lock},
    connection_lost,
    line::{Failure, Line, Note, Target},
    parts::{Assembly, split},
};
use crate::task::{sleep, within};

/// Something that is asked of the relay.
pub(super) struct Asked {
    /// Taken by the relay when it begins, or by who asked when that is given up.
    pub(super) job: Arc<Mutex<Option<Job>>>,
    /// How many of this process a message has reached.
    pub(super) answer: Sender<Answer>,
}

pub(super) enum Job {
    /// To answer when there is a connection.
    Ready,
    Send(ChatSend),
}

type Answer = Result<u64, ChatError>;

pub(super) struct Relay {
    rooms: Arc<Rooms>,
    queue: Receiver<Asked>,
    time_limit: Duration,
    reason: Arc<Mutex<Option<String>>>,
    /// The number of the last message.
    number: u64,
    /// What was sent, by number, and has not come back.
    sent: VecDeque<(u64, Sender<Answer>)>,
}

enum Event {
    Heard(Result<Note, Failure>),
    Asked(Asked),
    Quiet,
}

impl Relay {
    pub(super) fn new(
        rooms: Arc<Rooms>,
        queue: Receiver<Asked>,
        time_limit: Duration,
        reason: Arc<Mutex<Option<String>>>,
    ) -> Self {
        Self { rooms, queue, time_limit, reason, number: 0, sent: VecDeque::new() }
    }

    /// Connects, and connects again, for ever.
    pub(super) async fn run(mut self, target: Target) {
        let mut delay = SHORTEST_DELAY;
        loop {
            let opened = within(CONNECT_TIME, Line::open(&target)).await;
            let failure = match opened.unwrap_or_else(|| Err(Failure::Lost(NOT_REACHED.into()))) {
                Ok(mut line) => {
                    let since = Instant::now();
                    // Those who listen by now may have missed something; none of what comes.
                    self.rooms.gap();
                    *lock(&self.reason) = None;
                    tracing::info!("the chat is connected to its database");
                    // A driver that panics has lost its connection, and no more than that.
                    let served = AssertUnwindSafe(self.serve(&mut line)).catch_unwind().await;
                    let failure = served.unwrap_or_else(|_| Failure::Lost("the driver panicked".into()));
                    if since.elapsed() > LONGEST_DELAY {
                        delay = SHORTEST_DELAY;
                    }
                    tracing::warn!(reason = %failure, "the chat has lost the connection to its database");
                    failure
                }
                Err(failure) => {
                    tracing::warn!(reason = %failure, "the chat cannot connect to its database");
                    failure
                }
            };
            for (_, answer) in self.sent.drain(..) {
                let lost = format!("the connection was lost before the database answered: {failure}");
                let _ = answer.try_send(Err(connection_lost(Happened::Unknown, &lost)));
            }
            *lock(&self.reason) = Some(failure.to_string());
            // Between half and all of it: processes that have lost the same database do not come back all at once.
            sleep(delay.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            delay = LONGEST_DELAY.min(delay * 2);
        }
    }

    /// Relays until the connection is lost.
    async fn serve(&mut self, line: &mut Line) -> Failure {
        let mut assembly = Assembly::default();
        loop {
            let done = match self.event(line).await {
                Event::Heard(Ok(note)) => {
                    self.hear(&mut assembly, line.process, &note);
                    Ok(())
                }
                Event::Heard(Err(failure)) => Err(failure),
                Event::Asked(asked) => self.send(line, asked).await,
                Event::Quiet if self.sent.is_empty() => match within(self.time_limit, line.check()).await {
                    Some(Ok(()) | Err(Failure::Refused(_))) => Ok(()),
                    Some(Err(failure @ Failure::Lost(_))) => Err(failure),
                    None => Err(Failure::Lost("the database is silent".into())),
                },
                Event::Quiet => Err(Failure::Lost("the database does not deliver what it took".into())),
            };
            if let Err(failure) = done {
                return failure;
            }
        }
    }

    /// What comes next. While something is on its way, nothing else is begun: so no more is ever kept than one batch.
    async fn event(&self, line: &mut Line) -> Event {
        let heard = async { Event::Heard(line.next().await) };
        let event = async {
            if !self.sent.is_empty() {
                return heard.await;
            }
            let asked = async {
                match self.queue.recv().await {
                    Ok(asked) => Event::Asked(asked),
                    // The queue is open as long as this task runs.
                    Err(_) => pending().await,
                }
            };
            race(heard, asked).await
        };
        let quiet = self.time_limit.saturating_mul(QUIET_LIMITS);
        let limit = if self.sent.is_empty() { quiet } else { self.time_limit };
        within(limit, event).await.unwrap_or(Event::Quiet)
    }

    /// Brings what arrived into the room; if it was said here, answers.
    fn hear(&mut self, assembly: &mut Assembly, own: u32, note: &Note) {
        let Some(said) = assembly.add(note.process, &note.payload) else { return };
        let reached = self.rooms.send(&said.room, &said.message);
        if said.process == own
            && let Some((_, answer)) = self.sent.pop_front_if(|(number, _)| *number == said.number)
        {
            // Who asked may be gone.
            let _ = answer.try_send(Ok(reached));
        }
    }

    /// Sends what waits to be sent, several messages at once: a transaction costs the same for one and for many.
    async fn send(&mut self, line: &mut Line, first: Asked) -> Result<(), Failure> {
        let mut payloads = Vec::new();
        let waiting = iter::from_fn(|| self.queue.try_recv().ok());
        for Asked { job, answer } in iter::once(first).chain(waiting).take(BATCH) {
            match lock(&job).take() {
                Some(Job::Ready) => {
                    let _ = answer.try_send(Ok(0));
                }
                Some(Job::Send(send)) => {
                    self.number += 1;
                    payloads.extend(split(self.number, &send.room, &send.message));
                    self.sent.push_back((self.number, answer));
                }
                // Who asked has given up.
                None => {}
            }
        }
        if payloads.is_empty() {
            return Ok(());
        }
        match within(self.time_limit, line.send(&payloads)).await {
            Some(Ok(())) => Ok(()),
            Some(Err(Failure::Refused(reason))) => {
                for (_, answer) in self.sent.drain(..) {
                    let refused = format!("the database refused to carry the message: {reason}");
                    let _ = answer.try_send(Err(connection_lost(Happened::No, &refused)));
                }
                Ok(())
            }
            Some(Err(failure @ Failure::Lost(_))) => Err(failure),
            None => Err(Failure::Lost("the database took too long to take a message".into())),
        }
    }
}

/// How long a connection may take to be made: a new one is tried afterwards, at the address that the name has then.
const CONNECT_TIME: Duration = Duration::from_secs(5);

/// How long to wait before the first new connection. It is doubled after each that fails or does not last.
const SHORTEST_DELAY: Duration = Duration::from_millis(50);

/// The longest wait between two connections: less than a send waits by default, so that who asks when the database comes
/// back gets through.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// For how many time limits nothing may happen before the other end is asked for a sign of life: 15 seconds by default,
/// which costs next to nothing. A connection whose other end has vanished looks as one on which nobody speaks.
const QUIET_LIMITS: u32 = 3;

/// How many messages go into one transaction: a message of 64 costs a thirtieth of one alone, and 64 of the longest are a
/// statement of 6 MB.
const BATCH: usize = 64;

const NOT_REACHED: &str = "the database could not be reached in time";

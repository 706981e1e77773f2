//! What is to happen in a run, whatever its tape says.

use std::{fmt, time::Duration};

use segno_core::{EffectSet, Handler, StopReason};

use crate::testing::{laws::Laws, outcomes::Outcomes, request::TestRequest};

/// A client of a simulated server: what it sends, when, and for how long it waits.
///
/// ```
/// use std::time::Duration;
/// use segno::testing::{Client, get};
///
/// let impatient = Client::new(get("/feed")).arrives(Duration::from_secs(5)).vanishes_after(Duration::from_secs(1));
/// ```
#[derive(Clone, Debug)]
#[must_use = "a client does nothing by itself"]
pub struct Client {
    pub(super) request: TestRequest,
    pub(super) arrives: Duration,
    pub(super) patience: Option<Duration>,
}

impl Client {
    /// A client that sends this request at the beginning, and waits for the whole response.
    pub fn new(request: TestRequest) -> Self {
        Self { request, arrives: Duration::ZERO, patience: None }
    }

    /// It comes this long after the beginning.
    pub fn arrives(mut self, after: Duration) -> Self {
        self.arrives = after;
        self
    }

    /// It goes away this long after it came, if it has not got the whole response by then.
    pub fn vanishes_after(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }
}

impl From<TestRequest> for Client {
    fn from(request: TestRequest) -> Self {
        Self::new(request)
    }
}

/// What is simulated, the same in every run.
#[derive(Debug)]
pub(in crate::testing) struct Plan<S: EffectSet> {
    pub(in crate::testing) handler: Handler<S>,
    pub(in crate::testing) clients: Vec<Client>,
    pub(in crate::testing) said: Vec<Said>,
    pub(in crate::testing) limits: Limits,
    pub(in crate::testing) laws: Laws<S>,
    pub(in crate::testing) outcomes: Vec<Outcomes>,
}

/// What may go wrong in a run, and how long it may go on.
#[derive(Clone, Debug)]
pub(in crate::testing) struct Limits {
    /// Whether effects fail.
    pub(in crate::testing) faults: bool,
    /// The reasons for which handlers are stopped at any effect.
    pub(in crate::testing) stops: Vec<StopReason>,
    /// How many effects one handler may ask for.
    pub(in crate::testing) effects: u32,
    /// How many runs there may be.
    pub(in crate::testing) runs: u64,
    /// How many effects may be performed in one run.
    pub(in crate::testing) steps: u64,
    /// Whether a client may wait for a chat message that never comes.
    pub(in crate::testing) waits: bool,
    /// Whether a handler may fail though nothing goes wrong.
    pub(in crate::testing) may_fail: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            faults: true,
            stops: vec![StopReason::Disconnected, StopReason::Deadline, StopReason::Shutdown],
            effects: MAX_EFFECTS,
            runs: MAX_RUNS,
            steps: MAX_STEPS,
            waits: false,
            may_fail: false,
        }
    }
}

/// A message that somebody outside says in a room.
#[derive(Clone)]
pub(in crate::testing) struct Said {
    pub(in crate::testing) at: Duration,
    pub(in crate::testing) room: String,
    pub(in crate::testing) message: String,
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} in {} at {:?}", self.message, self.room, self.at)
    }
}

/// Pages ask for tens of effects; who asks for more than this is in a loop, or wants a larger limit and says so.
const MAX_EFFECTS: u32 = 1_000;

/// An hour of a thousand clients that each ask for something every few seconds; in a debug build it takes some ten seconds.
const MAX_STEPS: u64 = 1_000_000;

/// Some ten seconds in a debug build: whoever waits longer in a test wants to say so.
const MAX_RUNS: u64 = 20_000;

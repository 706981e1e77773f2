//! What explorations and simulations have in common.

use segno_core::IntoHandler;

use super::{
    laws::{Laws, Standards},
    outcomes::of_process,
    simulation::{Client, Limits, Plan},
    trial::Tapes,
};

/// A plan, the world for each run, and the tapes that are tried.
#[derive(Debug)]
pub(super) struct Setting<S: Standards, W> {
    pub(super) plan: Plan<S>,
    pub(super) world: W,
    pub(super) tapes: Tapes,
}

impl<S: Standards, W> Setting<S, W> {
    #[track_caller]
    pub(super) fn new(handler: impl IntoHandler<S>, world: W, clients: Vec<Client>) -> Self {
        let handler = match handler.into_handler() {
            Ok(handler) => handler,
            Err(error) => panic!("{error}"),
        };
        let (limits, laws) = (Limits::default(), Laws::default());
        let plan = Plan {
            handler,
            clients,
            said: Vec::new(),
            limits,
            laws,
            outcomes: of_process().into_iter().cloned().collect(),
        };
        Self { plan, world, tapes: Tapes::Bounded(UNUSUAL) }
    }
}

/// The methods that an exploration and a simulation share, on the [`Setting`] in each.
macro_rules! setting {
    ($name:ident) => {
        impl<S: Standards, W> $name<S, W> {
            /// Tries every tape with at most so many unusual decisions in a run; 2 by default, since what undoes a failure
            /// may fail, too.
            pub fn faults(mut self, bound: usize) -> Self {
                self.0.tapes = Tapes::Bounded(bound);
                self
            }

            /// Lets handlers be stopped for these reasons only, at any effect; none means never.
            pub fn stops(mut self, reasons: &[segno_core::StopReason]) -> Self {
                self.0.plan.limits.stops = reasons.to_vec();
                self
            }

            /// Lets no effect fail, and no answer come late: what is left are stops, winners and orders.
            pub fn without_faults(mut self) -> Self {
                self.0.plan.limits.faults = false;
                self
            }

            /// Has somebody outside say this in a room, so long after the beginning.
            pub fn says(mut self, after: std::time::Duration, room: &str, message: &str) -> Self {
                self.0.plan.said.push(super::simulation::Said {
                    at: after,
                    room: room.into(),
                    message: message.into(),
                });
                self
            }

            /// Lets clients wait for chat that never comes: when nothing else can happen, they go away.
            pub fn may_wait(mut self) -> Self {
                self.0.plan.limits.waits = true;
                self
            }

            /// Lets handlers fail with 500 or more even if nothing goes wrong. Without it that is a finding: mostly the
            /// world lacks something.
            pub fn may_fail(mut self) -> Self {
                self.0.plan.limits.may_fail = true;
                self
            }

            /// Sets how many effects one handler may ask for; 1,000 by default.
            pub fn max_effects(mut self, effects: u32) -> Self {
                self.0.plan.limits.effects = effects;
                self
            }

            /// Sets how many runs there may be; 20,000 by default. The claim says whether that was the end.
            pub fn max_runs(mut self, runs: u64) -> Self {
                self.0.plan.limits.runs = runs;
                self
            }

            /// Switches a law off.
            pub fn without(mut self, law: super::Law) -> Self {
                self.0.plan.laws.switch_off(law);
                self
            }

            /// Adds a law of your own: what must hold for the trace and the end of every handler.
            pub fn law(
                mut self,
                name: &str,
                law: impl Fn(&segno_core::Trace<S>, &End) -> Result<(), String> + 'static,
            ) -> Self {
                self.0.plan.laws.add(name, law);
                self
            }

            /// Collects which outcomes were driven.
            pub fn outcomes(mut self, outcomes: &super::Outcomes) -> Self {
                self.0.plan.outcomes.push(outcomes.clone());
                self
            }

            /// Runs this tape only: a replay string that a finding printed, as in `v1:0.0.2/9`.
            ///
            /// # Panics
            ///
            /// If it is no replay string.
            #[track_caller]
            pub fn replay(self, tape: &str) -> Self {
                match tape.parse() {
                    Ok(tape) => self.tape(tape),
                    Err(error) => panic!("{error}"),
                }
            }

            /// Runs this tape only: one of a fuzzer's bytes, for example.
            pub fn tape(mut self, tape: super::Tape) -> Self {
                self.0.tapes = Tapes::One(tape);
                self
            }

            /// Runs by chance, once with each of these seeds, instead of exhaustively.
            ///
            /// # Panics
            ///
            /// If there is no seed.
            #[track_caller]
            pub fn seeds(mut self, seeds: std::ops::Range<u64>) -> Self {
                assert!(!seeds.is_empty(), "there is no seed in {seeds:?}");
                self.0.tapes = Tapes::Seeds(seeds);
                self
            }
        }
    };
}

pub(super) use setting;

/// What undoes a failure may fail as well, which takes two things that go wrong; three seldom show more, and take much longer.
const UNUSUAL: usize = 2;

//! The decision tape: every choice of a driver that tries handlers out comes from one.

mod search;
mod shrink;

use std::{fmt, num::ParseIntError, str::FromStr};

pub use search::Search;
pub use shrink::shrink;

/// A source of decisions, and the record of those that were taken.
///
/// Wherever a driver has a choice (which effect is performed next, whether it fails and how, who wins a race) it asks the
/// tape. `0` is always the normal choice. Four kinds of tape decide in four ways; the record of any of them, printed, is
/// a tape of the fourth kind, which repeats the run exactly:
///
/// ```
/// use segno::testing::Tape;
///
/// fn toss(tape: &mut Tape) -> [u32; 3] {
///     // One usual result, and one unusual one.
///     std::array::from_fn(|_| tape.pick(1, 1))
/// }
///
/// assert_eq!(toss(&mut Tape::normal()), [0, 0, 0]);
/// let mut seeded = Tape::seeded(8);
/// let tosses = toss(&mut seeded);
/// let mut replayed: Tape = seeded.to_string().parse().unwrap();
/// assert_eq!(toss(&mut replayed), tosses);
/// assert_eq!(toss(&mut "v1:0.1".parse().unwrap()), [0, 1, 0]);
/// assert_eq!(toss(&mut Tape::bytes(&[1, 2, 3])), [1, 0, 1]);
/// ```
///
/// The fourth, exhaustive kind is a [`Search`].
#[derive(Clone, Debug)]
pub struct Tape {
    source: Source,
    taken: Vec<Taken>,
}

#[derive(Clone, Debug)]
enum Source {
    /// These decisions, then normal ones.
    Replayed(Vec<Taken>),
    /// The state of a generator.
    Seeded(fastrand::Rng),
    /// These bytes from a place on, then normal decisions.
    Bytes(Vec<u8>, usize),
}

/// A decision that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    chosen: u32,
    of: u32,
}

impl Tape {
    /// A tape that always decides for the normal choice.
    pub fn normal() -> Self {
        Self::new(Source::Replayed(Vec::new()))
    }

    /// A tape that decides by chance; the same seed gives the same decisions. What is unusual is rare.
    pub fn seeded(seed: u64) -> Self {
        Self::new(Source::Seeded(fastrand::Rng::with_seed(seed)))
    }

    /// A tape that decides by these bytes, one for each decision, and then normally: for fuzzers.
    ///
    /// A fuzz target of a handler is one line, `fuzz_target!(|data: &[u8]| target(data))`, and this:
    ///
    /// ```
    /// # use segno::{Io, Request, Response, Result};
    /// # use segno::testing::{Tape, World, explore};
    /// # async fn greet(mut io: Io, _: Request) -> Result<Response> {
    /// #     let heard = io.chat_send("room", "hello").await?;
    /// #     Ok(Response::text(format!("{heard} heard it")))
    /// # }
    /// fn target(data: &[u8]) {
    ///     explore(greet, World::new).tape(Tape::bytes(data)).check(|_world, _end| ());
    /// }
    /// target(b"whatever a fuzzer makes up");
    /// ```
    ///
    /// A small handler runs more often if libFuzzer keeps less account of each run: with `-entropic=0 -reduce_inputs=0`.
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::new(Source::Bytes(bytes.to_vec(), 0))
    }

    /// A tape that decides like this, and then normally.
    fn replayed(decisions: Vec<Taken>) -> Self {
        Self::new(Source::Replayed(decisions))
    }

    fn new(source: Source) -> Self {
        Self { source, taken: Vec::new() }
    }

    /// Takes a decision among `usual + unusual` choices: 0 is the normal one, those from `usual` on are things that
    /// seldom happen. Where there is no choice, nothing is recorded.
    pub fn pick(&mut self, usual: u32, unusual: u32) -> u32 {
        let of = usual.saturating_add(unusual);
        if of <= 1 {
            return 0;
        }
        let at = self.taken.len();
        let chosen = match &mut self.source {
            // A decision beyond the choices is of another program: it is taken for normal, and the record says so.
            Source::Replayed(decisions) => {
                decisions.get(at).map(|decision| decision.chosen).filter(|chosen| *chosen < of).unwrap_or(0)
            }
            Source::Seeded(random) => match unusual {
                0 => random.u32(0..usual),
                _ if usual == 0 || random.u32(0..UNUSUAL_ONE_IN) == 0 => usual + random.u32(0..unusual),
                _ => random.u32(0..usual),
            },
            Source::Bytes(bytes, next) => {
                // One byte, or as many as it takes to choose any of them.
                let width = if of > 1 << 16 {
                    4
                } else if of > 1 << 8 {
                    2
                } else {
                    1
                };
                let taken = bytes.get(*next..).unwrap_or_default().iter().take(width);
                let number = taken.fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
                *next += width;
                number % of
            }
        };
        self.taken.push(Taken { chosen, of });
        chosen
    }

    /// Whether it decides as another run did.
    pub(super) fn is_replayed(&self) -> bool {
        matches!(self.source, Source::Replayed(_))
    }

    /// How many decisions were not for the normal choice.
    pub fn unusual(&self) -> usize {
        self.taken.iter().filter(|taken| taken.chosen > 0).count()
    }

    /// The tape from its beginning, to run once more with the decisions that were taken.
    pub fn rewound(&self) -> Self {
        Self::replayed(self.decisions())
    }

    /// Whether the tape was made for another program: it holds decisions that were not asked for, or that were taken among
    /// another number of choices.
    pub fn misfits(&self) -> bool {
        match &self.source {
            Source::Replayed(decisions) => decisions.iter().enumerate().any(|(at, wanted)| match self.taken.get(at) {
                Some(taken) => taken.chosen != wanted.chosen || wanted.of != ANY && wanted.of != taken.of,
                None => wanted.chosen > 0,
            }),
            Source::Seeded(_) | Source::Bytes(..) => false,
        }
    }

    /// The decisions that were taken, up to the last that was not normal; of a tape that has not been run, those to come.
    fn decisions(&self) -> Vec<Taken> {
        if let (Source::Replayed(decisions), []) = (&self.source, &self.taken[..]) {
            return decisions.clone();
        }
        let end = self.taken.iter().rposition(|taken| taken.chosen > 0).map_or(0, |last| last + 1);
        self.taken[..end].to_vec()
    }
}

/// The replay string: `v1:` and the decisions that were taken, with dots between them. `2/9` is the choice 2 of nine, counted
/// from 0; `0*12` stands for twelve normal ones.
impl fmt::Display for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)?;
        let decisions = self.decisions();
        let mut rest = &decisions[..];
        let mut separator = "";
        while let [first, ..] = rest {
            f.write_str(separator)?;
            separator = ".";
            let zeros = rest.iter().take_while(|decision| decision.chosen == 0).count();
            let run = if zeros >= SHORTEST_RUN { zeros } else { 1 };
            match first {
                Taken { chosen: 0, .. } if run > 1 => write!(f, "0*{run}")?,
                Taken { chosen, of: ANY } => write!(f, "{chosen}")?,
                Taken { chosen: 0, .. } => f.write_str("0")?,
                Taken { chosen, of } => write!(f, "{chosen}/{of}")?,
            }
            rest = &rest[run..];
        }
        Ok(())
    }
}

impl FromStr for Tape {
    type Err = ParseTapeError;

    fn from_str(text: &str) -> Result<Self, ParseTapeError> {
        let wrong = |why: &str| ParseTapeError(format!("`{text}` is not a replay string: {why}"));
        let decisions = text.strip_prefix(VERSION).ok_or_else(|| wrong("it does not begin with `v1:`"))?;
        let mut read = Vec::new();
        for part in decisions.split('.').filter(|_| !decisions.is_empty()) {
            let (decision, times) = part.split_once('*').unwrap_or((part, "1"));
            match (decision.parse::<Taken>(), times.parse::<usize>()) {
                (Ok(decision), Ok(times)) if times <= MAX_DECISIONS.saturating_sub(read.len()) => {
                    read.resize(read.len() + times, decision);
                }
                (Ok(_), Ok(_)) => return Err(wrong("it is too long")),
                _ => return Err(wrong(&format!("`{part}` is no decision"))),
            }
        }
        Ok(Self::replayed(read))
    }
}

impl FromStr for Taken {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        match text.split_once('/') {
            Some((chosen, of)) => Ok(Self { chosen: chosen.parse()?, of: of.parse()? }),
            None => Ok(Self { chosen: text.parse()?, of: ANY }),
        }
    }
}

/// Says that a text is no replay string.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ParseTapeError(String);

/// What a replay string begins with; another number would mean decisions of another kind.
const VERSION: &str = "v1:";

/// Of how many choices a decision is whose replay string does not say it: there is none among no choices.
const ANY: u32 = 0;

/// Fewer zeros are as short when they are written out.
const SHORTEST_RUN: usize = 4;

/// One in so many decisions of a seeded tape is unusual, where it can be: a request of ten effects mostly meets one or none.
const UNUSUAL_ONE_IN: u32 = 16;

/// Longer runs than this print no replay string that anybody would keep: some 10 MB of text.
const MAX_DECISIONS: usize = 4_000_000;

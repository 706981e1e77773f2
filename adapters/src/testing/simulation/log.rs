//! A run, line by line, as a person reads it.

use std::{
    fmt::{self, Write as _},
    panic::Location,
};

use segno_core::{Has, HttpGet, HttpSend, Sql, Timestamp, Transaction};

use crate::testing::{difference::short, laws::Standards};

/// What happened in a run.
#[derive(Clone, Debug, Default)]
pub(in crate::testing) struct Log {
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
struct Line {
    time: Timestamp,
    client: Option<usize>,
    what: String,
    location: Option<&'static Location<'static>>,
    /// Whether it is shown however long the run is: something went wrong here.
    marked: bool,
}

impl Log {
    pub(super) fn note(&mut self, time: Timestamp, client: Option<usize>, what: impl Into<String>) {
        self.lines.push(Line { time, client, what: what.into(), location: None, marked: false });
    }

    /// Marks the last line.
    pub(super) fn mark(&mut self) {
        if let Some(line) = self.lines.last_mut() {
            line.marked = true;
        }
    }

    /// An effect, and what became of it.
    pub(super) fn effect<S: Standards>(
        &mut self,
        time: Timestamp,
        client: usize,
        effect: &S,
        became: &str,
        location: Option<&'static Location<'static>>,
    ) {
        let what = format!("{:<12} {} {became}", effect.name(), shown(effect));
        self.lines.push(Line { time, client: Some(client), what, location, marked: false });
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let begin = self.lines.len().saturating_sub(SHOWN);
        let (early, last) = self.lines.split_at(begin);
        let marked = early.iter().enumerate().filter(|(_, line)| line.marked).take(SHOWN_MARKED);
        let shown: Vec<_> = marked.chain((begin..).zip(last)).collect();
        let skipped = self.lines.len() - shown.len();
        if skipped > 0 {
            writeln!(f, "  … without {skipped} earlier lines in which nothing went wrong")?;
        }
        let several = self.lines.iter().any(|line| line.client.is_some_and(|client| client > 0));
        let timed = self.lines.last().is_some_and(|line| line.time > self.lines[0].time);
        for (number, line) in shown {
            let mut text = format!("  {:>3} ", number + 1);
            if timed {
                // A string takes all that is written to it.
                let _ = write!(text, "{:>8.3} s ", line.time.since(self.lines[0].time).as_secs_f64());
            }
            match line.client {
                Some(client) if several => {
                    let _ = write!(text, "client {client:<2} ");
                }
                None if several => text += "          ",
                Some(_) | None => {}
            }
            text += &line.what;
            match line.location {
                Some(location) => writeln!(f, "{text:<PLACE$}  {location}")?,
                None => writeln!(f, "{text}")?,
            }
        }
        Ok(())
    }
}

/// An effect as briefly as it can be told apart from others.
pub(super) fn shown<S: Standards>(effect: &S) -> String {
    let sql = <S as Has<Sql>>::project(effect).map(|Sql { text, params, .. }| match &params[..] {
        [] => text.to_string(),
        params => format!("{text}  {params:?}"),
    });
    let transaction =
        || <S as Has<Transaction>>::project(effect).map(|Transaction { id, act, .. }| format!("{act:?} {id}"));
    let get = || <S as Has<HttpGet>>::project(effect).map(|get| get.url.to_string());
    let send = || {
        let request = &<S as Has<HttpSend>>::project(effect)?.0;
        Some(format!("{} {}  {}", request.method, request.url, String::from_utf8_lossy(&request.body)))
    };
    let told = sql.or_else(transaction).or_else(get).or_else(send);
    told.map_or_else(|| short(effect), |told| told.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The smallest run that fails is mostly shorter; of a long one, the end matters.
const SHOWN: usize = 60;

/// Of what went wrong earlier, the first are the likeliest causes.
const SHOWN_MARKED: usize = 20;

/// Where the place of the line of code stands, if there is room.
const PLACE: usize = 100;

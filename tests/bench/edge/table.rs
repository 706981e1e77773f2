//! What was measured, and how it is shown.

use std::{fmt, time::Duration};

use crate::servers::{NAMES, Workload};

/// One turn of one server.
#[derive(Clone, Copy)]
pub(crate) struct Measured {
    per_second: f64,
    /// Of the processor's time, for each response.
    micros: f64,
}

impl Measured {
    #[allow(clippy::cast_precision_loss, reason = "no run has 2^53 responses")]
    pub(crate) fn new(done: u64, time: Duration, spent: Duration) -> Self {
        let done = done.max(1) as f64;
        Self { per_second: done / time.as_secs_f64(), micros: spent.as_secs_f64() * 1e6 / done }
    }
}

/// All turns.
#[derive(Default)]
pub(crate) struct Table(Vec<(Workload, &'static str, Measured)>);

impl Table {
    pub(crate) fn add(&mut self, workload: Workload, server: &'static str, measured: Measured) {
        self.0.push((workload, server, measured));
    }

    fn median(&self, workload: Workload, server: &str, of: impl Fn(&Measured) -> f64) -> Option<f64> {
        let turns = self.0.iter().filter(|turn| turn.0 == workload && turn.1 == server);
        let mut numbers: Vec<_> = turns.map(|turn| of(&turn.2)).collect();
        numbers.sort_by(f64::total_cmp);
        numbers.get(numbers.len() / 2).copied()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:8} {:10} {:>12} {:>8} {:>14} {:>8}",
            "", "", "responses/s", "segno x", "CPU us each", "segno x"
        )?;
        for workload in Workload::ALL {
            let of = |server: &str| {
                let per_second = self.median(workload, server, |measured| measured.per_second)?;
                Some((per_second, self.median(workload, server, |measured| measured.micros)?))
            };
            let Some(segno) = of(NAMES[0]) else { continue };
            for server in NAMES {
                let Some((per_second, micros)) = of(server) else { continue };
                let (more, less) = (segno.0 / per_second, segno.1 / micros);
                let name = workload.name();
                writeln!(f, "{name:8} {server:10} {per_second:12.0} {more:8.2} {micros:14.2} {less:8.2}")?;
            }
        }
        Ok(())
    }
}

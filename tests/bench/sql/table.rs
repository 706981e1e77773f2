//! What was measured, and how it is shown.

use std::fmt;

/// All turns: who had it, in which round, and the seconds that each request took.
pub(crate) struct Table {
    /// Who takes part; the others are compared with the first.
    names: Vec<&'static str>,
    turns: Vec<(&'static str, usize, f64)>,
}

impl Table {
    pub(crate) fn new(names: impl Iterator<Item = &'static str>) -> Self {
        Self { names: names.collect(), turns: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &'static str, round: usize, each: f64) {
        self.turns.push((name, round, each));
    }

    fn of(&self, name: &str) -> impl Iterator<Item = (usize, f64)> {
        self.turns.iter().filter(move |turn| turn.0 == name).map(|turn| (turn.1, turn.2))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.names.first() else { return Ok(()) };
        writeln!(f, "{:12} {:>12} {:>10} {:>16}", "", "us each", "first x", "middle half")?;
        for name in &self.names {
            let [_, each, _] = quartiles(self.of(name).map(|(_, each)| each * 1e6));
            let ratios = self.of(name).filter_map(|(round, each)| {
                let (_, own) = self.of(first).find(|turn| turn.0 == round)?;
                Some(own / each)
            });
            let [low, ratio, high] = quartiles(ratios);
            writeln!(f, "{name:12} {each:12.1} {ratio:10.2} {:>16}", format!("{low:.2} to {high:.2}"))?;
        }
        Ok(())
    }
}

/// The numbers below which a quarter, a half and three quarters of them lie.
fn quartiles(numbers: impl Iterator<Item = f64>) -> [f64; 3] {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| numbers.get(numbers.len() * quarter / 4).copied().unwrap_or(f64::NAN))
}

//! What was measured, and how it is shown.

use std::fmt;

/// All turns: who had it, in which round, and the seconds that each request took.
#[derive(Default)]
pub(crate) struct Table(Vec<(&'static str, usize, f64)>);

impl Table {
    pub(crate) fn add(&mut self, name: &'static str, round: usize, each: f64) {
        self.0.push((name, round, each));
    }

    fn of(&self, name: &str) -> impl Iterator<Item = (usize, f64)> {
        self.0.iter().filter(move |turn| turn.0 == name).map(|turn| (turn.1, turn.2))
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:12} {:>12} {:>10} {:>16}", "", "us each", "segno x", "middle half")?;
        for name in ["segno", "sqlx, pool", "sqlx, held"] {
            let [_, each, _] = quartiles(self.of(name).map(|(_, each)| each * 1e6));
            let ratios = self.of(name).filter_map(|(round, each)| {
                let (_, segno) = self.of("segno").find(|turn| turn.0 == round)?;
                Some(segno / each)
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

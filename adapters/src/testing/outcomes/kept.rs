//! The files in which the processes of a run of tests keep what they drove.
//!
//! A file has a line for each outcome: how often it was driven, the file, the line, the effect and the outcome, with tabs
//! between them.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use super::line::{AskingLine, Table};

/// Writes a file whole, or not at all: somebody may read the directory meanwhile.
pub(super) fn write(path: &Path, lines: &[AskingLine]) -> io::Result<()> {
    let mut text = format!("{HEADLINE}\n");
    for line in lines {
        let (file, effect) = (one_word(line.file()), one_word(line.effect()));
        for (outcome, count) in line.outcomes() {
            // A string takes all that is written to it.
            let _ = writeln!(text, "{count}\t{file}\t{}\t{effect}\t{}", line.line(), one_word(outcome));
        }
    }
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, path)
}

/// Adds up all files of a directory.
pub(super) fn read(directory: &Path, table: &mut Table) -> io::Result<()> {
    let entries = fs::read_dir(directory).map_err(|error| explained(directory, &error))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) {
            let text = fs::read_to_string(&path).map_err(|error| explained(&path, &error))?;
            add(&path, &text, table)?;
        }
    }
    Ok(())
}

/// The file of one process: ids come again, and so do not name it alone.
pub(super) fn path(directory: &Path, process: u32, began: u128) -> PathBuf {
    directory.join(format!("{process}-{began}.{EXTENSION}"))
}

fn add(path: &Path, text: &str, table: &mut Table) -> io::Result<()> {
    let wrong = |line: usize, what: &str| {
        let place = path.display();
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("{place}:{line}: {what}; remove the file, and run the tests"),
        )
    };
    let mut lines = text.lines().enumerate().map(|(number, line)| (number + 1, line));
    if lines.next().is_none_or(|(_, headline)| headline != HEADLINE) {
        return Err(wrong(1, &format!("this file does not begin with `{HEADLINE}`, as this version writes it")));
    }
    for (number, text) in lines {
        let fields: Vec<_> = text.split('\t').collect();
        let [count, file, line, effect, outcome] = fields[..] else {
            return Err(wrong(number, "there are not five fields"));
        };
        let (Ok(count), Ok(line)) = (count.parse(), line.parse()) else {
            return Err(wrong(number, "the count or the line is no number"));
        };
        table.line(file, line, effect).add(outcome, count);
    }
    Ok(())
}

fn explained(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

/// The text without what separates fields and lines.
fn one_word(text: &str) -> String {
    text.replace(['\t', '\n', '\r'], " ")
}

/// How a file begins; another number would mean other fields.
const HEADLINE: &str = "segno outcomes 1";

/// What files are named that are whole.
const EXTENSION: &str = "outcomes";

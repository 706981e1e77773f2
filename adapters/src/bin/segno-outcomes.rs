//! Shows which outcomes a run of tests has driven: `SEGNO_OUTCOMES=$PWD/target/outcomes cargo test`, and then
//! `segno-outcomes target/outcomes --html target/outcomes.html --at-least 90`.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use lexopt::{Arg, Parser, ValueExt};
use segno::testing::Report;

fn main() -> ExitCode {
    let wanted = match wanted(Parser::from_env()) {
        Ok(Some(wanted)) => wanted,
        Ok(None) => {
            // Who does not read it does not miss it.
            let _ = writeln!(io::stdout(), "{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("segno-outcomes: {error}\n{USAGE}");
            return ExitCode::from(UNABLE);
        }
    };
    match show(&wanted) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(shortfall)) => {
            eprintln!("segno-outcomes: {shortfall}");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("segno-outcomes: {error}");
            ExitCode::from(UNABLE)
        }
    }
}

struct Wanted {
    directory: PathBuf,
    html: Option<PathBuf>,
    /// The least percentage that is enough.
    at_least: Option<f64>,
}

/// What the arguments say; nothing if they ask for help.
fn wanted(mut arguments: Parser) -> Result<Option<Wanted>, lexopt::Error> {
    let (mut directory, mut html, mut at_least) = (None, None, None);
    while let Some(argument) = arguments.next()? {
        match argument {
            Arg::Long("html") => html = Some(arguments.value()?.into()),
            Arg::Long("at-least") => at_least = Some(arguments.value()?.parse_with(percentage)?),
            Arg::Long("help") | Arg::Short('h') => return Ok(None),
            Arg::Value(value) if directory.is_none() => directory = Some(value.into()),
            Arg::Short(_) | Arg::Long(_) | Arg::Value(_) => return Err(argument.unexpected()),
        }
    }
    let directory = directory.ok_or("which directory? the one that SEGNO_OUTCOMES named")?;
    Ok(Some(Wanted { directory, html, at_least }))
}

fn percentage(text: &str) -> Result<f64, &'static str> {
    match text.trim_end_matches('%').parse() {
        Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(percent),
        Ok(_) | Err(_) => Err("a percentage from 0 to 100 is wanted"),
    }
}

/// Shows what was driven; gives what is missing, if it is too little.
fn show(wanted: &Wanted) -> io::Result<Option<String>> {
    let report = Report::read(&wanted.directory)?;
    match writeln!(io::stdout(), "{report}") {
        // Who reads the table may have seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    if let Some(html) = &wanted.html {
        report
            .write_html(html)
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", html.display())))?;
    }
    Ok(wanted.at_least.and_then(|percent| report.shortfall(percent / 100.0)))
}

const USAGE: &str = "usage: segno-outcomes DIRECTORY [--html FILE] [--at-least PERCENT]

Shows which outcomes were driven by a run of tests with SEGNO_OUTCOMES=DIRECTORY, as a table and as a page.
Ends with 1 if they are fewer than PERCENT, and with 2 if it cannot tell.";

/// The code for what is no answer to the question.
const UNABLE: u8 = 2;

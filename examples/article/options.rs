//! The command line.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};
use segno::Result;

/// What the command line says.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) address: String,
    pub(crate) database: String,
    pub(crate) upstream: Option<String>,
    pub(crate) seed: Option<u64>,
}

impl Options {
    /// Reads the command line. `--help` is answered here, and gives nothing.
    pub(crate) fn read() -> Result<Option<Self>> {
        Self::parse(Parser::from_env())
    }

    fn parse(mut parser: Parser) -> Result<Option<Self>> {
        let mut options = Self {
            address: "127.0.0.1:8080".into(),
            database: "sqlite:article.sqlite".into(),
            upstream: None,
            seed: None,
        };
        while let Some(argument) = parser.next()? {
            match argument {
                Arg::Long("address") => options.address = text(parser.value()?)?,
                Arg::Long("database") => options.database = text(parser.value()?)?,
                Arg::Long("upstream") => options.upstream = Some(text(parser.value()?)?),
                Arg::Long("seed") => options.seed = Some(parser.value()?.parse()?),
                Arg::Short('h') | Arg::Long("help") => {
                    print!("{HELP}");
                    return Ok(None);
                }
                unknown @ (Arg::Short(_) | Arg::Long(_) | Arg::Value(_)) => return Err(unknown.unexpected().into()),
            }
        }
        Ok(Some(options))
    }
}

fn text(value: OsString) -> Result<String, lexopt::Error> {
    value.string()
}

const HELP: &str = "\
The server of the article \"Serving HTTP with continuations\".

Usage: cargo run --example article -- [options]

  --address ADDRESS  where to listen           [127.0.0.1:8080]
  --database URL     the database, where the first start makes the article's table:
                     sqlite:FILE, postgres://USER:PASSWORD@HOST/NAME, mysql://…
                                               [sqlite:article.sqlite]
  --upstream URL     what the pages fetch now and then
                                               [their own /motto]
  --seed NUMBER      makes the chances the same in every run
  -h, --help         shows this

Pages: /          the article's page: one wait after the other
       /together  the same waits side by side, and none for ever
       /motto     a line of text

RUST_LOG=segno=debug shows each effect with its time and result.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Options>> {
        Options::parse(Parser::from_args(arguments))
    }

    #[test]
    fn options_are_read() {
        let options = parse(&["--address", "[::1]:0", "--seed=7", "--upstream", "http://x/"]).unwrap().unwrap();
        assert_eq!((&*options.address, options.seed), ("[::1]:0", Some(7)));
        assert_eq!(options.upstream.as_deref(), Some("http://x/"));
        assert_eq!(options.database, "sqlite:article.sqlite");
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!(parse(&["--sed", "7"]).unwrap_err().to_string(), "invalid option '--sed'");
        assert!(parse(&["--seed", "x"]).unwrap_err().to_string().contains("\"x\""));
        assert_eq!(parse(&["--help"]).unwrap(), None);
    }
}

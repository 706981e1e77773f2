//! What was driven, as a page for a browser.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use super::line::{AskingLine, column};

/// The page: a table for each effect, since each has outcomes of its own.
pub(super) fn html(lines: &[AskingLine], sum: &str) -> String {
    let mut effects: BTreeMap<&str, Vec<&AskingLine>> = BTreeMap::new();
    for line in lines {
        effects.entry(line.effect()).or_default().push(line);
    }
    let mut page = format!("{HEAD}<p>{}</p>\n", Escaped(sum));
    for (effect, lines) in effects {
        // A string takes all that is written to it.
        let _ = table(&mut page, effect, &lines);
    }
    page + "</body>\n</html>\n"
}

fn table(page: &mut String, effect: &str, lines: &[&AskingLine]) -> fmt::Result {
    let mut columns: Vec<&str> = Vec::new();
    for (outcome, _) in lines.iter().flat_map(|line| line.outcomes()) {
        if !columns.contains(&outcome) {
            columns.push(outcome);
        }
    }
    columns.sort_by_key(|outcome| column(outcome));
    let (driven, all) =
        lines.iter().map(|line| line.driven()).fold((0, 0), |sum, line| (sum.0 + line.0, sum.1 + line.1));
    write!(
        page,
        "<table>\n<caption>{} <small>{driven} of {all}</small></caption>\n<tr><th>line</th>",
        Escaped(effect)
    )?;
    columns.iter().try_for_each(|outcome| write!(page, "<th>{}</th>", Escaped(outcome)))?;
    writeln!(page, "</tr>")?;
    for line in lines {
        write!(page, "<tr><td>{}</td>", Escaped(&line.to_string()))?;
        for column in &columns {
            match line.outcomes().find(|(outcome, _)| outcome == column) {
                None => write!(page, "<td class=\"none\"></td>")?,
                Some((_, 0)) => write!(page, "<td class=\"missing\">NO</td>")?,
                Some((_, count)) => write!(page, "<td class=\"driven\">{count}</td>")?,
            }
        }
        writeln!(page, "</tr>")?;
    }
    writeln!(page, "</table>")
}

/// Text that HTML does not read.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|c| match c {
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '&' => f.write_str("&amp;"),
            '"' => f.write_str("&quot;"),
            c => f.write_char(c),
        })
    }
}

const HEAD: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Outcomes that tests drove</title>
<style>
:root { color-scheme: light dark; font: 15px/1.4 system-ui, sans-serif; }
body { margin: 2em; }
table { border-collapse: collapse; margin: 2em 0; }
caption { text-align: left; font-weight: bold; padding: .3em 0; }
small { font-weight: normal; opacity: .7; }
th, td { border: 1px solid #8886; padding: .25em .7em; text-align: right; }
th:first-child, td:first-child { text-align: left; font-family: ui-monospace, monospace; }
.driven { background: #2a82; }
.missing { background: #d228; font-weight: bold; }
</style>
</head>
<body>
<h1>Outcomes that tests drove</h1>
"#;

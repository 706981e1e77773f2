//! A file is read in one sitting, and a function on one screen.

use crate::{
    tokens::{Kind, Token, item, tokens},
    workspace::{holds, sources},
};

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > FILE_LINES).then(|| format!("{}: {lines} lines", source.path))
    });
    holds("a file has no more than 400 lines", &long.collect::<Vec<_>>());
}

#[test]
fn functions_are_short() {
    let long = sources().into_iter().flat_map(|source| long_functions(source.path, &source.tokens));
    holds("a function has no more than 60 lines", &long.collect::<Vec<_>>());
}

/// As `file:line name length`.
fn long_functions(path: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for at in 0..tokens.len() {
        // `fn(…)` is a type.
        let named = tokens.get(at + 1).is_some_and(|next| next.kind == Kind::Word || next.is("$"));
        if !tokens[at].is("fn") || !named {
            continue;
        }
        let first = tokens[at].line;
        let last = tokens[at + item(&tokens[at..]) - 1].line;
        let lines = last - first + 1;
        if lines > FUNCTION_LINES {
            found.push(format!("{path}:{first} {} {lines}", tokens[at + 1].text));
        }
    }
    found
}

#[test]
fn a_long_function_is_found() {
    let body = |lines: usize| format!("fn a() {{\n let b = \"}}\"; // }}{}\n}}\n", "\n".repeat(lines - 3));
    let source = format!("{}{}trait T {{ fn c(f: fn([u8; 2])); }}", body(FUNCTION_LINES), body(FUNCTION_LINES + 1));
    assert_eq!(long_functions("x.rs", &tokens(&source)), ["x.rs:61 a 61"]);
}

/// The house's rule.
const FILE_LINES: usize = 400;

/// The house's rule.
const FUNCTION_LINES: usize = 60;

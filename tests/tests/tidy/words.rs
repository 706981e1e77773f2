//! What is not to be said: in code, in documents, in any file.

use crate::{
    modules::{Modules, Tests},
    tokens::{Token, spells, tokens, without_tests},
    workspace::{FILES, holds, sources, target_roots},
};

#[test]
fn no_code_is_unsafe_or_unfinished() {
    let words: &[&[&str]] = &[&["unsafe"], &["todo", "!"], &["dbg", "!"], &["unimplemented", "!"]];
    let found = sources().into_iter().flat_map(|source| says(source.path, &source.tokens, words));
    holds("no code is unsafe or unfinished", &found.collect::<Vec<_>>());
}

#[test]
fn the_libraries_do_not_unwrap() {
    let roots = target_roots().into_iter().filter(|root| LIBRARIES.contains(&root.as_str()));
    let files = roots.flat_map(|root| Modules::read(&root, &FILES, Tests::Without).all).map(|module| module.file);
    let mut found: Vec<_> = files
        .flat_map(|file| says(&file, &without_tests(&tokens(&FILES[&file])), &[&[".", "unwrap", "(", ")"]]))
        .collect();
    found.sort_unstable();
    found.dedup();
    holds("a library does not unwrap", &found);
}

#[test]
fn examples_in_documents_are_compiled() {
    let found = FILES.iter().flat_map(|(path, text)| ignored_fences(path, text));
    holds("no example in the documents is `ignore`d", &found.collect::<Vec<_>>());
}

#[test]
fn files_name_no_machine() {
    // In pieces, since this file is read as well.
    let words = [
        ["/ro", "ot/"],
        ["/ho", "me/"],
        ["/Us", "ers/"],
        ["C:", "\\"],
        ["/wo", "rk/"],
        ["/tm", "p/"],
        ["index.cra", "tes.io"],
        ["static.cra", "tes.io"],
        ["spar", "se+"],
    ];
    let words = words.map(|pieces| pieces.concat());
    let files = FILES.iter().filter(|(path, _)| *path != "Cargo.lock");
    let found = files.flat_map(|(path, text)| mentions(path, text, &words));
    holds("no file names a place on one machine, or a registry's host", &found.collect::<Vec<_>>());
}

fn says(path: &str, tokens: &[Token<'_>], words: &[&[&str]]) -> Vec<String> {
    let at = (0..tokens.len()).filter(|at| words.iter().any(|words| spells(&tokens[*at..], words)));
    at.map(|at| format!("{path}:{} {}", tokens[at].line, tokens[at].text)).collect()
}

/// Fences in doc comments and in Markdown whose code is shown and not compiled.
fn ignored_fences(path: &str, text: &str) -> Vec<String> {
    let (rust, markdown) = (path.ends_with(".rs"), path.ends_with(".md"));
    let lines = text.lines().enumerate().filter(|(_, line)| {
        let line = line.trim_start();
        let document = match ["///", "//!"].iter().find_map(|start| line.strip_prefix(start)) {
            Some(document) => document.trim_start(),
            None if rust => return false,
            None => line,
        };
        document.starts_with("```") && document.contains("ignore")
    });
    lines.filter(|_| rust || markdown).map(|(at, _)| format!("{path}:{}", at + 1)).collect()
}

fn mentions(path: &str, text: &str, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        found.extend(words.iter().filter(|word| line.contains(*word)).map(|word| format!("{path}:{} {word}", at + 1)));
    }
    found
}

#[test]
fn forbidden_words_are_found() {
    let source = "fn a() { x.unwrap();\n y.unwrap_or(1);\n \"unsafe\"; // unsafe\n unsafe {} }";
    let words: &[&[&str]] = &[&["unsafe"], &[".", "unwrap", "(", ")"]];
    assert_eq!(says("x.rs", &tokens(source), words), ["x.rs:1 .", "x.rs:4 unsafe"]);

    let document = format!("/// {0}ignore\n/// {0}\nlet a = \"{0}ignore\";\n//! {0}rust,ignore", "```");
    assert_eq!(ignored_fences("x.rs", &document), ["x.rs:1", "x.rs:4"]);
    assert_eq!(ignored_fences("x.md", &format!("{}ignore", "```")), ["x.md:1"]);

    assert_eq!(mentions("x.md", "a\nin b/c", &["b/".into()]), ["x.md:2 b/"]);
}

/// What others build on: what comes from outside must not make it panic.
const LIBRARIES: &[&str] = &["core/src/lib.rs", "adapters/src/lib.rs"];

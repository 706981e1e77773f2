//! What the README says is so.

use crate::workspace::{FILES, PACKAGES, holds, targets};

#[test]
fn the_set_up_commands_are_two() {
    let commands = commands(&FILES["README.md"]);
    let set_up =
        commands.iter().filter(|command| ["cargo run", "cargo test"].iter().any(|begin| command.starts_with(begin)));
    let set_up: Vec<_> = set_up.take(2).collect();
    assert_eq!(set_up, ["cargo run --example article", "cargo test"], "the README's first two commands");
}

#[test]
fn commands_name_what_there_is() {
    let found = commands(&FILES["README.md"]).into_iter().flat_map(|command| unknown_names(&command, &known));
    holds("the README's commands name what there is", &found.collect::<Vec<_>>());
}

#[test]
fn the_rust_version_is_that_of_the_manifest() {
    let expected = PACKAGES[0]["rust_version"].as_str().unwrap();
    let stated = rust_versions(&FILES["README.md"]);
    assert!(!stated.is_empty(), "the README states the oldest Rust that works");
    assert!(stated.iter().all(|stated| stated == expected), "the README says Rust {stated:?}, the manifest {expected}");
}

/// All `cargo …` in the document: lines of fenced blocks, and what stands between backticks.
fn commands(document: &str) -> Vec<String> {
    let (mut fenced, mut found) = (false, Vec::new());
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
            continue;
        }
        let pieces: Vec<_> = if fenced { vec![line] } else { line.split('`').skip(1).step_by(2).collect() };
        let commands = pieces.into_iter().map(|piece| piece.trim().trim_start_matches("$ "));
        let commands = commands.filter(|piece| piece.starts_with("cargo "));
        found.extend(commands.map(|command| command.split(" #").next().unwrap_or_default().trim().to_owned()));
    }
    found
}

/// The options of a command that name something, if it is not known.
fn unknown_names(command: &str, known: &dyn Fn(&str, &str) -> bool) -> Vec<String> {
    let words = command.split(" -- ").next().unwrap_or_default().replace('=', " ");
    let words: Vec<_> = words.split_whitespace().collect();
    let pairs = words.windows(2).filter(|pair| !pair[1].starts_with('-') && !known(pair[0], pair[1]));
    pairs.map(|pair| format!("`{command}`: {} {}", pair[0], pair[1])).collect()
}

fn known(option: &str, name: &str) -> bool {
    let mut packages = PACKAGES.iter();
    match option {
        "-p" | "--package" => packages.any(|package| package["name"] == name),
        "--example" | "--bench" | "--test" | "--bin" => targets(option.trim_start_matches('-')).contains(&name),
        "--features" | "-F" => name.split(',').all(|feature| {
            PACKAGES
                .iter()
                .any(|package| package["features"].get(feature.rsplit('/').next().unwrap_or_default()).is_some())
        }),
        _ => true,
    }
}

/// The numbers after `Rust`, as in "Rust 1.94 or newer".
fn rust_versions(document: &str) -> Vec<String> {
    let after = document.split("Rust ").skip(1);
    let numbers = after.map(|text| text.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect::<String>());
    numbers.map(|number| number.trim_end_matches('.').to_owned()).filter(|number| number.contains('.')).collect()
}

#[test]
fn a_wrong_readme_is_found() {
    let document = "Do `cargo add x`, needs Rust 1.94. Rust is.\n```sh\n$ cargo run --example y --features=a -- --test z # so\nls\n```\n";
    let found = commands(document);
    assert_eq!(found, ["cargo add x", "cargo run --example y --features=a -- --test z"]);
    let known = |option: &str, _: &str| option != "--example";
    assert_eq!(unknown_names(&found[1], &known), ["`cargo run --example y --features=a -- --test z`: --example y"]);
    assert_eq!(rust_versions(document), ["1.94"]);
}

//! What a program on segno's smol adapter is made of, as `cargo tree` tells it.

#![allow(clippy::unwrap_used, reason = "a tree that cannot be read is a failure")]

use std::{path::Path, process::Command};

/// The packages of the smol adapter with all that it offers, as (name, version); one entry for each of them.
fn packages() -> Vec<(String, String)> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "-p", "segno", "-e", "normal", "--no-default-features", "--features", FEATURES]);
    cargo.args(["--prefix", "none", "--format", "{p}", "--no-dedupe", "--offline", "--locked"]);
    let output = cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR"))).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut packages: Vec<(String, String)> = tree.lines().filter_map(package).collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

/// From `name v1.2.3 …`.
fn package(line: &str) -> Option<(String, String)> {
    let mut words = line.split_whitespace();
    Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
}

fn versions<'a>(packages: &'a [(String, String)], wanted: &str) -> Vec<&'a str> {
    packages.iter().filter(|(name, _)| name == wanted).map(|(_, version)| version.as_str()).collect()
}

#[test]
fn there_is_one_runtime_and_one_tls() {
    let packages = packages();
    assert_eq!(versions(&packages, "segno-core").len(), 1, "the tree is segno's: {packages:?}");
    for unwanted in ["tokio", "hyper", "curl", "curl-sys", "isahc", "native-tls", "openssl", "openssl-sys", "async-tls"]
    {
        assert_eq!(versions(&packages, unwanted), [""; 0], "{unwanted} is not part of the smol adapter");
    }
    let rustls = versions(&packages, "rustls");
    assert!(!rustls.is_empty(), "https goes by rustls");
    assert!(rustls.iter().all(|version| is_current(version)), "rustls {rustls:?}");
}

/// 0.23 or newer.
fn is_current(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(0), Some(23))
}

/// async-h1 compiles an older reactor of its own, which nothing starts.
#[test]
fn there_is_one_reactor_besides_that_of_async_h1() {
    let packages = packages();
    let reactors = versions(&packages, "async-io");
    let of = |line: &str| reactors.iter().filter(|version| version.starts_with(line)).count();
    assert_eq!((of("2."), of("1.") + of("2.")), (1, reactors.len()), "async-io {reactors:?}");
}

#[test]
fn versions_are_read() {
    assert_eq!(package("rustls v0.23.46 (*)"), Some(("rustls".into(), "0.23.46".into())));
    assert_eq!(package(""), None);
    assert_eq!(["0.22.9", "0.23.0", "0.18.1", "0.24.1", "1.0.0"].map(is_current), [false, true, false, true, true]);
}

const FEATURES: &str = "smol,sqlite,http-client";

//! What the workspace is made of: its files, packages and targets.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use serde_json::Value;

use crate::tokens::{Token, tokens};

/// The files by their path from the root, with their text. Build results and hidden folders are no files of it, nor what
/// is no text.
pub(crate) static FILES: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut files = BTreeMap::new();
    collect(&root(), &mut files);
    files
});

/// What `cargo metadata` says of the workspace's own packages.
pub(crate) static PACKAGES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--no-deps", "--offline", "--locked", "--format-version", "1"]).current_dir(root());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
});

/// A Rust file.
pub(crate) struct Source {
    pub(crate) path: &'static str,
    pub(crate) text: &'static str,
    pub(crate) tokens: Vec<Token<'static>>,
}

/// All Rust files.
pub(crate) fn sources() -> Vec<Source> {
    let rust = FILES.iter().filter(|(path, _)| path.ends_with(".rs"));
    rust.map(|(path, text)| Source { path, text, tokens: tokens(text) }).collect()
}

/// The first file of each target, by its path from the root.
pub(crate) fn target_roots() -> Vec<String> {
    let root = root();
    let targets = PACKAGES.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let mut roots: Vec<_> =
        targets.map(|target| relative(&root, Path::new(target["src_path"].as_str().unwrap()))).collect();
    roots.sort_unstable();
    roots
}

/// The names of all targets of a kind: `example`, `bench`, `test`, `bin`, `lib`.
pub(crate) fn targets(kind: &str) -> Vec<&'static str> {
    let targets = PACKAGES.iter().flat_map(|package| package["targets"].as_array().unwrap());
    let wanted = targets.filter(|target| target["kind"].as_array().unwrap().iter().any(|found| found == kind));
    wanted.map(|target| target["name"].as_str().unwrap()).collect()
}

/// Fails with all that breaks a rule.
#[track_caller]
pub(crate) fn holds(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}; {} times not:\n{}", violations.len(), violations.join("\n"));
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn collect(folder: &Path, files: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy();
        if path.is_dir() {
            if !SKIPPED.contains(&&*name) {
                collect(&path, files);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            files.insert(relative(&root(), &path), text);
        }
    }
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/")
}

/// What `.gitignore` names, and git's own.
const SKIPPED: &[&str] = &[".git", "target", "artifacts", "coverage", "corpus"];

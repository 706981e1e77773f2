//! The documents that a repository needs are there.

use crate::workspace::{FILES, PACKAGES, holds};

#[test]
fn documents_are_there() {
    let missing = DOCUMENTS.iter().filter(|path| FILES.get(**path).is_none_or(|text| text.trim().is_empty()));
    holds("the documents are there", &missing.map(|path| (*path).to_owned()).collect::<Vec<_>>());
}

#[test]
fn the_licences_are_those_of_the_manifests() {
    for package in PACKAGES.iter() {
        assert_eq!(package["license"], "MIT OR Apache-2.0", "{}", package["name"]);
    }
    assert!(FILES["LICENSE-MIT"].starts_with("MIT License"));
    assert!(FILES["LICENSE-APACHE"].contains("Version 2.0, January 2004"));
}

#[test]
fn the_changelog_knows_the_version() {
    let segno = PACKAGES.iter().find(|package| package["name"] == "segno").unwrap();
    let version = segno["version"].as_str().unwrap();
    let known = FILES["CHANGELOG.md"].lines().any(|line| line.starts_with('#') && line.contains(version));
    assert!(known, "CHANGELOG.md has a heading for {version}");
}

const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "deny.toml"];

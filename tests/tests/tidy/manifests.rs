//! What the manifests promise.

use crate::workspace::{FILES, PACKAGES, holds};

#[test]
fn features_are_documented() {
    let manifests = ["core/Cargo.toml", "adapters/Cargo.toml"];
    let found = manifests.iter().flat_map(|path| undocumented(path, &FILES[*path]));
    holds("a feature has a `##` comment above it", &found.collect::<Vec<_>>());
}

/// Crates of one workspace are built by one compiler, under the same rules.
#[test]
fn packages_inherit_what_they_share() {
    let mut found = Vec::new();
    for package in PACKAGES.iter() {
        let name = package["name"].as_str().unwrap();
        for key in ["edition", "rust_version", "license"] {
            if package[key] != PACKAGES[0][key] {
                found.push(format!("{name}: {key}"));
            }
        }
    }
    let manifests = FILES.iter().filter(|(path, _)| path.ends_with("/Cargo.toml"));
    found.extend(
        manifests
            .filter(|(_, text)| !text.contains("\n[lints]\nworkspace = true\n"))
            .map(|(path, _)| format!("{path}: lints")),
    );
    holds("packages share edition, Rust version, licence and lints", &found);
}

/// The names under `[features]` that nothing explains, but for `default`.
fn undocumented(path: &str, manifest: &str) -> Vec<String> {
    let section = manifest.split("\n[features]\n").nth(1).unwrap_or_default();
    let lines: Vec<_> = section.lines().take_while(|line| !line.starts_with('[')).collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some((name, _)) = line.split_once(" = ") else {
            continue;
        };
        let explained = at > 0 && lines[at - 1].starts_with("## ");
        if !line.starts_with([' ', '#']) && name != "default" && !explained {
            found.push(format!("{path}: {name}"));
        }
    }
    found
}

#[test]
fn an_undocumented_feature_is_found() {
    let manifest =
        "[package]\n\n[features]\ndefault = []\n## Why.\na = [\n    \"b\",\n]\nb = []\n\n[dependencies]\nc = \"1\"\n";
    assert_eq!(undocumented("x", manifest), ["x: b"]);
}

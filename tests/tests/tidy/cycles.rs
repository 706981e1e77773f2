//! Modules point downwards: neither the modules of a crate nor those of a folder depend on each other in a circle.
//!
//! What counts is where a name is defined, not through which re-export it is reached. A folder's module and what lies in
//! it are one unit: they may use each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    modules::{Modules, Tests},
    workspace::{FILES, holds, sources, target_roots},
};

#[test]
fn no_modules_depend_on_each_other_in_a_circle() {
    let crates = target_roots().into_iter().map(|root| Modules::read(&root, &FILES, Tests::Without));
    let found: Vec<_> = crates.flat_map(|modules| cycles(&modules)).collect();
    holds("modules form no cycle", &found);
}

#[test]
fn every_rust_file_belongs_to_a_target() {
    let crates = target_roots().into_iter().map(|root| Modules::read(&root, &FILES, Tests::With));
    let compiled: BTreeSet<_> = crates.flat_map(|modules| modules.all).map(|module| module.file).collect();
    let orphans = sources().into_iter().map(|source| source.path);
    // Those are compiled one by one, to see them fail.
    let orphans = orphans.filter(|path| !compiled.contains(*path) && !path.contains("/compile_fail/"));
    holds("every Rust file belongs to a target", &orphans.map(str::to_owned).collect::<Vec<_>>());
}

/// A module and those beside it that it uses, with the line that says so.
type Uses = BTreeMap<usize, BTreeMap<usize, String>>;

/// One cycle of each folder that has any, as `a → b (where) → a (where)`.
fn cycles(modules: &Modules) -> Vec<String> {
    let mut folders: BTreeMap<usize, Uses> = BTreeMap::new();
    for (id, module) in modules.all.iter().enumerate() {
        for reference in &module.references {
            let Some(target) = modules.resolve(id, &reference.path) else {
                continue;
            };
            let (here, there) = (modules.ancestry(id), modules.ancestry(target));
            let shared = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
            if let (Some(from), Some(to)) = (here.get(shared), there.get(shared)) {
                let place = format!("{}:{}", module.file, reference.line);
                let uses = folders.entry(here[shared - 1]).or_default().entry(*from).or_default();
                uses.entry(*to).or_insert(place);
            }
        }
    }
    folders.values().filter_map(|uses| cycle(modules, uses)).collect()
}

fn cycle(modules: &Modules, uses: &Uses) -> Option<String> {
    let mut done = BTreeSet::new();
    let found = uses.keys().find_map(|start| follow(uses, *start, &mut Vec::new(), &mut done))?;
    let mut text = modules.all[found[0]].name.clone();
    for (position, from) in found.iter().enumerate() {
        let to = found[(position + 1) % found.len()];
        text += &format!(" → {} ({})", modules.all[to].name, uses[from][&to]);
    }
    Some(text)
}

fn follow(uses: &Uses, at: usize, line: &mut Vec<usize>, done: &mut BTreeSet<usize>) -> Option<Vec<usize>> {
    if let Some(start) = line.iter().position(|before| *before == at) {
        return Some(line[start..].to_vec());
    }
    if !done.insert(at) {
        return None;
    }
    line.push(at);
    let found = uses.get(&at).and_then(|next| next.keys().find_map(|next| follow(uses, *next, line, done)));
    line.pop();
    found
}

/// What it shows, the files with their text, and the cycles in them.
type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

#[test]
fn a_cycle_is_found() {
    let cases: &[Case] = &[
        (
            "direct",
            &[("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b::B; struct A;"), ("b.rs", "use super::a; struct B;")],
            &["a → b (a.rs:1) → a (b.rs:1)"],
        ),
        (
            "through a re-export of the root, in the code",
            &[
                ("lib.rs", "mod a; mod b; mod c; pub use a::*; pub use c::C;"),
                ("a.rs", "pub struct A;\nfn x() { crate::b::y() }"),
                ("b.rs", "use crate::{C as D};"),
                ("c.rs", "pub struct C(crate::A);"),
            ],
            &["a → b (a.rs:2) → c (b.rs:1) → a (c.rs:1)"],
        ),
        (
            "in a folder, inline",
            &[
                ("lib.rs", "mod a;"),
                ("a/mod.rs", "mod b; mod c { use super::b; pub struct C; }"),
                ("a/b.rs", "use super::{c::{self, C}};"),
            ],
            &["b → c (a/b.rs:1) → b (a/mod.rs:1)"],
        ),
        (
            "in the text of an attribute",
            &[
                ("lib.rs", "mod a; mod b;"),
                ("a.rs", "struct A(#[cfg_attr(x, serde(with = \"crate::b::c\"))] u8);"),
                ("b.rs", "use crate::a::A; mod c { }"),
            ],
            &["a → b (a.rs:1) → a (b.rs:1)"],
        ),
        (
            "none: parents and children, tests, comments, macros, other crates",
            &[
                ("lib.rs", "mod a; mod b; pub struct Root; macro_rules! m { () => { $crate::b::B } }"),
                ("a.rs", "mod inner; pub struct A; use self::inner::I; #[cfg(test)] mod tests { use crate::b::B; }"),
                ("a/inner.rs", "use super::A; pub struct I; /// [`B`](crate::b::B) in crate::b::B\n fn x() {}"),
                ("b.rs", "use crate::{a::A, Root}; use other::a; pub(in crate::b) struct B;"),
            ],
            &[],
        ),
    ];
    for (case, files, expected) in cases {
        let files = files.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
        assert_eq!(cycles(&Modules::read("lib.rs", &files, Tests::Without)), *expected, "{case}");
    }
}

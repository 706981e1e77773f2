//! Some libraries are used behind one wall each, so that they can be replaced without a change anywhere else.

use std::collections::BTreeSet;

use crate::{
    modules::{Modules, Tests},
    tokens::{Token, spells, tokens},
    workspace::{FILES, holds},
};

/// A library by its name in code, and the files of a crate that may name it.
struct Wall {
    library: &'static str,
    root: &'static str,
    files: &'static [&'static str],
}

const WALLS: &[Wall] = &[
    Wall { library: "genawaiter", root: "core/src/lib.rs", files: &["core/src/generator.rs"] },
    Wall { library: "async_h1", root: "adapters/src/lib.rs", files: &["adapters/src/smol/codec.rs"] },
    Wall {
        library: "http_types",
        root: "adapters/src/lib.rs",
        files: &["adapters/src/smol/codec.rs", "adapters/src/smol/http_client/surf.rs"],
    },
    Wall { library: "surf", root: "adapters/src/lib.rs", files: &["adapters/src/smol/http_client/surf.rs"] },
    Wall {
        library: "rusqlite",
        root: "adapters/src/lib.rs",
        files: &[
            "adapters/src/sql/statement/tests/agreement.rs",
            "adapters/src/testing/sqlite/connection.rs",
            "adapters/src/testing/sqlite/functions.rs",
            "adapters/src/testing/sqlite/store.rs",
        ],
    },
    Wall { library: "cap_std", root: "adapters/src/lib.rs", files: &["adapters/src/smol/files/directory.rs"] },
    Wall { library: "flate2", root: "adapters/src/lib.rs", files: &["adapters/src/gzip.rs"] },
    Wall { library: "multer", root: "adapters/src/lib.rs", files: &["adapters/src/forms/multipart.rs"] },
    Wall { library: "http_client", root: "adapters/src/lib.rs", files: &["adapters/src/smol/http_client/surf.rs"] },
];

#[test]
fn each_library_is_behind_its_wall() {
    let mut found = BTreeSet::new();
    for wall in WALLS {
        let modules = Modules::read(wall.root, &FILES, Tests::With);
        let mut inside = BTreeSet::new();
        for module in &modules.all {
            let own = module.children.contains_key(wall.library);
            let lines = names(&tokens(&FILES[&module.file]), wall.library, own);
            if !wall.files.contains(&module.file.as_str()) {
                found.extend(lines.into_iter().map(|line| format!("{}:{line} {}", module.file, wall.library)));
            } else if !lines.is_empty() {
                inside.insert(module.file.as_str());
            }
        }
        // A wall around nothing would hold for ever.
        assert!(wall.files.iter().all(|file| inside.contains(file)), "{} is named only in {inside:?}", wall.library);
    }
    holds("each of these libraries is named behind its wall alone", &found.into_iter().collect::<Vec<_>>());
}

/// `std` would be the way to clocks, threads and sockets.
#[test]
fn the_core_takes_of_std_its_mutex_alone() {
    let mut found = Vec::new();
    for module in Modules::read("core/src/lib.rs", &FILES, Tests::Without).all {
        let tokens = tokens(&FILES[&module.file]);
        let uses = names(&tokens, "std", false);
        let mutex = module.file == "core/src/slot.rs" && uses.len() == 1;
        let mutex = mutex && (0..tokens.len()).any(|at| spells(&tokens[at..], MUTEX));
        found.extend(uses.into_iter().filter(|_| !mutex).map(|line| format!("{}:{line}", module.file)));
    }
    holds("the core takes of std its mutex alone", &found);
}

/// The lines on which a path begins with this crate's name. `own` says that a module of the same name is in scope, so that
/// only `::name` means the crate.
fn names(tokens: &[Token<'_>], library: &str, own: bool) -> Vec<usize> {
    let mut lines = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let followed = tokens.get(at + 1).is_some_and(|next| next.is("::"));
        let rooted = at > 0 && tokens[at - 1].is("::");
        let inner = rooted && at > 1 && tokens[at - 2].kind == crate::tokens::Kind::Word && !tokens[at - 2].is("use");
        let imported = at > 0 && (tokens[at - 1].is("use") || rooted) && !followed;
        if token.is(library) && !inner && (followed || imported) && (rooted || !own) {
            lines.push(token.line);
        }
    }
    lines
}

#[test]
fn a_hole_in_a_wall_is_found() {
    let source = "use surf::Client;\nuse ::surf as s;\nuse surf;\nfn f(surf: super::surf::X) -> surf::Y { self::surf::z() }\nmod surf;";
    assert_eq!(names(&tokens(source), "surf", false), [1, 2, 3, 4]);
    assert_eq!(names(&tokens(source), "surf", true), [2]);
}

/// What the core's slot imports.
const MUTEX: &[&str] =
    &["use", "std", "::", "sync", "::", "{", "Mutex", ",", "MutexGuard", ",", "PoisonError", "}", ";"];

//! The modules of a crate, what they are called, and which of them a path means.

use std::collections::{BTreeMap, BTreeSet};

use crate::tokens::{Kind, Token, attribute, group, spells, tokens, without_tests};

/// All modules of a crate; the first is its root.
#[derive(Default)]
pub(crate) struct Modules {
    pub(crate) all: Vec<Module>,
}

#[derive(Default)]
pub(crate) struct Module {
    pub(crate) name: String,
    pub(crate) file: String,
    pub(crate) parent: Option<usize>,
    pub(crate) children: BTreeMap<String, usize>,
    /// What it names of its own crate.
    pub(crate) references: Vec<Reference>,
    /// What is defined right in it.
    items: BTreeSet<String>,
    /// What it imports: the name here, and the path there.
    imports: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
}

pub(crate) struct Reference {
    pub(crate) path: Vec<String>,
    pub(crate) line: usize,
}

/// Whether modules for tests count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    With,
    Without,
}

impl Modules {
    /// Reads a crate from its first file. `files` are all files by their path.
    pub(crate) fn read(root: &str, files: &BTreeMap<String, String>, tests: Tests) -> Self {
        let mut modules = Self::default();
        let folder = folder(root);
        modules.add(Module { file: root.into(), ..Module::default() }, folder, files, tests);
        modules
    }

    /// The module that a path in the module `from` leads to, by the place where its last name is defined.
    pub(crate) fn resolve(&self, from: usize, path: &[String]) -> Option<usize> {
        self.find(from, path, MOST_IMPORTS).or_else(|| self.nearest(from, path))
    }

    /// From the root to this one.
    pub(crate) fn ancestry(&self, module: usize) -> Vec<usize> {
        let mut line = vec![module];
        while let Some(parent) = self.all[line[line.len() - 1]].parent {
            line.push(parent);
        }
        line.reverse();
        line
    }

    fn add(&mut self, module: Module, folder: String, files: &BTreeMap<String, String>, tests: Tests) -> usize {
        let id = self.all.len();
        let text = files.get(&module.file).unwrap_or_else(|| panic!("there is no file {}", module.file));
        self.all.push(module);
        let tokens = tokens(text);
        let tokens = if tests == Tests::With { tokens } else { without_tests(&tokens) };
        self.body(id, &folder, &tokens, files, tests);
        id
    }

    /// Takes in what stands in a module.
    fn body(&mut self, id: usize, folder: &str, tokens: &[Token<'_>], files: &BTreeMap<String, String>, tests: Tests) {
        let (mut at, mut depth, mut path_attribute) = (0, 0_usize, None);
        while at < tokens.len() {
            let rest = &tokens[at..];
            if let Some(attribute) = attribute(rest) {
                if spells(attribute, &["#", "[", "path", "="]) {
                    path_attribute = Some(attribute[4].text.trim_matches('"'));
                }
                self.all[id].references.extend(attribute.iter().filter_map(path_in_text));
                at += attribute.len();
                continue;
            }
            if rest[0].is("mod") && rest.len() > 2 && rest[1].kind == Kind::Word {
                at += self.child(id, folder, rest, path_attribute.take(), files, tests);
                continue;
            }
            if rest[0].is("use") && depth == 0 {
                self.import(id, rest);
            }
            if depth == 0 && rest.len() > 1 && ITEMS.iter().any(|word| rest[0].is(word)) {
                self.all[id].items.insert(rest[1].text.into());
            }
            depth = match rest[0].text {
                "{" => depth + 1,
                "}" => depth.saturating_sub(1),
                _ => depth,
            };
            at += self.mention(id, tokens, at).max(1);
        }
    }

    /// Adds a module that is declared here; gives the length of its declaration.
    fn child(
        &mut self,
        parent: usize,
        folder: &str,
        rest: &[Token<'_>],
        path_attribute: Option<&str>,
        files: &BTreeMap<String, String>,
        tests: Tests,
    ) -> usize {
        let name = rest[1].text;
        let below = format!("{folder}{name}/");
        let file = self.all[parent].file.clone();
        let module = Module { name: name.into(), parent: Some(parent), ..Module::default() };
        let (id, length) = if rest[2].is("{") {
            let id = self.all.len();
            self.all.push(Module { file, ..module });
            let length = group(&rest[2..]);
            self.body(id, &below, &rest[3..1 + length], files, tests);
            (id, 2 + length)
        } else {
            let (inner, beside) = (format!("{below}mod.rs"), format!("{folder}{name}.rs"));
            let file = match path_attribute {
                Some(path) => format!("{}{path}", self::folder(&file)),
                None if files.contains_key(&inner) => inner,
                None => beside,
            };
            let below = if path_attribute.is_some() { self::folder(&file) } else { below };
            (self.add(Module { file, ..module }, below, files, tests), 3)
        };
        self.all[parent].children.insert(name.into(), id);
        length
    }

    /// Notes what an import brings into the module.
    fn import(&mut self, id: usize, rest: &[Token<'_>]) {
        let mut leaves = Vec::new();
        import_tree(&rest[1..], &mut Vec::new(), &mut leaves);
        for (mut path, alias) in leaves {
            if path.last().is_some_and(|last| last == "*") {
                path.pop();
                self.all[id].globs.push(path);
            } else if let Some(name) = alias.or_else(|| path.last().cloned()) {
                self.all[id].imports.push((name, path));
            }
        }
    }

    /// Notes the paths into its own crate that begin here; gives the length of what it has read.
    fn mention(&mut self, id: usize, tokens: &[Token<'_>], at: usize) -> usize {
        let rest = &tokens[at..];
        let begins = ["crate", "super", "self"].iter().any(|word| spells(rest, &[word, "::"]));
        let in_a_macro = at > 0 && (tokens[at - 1].is("$") || tokens[at - 1].is("::"));
        // `pub(in crate::x)` is no use of `x`.
        let in_a_visibility = at > 2 && tokens[at - 1].is("in") && tokens[at - 2].is("(");
        if !begins || in_a_macro || in_a_visibility {
            return 0;
        }
        let mut leaves = Vec::new();
        let length = import_tree(rest, &mut Vec::new(), &mut leaves);
        let line = rest[0].line;
        self.all[id].references.extend(leaves.into_iter().map(|(path, _)| Reference { path, line }));
        length
    }

    /// As [`resolve`](Self::resolve), if the last name is known.
    fn find(&self, from: usize, path: &[String], hops: usize) -> Option<usize> {
        match path.split_first() {
            Some((first, rest)) if first == "crate" => self.descend(0, rest, hops),
            _ => self.descend(from, path, hops),
        }
    }

    fn descend(&self, at: usize, path: &[String], hops: usize) -> Option<usize> {
        let Some((first, rest)) = path.split_first() else {
            return Some(at);
        };
        let hops = hops.checked_sub(1)?;
        let module = &self.all[at];
        match first.as_str() {
            "self" => return self.descend(at, rest, hops),
            "super" => return self.descend(module.parent?, rest, hops),
            _ => {}
        }
        if let Some(child) = module.children.get(first) {
            return self.descend(*child, rest, hops);
        }
        if module.items.contains(first) {
            return Some(at);
        }
        let joined = |target: &[String], rest: &[String]| [target, rest].concat();
        if let Some((_, target)) = module.imports.iter().find(|(name, target)| name == first && target[0] != *first) {
            return self.find(at, &joined(target, rest), hops);
        }
        module.globs.iter().find_map(|target| self.find(at, &joined(target, path), hops))
    }

    /// The last module that the path names.
    fn nearest(&self, from: usize, path: &[String]) -> Option<usize> {
        let (first, mut rest) = path.split_first()?;
        let mut at = match first.as_str() {
            "crate" => 0,
            "self" => from,
            "super" => self.all[from].parent?,
            name => *self.all[from].children.get(name)?,
        };
        while let Some((first, after)) = rest.split_first() {
            let module = &self.all[at];
            let next = if first == "super" { module.parent } else { module.children.get(first).copied() };
            let Some(next) = next else { break };
            (at, rest) = (next, after);
        }
        Some(at)
    }
}

/// Reads a path, or a tree of paths as in a `use`; gives its length.
fn import_tree(
    tokens: &[Token<'_>],
    prefix: &mut Vec<String>,
    leaves: &mut Vec<(Vec<String>, Option<String>)>,
) -> usize {
    let (depth, mut at) = (prefix.len(), 0);
    loop {
        match tokens.get(at) {
            Some(token) if token.is("{") => {
                let end = at + group(&tokens[at..]) - 1;
                at += 1;
                while at < end {
                    at += import_tree(&tokens[at..end], prefix, leaves);
                    at += 1; // The comma.
                }
                prefix.truncate(depth);
                return end + 1;
            }
            Some(token) if token.kind == Kind::Word || token.is("*") => prefix.push(token.text.into()),
            _ => break,
        }
        at += 1;
        let goes_on = tokens.get(at).is_some_and(|token| token.is("::"));
        let further =
            tokens.get(at + 1).is_some_and(|token| token.kind == Kind::Word || token.is("{") || token.is("*"));
        if !goes_on || !further {
            break;
        }
        at += 1;
    }
    let alias = spells(&tokens[at..], &["as"]).then(|| tokens[at + 1].text.to_owned());
    at += if alias.is_some() { 2 } else { 0 };
    leaves.push((prefix.clone(), alias));
    prefix.truncate(depth);
    at
}

/// A path into the crate that an attribute gives as text, as in `with = "crate::serial"`.
fn path_in_text(token: &Token<'_>) -> Option<Reference> {
    let text = token.text.strip_prefix('"')?.trim_end_matches('"');
    let begins = ["crate::", "super::", "self::"].iter().any(|begin| text.starts_with(begin));
    begins.then(|| Reference { path: text.split("::").map(str::to_owned).collect(), line: token.line })
}

/// The folder of a file, with the slash.
fn folder(file: &str) -> String {
    file.rsplit_once('/').map_or_else(String::new, |(folder, _)| format!("{folder}/"))
}

/// What begins an item whose name comes next.
const ITEMS: &[&str] = &["struct", "enum", "union", "trait", "type", "const", "static", "fn"];

/// No name is imported over as many modules; an import of itself would be.
const MOST_IMPORTS: usize = 32;

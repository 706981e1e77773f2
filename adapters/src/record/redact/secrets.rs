//! The secrets of one trace, and what stands for them.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use form_urlencoded::byte_serialize;

use super::{
    edit::Edit,
    names::{Kind, Names},
};
use crate::trace_file::{is_token, token};

/// The secrets that were found so far.
pub(super) struct Secrets<'a> {
    names: &'a Names,
    /// A random key for this trace alone: nobody can try out what a token stands for.
    key: RandomState,
    found: HashMap<String, String>,
    /// What is replaced wherever it stands, the longest first; empty as long as secrets are looked for.
    everywhere: Vec<(String, String)>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(names: &'a Names) -> Self {
        Self { names, key: RandomState::new(), found: HashMap::new(), everywhere: Vec::new() }
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        self.names.kind(name)
    }

    /// What stands for a secret.
    pub(super) fn token(&mut self, secret: &str) -> String {
        if secret.is_empty() || is_token(secret) {
            return secret.into();
        }
        let key = &self.key;
        // The lower half: a token is to be short, and equal ones are unlikely among a thousand.
        let token = self.found.entry(secret.into()).or_insert_with(|| token(key.hash_one(secret) as u32));
        token.clone()
    }

    /// What stands for a secret that is written like this, and means that.
    pub(super) fn token_of(&mut self, written: &str, secret: &str) -> String {
        let token = self.token(secret);
        if !written.is_empty() && !is_token(written) {
            self.found.entry(written.into()).or_insert_with(|| token.clone());
        }
        token
    }

    /// What stands for a secret number: a number that fits wherever this one does.
    pub(super) fn number(&mut self, number: &str) -> String {
        let ones: String = number.chars().map(|c| if c.is_ascii_digit() { '1' } else { c }).collect();
        self.found.entry(number.into()).or_insert_with(|| ones.clone());
        ones
    }

    /// What stands for a value, if it was found to be secret.
    pub(super) fn known(&self, value: &str) -> Option<&String> {
        self.found.get(value)
    }

    /// Nothing more is looked for: from now on, what was found is replaced everywhere. None if there are too many.
    pub(super) fn seal(&mut self) -> Option<()> {
        if self.found.len() > MOST {
            return None;
        }
        for (secret, token) in self.found.iter().filter(|(secret, _)| secret.len() >= SHORTEST) {
            let form: String = byte_serialize(secret.as_bytes()).collect();
            let json = serde_json::to_string(secret).unwrap_or_default();
            let json = json.strip_prefix(QUOTE).and_then(|json| json.strip_suffix(QUOTE)).unwrap_or_default();
            let written = [form.replace('+', "%20"), form, json.to_owned(), secret.clone()];
            let written = written.into_iter().filter(|written| !written.is_empty());
            self.everywhere.extend(written.map(|written| (written, token.clone())));
        }
        self.everywhere.sort_unstable_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.everywhere.dedup_by(|(a, _), (b, _)| a == b);
        Some(())
    }

    /// Replaces what was found in the gaps between these changes of a text.
    pub(super) fn fill(&self, text: &[u8], edits: &mut Vec<Edit>) {
        for (secret, token) in &self.everywhere {
            let mut added = Vec::new();
            let mut from = 0;
            let end = (text.len(), text.len());
            for (end, next) in edits.iter().map(|edit| (edit.range.start, edit.range.end)).chain([end]) {
                while let Some(at) = find(&text[from..end], secret.as_bytes()) {
                    let range = from + at..from + at + secret.len();
                    from = range.end;
                    added.push(Edit { range, with: token.clone() });
                }
                from = next;
            }
            if !added.is_empty() {
                edits.append(&mut added);
                edits.sort_unstable_by_key(|edit| edit.range.start);
            }
        }
    }
}

/// Where the text stands first.
fn find(within: &[u8], text: &[u8]) -> Option<usize> {
    let first = text.first()?;
    let mut from = 0;
    loop {
        from += within[from..].iter().position(|byte| byte == first)?;
        if within[from..].starts_with(text) {
            return Some(from);
        }
        from += 1;
    }
}

/// What is shorter may well be a part of something else.
const SHORTEST: usize = 6;

/// Each is looked for in all of the trace: more would take too long.
const MOST: usize = 1_000;

/// What is around a text in JSON.
const QUOTE: char = '"';

//! An exception to a lint says why.

use crate::{
    tokens::{Token, attribute, group, spells, tokens},
    workspace::{FILES, holds, sources},
};

#[test]
fn exceptions_have_a_reason() {
    let found = sources().into_iter().flat_map(|source| without_reason(source.path, &source.tokens));
    holds("an `allow` or `expect` has a reason", &found.collect::<Vec<_>>());
}

#[test]
fn the_core_has_no_std() {
    let front = &FILES["core/src/lib.rs"];
    let tokens = tokens(front);
    assert!(
        (0..tokens.len()).any(|at| spells(&tokens[at..], &["#", "!", "[", "no_std", "]"])),
        "core/src has `#![no_std]`"
    );
}

fn without_reason(path: &str, tokens: &[Token<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in (0..tokens.len()).filter_map(|at| attribute(&tokens[at..])) {
        for (at, token) in attribute.iter().enumerate() {
            let exception = (token.is("allow") || token.is("expect")) && spells(&attribute[at + 1..], &["("]);
            let length = group(&attribute[at..]);
            if exception && !attribute[at..at + length].iter().any(|token| token.is("reason")) {
                found.push(format!("{path}:{}", token.line));
            }
        }
    }
    found
}

#[test]
fn a_missing_reason_is_found() {
    let source =
        "#![allow(a)]\n#[allow(b, reason = \"c\")]\n#[cfg_attr(d, expect(e))]\n#[x(f)] fn allow() { x.expect(g) }";
    assert_eq!(without_reason("x.rs", &tokens(source)), ["x.rs:1", "x.rs:3"]);
}

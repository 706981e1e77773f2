//! Raw requests, case by case: each is sent as it stands, cut at every byte and byte by byte, and gets the answer that
//! RFC 9110 and RFC 9112 want. The pure decoder gets the same bytes in the same pieces, and must not tell them apart.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

mod case;

mod pieces;

mod decoder;
mod wire;

mod chunks;
mod codings;
mod connections;
mod expectations;
mod fields;
mod hosts;
mod lengths;
mod limits;
mod request_lines;
mod responses;
mod targets;
mod times;

use case::Case;

/// A topic's cases, on the wire and in the decoder.
#[track_caller]
fn check(cases: &[Case]) {
    decoder::check(cases);
    wire::check(cases);
}

#[test]
fn no_two_cases_are_the_same() {
    let topics = [
        chunks::cases(),
        codings::cases(),
        connections::cases(),
        expectations::cases(),
        fields::cases(),
        hosts::cases(),
        lengths::cases(),
        limits::cases(),
        request_lines::cases(),
        responses::cases(),
        targets::cases(),
    ];
    let mut cases: Vec<_> = topics.iter().flatten().map(|case| (case.name, case.bytes.clone())).collect();
    let all = cases.len();
    assert!(all >= 500, "there are {all} cases");
    cases.sort_unstable_by_key(|(name, _)| *name);
    cases.dedup_by_key(|(name, _)| *name);
    assert_eq!(cases.len(), all, "two cases have one name");
    cases.sort_unstable_by(|(_, one), (_, other)| one.cmp(other));
    let twice = cases.windows(2).find(|pair| pair[0].1 == pair[1].1).map(|pair| (pair[0].0, pair[1].0));
    assert_eq!(twice, None, "two cases have the same bytes");
}

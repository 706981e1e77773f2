//! The ways in which bytes come.

/// In how many pieces, and which: whole, in two at every place, and byte by byte.
///
/// What is long is cut in two at both its ends and here and there between, and comes in pieces instead of bytes.
pub(crate) fn pieces(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut all = vec![vec![bytes]];
    let is_long = bytes.len() > LONG;
    let is_cut = |at: &usize| !is_long || *at < EDGE || bytes.len() - at < EDGE || at.is_multiple_of(STRIDE);
    all.extend((1..bytes.len()).filter(is_cut).map(|at| vec![&bytes[..at], &bytes[at..]]));
    all.push(bytes.chunks(if is_long { STRIDE / 8 } else { 1 }).collect());
    all
}

/// Most cases are shorter, and are cut everywhere.
const LONG: usize = 1_000;

/// How much of both ends of a long case is cut everywhere.
const EDGE: usize = 40;

/// A prime number, so that cuts fall on all kinds of places in what repeats.
const STRIDE: usize = 2_003;

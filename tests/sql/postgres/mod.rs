//! What only PostgreSQL has: its types, its errors, statements that it prepared before a change, connections that it ended.

mod aborted;
mod connections;
mod failures;
mod parameters;
mod stale;
mod types;

use crate::case::Case;

pub(crate) fn cases() -> Vec<Case> {
    [aborted::cases(), connections::cases(), failures::cases(), parameters::cases(), stale::cases(), types::cases()]
        .into_iter()
        .flatten()
        .collect()
}

//! Databases that may be used again, since to make one costs a hundred times what a statement does.

use std::sync::{Arc, Mutex, PoisonError};

use super::shared::Shared;

/// A database with what these statements make: an old one that nobody uses any longer, as it was at first, or a new one.
pub(super) fn database(schema: &str) -> Result<Arc<Shared>, String> {
    while let Some(idle) = take(schema) {
        if idle.restore() {
            return Ok(keep(idle));
        }
    }
    Shared::new(schema).map(|new| keep(Arc::new(new)))
}

/// Takes a database with this schema that nobody uses.
fn take(schema: &str) -> Option<Arc<Shared>> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let at = kept.iter().position(|shared| is_idle(shared) && *shared.schema == *schema)?;
    Some(kept.remove(at))
}

/// Keeps this database, so that it can be used again once nobody uses it; for it, the one that was last used before all
/// others may have to go.
fn keep(shared: Arc<Shared>) -> Arc<Shared> {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let gone = if kept.len() < MOST { None } else { kept.iter().position(is_idle).map(|at| kept.remove(at)) };
    if kept.len() < MOST {
        kept.push(shared.clone());
    }
    drop(kept);
    drop(gone);
    shared
}

/// Whether nobody but the list knows of it. Then nobody else can come to know, since clones are made of clones.
fn is_idle(shared: &Arc<Shared>) -> bool {
    Arc::strong_count(shared) == 1
}

static KEPT: Mutex<Vec<Arc<Shared>>> = Mutex::new(Vec::new());

/// A thread has one or two in use at a time; this is enough for the tests of a large machine, which run side by side.
const MOST: usize = 64;

//! Which outcomes of which lines were driven by tests.

use std::{
    collections::BTreeMap,
    panic::Location,
    sync::{Arc, Mutex},
};

use segno_core::EffectSet;

/// Collects which outcomes of each line that asks were driven.
#[derive(Clone, Debug, Default)]
pub struct Outcomes(Arc<Mutex<BTreeMap<String, u64>>>);

impl Outcomes {
    pub(super) fn driven<S: EffectSet>(
        &self,
        _: Option<&'static Location<'static>>,
        _: &S,
        _: Option<&'static str>,
        _: &S::Outcome,
    ) {
    }

    pub(super) fn stopped<S: EffectSet>(&self, _: Option<&'static Location<'static>>, _: &S) {}
}

//! How the extractions on this replica ended since it last told the fleet.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{contract::PluginName, database::Ends, plugin::registry::health::Judgement};

/// A version while it serves: the plugin, the digest, and the revision with which it began to serve.
pub(in crate::plugin::registry) type Served = (PluginName, String, u64);

/// The counts, by version.
#[derive(Debug, Default)]
pub(in crate::plugin::registry) struct Counts(Mutex<BTreeMap<Served, Ends>>);

impl Counts {
    /// Counts one extraction.
    pub(in crate::plugin::registry) fn add(&self, served: Served, judgement: Judgement) {
        let mut counts = self.lock();
        let ends = counts.entry(served).or_default();
        *match judgement {
            Judgement::Good => &mut ends.good,
            Judgement::Own => &mut ends.own,
            Judgement::Shared => &mut ends.common,
        } += 1;
    }

    /// Takes all counts, to tell them.
    pub(in crate::plugin::registry) fn take(&self) -> BTreeMap<Served, Ends> {
        std::mem::take(&mut *self.lock())
    }

    /// Takes counts back that could not be told.
    pub(in crate::plugin::registry) fn take_back(&self, served: Served, untold: Ends) {
        let mut counts = self.lock();
        let ends = counts.entry(served).or_default();
        ends.good += untold.good;
        ends.own += untold.own;
        ends.common += untold.common;
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Served, Ends>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

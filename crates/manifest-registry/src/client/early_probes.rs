//! Early probes: HEAD requests for the targets, sent while the sources are still being read, so that the probes add no round
//! trip.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use manifest_core::Reference;
use tokio::task::JoinHandle;

use crate::client::probe::Probe;
use crate::error::RegistryError;

/// The probes in progress. The result of each is used once.
#[derive(Default)]
pub(crate) struct EarlyProbes {
    probes: Mutex<HashMap<Reference, JoinHandle<Result<Probe, RegistryError>>>>,
    taken: Mutex<HashSet<Reference>>,
}

impl fmt::Debug for EarlyProbes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EarlyProbes")
    }
}

impl EarlyProbes {
    /// Takes the result of the early probe of `name`, if there is one.
    pub(crate) async fn take(&self, name: &Reference) -> Option<Result<Probe, RegistryError>> {
        let probe = self.take_probe(name)?;
        // The caller repeats an aborted probe.
        probe.await.ok()
    }

    /// Starts a probe of each name that has no probe yet.
    pub(super) fn begin<F>(
        &self,
        names: impl IntoIterator<Item = Reference>,
        probe: impl Fn(Reference) -> F,
    ) where
        F: Future<Output = Result<Probe, RegistryError>> + Send + 'static,
    {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if let Entry::Vacant(entry) = probes.entry(name) {
                let probe = tokio::spawn(probe(entry.key().clone()));
                entry.insert(probe);
            }
        }
    }

    fn take_probe(&self, name: &Reference) -> Option<JoinHandle<Result<Probe, RegistryError>>> {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        let probe = probes.remove(name)?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.clone());
        Some(probe)
    }

    /// Returns whether the result of an early probe was used for `name`. Such a result may be out of date.
    pub(crate) fn was_taken(&self, name: &Reference) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(name)
    }
}

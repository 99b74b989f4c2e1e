//! Early probes: HEAD for the targets, sent while the sources are still being read, so that they take no round trip of their own.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use manifest_core::Reference;
use tokio::task::JoinHandle;

use crate::client::probe::Probe;
use crate::error::RegistryError;

/// Probes that have begun. The result of each is used once.
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
    /// Returns the result of the probe of a name, if one has begun.
    pub(crate) async fn take(&self, name: &Reference) -> Option<Result<Probe, RegistryError>> {
        let probe = self.take_probe(name)?;
        // A probe that was aborted is made again by the caller.
        probe.await.ok()
    }

    /// Begins the probe of each name of which none has begun.
    pub(super) fn begin<F>(
        &self,
        names: impl IntoIterator<Item = Reference>,
        probe: impl Fn(Reference) -> F,
    ) where
        F: Future<Output = Result<Probe, RegistryError>> + Send + 'static,
    {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if let Entry::Vacant(place) = probes.entry(name) {
                let probe = tokio::spawn(probe(place.key().clone()));
                place.insert(probe);
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

    /// Tells whether the result of an early probe was used for a name, which may be some time old.
    pub(crate) fn was_taken(&self, name: &Reference) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(name)
    }
}

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

/// The probes in progress. The result of each is used once, but may be looked at before.
#[derive(Default)]
pub(crate) struct EarlyProbes {
    probes: Mutex<HashMap<Reference, EarlyProbe>>,
    taken: Mutex<HashSet<Reference>>,
}

/// A probe that was begun early.
enum EarlyProbe {
    InProgress(JoinHandle<Result<Probe, RegistryError>>),
    Done(Result<Probe, RegistryError>),
}

impl EarlyProbe {
    /// Returns the result. `None` if the probe was aborted; the caller repeats it.
    async fn result(self) -> Option<Result<Probe, RegistryError>> {
        match self {
            Self::InProgress(handle) => handle.await.ok(),
            Self::Done(result) => Some(result),
        }
    }
}

impl fmt::Debug for EarlyProbes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EarlyProbes")
    }
}

impl EarlyProbes {
    /// Takes the result of the early probe of `name`, if there is one.
    pub(crate) async fn take(&self, name: &Reference) -> Option<Result<Probe, RegistryError>> {
        let probe = self.remove(name)?;
        self.record_taken(name);
        probe.result().await
    }

    /// Returns the result of the early probe of `name`, if there is one, and leaves it to be taken.
    pub(super) async fn peek(&self, name: &Reference) -> Option<Result<Probe, RegistryError>> {
        let result = self.remove(name)?.result().await?;
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.insert(name.clone(), EarlyProbe::Done(result.clone()));
        Some(result)
    }

    /// Forgets the early probes of these names, and their results.
    pub(super) fn forget<'a>(&self, names: impl IntoIterator<Item = &'a Reference>) {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            probes.remove(name);
        }
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
                entry.insert(EarlyProbe::InProgress(probe));
            }
        }
    }

    fn record_taken(&self, name: &Reference) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.clone());
    }

    fn remove(&self, name: &Reference) -> Option<EarlyProbe> {
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        probes.remove(name)
    }

    /// Returns whether the result of an early probe was used for `name`. Such a result may be out of date.
    pub(crate) fn was_taken(&self, name: &Reference) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(name)
    }
}

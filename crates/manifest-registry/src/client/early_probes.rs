//! Requests for the state of the targets, sent while the sources are still being read, so that they take no round trip of their own.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use manifest_core::Reference;
use tokio::task::JoinHandle;

use crate::client::probe::Probe;
use crate::error::RegistryError;

/// Looks that have begun. What one finds is used once.
#[derive(Default)]
pub(crate) struct EarlyProbes {
    pub(super) looks: Mutex<HashMap<Reference, JoinHandle<Result<Probe, RegistryError>>>>,
    taken: Mutex<HashSet<Reference>>,
}

impl fmt::Debug for EarlyProbes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead")
    }
}

impl EarlyProbes {
    /// Returns what a look at a name finds, if one has begun.
    pub(crate) async fn take(&self, name: &Reference) -> Option<Result<Probe, RegistryError>> {
        let look = self.take_look(name)?;
        // One that did not come to its end is made again.
        look.await.ok()
    }

    fn take_look(&self, name: &Reference) -> Option<JoinHandle<Result<Probe, RegistryError>>> {
        let mut looks = self.looks.lock().unwrap_or_else(PoisonError::into_inner);
        let look = looks.remove(name)?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.clone());
        Some(look)
    }

    /// Tells whether what is known of a name is what such a look found, which may be some time ago.
    pub(crate) fn was_taken(&self, name: &Reference) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.contains(name)
    }
}

//! Probes of names: in the target before something is written there, and elsewhere.

use std::collections::BTreeMap;

use manifest_core::{Digest, Reference};

use crate::client::{Probe, probe_manifest};
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::Attempts;
use crate::limits::{PARALLEL_PROBES_ASIDE, PARALLEL_WORK};
use crate::publish::child::{Child, ChildKey};
use crate::publish::publication::ObservedTag;
use crate::publish::push::{MissingChildren, Push};

impl<'a> Push<'a> {
    /// Looks what names elsewhere show.
    pub(crate) async fn watch(&self, names: &[Reference]) -> Vec<ObservedTag> {
        let looks = names.iter().map(|name| async move {
            let shown = self.read(name).await;
            (name.clone(), shown.ok().flatten())
        });
        concurrent(PARALLEL_PROBES_ASIDE, looks).await
    }

    /// Looks at once where the tags are and which children are missing. The digests of those are returned.
    pub(crate) async fn survey(
        &self,
        names: Vec<Reference>,
    ) -> Result<(Vec<ObservedTag>, MissingChildren<'a>), RegistryError> {
        let distinct: BTreeMap<ChildKey<'_>, &Child> = self
            .children
            .iter()
            .map(|child| (child.key(), child))
            .collect();
        let children = distinct.values().map(|child| child.name_in(self.target));
        let references = names.iter().cloned().chain(children);
        let looks = references.map(|reference| async move { self.probe(&reference).await });
        let mut seen = concurrent(PARALLEL_WORK, looks).await.into_iter();
        let mut befores = Vec::new();
        for (name, seen) in names.into_iter().zip(&mut seen) {
            let before = match seen? {
                Probe::At(digest) => Some(digest),
                _ => None,
            };
            befores.push((name, before));
        }
        let mut missing = MissingChildren::new();
        for ((key, child), seen) in distinct.into_iter().zip(seen) {
            let seen = seen?;
            let is_there = match &seen {
                Probe::At(stated) if stated == child.digest() => true,
                Probe::At(_) | Probe::Present if child.tag().is_some() => {
                    self.is_in_target_tag(child).await?
                }
                Probe::Present => true,
                Probe::At(_) | Probe::Absent | Probe::Refused(_) => false,
            };
            if !is_there {
                let before = match seen {
                    Probe::At(before) if child.tag().is_some() => Some(before),
                    _ => None,
                };
                missing.insert(key, before);
            }
        }
        Ok((befores, missing))
    }

    /// Asks for a manifest with HEAD, which no registry counts as a pull. In the target it is what comes before writing there.
    pub(crate) async fn probe(&self, reference: &Reference) -> Result<Probe, RegistryError> {
        if let Some(seen) = self.client.early_probes().take(reference).await {
            return seen;
        }
        if reference.repository() == self.target {
            let operation = Operation::PutManifest(reference.clone());
            self.probe_with(reference, operation).await
        } else {
            self.probe_as_read(reference).await
        }
    }

    /// As [`Self::look`], for its own sake.
    async fn probe_as_read(&self, reference: &Reference) -> Result<Probe, RegistryError> {
        let operation = Operation::GetManifest(reference.clone());
        self.probe_with(reference, operation).await
    }

    async fn probe_with(
        &self,
        reference: &Reference,
        operation: Operation,
    ) -> Result<Probe, RegistryError> {
        let attempts = Attempts::default();
        probe_manifest(
            self.client.session(),
            &self.scopes,
            reference,
            operation,
            &attempts,
        )
        .await
    }

    /// Asks what a name shows, for its own sake: by reading it where HEAD does not say.
    pub(crate) async fn read(&self, name: &Reference) -> Result<Option<Digest>, RegistryError> {
        match self.probe_as_read(name).await? {
            Probe::At(digest) => Ok(Some(digest)),
            Probe::Absent => Ok(None),
            Probe::Present => {
                let attempts = Attempts::default();
                let manifest = self.client.manifest_from_registry(name, &attempts).await?;
                Ok(Some(manifest.digest().clone()))
            }
            Probe::Refused(error) if error.status().is_some_and(|s| s.as_u16() == 405) => {
                self.client.manifest_digest(name).await
            }
            Probe::Refused(error) => Err(error),
        }
    }
}

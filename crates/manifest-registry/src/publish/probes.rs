//! Probes of tags and children in the target before the first write, and of watched tags.

use std::collections::BTreeMap;

use manifest_core::{Digest, Reference, TagState};

use crate::client::{Probe, probe_manifest};
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::Attempts;
use crate::limits::{BACKGROUND_PROBES, PARALLEL_WORK};
use crate::publish::child::{Child, ChildKey};
use crate::publish::publication::ObservedTag;
use crate::publish::push::{MissingChildren, Push};

/// A tag and its state. The state is `None` if the registry does not state it.
pub(crate) type ProbedTag = (Reference, Option<TagState>);

impl<'a> Push<'a> {
    /// Probes the watched tags. The digest of a tag is `None` if there is no such tag, or if its probe fails.
    pub(crate) async fn watch(&self, names: &[Reference]) -> Vec<ObservedTag> {
        let probes = names.iter().map(|name| async move {
            let digest = self.digest_of(name).await;
            (name.clone(), digest.ok().flatten())
        });
        concurrent(BACKGROUND_PROBES, probes).await
    }

    /// Probes tags and children concurrently. Returns the states of the tags, and the missing children.
    pub(crate) async fn probe_all(
        &self,
        names: Vec<Reference>,
    ) -> Result<(Vec<ProbedTag>, MissingChildren<'a>), RegistryError> {
        let distinct: BTreeMap<ChildKey<'_>, &Child> = self
            .children
            .iter()
            .map(|child| (child.key(), child))
            .collect();
        let children = distinct
            .values()
            .map(|child| child.reference_in(self.target));
        let references = names.iter().cloned().chain(children);
        let probes = references.map(|reference| async move { self.probe(&reference).await });
        let mut results = concurrent(PARALLEL_WORK, probes).await.into_iter();
        let mut tags = Vec::new();
        for (name, probe) in names.into_iter().zip(&mut results) {
            let before = match probe? {
                Probe::At(digest) => Some(TagState::At(digest)),
                Probe::Absent => Some(TagState::Absent),
                Probe::Present | Probe::Refused(_) => None,
            };
            tags.push((name, before));
        }
        let mut missing = MissingChildren::new();
        for ((key, child), probe) in distinct.into_iter().zip(results) {
            let probe = probe?;
            let is_present = match &probe {
                Probe::At(stated) if stated == child.digest() => true,
                Probe::At(_) | Probe::Present if child.tag().is_some() => {
                    self.is_in_target_tag(child).await?
                }
                Probe::Present => true,
                Probe::At(_) | Probe::Absent | Probe::Refused(_) => false,
            };
            if !is_present {
                let before = match probe {
                    Probe::At(before) if child.tag().is_some() => Some(before),
                    _ => None,
                };
                missing.insert(key, before);
            }
        }
        Ok((tags, missing))
    }

    /// Sends HEAD for a manifest, which no registry counts as a pull. In the target the probe is a part of the write, and
    /// errors name the write.
    pub(crate) async fn probe(&self, reference: &Reference) -> Result<Probe, RegistryError> {
        if let Some(result) = self.client.early_probes().take(reference).await {
            return result;
        }
        if reference.repository() == self.target {
            let operation = Operation::PutManifest(reference.clone());
            self.probe_with(reference, operation).await
        } else {
            self.probe_as_read(reference).await
        }
    }

    /// Sends HEAD for a manifest as [`Self::probe`] does, but errors always name a read.
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

    /// Returns the digest of the manifest with this name. Reads the manifest if the response to HEAD does not state it.
    pub(crate) async fn digest_of(
        &self,
        name: &Reference,
    ) -> Result<Option<Digest>, RegistryError> {
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

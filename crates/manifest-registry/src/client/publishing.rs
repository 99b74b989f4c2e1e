//! Preparations for a push: one token for sources and targets, and probes of the targets while the sources are read.

use std::sync::Arc;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::auth::ScopePlan;
use crate::client::probe::{Probe, probe_manifest};
use crate::client::registry_client::Client;
use crate::error::{Operation, RegistryError};
use crate::http::Attempts;
use crate::limits::SCOPES_OF_SEVERAL_TOKENS;

impl Client {
    /// Returns a client that reads from the sources and publishes to the targets with one token per registry.
    ///
    /// A registry may refuse such a token; then each repository gets its own. If there are more targets than one token can
    /// cover, each target requests its own token later.
    #[must_use]
    pub fn for_publishing<'a>(
        &self,
        targets: impl IntoIterator<Item = &'a Reference>,
        sources: impl IntoIterator<Item = &'a Reference>,
    ) -> Self {
        let targets: Vec<&Repository> = targets.into_iter().map(Reference::repository).collect();
        let sources: Vec<&Repository> = sources.into_iter().map(Reference::repository).collect();
        self.expect(&sources);
        let all = ScopePlan::gather(targets, sources.iter().copied());
        let scopes = match all.targets().count() < SCOPES_OF_SEVERAL_TOKENS {
            true => all,
            false => ScopePlan::to_read(sources),
        };
        self.with_scopes(scopes)
    }

    /// Returns a client that reads the sources of several lists and publishes the lists, with one token per registry as
    /// [`Self::for_publishing`] has it. A child is a part of some of the lists only, so [`Self::probe_child_early`] does
    /// nothing.
    #[must_use]
    pub fn for_publishing_lists<'a>(
        &self,
        targets: impl IntoIterator<Item = &'a Reference>,
        sources: impl IntoIterator<Item = &'a Reference>,
    ) -> Self {
        let mut client = self.for_publishing(targets, sources);
        client.probes_children = false;
        client
    }

    /// Starts to probe tags or digests that are about to be written.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub fn probe_tags_early(&self, names: impl IntoIterator<Item = Reference>) {
        let (client, scopes) = (self.clone(), self.scope_plan().clone());
        self.early_probes().begin(names, move |name| {
            let (client, scopes) = (client.clone(), scopes.clone());
            async move {
                let operation = Operation::PutManifest(name.clone());
                let (session, attempts) = (client.session(), Attempts::default());
                probe_manifest(session, &scopes, &name, operation, &attempts).await
            }
        });
    }

    /// Returns the digest that a tag pointed to when it was probed early, or points to now if it was not. The early probe
    /// stays available to a publication. Returns `None` if there is no such tag, or if the registry refuses to tell: it may
    /// still accept a write.
    ///
    /// # Errors
    /// Returns an error if the registry gives no clear response.
    pub async fn early_digest(&self, tag: &Reference) -> Result<Option<Digest>, RegistryError> {
        match self.early_probes().peek(tag).await {
            Some(Ok(Probe::At(digest))) => Ok(Some(digest)),
            Some(Ok(Probe::Absent | Probe::Refused(_))) => Ok(None),
            Some(Err(error)) => Err(error),
            Some(Ok(Probe::Present)) | None => self.manifest_digest(tag).await,
        }
    }

    /// Forgets the early probes of tags that are not written after all.
    pub fn forget_early_probes<'a>(&self, tags: impl IntoIterator<Item = &'a Reference>) {
        self.early_probes().forget(tags);
    }

    /// Starts to probe the target repositories for a manifest of `source` that is about to be transferred to them.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub fn probe_child_early(&self, source: &Repository, digest: &Digest) {
        if !self.probes_children {
            return;
        }
        let scopes: Arc<ScopePlan> = self.scope_plan().clone();
        let others = scopes.targets().filter(|target| *target != source);
        self.probe_tags_early(others.map(|target| target.at(digest.clone())));
    }
}

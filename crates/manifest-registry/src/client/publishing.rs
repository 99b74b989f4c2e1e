//! Preparations for a push: one token for sources and targets, and probes of the targets while the sources are read.

use std::sync::Arc;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::auth::ScopePlan;
use crate::client::probe::probe_manifest;
use crate::client::registry_client::Client;
use crate::error::Operation;
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

    /// Starts to probe the target repositories for a manifest of `source` that is about to be transferred to them.
    ///
    /// # Panics
    /// Panics outside of a Tokio runtime.
    pub fn probe_child_early(&self, source: &Repository, digest: &Digest) {
        let scopes: Arc<ScopePlan> = self.scope_plan().clone();
        let others = scopes.targets().filter(|target| *target != source);
        self.probe_tags_early(others.map(|target| target.at(digest.clone())));
    }
}

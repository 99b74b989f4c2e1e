//! A client that is about to publish: one token for sources and targets, and probes of the targets while the sources are read.

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
    /// Returns this client, to read from some repositories and to publish to others: all with one token for each registry from the
    /// start, if the registry goes along. Where there are more targets than one token serves, each asks for its own later.
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

    /// Begins to probe these names, which are about to be written.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
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

    /// Begins to probe the repositories that are published to for a manifest of another one, which is about to be transferred
    /// there.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
    pub fn probe_child_early(&self, source: &Repository, digest: &Digest) {
        let scopes: Arc<ScopePlan> = self.scope_plan().clone();
        let others = scopes.targets().filter(|target| *target != source);
        self.probe_tags_early(others.map(|target| target.at(digest.clone())));
    }
}

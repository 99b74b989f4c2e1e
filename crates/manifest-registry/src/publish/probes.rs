//! Probes of names: in the target before something is written there, and elsewhere.

use std::collections::BTreeMap;

use manifest_core::{Digest, Reference};

use crate::client::{Seen, look_for};
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::Tries;
use crate::limits::{PARALLEL_LOOKS_ASIDE, PARALLEL_WORK};
use crate::publish::child::{Child, Key};
use crate::publish::publication::ObservedTag;
use crate::publish::push::{Missing, Push};

impl<'a> Push<'a> {
    /// Looks what names elsewhere show.
    pub(crate) async fn watch(&self, names: &[Reference]) -> Vec<ObservedTag> {
        let looks = names.iter().map(|name| async move {
            let shown = self.read(name).await;
            (name.clone(), shown.ok().flatten())
        });
        concurrent(PARALLEL_LOOKS_ASIDE, looks).await
    }

    /// Looks at once where the tags are and which children are missing. The digests of those are returned.
    pub(crate) async fn look_around(
        &self,
        names: Vec<Reference>,
    ) -> Result<(Vec<ObservedTag>, Missing<'a>), RegistryError> {
        let distinct: BTreeMap<Key<'_>, &Child> = self
            .children
            .iter()
            .map(|child| (child.key(), child))
            .collect();
        let children = distinct.values().map(|child| child.name_in(self.target));
        let references = names.iter().cloned().chain(children);
        let looks = references.map(|reference| async move { self.look(&reference).await });
        let mut seen = concurrent(PARALLEL_WORK, looks).await.into_iter();
        let mut befores = Vec::new();
        for (name, seen) in names.into_iter().zip(&mut seen) {
            let before = match seen? {
                Seen::At(digest) => Some(digest),
                _ => None,
            };
            befores.push((name, before));
        }
        let mut missing = Missing::new();
        for ((key, child), seen) in distinct.into_iter().zip(seen) {
            let seen = seen?;
            let is_there = match &seen {
                Seen::At(stated) if stated == child.digest() => true,
                Seen::At(_) | Seen::There if child.tag().is_some() => self.is_within(child).await?,
                Seen::There => true,
                Seen::At(_) | Seen::Nothing | Seen::Hidden(_) => false,
            };
            if !is_there {
                let before = match seen {
                    Seen::At(before) if child.tag().is_some() => Some(before),
                    _ => None,
                };
                missing.insert(key, before);
            }
        }
        Ok((befores, missing))
    }

    /// Asks for a manifest with HEAD, which no registry counts as a pull. In the target it is what comes before writing there.
    pub(crate) async fn look(&self, reference: &Reference) -> Result<Seen, RegistryError> {
        if let Some(seen) = self.client.ahead().take(reference).await {
            return seen;
        }
        if reference.repository() == self.target {
            let operation = Operation::PutManifest(reference.clone());
            self.look_for(reference, operation).await
        } else {
            self.look_again(reference).await
        }
    }

    /// As [`Self::look`], for its own sake.
    async fn look_again(&self, reference: &Reference) -> Result<Seen, RegistryError> {
        let operation = Operation::GetManifest(reference.clone());
        self.look_for(reference, operation).await
    }

    async fn look_for(
        &self,
        reference: &Reference,
        operation: Operation,
    ) -> Result<Seen, RegistryError> {
        let tries = Tries::default();
        look_for(
            self.client.session(),
            &self.rights,
            reference,
            operation,
            &tries,
        )
        .await
    }

    /// Asks what a name shows, for its own sake: by reading it where HEAD does not say.
    pub(crate) async fn read(&self, name: &Reference) -> Result<Option<Digest>, RegistryError> {
        match self.look_again(name).await? {
            Seen::At(digest) => Ok(Some(digest)),
            Seen::Nothing => Ok(None),
            Seen::There => {
                let tries = Tries::default();
                let manifest = self.client.manifest_itself(name, &tries).await?;
                Ok(Some(manifest.digest().clone()))
            }
            Seen::Hidden(error) if error.status().is_some_and(|s| s.as_u16() == 405) => {
                self.client.manifest_digest(name).await
            }
            Seen::Hidden(error) => Err(error),
        }
    }
}

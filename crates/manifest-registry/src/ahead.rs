//! Requests for the state of the targets, sent while the sources are still being read, so that they take no round trip of their own.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::confirm::{Seen, look_for};
use crate::error::{Operation, RegistryError};
use crate::limits::SCOPES_OF_SEVERAL_TOKENS;
use crate::retry::Tries;
use crate::rights::Rights;

/// Looks that have begun. What one finds is used once.
#[derive(Default)]
pub(crate) struct Ahead {
    looks: Mutex<HashMap<Reference, JoinHandle<Result<Seen, RegistryError>>>>,
    taken: Mutex<HashSet<Reference>>,
}

impl fmt::Debug for Ahead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ahead")
    }
}

impl Ahead {
    /// Returns what a look at a name finds, if one has begun.
    pub(crate) async fn take(&self, name: &Reference) -> Option<Result<Seen, RegistryError>> {
        let look = self.take_look(name)?;
        // One that did not come to its end is made again.
        look.await.ok()
    }

    fn take_look(&self, name: &Reference) -> Option<JoinHandle<Result<Seen, RegistryError>>> {
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
        let all = Rights::gather(targets, sources.iter().copied());
        let rights = match all.targets().count() < SCOPES_OF_SEVERAL_TOKENS {
            true => all,
            false => Rights::to_read(sources),
        };
        self.with(rights)
    }

    /// Begins to look what these names show, which are about to be written.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
    pub fn probe_tags_early(&self, names: impl IntoIterator<Item = Reference>) {
        let mut looks = self
            .ahead()
            .looks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if !looks.contains_key(&name) {
                let (client, rights) = (self.clone(), self.rights().clone());
                let of = name.clone();
                let look = async move {
                    let operation = Operation::PutManifest(of.clone());
                    look_for(&client, &rights, &of, operation, &Tries::default()).await
                };
                looks.insert(name, tokio::spawn(look));
            }
        }
    }

    /// Begins to look whether the repositories that are published to have this manifest of another one, which is about to be
    /// brought there.
    ///
    /// # Panics
    /// Outside of an asynchronous runtime.
    pub fn probe_child_early(&self, source: &Repository, digest: &Digest) {
        let rights: Arc<Rights> = self.rights().clone();
        let others = rights.targets().filter(|target| *target != source);
        self.probe_tags_early(others.map(|target| target.at(digest.clone())));
    }
}

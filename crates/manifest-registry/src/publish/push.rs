//! Publishing a list to one repository: its children first, each tag once and last, then a look at what the registry has.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::auth::{Rights, Scope};
use crate::blob::{BlobTarget, Meter};
use crate::client::{Client, Stored};
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::{Payload, Traffic};
use crate::limits::{PARALLEL_WORK, SMALL_BLOB};
use crate::publish::child::{Child, Key};
use crate::publish::mount_sources::Brought;
use crate::publish::publication::Publication;
use crate::session::{Call, Session, Target};

/// The children that the target does not have, and what the tags of those that have one show.
pub(crate) type Missing<'a> = HashMap<Key<'a>, Option<Digest>>;

/// A publication on its way.
pub(crate) struct Push<'a> {
    pub(crate) client: &'a Client,
    pub(crate) target: &'a Repository,
    pub(crate) children: &'a [Child],
    pub(crate) rights: Arc<Rights>,
    pub(crate) publication: &'a Publication<'a>,
    /// Brings blobs to the target.
    pub(crate) blobs: BlobTarget<'a>,
    /// What was brought to the same registry before.
    brought: Brought<'a>,
}

impl<'a> Push<'a> {
    pub(crate) fn new(
        client: &'a Client,
        publication: &'a Publication<'a>,
        meter: &Arc<Meter>,
        brought: Brought<'a>,
    ) -> Self {
        let target = publication.repository();
        let sources = publication
            .children
            .iter()
            .filter(|child| child.local.is_none())
            .map(|child| &child.source)
            .chain(brought.values().copied());
        let rights = match client.rights().serve(target, sources.clone()) {
            true => client.rights().clone(),
            false => Arc::new(Rights::to_publish(target, sources)),
        };
        let blobs = BlobTarget::new(
            target,
            client.blobs(),
            client.single_posts(),
            rights.clone(),
            meter.clone(),
        );
        Self {
            client,
            target,
            children: publication.children,
            rights,
            publication,
            blobs,
            brought,
        }
    }

    /// Notes the blobs that are to be brought.
    pub(crate) fn brings_all(&self, wanted: &[(&Child, &Descriptor)]) {
        let is_small = |(child, blob): &&(&Child, &Descriptor)| {
            blob.size <= SMALL_BLOB && self.mountable(child, blob).is_none()
        };
        let small = wanted.iter().filter(is_small).count();
        self.blobs.expect_small_uploads(small);
    }

    pub(crate) fn session(&self) -> &Session {
        self.client.session()
    }

    /// Tells whether a blob is brought along with its image.
    pub(crate) fn brings(&self, blob: &Descriptor) -> bool {
        self.publication.brings(blob)
    }

    /// Returns the repository that a blob can be mounted from, if there is one.
    pub(crate) fn mountable<'b>(
        &'b self,
        child: &'b Child,
        blob: &Descriptor,
    ) -> Option<&'b Repository> {
        if child.is_near(self.target) {
            return Some(child.source());
        }
        self.brought.get(&blob.digest).copied()
    }

    /// Puts what is published under a name.
    pub(crate) async fn put_own(&self, name: &Reference) -> Result<Stored, RegistryError> {
        let bytes = Bytes::copy_from_slice(self.publication.bytes);
        let shared = self.rights.shared(self.target);
        let media_type = self.publication.media_type;
        self.client.put(name, media_type, bytes, shared).await
    }

    /// Fetches the tokens for mounts where there are several, so that these need not wait for them once it is known what is
    /// missing.
    pub(crate) async fn fetch_tokens(&self) {
        let fetches = self
            .rights
            .several(self.target.domain())
            .iter()
            .map(|scopes| async move {
                let domain = self.target.domain();
                let call = Call {
                    domain,
                    operation: Operation::GetToken(domain.to_owned()),
                    method: Method::POST,
                    target: Target::Path(format!("/v2/{}/blobs/uploads/", self.target.path())),
                    headers: HeaderMap::new(),
                    payload: Payload::None,
                    traffic: Traffic::Request,
                    scopes: vec![Scope::push(self.target)],
                    shared: scopes.clone(),
                };
                self.session().prepare(&call).await;
            });
        concurrent(PARALLEL_WORK, fetches).await;
    }

    /// Returns the blobs of the missing children, each once, with where they are. Those that children have in common with
    /// others that are there are there too.
    pub(crate) fn wanted(&self, missing: &Missing<'_>) -> Vec<(&'a Child, &'a Descriptor)> {
        let is_missing = |child: &&Child| missing.contains_key(&child.key());
        let there = self.children.iter().filter(|child| !is_missing(child));
        let there = there.flat_map(Child::blobs);
        let mut seen: HashSet<&Digest> = there
            .filter(|blob| self.brings(blob))
            .map(|blob| &blob.digest)
            .collect();
        let mut wanted = Vec::new();
        for child in self.children.iter().filter(is_missing) {
            for blob in child.blobs() {
                if self.brings(blob) && seen.insert(&blob.digest) {
                    wanted.push((child, blob));
                }
            }
        }
        wanted
    }
}

//! The push of one publication to its repository: the context that all steps share.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::auth::{Scope, ScopePlan};
use crate::blob::{BlobTarget, TransferProgress};
use crate::client::{Client, Stored};
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::http::{Payload, Traffic};
use crate::limits::{PARALLEL_WORK, SMALL_BLOB};
use crate::publish::child::{Child, ChildKey};
use crate::publish::mount_sources::MountSources;
use crate::publish::publication::Publication;
use crate::session::{Request, Session, Target};

/// The children that the target lacks, and the digest that the tag of each points to there, if it has one.
pub(crate) type MissingChildren<'a> = HashMap<ChildKey<'a>, Option<Digest>>;

/// The push of one publication.
pub(crate) struct Push<'a> {
    pub(crate) client: &'a Client,
    pub(crate) target: &'a Repository,
    pub(crate) children: &'a [Child],
    pub(crate) scopes: Arc<ScopePlan>,
    pub(crate) publication: &'a Publication<'a>,
    /// The target of blob transfers.
    pub(crate) blobs: BlobTarget<'a>,
    /// The repositories of earlier pushes of the same release, from which blobs can be mounted.
    mount_sources: MountSources<'a>,
}

impl<'a> Push<'a> {
    pub(crate) fn new(
        client: &'a Client,
        publication: &'a Publication<'a>,
        progress: &Arc<TransferProgress>,
        mount_sources: MountSources<'a>,
    ) -> Self {
        let target = publication.repository();
        let sources = publication
            .children
            .iter()
            .filter(|child| child.local.is_none())
            .map(|child| &child.source)
            .chain(mount_sources.values().copied());
        let scopes = match client.scope_plan().covers(target, sources.clone()) {
            true => client.scope_plan().clone(),
            false => Arc::new(ScopePlan::to_publish(target, sources)),
        };
        let blobs = BlobTarget::new(
            target,
            client.blobs(),
            client.single_posts(),
            scopes.clone(),
            progress.clone(),
        );
        Self {
            client,
            target,
            children: publication.children,
            scopes,
            publication,
            blobs,
            mount_sources,
        }
    }

    /// Announces the blobs to transfer.
    pub(crate) fn expect_transfers(&self, missing_blobs: &[(&Child, &Descriptor)]) {
        let is_small = |(child, blob): &&(&Child, &Descriptor)| {
            blob.size <= SMALL_BLOB && self.mount_source(child, blob).is_none()
        };
        let small = missing_blobs.iter().filter(is_small).count();
        self.blobs.expect_small_uploads(small);
    }

    pub(crate) fn session(&self) -> &Session {
        self.client.session()
    }

    /// Returns whether a blob is transferred along with its image.
    pub(crate) fn includes_blob(&self, blob: &Descriptor) -> bool {
        self.publication.includes_blob(blob)
    }

    /// Returns the repository that a blob can be mounted from, if there is one.
    pub(crate) fn mount_source<'b>(
        &'b self,
        child: &'b Child,
        blob: &Descriptor,
    ) -> Option<&'b Repository> {
        if child.is_in_registry_of(self.target) {
            return Some(child.source());
        }
        self.mount_sources.get(&blob.digest).copied()
    }

    /// Pushes the published manifest under a name.
    pub(crate) async fn put_published(&self, name: &Reference) -> Result<Stored, RegistryError> {
        let bytes = Bytes::copy_from_slice(self.publication.bytes);
        let shared_scopes = self.scopes.shared_scopes(self.target);
        let media_type = self.publication.media_type;
        self.client
            .put(name, media_type, bytes, shared_scopes)
            .await
    }

    /// Fetches the tokens for mounts in advance if there are several, so that mounts need not wait for them.
    pub(crate) async fn fetch_tokens(&self) {
        let fetches = self
            .scopes
            .separate_tokens(self.target.domain())
            .iter()
            .map(|scopes| async move {
                let domain = self.target.domain();
                let request = Request {
                    domain,
                    operation: Operation::GetToken(domain.to_owned()),
                    method: Method::POST,
                    target: Target::Path(format!("/v2/{}/blobs/uploads/", self.target.path())),
                    headers: HeaderMap::new(),
                    payload: Payload::None,
                    traffic: Traffic::Request,
                    scopes: vec![Scope::push(self.target)],
                    shared_scopes: scopes.clone(),
                };
                self.session().prefetch_authorization(&request).await;
            });
        concurrent(PARALLEL_WORK, fetches).await;
    }

    /// Returns the blobs of the missing children, each once, with the child that has the blob. Blobs of children that the
    /// target has are not missing, and are omitted.
    pub(crate) fn missing_blobs(
        &self,
        missing: &MissingChildren<'_>,
    ) -> Vec<(&'a Child, &'a Descriptor)> {
        let is_missing = |child: &&Child| missing.contains_key(&child.key());
        let present = self.children.iter().filter(|child| !is_missing(child));
        let present = present.flat_map(Child::blobs);
        let mut seen: HashSet<&Digest> = present
            .filter(|blob| self.includes_blob(blob))
            .map(|blob| &blob.digest)
            .collect();
        let mut missing_blobs = Vec::new();
        for child in self.children.iter().filter(is_missing) {
            for blob in child.blobs() {
                if self.includes_blob(blob) && seen.insert(&blob.digest) {
                    missing_blobs.push((child, blob));
                }
            }
        }
        missing_blobs
    }
}

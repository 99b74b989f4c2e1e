//! The plan of a push: the content that the target lacks, and the steps to push it.

use std::collections::HashSet;

use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference, TagState};
use tokio::sync::OnceCell;

use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::limits::PARALLEL_WORK;
use crate::publish::child::Child;
use crate::publish::probes::ProbedTag;
use crate::publish::publication::{
    ObservedTag, Precondition, Published, TagWrite, Tagged, TransferEstimate,
};
use crate::publish::push::{MissingChildren, Push};

/// A push after the probes of its target: the content that the target lacks is known.
pub(crate) struct PushPlan<'a> {
    push: &'a Push<'a>,
    /// The names to write, and the state of each now.
    names: Vec<ProbedTag>,
    missing: MissingChildren<'a>,
    /// Whether the registry lists the manifest as a referrer of its subject. `None` if the manifest was not pushed by digest.
    is_listed: Option<bool>,
    /// The digests that are missing after the push, once they have been probed, and the error of a failed probe.
    lost: OnceCell<(Vec<Digest>, Option<RegistryError>)>,
    pub(crate) published: Published,
}

impl<'a> PushPlan<'a> {
    /// Probes tags and children, and checks the precondition of each tag.
    pub(crate) async fn make(push: &'a Push<'a>) -> Result<Self, RegistryError> {
        let (publication, target) = (push.publication, push.target);
        let own = Digest::sha256(publication.bytes);
        let names = publication.targets.iter().map(|reference| {
            let name = reference.tag().and_then(|tag| target.tagged(tag));
            name.unwrap_or_else(|| target.at(own.clone()))
        });
        let (mut names, missing) = push.probe_all(names.collect()).await?;
        for (name, before) in &mut names {
            // A tag may exist although no digest is stated, and a precondition must know.
            if publication.precondition != Precondition::None && before.is_none() {
                *before = Some(push.client.manifest_digest(name).await?.into());
            }
            let now = before.as_ref().and_then(TagState::digest);
            let is_done = now.is_some_and(|digest| digest.matches(publication.bytes));
            let is_expected = match publication.precondition {
                Precondition::None => true,
                Precondition::Absent => now.is_none(),
                Precondition::Digest(digest) => now == Some(digest),
            };
            if !is_done && !is_expected {
                return Err(RegistryError::PreconditionFailed {
                    reference: name.clone().into(),
                    expected: match publication.precondition {
                        Precondition::Digest(digest) => Some(digest.clone()),
                        _ => None,
                    },
                    found: now.cloned(),
                });
            }
        }
        let published = Published {
            digest: own,
            written: 0,
            mounted: 0,
            uploaded: 0,
            uploaded_bytes: 0,
            tags: Vec::new(),
        };
        Ok(Self {
            push,
            names,
            missing,
            is_listed: None,
            lost: OnceCell::new(),
            published,
        })
    }

    /// Adds the blobs that would have to be copied or uploaded to an estimate.
    pub(crate) fn add_to(&self, estimate: &mut TransferEstimate) {
        for (child, blob) in self.push.missing_blobs(&self.missing) {
            if self.push.mount_source(child, blob).is_some() {
                continue;
            }
            if child.local.is_some() {
                estimate.local_blobs += 1;
                estimate.local_bytes += blob.size;
            } else {
                estimate.copied_blobs += 1;
                estimate.copied_bytes += blob.size;
            }
        }
        estimate.missing_manifests += self.missing.len();
        estimate.tags.extend(self.observed_tags());
    }

    /// Returns the names to write, and the digest that each points to now.
    pub(crate) fn observed_tags(&self) -> impl Iterator<Item = ObservedTag> + '_ {
        let names = self.names.iter();
        names.map(|(name, before)| (name.clone(), digest_of(before.as_ref()).cloned()))
    }

    /// Returns the tags that do not point to the manifest yet.
    pub(crate) fn tag_writes(&self) -> impl Iterator<Item = TagWrite> + '_ {
        let is_write = |(name, before): &&ProbedTag| {
            name.tag().is_some() && !self.is_published(digest_of(before.as_ref()))
        };
        let names = self.names.iter().filter(is_write);
        names.map(|(name, before)| TagWrite {
            target: name.clone(),
            before: before.clone(),
            digest: self.published.digest.clone(),
        })
    }

    /// Announces the blobs to the progress, which the pushes of a release share.
    pub(crate) fn expect_progress(&self) {
        let missing_blobs = self.push.missing_blobs(&self.missing);
        let not_mounted = missing_blobs
            .iter()
            .filter(|(child, blob)| self.push.mount_source(child, blob).is_none());
        let bytes = not_mounted.map(|(_, blob)| blob.size).sum();
        self.push
            .blobs
            .progress()
            .expect(missing_blobs.len(), bytes);
    }

    pub(crate) fn target(&self) -> &'a Repository {
        self.push.target
    }

    /// Finds the blobs that would have to be transferred.
    pub(crate) async fn planned_blobs(&self) -> Result<Vec<PlannedBlob>, RegistryError> {
        let missing_blobs = self.push.missing_blobs(&self.missing).into_iter();
        let probes = missing_blobs.map(|(child, blob)| async move {
            let exists = self
                .push
                .blobs
                .blob_exists(self.push.target, &blob.digest)
                .await?;
            let from = self.push.mount_source(child, blob);
            let planned = (!exists).then(|| PlannedBlob {
                source: from.map_or_else(|| child.blob_location(), Repository::to_string),
                target: self.push.target.clone(),
                descriptor: blob.clone(),
                is_mount: from.is_some(),
            });
            Ok(planned)
        });
        let found = concurrent(PARALLEL_WORK, probes).await.into_iter();
        let found: Result<Vec<_>, RegistryError> = found.collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Returns the children that the target lacks.
    pub(crate) fn missing_children(&self) -> impl Iterator<Item = &'a Child> {
        let children = self.push.children.iter();
        children.filter(|child| self.missing.contains_key(&child.key()))
    }

    /// Returns the tags of the referrers indexes that would get new entries.
    pub(crate) async fn planned_index_updates(&self) -> Result<Vec<Reference>, RegistryError> {
        self.push.planned_index_updates().await
    }

    /// Returns whether the published manifest is a list with a subject.
    pub(crate) fn has_subject(&self) -> bool {
        self.push.own_subject().is_some()
    }

    /// Returns whether the push has to write anything.
    pub(crate) fn has_work(&self) -> bool {
        !self.missing.is_empty()
            || self
                .names
                .iter()
                .any(|(_, before)| !self.is_published(digest_of(before.as_ref())))
    }

    /// Opens an upload session and cancels it: the cheapest request that requires push access.
    ///
    /// # Errors
    /// Returns an error if the registry denies the push.
    pub(crate) async fn check_push_access(&self) -> Result<(), RegistryError> {
        self.push
            .blobs
            .check_push_access(&self.published.digest)
            .await
    }

    /// Transfers the missing children, blobs first.
    pub(crate) async fn transfer_children(
        &mut self,
        mut on_child: impl FnMut(&Child),
    ) -> Result<(), RegistryError> {
        let Self {
            push,
            missing,
            published,
            ..
        } = self;
        let listed = push
            .transfer_children(missing, published, &mut on_child)
            .await?;
        published.written += push.index_children(&listed).await?;
        Ok(())
    }

    /// Pushes the manifest by digest, unless the target has it already, and adds it to the referrers of its subject.
    pub(crate) async fn put_by_digest(&mut self) -> Result<(), RegistryError> {
        let is_published = |(_, before): &ProbedTag| self.is_published(digest_of(before.as_ref()));
        // The response to the push of a list with a subject tells whether the registry lists it.
        let was_read = !self.has_subject()
            && self
                .push
                .client
                .has_read(self.push.target, &self.published.digest);
        if !was_read && !self.names.iter().any(is_published) {
            let name = self.push.target.at(self.published.digest.clone());
            let stored = self.push.put_complete(&name).await?;
            self.published.digest = stored.digest;
            self.published.written += 1;
            self.is_listed = Some(stored.is_listed);
        }
        self.published.written += self.push.index_published(self.is_listed).await?;
        Ok(())
    }

    /// Writes the tags that do not point to the manifest yet, and verifies them and their children.
    pub(crate) async fn write_tags(&self) -> Vec<Result<(Tagged, Digest), RegistryError>> {
        let writes = self
            .names
            .iter()
            .map(|(name, before)| self.write_tag(name, before.as_ref()));
        concurrent(PARALLEL_WORK, writes).await
    }

    async fn write_tag(
        &self,
        name: &Reference,
        state: Option<&TagState>,
    ) -> Result<(Tagged, Digest), RegistryError> {
        // The tag may have moved since an early probe.
        let is_outdated =
            self.is_published(digest_of(state)) && self.push.client.early_probes().was_taken(name);
        let probed_again = match is_outdated {
            true => Some(TagState::from(self.push.digest_of(name).await?)),
            false => None,
        };
        let state = probed_again.as_ref().or(state);
        let before = digest_of(state);
        let mut tagged = Tagged {
            target: name.clone(),
            before: state.cloned(),
            is_written: false,
            verification_error: None,
        };
        let digest = match before.filter(|before| self.is_published(Some(before))) {
            Some(existing) => existing.clone(),
            None => match self.push.put_complete(name).await {
                Ok(stored) => {
                    tagged.is_written = true;
                    stored.digest
                }
                Err(error) => self.push.diagnose(name, error).await?,
            },
        };
        if self.push.publication.verify.is_some() {
            let (of_tag, of_children) = tokio::join!(
                self.read_back(name, before, tagged.is_written),
                self.verify_children(name)
            );
            tagged.verification_error = of_tag?.or(of_children?);
        }
        Ok((tagged, digest))
    }

    /// Reads a tag back if it was written. Returns the error that leaves the result unknown, if any.
    async fn read_back(
        &self,
        name: &Reference,
        before: Option<&Digest>,
        is_written: bool,
    ) -> Result<Option<RegistryError>, RegistryError> {
        if !is_written {
            return Ok(None);
        }
        let bytes = self.push.publication.bytes;
        self.push.read_back(name, bytes, before).await
    }

    /// Verifies, once for all tags, that the children exist: a child may be missing although the tag is correct. Returns the
    /// error that leaves the result unknown, if any.
    async fn verify_children(
        &self,
        name: &Reference,
    ) -> Result<Option<RegistryError>, RegistryError> {
        // Without writes, the probes of the plan are still valid and need not be repeated.
        let verify = || {
            let untagged = self
                .push
                .children
                .iter()
                .filter(|child| child.tag().is_none());
            let seen: HashSet<&Digest> = match self.has_work() {
                true => HashSet::new(),
                false => untagged.map(Child::digest).collect(),
            };
            self.push
                .missing_digests(move |digest| seen.contains(digest))
        };
        let (lost, unknown) = self.lost.get_or_init(verify).await;
        if lost.is_empty() {
            return Ok(unknown.clone());
        }
        Err(RegistryError::ChildrenMissing {
            reference: name.clone().into(),
            lost: lost.clone(),
        })
    }

    /// Returns whether this is the digest of the published manifest.
    fn is_published(&self, digest: Option<&Digest>) -> bool {
        digest.is_some_and(|digest| digest.matches(self.push.publication.bytes))
    }
}

/// Returns the digest that a tag points to, if that is known.
fn digest_of(state: Option<&TagState>) -> Option<&Digest> {
    state.and_then(TagState::digest)
}

/// A blob that the target lacks and that a release would transfer.
#[derive(Clone, Debug)]
pub struct PlannedBlob {
    /// The location of the blob: a repository, or a store on this machine.
    pub source: String,
    /// The repository that lacks the blob.
    pub target: Repository,
    /// The descriptor of the blob.
    pub descriptor: Descriptor,
    /// Whether the release would request a mount, which moves no bytes. The registry may refuse it.
    pub is_mount: bool,
}

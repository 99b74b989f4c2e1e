//! A publication of which it is known what is there already: what would be done, and doing it step by step.

use std::collections::HashSet;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use tokio::sync::OnceCell;

use crate::child::Child;
use crate::concurrent::concurrent;
use crate::error::{Operation, RegistryError};
use crate::limits::PARALLEL_WORK;
use crate::publish::{Missing, Precondition, Published, Push, Tagged, TransferEstimate};
use crate::release::PlannedBlob;
use crate::session::Call;

/// A publication of which it is known what is there already.
pub(crate) struct Prepared<'a> {
    push: &'a Push<'a>,
    /// The names to write, and what each shows now.
    pub(crate) names: Vec<(Reference, Option<Digest>)>,
    missing: Missing<'a>,
    /// What the registry said when it was put under its digest, if it was: whether it lists it by its subject.
    answer: Option<bool>,
    /// What is not there of what has to be, once that was looked at.
    lost: OnceCell<(Vec<Digest>, Option<RegistryError>)>,
    pub(crate) published: Published,
}

impl<'a> Prepared<'a> {
    /// Looks at once where the tags are and which children are missing.
    pub(crate) async fn look_around(push: &'a Push<'a>) -> Result<Self, RegistryError> {
        let (publication, target) = (push.publication, push.target);
        let own = Digest::sha256(publication.bytes);
        let names = publication.targets.iter().map(|reference| {
            let name = reference.tag().and_then(|tag| target.tagged(tag));
            name.unwrap_or_else(|| target.at(own.clone()))
        });
        let (mut names, missing) = push.look_around(names.collect()).await?;
        for (name, before) in &mut names {
            // What does not say what it shows may still show something. Who sets a condition wants to know.
            if publication.precondition != Precondition::None && before.is_none() {
                *before = push.client.manifest_digest(name).await?;
            }
            let is_there = before
                .as_ref()
                .is_some_and(|before| before.matches(publication.bytes));
            let is_expected = match publication.precondition {
                Precondition::None => true,
                Precondition::Absent => before.is_none(),
                Precondition::Digest(digest) => before.as_ref() == Some(digest),
            };
            if !is_there && !is_expected {
                return Err(RegistryError::PreconditionFailed {
                    reference: name.clone().into(),
                    expected: match publication.precondition {
                        Precondition::Digest(digest) => Some(digest.clone()),
                        _ => None,
                    },
                    found: before.clone(),
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
            answer: None,
            lost: OnceCell::new(),
            published,
        })
    }

    /// Adds up what would have to be copied from other registries.
    pub(crate) fn add_to(&self, estimate: &mut TransferEstimate) {
        for (child, blob) in self.push.wanted(&self.missing) {
            if self.push.mountable(child, blob).is_some() {
                continue;
            }
            if child.local.is_some() {
                estimate.local += 1;
                estimate.local_bytes += blob.size;
            } else {
                estimate.copies += 1;
                estimate.copied_bytes += blob.size;
            }
        }
        estimate.missing += self.missing.len();
        estimate.tags.extend(self.names.iter().cloned());
    }

    /// Begins to count what is brought, with others where they have the same meter.
    pub(crate) fn measure(&self) {
        let wanted = self.push.wanted(&self.missing);
        let far = wanted
            .iter()
            .filter(|(child, blob)| self.push.mountable(child, blob).is_none());
        let bytes = far.map(|(_, blob)| blob.size).sum();
        self.push.meter.expect(wanted.len(), bytes);
    }

    pub(crate) fn target(&self) -> &'a Repository {
        self.push.target
    }

    /// Finds the blobs that would have to be brought.
    pub(crate) async fn planned_blobs(&self) -> Result<Vec<PlannedBlob>, RegistryError> {
        let wanted = self.push.wanted(&self.missing).into_iter();
        let looks = wanted.map(|(child, blob)| async move {
            let there = self
                .push
                .blob_exists(self.push.target, &blob.digest)
                .await?;
            let from = self.push.mountable(child, blob);
            let planned = (!there).then(|| PlannedBlob {
                source: from.map_or_else(|| child.blobs_place(), Repository::to_string),
                target: self.push.target.clone(),
                descriptor: blob.clone(),
                is_mount: from.is_some(),
            });
            Ok(planned)
        });
        let found = concurrent(PARALLEL_WORK, looks).await.into_iter();
        let found: Result<Vec<_>, RegistryError> = found.collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Returns the children that the target does not have.
    pub(crate) fn missing_children(&self) -> impl Iterator<Item = &'a Child> {
        let children = self.push.children.iter();
        children.filter(|child| self.missing.contains_key(&child.key()))
    }

    /// Finds the indexes of referrers that would become longer.
    pub(crate) async fn planned_enlistings(&self) -> Result<Vec<Reference>, RegistryError> {
        self.push.planned_enlistings().await
    }

    /// Tells whether it is a list that refers to something.
    pub(crate) fn has_subject(&self) -> bool {
        self.push.own_subject().is_some()
    }

    /// Tells whether anything is to be written.
    pub(crate) fn has_work(&self) -> bool {
        !self.missing.is_empty()
            || self
                .names
                .iter()
                .any(|(_, before)| !self.shows(before.as_ref()))
    }

    /// Opens an upload and gives it back: the cheapest thing that only those can do who may write.
    ///
    /// # Errors
    /// Where the registry does not let us.
    pub(crate) async fn try_to_write(&self) -> Result<(), RegistryError> {
        let digest = &self.published.digest;
        let call = Call {
            operation: Operation::TryToWrite(self.push.target.clone()),
            ..self.push.start(digest)
        };
        let answer = self.push.session().call(&call).await?;
        let session = self.push.session_of(answer).await?;
        self.push.abandon(digest, session).await;
        Ok(())
    }

    /// Brings the children that are missing, blobs first.
    pub(crate) async fn bring(
        &mut self,
        mut arrived: impl FnMut(&Child),
    ) -> Result<(), RegistryError> {
        let Self {
            push,
            missing,
            published,
            ..
        } = self;
        let answers = push.bring(missing, published, &mut arrived).await?;
        published.written += push.enlist_children(&answers).await?;
        Ok(())
    }

    /// Puts the manifest under its digest, unless a tag shows it already, and has it listed by what it refers to.
    pub(crate) async fn put_by_digest(&mut self) -> Result<(), RegistryError> {
        let is_there = |(_, before): &(_, Option<Digest>)| self.shows(before.as_ref());
        if !self.names.iter().any(is_there) {
            let name = self.push.target.at(self.published.digest.clone());
            let stored = self.push.put_own(&name).await?;
            self.published.digest = stored.digest;
            self.published.written += 1;
            self.answer = Some(stored.is_listed);
        }
        self.published.written += self.push.enlist_own(self.answer).await?;
        Ok(())
    }

    /// Writes the tags that do not show it yet, and looks at them and at what they lead to.
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
        before: Option<&Digest>,
    ) -> Result<(Tagged, Digest), RegistryError> {
        // What was looked at ahead may have been moved since, and is then not there already.
        let again = match before {
            Some(_) if self.shows(before) && self.push.client.ahead().was_taken(name) => {
                Some(self.push.read(name).await?)
            }
            _ => None,
        };
        let before = again.as_ref().map_or(before, Option::as_ref);
        let mut tagged = Tagged {
            target: name.clone(),
            before: before.cloned(),
            is_written: false,
            unconfirmed: None,
        };
        let digest = match before.filter(|before| self.shows(Some(before))) {
            Some(there) => there.clone(),
            None => match self.push.put_own(name).await {
                Ok(stored) => {
                    tagged.is_written = true;
                    stored.digest
                }
                Err(error) => self.push.explained(name, error).await?,
            },
        };
        if self.push.publication.verified.is_some() {
            let (unconfirmed, verified) = tokio::join!(
                self.confirmed(name, before, tagged.is_written),
                self.verified(name)
            );
            tagged.unconfirmed = unconfirmed?.or(verified?);
        }
        Ok((tagged, digest))
    }

    /// Reads a tag back if it was written. Returns why that cannot be told, where it cannot.
    async fn confirmed(
        &self,
        name: &Reference,
        before: Option<&Digest>,
        is_written: bool,
    ) -> Result<Option<RegistryError>, RegistryError> {
        if !is_written {
            return Ok(None);
        }
        let bytes = self.push.publication.bytes;
        self.push.confirm(name, bytes, before).await
    }

    /// Looks, once for all tags, whether what they lead to is there: it may be gone although a tag is as it should be.
    async fn verified(&self, name: &Reference) -> Result<Option<RegistryError>, RegistryError> {
        // Where nothing is written, what was seen a moment ago need not be looked at again.
        let look = || {
            let untagged = self
                .push
                .children
                .iter()
                .filter(|child| child.tag().is_none());
            let seen: HashSet<&Digest> = match self.has_work() {
                true => HashSet::new(),
                false => untagged.map(Child::digest).collect(),
            };
            self.push.lost(move |digest| seen.contains(digest))
        };
        let (lost, unknown) = self.lost.get_or_init(look).await;
        if lost.is_empty() {
            return Ok(unknown.clone());
        }
        Err(RegistryError::ChildrenMissing {
            reference: name.clone().into(),
            lost: lost.clone(),
        })
    }

    fn shows(&self, digest: Option<&Digest>) -> bool {
        digest.is_some_and(|digest| digest.matches(self.push.publication.bytes))
    }
}

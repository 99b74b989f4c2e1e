//! Keeping the lists of referrers in the target: a registry with the referrers API does that itself, any other has an index
//! under a tag, to which clients add (distribution specification, "Pushing Manifests with Subject").

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use manifest_core::referrers::{Overlap, descriptor, fallback_tag, overlap, with_referrers};
use manifest_core::{Descriptor, Digest, Manifest, MediaType, Reference};

use crate::child::Child;
use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::limits::{ENLISTINGS, PARALLEL_WORK};
use crate::publish::Push;
use crate::retry::Tries;

/// What the registry said when a manifest was put: whether it keeps the list of those that refer to its subject.
pub(crate) type Answers = HashMap<Digest, bool>;

/// Referrers of one subject which the registry has not said that it lists.
struct Unlisted<'a> {
    subject: &'a Digest,
    referrers: Vec<Descriptor>,
    /// Whether one of them was put just now, so that it is known that the registry does not list them.
    is_known: bool,
}

/// What an index of referrers is to become.
struct Longer {
    name: Reference,
    bytes: Vec<u8>,
    before: Option<Digest>,
}

impl Push<'_> {
    /// Adds the referrers among the children to the lists of their subjects. Returns how many indexes were written.
    pub(crate) async fn enlist_children(&self, answers: &Answers) -> Result<usize, RegistryError> {
        self.enlist(self.unlisted(answers)).await
    }

    /// Adds the list that is published to the list of its subject. `answer` is what the registry said when it was put, if it
    /// was.
    pub(crate) async fn enlist_own(&self, answer: Option<bool>) -> Result<usize, RegistryError> {
        let Some((subject, own)) = self.own_subject() else {
            return Ok(0);
        };
        if answer == Some(true) {
            return Ok(0);
        }
        let unlisted = Unlisted {
            subject: &subject,
            referrers: vec![own],
            is_known: answer.is_some(),
        };
        self.enlist(vec![unlisted]).await
    }

    /// Returns what the list that is published refers to, and its descriptor.
    pub(crate) fn own_subject(&self) -> Option<(Digest, Descriptor)> {
        let publication = self.publication;
        if !publication.media_type.is_list() {
            return None;
        }
        let own = Manifest::parse(publication.media_type.as_str(), publication.bytes).ok()?;
        Some((own.subject()?.digest.clone(), descriptor(&own)))
    }

    /// Returns the tags whose index would become longer.
    pub(crate) async fn planned_enlistings(&self) -> Result<Vec<Reference>, RegistryError> {
        let own = self.own_subject();
        let mut unlisted = self.unlisted(&Answers::new());
        if let Some((subject, own)) = &own {
            unlisted.push(Unlisted {
                subject,
                referrers: vec![own.clone()],
                is_known: false,
            });
        }
        let looks = unlisted.iter().map(|unlisted| self.longer(unlisted));
        let found = concurrent(PARALLEL_WORK, looks).await;
        let found: Result<Vec<_>, RegistryError> = found.into_iter().collect();
        let found = found?.into_iter().flatten();
        Ok(found.map(|longer| longer.name).collect())
    }

    /// Gathers the referrers that the registry has not said that it lists, by subject.
    fn unlisted(&self, answers: &Answers) -> Vec<Unlisted<'_>> {
        let mut by_subject: BTreeMap<&Digest, (Vec<Descriptor>, bool)> = BTreeMap::new();
        for child in self.children.iter().filter(|child| child.is_referrer()) {
            let answer = answers.get(child.digest());
            if let (Some(subject), false) = (child.manifest().subject(), answer == Some(&true)) {
                let of_subject = by_subject.entry(&subject.digest).or_default();
                of_subject.0.push(descriptor(child.manifest()));
                of_subject.1 |= answer.is_some();
            }
        }
        let unlisted = by_subject.into_iter();
        unlisted
            .map(|(subject, (referrers, is_known))| Unlisted {
                subject,
                referrers,
                is_known,
            })
            .collect()
    }

    async fn enlist(&self, unlisted: Vec<Unlisted<'_>>) -> Result<usize, RegistryError> {
        let all = unlisted.iter().map(|unlisted| self.enlist_with(unlisted));
        let mut written = 0;
        for result in concurrent(PARALLEL_WORK, all).await {
            written += usize::from(result?);
        }
        Ok(written)
    }

    /// Makes one index longer. Where somebody else writes it at the same time it is read again: nothing of theirs is lost.
    async fn enlist_with(&self, unlisted: &Unlisted<'_>) -> Result<bool, RegistryError> {
        let mut is_written = false;
        let mut last = None;
        for _ in 0..ENLISTINGS {
            let Some(longer) = self.longer(unlisted).await? else {
                return Ok(is_written);
            };
            let shared = self.rights.shared(self.target);
            let bytes = longer.bytes.clone().into();
            self.client
                .put(&longer.name, MediaType::OciIndex, bytes, shared)
                .await?;
            is_written = true;
            let before = longer.before.as_ref();
            match self.confirm(&longer.name, &longer.bytes, before).await {
                Ok(_) => return Ok(true),
                Err(error @ RegistryError::ReadBackMismatch { .. }) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        last.map_or(Ok(is_written), Err)
    }

    /// Reads what the registry lists. Returns what is to be written; nothing where all are in it, or the registry keeps the list.
    async fn longer(&self, unlisted: &Unlisted<'_>) -> Result<Option<Longer>, RegistryError> {
        let Some(name) = self.target.tagged(&fallback_tag(unlisted.subject)) else {
            return Ok(None);
        };
        let subject = self.target.at(unlisted.subject.clone());
        let shared = self.rights.shared(self.target);
        let client = self.client;
        if !unlisted.is_known && client.list_of_referrers(&subject, shared).await?.is_some() {
            return Ok(None);
        }
        let there = match client.manifest_itself(&name, &Tries::default()).await {
            Ok(manifest) => Some(manifest),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let bytes = with_referrers(there.as_ref(), &unlisted.referrers);
        let bytes = bytes.map_err(|source| RegistryError::NotReferrersIndex {
            reference: Box::new(name.clone()),
            source: Arc::new(source),
        })?;
        Ok(bytes.map(|bytes| Longer {
            name,
            bytes,
            before: there.map(|manifest| manifest.digest().clone()),
        }))
    }

    /// Looks what the target has under the tag of a child, where that is something else. Returns whether the child is in that.
    ///
    /// # Errors
    /// [`RegistryError::SignaturesDiffer`] where something would be lost if the tag were written.
    pub(crate) async fn is_within(&self, child: &Child) -> Result<bool, RegistryError> {
        let name = child.name_in(self.target);
        let there = match self.client.manifest_itself(&name, &Tries::default()).await {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        match overlap(child.manifest(), &there) {
            Overlap::Keep => return Ok(true),
            Overlap::Replace => return Ok(false),
            Overlap::Conflict => {}
        }
        Err(RegistryError::SignaturesDiffer {
            reference: Box::new(name),
            found: there.digest().clone(),
            source_digest: child.digest().clone(),
            place: child.blobs_place(),
        })
    }
}

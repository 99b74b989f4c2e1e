//! The referrers tag schema (distribution specification, "Pushing Manifests with Subject").
//!
//! A registry with the referrers API lists referrers itself. In any other registry, clients add them to an index under a tag.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use manifest_core::referrers::{descriptor, fallback_tag, with_referrers};
use manifest_core::{Descriptor, Digest, Manifest, MediaType, Reference};

use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::http::Attempts;
use crate::limits::{PARALLEL_WORK, REFERRERS_INDEX_ATTEMPTS};
use crate::publish::push::Push;

/// For each pushed manifest, whether the registry stated that it lists the manifest as a referrer of its subject.
pub(crate) type ListedReferrers = HashMap<Digest, bool>;

/// Referrers of one subject that the registry does not state to list.
struct UnlistedReferrers<'a> {
    subject: &'a Digest,
    referrers: Vec<Descriptor>,
    /// Whether the response to a push showed that the registry does not list them. Otherwise it is unknown.
    is_known: bool,
}

/// The new content of a referrers index.
struct IndexUpdate {
    name: Reference,
    bytes: Vec<u8>,
    before: Option<Digest>,
}

impl Push<'_> {
    /// Adds the referrers among the children to the indexes of their subjects. Returns the number of indexes written.
    pub(crate) async fn index_children(
        &self,
        listed: &ListedReferrers,
    ) -> Result<usize, RegistryError> {
        self.update_indexes(self.unlisted(listed)).await
    }

    /// Adds the published list to the index of its subject. Returns the number of indexes written. `is_listed` is the statement
    /// of the registry in its response to the list, or `None` if the list was not pushed.
    pub(crate) async fn index_published(
        &self,
        is_listed: Option<bool>,
    ) -> Result<usize, RegistryError> {
        let Some((subject, own)) = self.own_subject() else {
            return Ok(0);
        };
        if is_listed == Some(true) {
            return Ok(0);
        }
        let unlisted = UnlistedReferrers {
            subject: &subject,
            referrers: vec![own],
            is_known: is_listed.is_some(),
        };
        self.update_indexes(vec![unlisted]).await
    }

    /// Returns the subject of the published list, and the descriptor of the list.
    pub(crate) fn own_subject(&self) -> Option<(Digest, Descriptor)> {
        let publication = self.publication;
        if !publication.media_type.is_list() {
            return None;
        }
        let own = Manifest::parse(publication.media_type.as_str(), publication.bytes).ok()?;
        Some((own.subject()?.digest.clone(), descriptor(&own)))
    }

    /// Returns the tags of the indexes that would get new entries.
    pub(crate) async fn planned_index_updates(&self) -> Result<Vec<Reference>, RegistryError> {
        let own = self.own_subject();
        let mut unlisted = self.unlisted(&ListedReferrers::new());
        if let Some((subject, own)) = &own {
            unlisted.push(UnlistedReferrers {
                subject,
                referrers: vec![own.clone()],
                is_known: false,
            });
        }
        let updates = unlisted.iter().map(|unlisted| self.index_update(unlisted));
        let found = concurrent(PARALLEL_WORK, updates).await;
        let found: Result<Vec<_>, RegistryError> = found.into_iter().collect();
        let found = found?.into_iter().flatten();
        Ok(found.map(|update| update.name).collect())
    }

    /// Groups the referrers that the registry does not state to list by subject.
    fn unlisted(&self, listed: &ListedReferrers) -> Vec<UnlistedReferrers<'_>> {
        let mut by_subject: BTreeMap<&Digest, (Vec<Descriptor>, bool)> = BTreeMap::new();
        for child in self.children.iter().filter(|child| child.is_referrer()) {
            let is_listed = listed.get(child.digest());
            if let (Some(subject), false) = (child.manifest().subject(), is_listed == Some(&true)) {
                let of_subject = by_subject.entry(&subject.digest).or_default();
                of_subject.0.push(descriptor(child.manifest()));
                of_subject.1 |= is_listed.is_some();
            }
        }
        let unlisted = by_subject.into_iter();
        unlisted
            .map(|(subject, (referrers, is_known))| UnlistedReferrers {
                subject,
                referrers,
                is_known,
            })
            .collect()
    }

    async fn update_indexes(
        &self,
        unlisted: Vec<UnlistedReferrers<'_>>,
    ) -> Result<usize, RegistryError> {
        let all = unlisted.iter().map(|unlisted| self.update_index(unlisted));
        let mut written = 0;
        for result in concurrent(PARALLEL_WORK, all).await {
            written += usize::from(result?);
        }
        Ok(written)
    }

    /// Adds referrers to one index. If another client writes the index at the same time, the update starts again from a new
    /// read, so that no entry is lost.
    async fn update_index(&self, unlisted: &UnlistedReferrers<'_>) -> Result<bool, RegistryError> {
        let mut is_written = false;
        let mut last = None;
        for _ in 0..REFERRERS_INDEX_ATTEMPTS {
            let Some(update) = self.index_update(unlisted).await? else {
                return Ok(is_written);
            };
            let shared_scopes = self.scopes.shared_scopes(self.target);
            let bytes = update.bytes.clone().into();
            self.client
                .put(&update.name, MediaType::OciIndex, bytes, shared_scopes)
                .await?;
            is_written = true;
            let before = update.before.as_ref();
            match self.read_back(&update.name, &update.bytes, before).await {
                Ok(_) => return Ok(true),
                Err(error @ RegistryError::ReadBackMismatch { .. }) => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        last.map_or(Ok(is_written), Err)
    }

    /// Reads the index. Returns the update to write, or `None` if the index has all referrers already, or the registry has the
    /// referrers API.
    async fn index_update(
        &self,
        unlisted: &UnlistedReferrers<'_>,
    ) -> Result<Option<IndexUpdate>, RegistryError> {
        let Some(name) = self.target.tagged(&fallback_tag(unlisted.subject)) else {
            return Ok(None);
        };
        let subject = self.target.at(unlisted.subject.clone());
        let shared_scopes = self.scopes.shared_scopes(self.target);
        let client = self.client;
        if !unlisted.is_known
            && client
                .list_referrers(&subject, shared_scopes)
                .await?
                .is_some()
        {
            return Ok(None);
        }
        let existing = match client
            .manifest_from_registry(&name, &Attempts::default())
            .await
        {
            Ok(manifest) => Some(manifest),
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error),
        };
        let bytes = with_referrers(existing.as_ref(), &unlisted.referrers);
        let bytes = bytes.map_err(|source| RegistryError::NotReferrersIndex {
            reference: Box::new(name.clone()),
            source: Arc::new(source),
        })?;
        Ok(bytes.map(|bytes| IndexUpdate {
            name,
            bytes,
            before: existing.map(|manifest| manifest.digest().clone()),
        }))
    }
}

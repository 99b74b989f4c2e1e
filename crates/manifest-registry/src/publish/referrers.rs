//! The search for referrers of manifests: signatures, attestations, SBOMs, and referrers of those.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::pin::Pin;

use manifest_core::reference::Repository;
use manifest_core::referrers::{cosign_tags, fallback_tag};
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};

use crate::client::{Client, too_many};
use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::http::Attempts;
use crate::limits::{PARALLEL_WORK, REFERRER_DEPTH, REFERRERS};
use crate::publish::child::Child;

/// The referrers of manifests, ready to be published with them.
#[derive(Clone, Debug, Default)]
pub struct Referrers {
    /// The referrers, each after the manifests that it needs, and the manifests under the tags of cosign.
    pub children: Vec<Child>,
    /// The listed referrers that cannot be copied.
    pub skipped: Vec<SkippedReferrer>,
}

/// A listed referrer that is not copied. `Display` writes one line for a person.
#[derive(Clone, Debug)]
pub struct SkippedReferrer {
    /// The referrer, in its repository.
    pub referrer: Reference,
    /// The subject of the list.
    pub subject: Digest,
    /// The reason why the referrer is not copied.
    pub reason: SkipReason,
}

/// The reason why a referrer is not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The registry lists the referrer but does not have it.
    NotFound,
    /// The media type of the referrer is not a known manifest type.
    UnsupportedType(String),
    /// The referrer has another subject, or none.
    SubjectMismatch,
    /// The referrer is more than [`REFERRER_DEPTH`] levels of referrers deep.
    TooDeep,
}

impl fmt::Display for SkippedReferrer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            referrer,
            subject,
            reason,
        } = self;
        write!(f, "{referrer}, listed as a referrer of {subject}, ")?;
        f.write_str("is not copied: ")?;
        match reason {
            SkipReason::NotFound => f.write_str("the registry does not have it"),
            SkipReason::UnsupportedType(found) => {
                write!(f, "its media type {found:?} is not supported")
            }
            SkipReason::SubjectMismatch => f.write_str("its subject is another manifest"),
            SkipReason::TooDeep => write!(f, "referrers are followed {REFERRER_DEPTH} levels deep"),
        }
    }
}

/// The referrers of one subject.
type FoundReferrers = Vec<Result<Vec<Child>, SkippedReferrer>>;

impl Client {
    /// Finds the referrers of these manifests, and the referrers of those referrers.
    ///
    /// The subjects are references by digest; others are ignored. The sources are the referrers API of the registry, or else
    /// the referrers tag schema, and the tags of cosign.
    ///
    /// # Errors
    /// Returns an error if a registry gives no clear response, if a manifest does not match its list, or if there are more
    /// referrers or pages than [`REFERRERS`] and [`crate::limits::REFERRER_PAGES`] allow.
    pub async fn referrers(&self, subjects: &[Reference]) -> Result<Referrers, RegistryError> {
        let client = self.for_reading(subjects);
        let mut referrers = Referrers::default();
        let mut visited: HashSet<Reference> = HashSet::new();
        let mut level: Vec<Reference> = subjects.to_vec();
        for depth in 0.. {
            level.retain(|subject| subject.digest().is_some() && visited.insert(subject.clone()));
            let searches = level.iter().map(|subject| client.referrers_of(subject));
            let found = concurrent(PARALLEL_WORK, searches).await;
            let mut next = Vec::new();
            for (subject, found) in level.iter().zip(found) {
                for found in found? {
                    match found {
                        Ok(children) if depth < REFERRER_DEPTH => {
                            // The manifests in a list may have referrers as well.
                            let by_digest =
                                |child: &Child| child.source().at(child.digest().clone());
                            next.extend(children.iter().map(by_digest));
                            referrers.children.extend(children);
                        }
                        Ok(children) => referrers.skipped.extend(too_deep(subject, &children)),
                        Err(skipped) => referrers.skipped.push(skipped),
                    }
                }
                if referrers.children.len() > REFERRERS {
                    return Err(too_many(subject, REFERRERS, "referrers"));
                }
            }
            if next.is_empty() {
                break;
            }
            level = next;
        }
        Ok(referrers)
    }

    async fn referrers_of(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let (listed, tagged) = tokio::join!(
            self.listed_referrers(subject),
            self.cosign_manifests(subject)
        );
        let (listed, tagged) = (listed?, tagged?);
        Ok(listed.into_iter().chain(tagged).collect())
    }

    /// Fetches the referrers that the registry lists.
    async fn listed_referrers(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let shared_scopes = self.shared_read_scopes(subject.repository());
        let descriptors = match self.list_referrers(subject, shared_scopes).await? {
            Some(descriptors) => descriptors,
            None => self.fallback_list(subject).await?,
        };
        let fetches = descriptors
            .iter()
            .map(|descriptor| self.referrer(subject, descriptor));
        let found = concurrent(PARALLEL_WORK, fetches).await;
        found.into_iter().collect()
    }

    /// Reads the index of the referrers tag schema.
    async fn fallback_list(&self, subject: &Reference) -> Result<Vec<Descriptor>, RegistryError> {
        let tag = subject.digest().map(fallback_tag);
        let Some(name) = tag.and_then(|tag| subject.repository().tagged(&tag)) else {
            return Ok(Vec::new());
        };
        match self
            .manifest_from_registry(&name, &Attempts::default())
            .await
        {
            Ok(manifest) => match manifest.content() {
                Content::List(list) if list.manifests.len() > REFERRERS => {
                    Err(too_many(subject, REFERRERS, "referrers"))
                }
                Content::List(list) => Ok(list.manifests.clone()),
                Content::Image(_) => Ok(Vec::new()),
            },
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Fetches one referrer. Returns it after the manifests that it lists.
    async fn referrer(
        &self,
        subject: &Reference,
        descriptor: &Descriptor,
    ) -> Result<Result<Vec<Child>, SkippedReferrer>, RegistryError> {
        let repository = subject.repository();
        let reference = repository.at(descriptor.digest.clone());
        let skipped = |reason| {
            Ok(Err(SkippedReferrer {
                referrer: reference.clone(),
                subject: subject.digest().unwrap_or(&descriptor.digest).clone(),
                reason,
            }))
        };
        if MediaType::recognise(&descriptor.media_type).is_none() {
            return skipped(SkipReason::UnsupportedType(descriptor.media_type.clone()));
        }
        let manifest = match self
            .manifest_from_registry(&reference, &Attempts::default())
            .await
        {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return skipped(SkipReason::NotFound),
            Err(error) => return Err(error),
        };
        let named = manifest.subject().map(|subject| &subject.digest);
        if named != subject.digest() {
            return skipped(SkipReason::SubjectMismatch);
        }
        let mut children = self.manifests_in(repository, &manifest, 0).await?;
        children.push(Child::from_verified(repository, manifest).into_referrer());
        Ok(Ok(children))
    }

    /// Fetches the manifests under the tags of cosign for a digest.
    async fn cosign_manifests(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let repository = subject.repository();
        let tags = subject.digest().into_iter().flat_map(cosign_tags);
        let fetches = tags.map(|tag| async move {
            let Some(name) = repository.tagged(&tag) else {
                return Ok(None);
            };
            // HEAD first, because most images have no such tags, and GET counts as a pull.
            let Some(digest) = self.manifest_digest(&name).await? else {
                return Ok(None);
            };
            let reference = repository.at(digest);
            let manifest = self
                .manifest_from_registry(&reference, &Attempts::default())
                .await?;
            let mut children = self.manifests_in(repository, &manifest, 0).await?;
            children.push(Child::from_verified(repository, manifest).with_tag(tag));
            Ok(Some(Ok(children)))
        });
        let found = concurrent(PARALLEL_WORK, fetches).await;
        let found: Result<Vec<_>, RegistryError> = found.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Fetches the manifests in a list, innermost first.
    fn manifests_in<'a>(
        &'a self,
        repository: &'a Repository,
        manifest: &'a Manifest,
        depth: usize,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Child>, RegistryError>> + 'a>> {
        Box::pin(async move {
            let Content::List(list) = manifest.content() else {
                return Ok(Vec::new());
            };
            let reference = repository.at(manifest.digest().clone());
            if depth >= REFERRER_DEPTH {
                return Err(too_many(&reference, REFERRER_DEPTH, "levels of lists"));
            }
            if list.manifests.len() > REFERRERS {
                return Err(too_many(&reference, REFERRERS, "manifests"));
            }
            let digests: BTreeSet<&Digest> =
                list.manifests.iter().map(|entry| &entry.digest).collect();
            let fetches = digests.into_iter().map(|digest| async move {
                let reference = repository.at(digest.clone());
                let manifest = self
                    .manifest_from_registry(&reference, &Attempts::default())
                    .await?;
                let mut children = self.manifests_in(repository, &manifest, depth + 1).await?;
                children.push(Child::from_verified(repository, manifest));
                Ok(children)
            });
            let children = concurrent(PARALLEL_WORK, fetches).await;
            let children: Result<Vec<Vec<Child>>, RegistryError> = children.into_iter().collect();
            Ok(children?.into_iter().flatten().collect())
        })
    }
}

fn too_deep(subject: &Reference, children: &[Child]) -> Option<SkippedReferrer> {
    let referrer = children.last()?;
    Some(SkippedReferrer {
        referrer: referrer.source().at(referrer.digest().clone()),
        subject: subject.digest().unwrap_or(referrer.digest()).clone(),
        reason: SkipReason::TooDeep,
    })
}

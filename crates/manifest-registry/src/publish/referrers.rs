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
    /// The referrers, each after the manifests that it needs, and those that cosign keeps under tags.
    pub children: Vec<Child>,
    /// The referrers that are listed and cannot be copied.
    pub skipped: Vec<Skipped>,
}

/// A referrer that is listed and not copied. `Display` is one line for a person.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The referrer, in its repository.
    pub referrer: Reference,
    /// Its subject.
    pub subject: Digest,
    /// Why it is not copied.
    pub reason: SkipReason,
}

/// Why a referrer is not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is listed, and the registry does not have it.
    Lost,
    /// Its type is no known type of manifest.
    Type(String),
    /// It names another subject, or none.
    Stranger,
    /// It refers to a referrer of a referrer, and so on: [`REFERRER_DEPTH`].
    TooDeep,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            referrer,
            subject,
            reason,
        } = self;
        write!(f, "{referrer}, which is listed as referring to {subject}, ")?;
        f.write_str("is not copied: ")?;
        match reason {
            SkipReason::Lost => f.write_str("the registry does not have it"),
            SkipReason::Type(found) => write!(f, "its type, {found:?}, is not known"),
            SkipReason::Stranger => f.write_str("it does not name that as its subject"),
            SkipReason::TooDeep => write!(f, "referrers are followed {REFERRER_DEPTH} levels deep"),
        }
    }
}

/// The referrers of one subject.
type FoundReferrers = Vec<Result<Vec<Child>, Skipped>>;

impl Client {
    /// Finds the referrers of these manifests, which are named by digest, and the referrers of those: by the referrers API of their
    /// registry or the referrers tag schema, and by the tags that cosign makes.
    ///
    /// # Errors
    /// Where a registry gives no clear answer, what it has is not what it lists, or there is more than [`REFERRERS`] or
    /// [`crate::limits::REFERRER_PAGES`] allow.
    pub async fn referrers(&self, subjects: &[Reference]) -> Result<Referrers, RegistryError> {
        let client = self.for_reading(subjects);
        let mut referrers = Referrers::default();
        let mut asked: HashSet<Reference> = HashSet::new();
        let mut level: Vec<Reference> = subjects.to_vec();
        for depth in 0.. {
            level.retain(|subject| subject.digest().is_some() && asked.insert(subject.clone()));
            let looks = level.iter().map(|subject| client.referring_to(subject));
            let found = concurrent(PARALLEL_WORK, looks).await;
            let mut next = Vec::new();
            for (subject, found) in level.iter().zip(found) {
                for found in found? {
                    match found {
                        Ok(children) if depth < REFERRER_DEPTH => {
                            // The manifests in a list may have referrers as well.
                            let of = |child: &Child| child.source().at(child.digest().clone());
                            next.extend(children.iter().map(of));
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

    async fn referring_to(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let (listed, tagged) = tokio::join!(self.listed(subject), self.tagged(subject));
        let (listed, tagged) = (listed?, tagged?);
        Ok(listed.into_iter().chain(tagged).collect())
    }

    /// Fetches the referrers that the registry lists.
    async fn listed(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let shared_scopes = self.shared_read_scopes(subject.repository());
        let descriptors = match self.list_of_referrers(subject, shared_scopes).await? {
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

    /// Fetches one referrer, after the manifests in it.
    async fn referrer(
        &self,
        subject: &Reference,
        descriptor: &Descriptor,
    ) -> Result<Result<Vec<Child>, Skipped>, RegistryError> {
        let repository = subject.repository();
        let reference = repository.at(descriptor.digest.clone());
        let skipped = |reason| {
            Ok(Err(Skipped {
                referrer: reference.clone(),
                subject: subject.digest().unwrap_or(&descriptor.digest).clone(),
                reason,
            }))
        };
        if MediaType::recognise(&descriptor.media_type).is_none() {
            return skipped(SkipReason::Type(descriptor.media_type.clone()));
        }
        let manifest = match self
            .manifest_from_registry(&reference, &Attempts::default())
            .await
        {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return skipped(SkipReason::Lost),
            Err(error) => return Err(error),
        };
        let named = manifest.subject().map(|subject| &subject.digest);
        if named != subject.digest() {
            return skipped(SkipReason::Stranger);
        }
        let mut children = self.inside(repository, &manifest, 0).await?;
        children.push(Child::of(repository, manifest).as_referrer());
        Ok(Ok(children))
    }

    /// Fetches the manifests that cosign keeps under tags for a digest.
    async fn tagged(&self, subject: &Reference) -> Result<FoundReferrers, RegistryError> {
        let repository = subject.repository();
        let tags = subject.digest().into_iter().flat_map(cosign_tags);
        let fetches = tags.map(|tag| async move {
            let Some(name) = repository.tagged(&tag) else {
                return Ok(None);
            };
            // With HEAD first: most images have none of them, and GET counts as a pull.
            let Some(digest) = self.manifest_digest(&name).await? else {
                return Ok(None);
            };
            let reference = repository.at(digest);
            let manifest = self
                .manifest_from_registry(&reference, &Attempts::default())
                .await?;
            let mut children = self.inside(repository, &manifest, 0).await?;
            children.push(Child::of(repository, manifest).with_tag(tag));
            Ok(Some(Ok(children)))
        });
        let found = concurrent(PARALLEL_WORK, fetches).await;
        let found: Result<Vec<_>, RegistryError> = found.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Fetches the manifests in a list, the innermost first.
    fn inside<'a>(
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
                let mut children = self.inside(repository, &manifest, depth + 1).await?;
                children.push(Child::of(repository, manifest));
                Ok(children)
            });
            let children = concurrent(PARALLEL_WORK, fetches).await;
            let children: Result<Vec<Vec<Child>>, RegistryError> = children.into_iter().collect();
            Ok(children?.into_iter().flatten().collect())
        })
    }
}

fn too_deep(subject: &Reference, children: &[Child]) -> Option<Skipped> {
    let referrer = children.last()?;
    Some(Skipped {
        referrer: referrer.source().at(referrer.digest().clone()),
        subject: subject.digest().unwrap_or(referrer.digest()).clone(),
        reason: SkipReason::TooDeep,
    })
}

//! Finding what refers to manifests: signatures, attestations, bills of materials, and what refers to those.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::Method;
use http::header::{ACCEPT, HeaderMap, HeaderValue, LINK};
use manifest_core::limits::MANIFEST_BYTES;
use manifest_core::reference::Repository;
use manifest_core::referrers::{cosign_tags, fallback_tag};
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};
use url::Url;

use crate::answer::Answer;
use crate::bodies::Traffic;
use crate::child::Child;
use crate::client::Client;
use crate::concurrent::concurrent;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::limits::{PARALLEL_WORK, REFERRER_DEPTH, REFERRER_PAGES, REFERRERS};
use crate::payload::Payload;
use crate::retry::Tries;
use crate::session::{Call, Target};
use crate::token::Scope;

/// What refers to manifests, ready to be published with them.
#[derive(Clone, Debug, Default)]
pub struct Referrers {
    /// The referrers, each after what it needs, and what cosign keeps under tags.
    pub children: Vec<Child>,
    /// What is listed and cannot be copied.
    pub skipped: Vec<Skipped>,
}

/// A referrer that is listed and not copied. `Display` is one line for a person.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The referrer, in its repository.
    pub referrer: Reference,
    /// What it refers to.
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
    /// It is of a type that is no manifest as far as this program knows.
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

/// What refers to one subject.
type Found = Vec<Result<Vec<Child>, Skipped>>;

impl Client {
    /// Finds what refers to these manifests, which are named by digest, and to what refers to them: by the referrers API of
    /// their registry or the tag that stands in for it, and by the tags that cosign makes.
    ///
    /// # Errors
    /// Where a registry gives no clear answer, what it has is not what it lists, or there is more than [`REFERRERS`] or
    /// [`REFERRER_PAGES`] allow.
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
                            // What is in a list may be referred to as well.
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

    async fn referring_to(&self, subject: &Reference) -> Result<Found, RegistryError> {
        let (listed, tagged) = tokio::join!(self.listed(subject), self.tagged(subject));
        let (listed, tagged) = (listed?, tagged?);
        Ok(listed.into_iter().chain(tagged).collect())
    }

    /// Fetches the referrers that the registry lists.
    async fn listed(&self, subject: &Reference) -> Result<Found, RegistryError> {
        let shared = self.shares(subject.repository());
        let descriptors = match self.list_of_referrers(subject, shared).await? {
            Some(descriptors) => descriptors,
            None => self.fallback_list(subject).await?,
        };
        let fetches = descriptors
            .iter()
            .map(|descriptor| self.referrer(subject, descriptor));
        let found = concurrent(PARALLEL_WORK, fetches).await;
        found.into_iter().collect()
    }

    /// Asks for the list of referrers (distribution specification, "Listing Referrers"), all pages of it. Nothing where the
    /// registry has no such lists.
    pub(crate) async fn list_of_referrers(
        &self,
        subject: &Reference,
        shared: Arc<[Scope]>,
    ) -> Result<Option<Vec<Descriptor>>, RegistryError> {
        let mut descriptors = Vec::new();
        let mut next = None;
        for _ in 0..REFERRER_PAGES {
            let call = Call {
                shared: shared.clone(),
                ..referrers_call(subject, next.take())
            };
            let (session, tries) = (&self.shared().session, Tries::default());
            let fetched = session.fetch_within(&call, MANIFEST_BYTES, &tries).await;
            let (answer, bytes) = match fetched {
                Ok(fetched) => fetched,
                Err(error) if descriptors.is_empty() && has_no_lists(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            let content_type = answer.header("content-type").unwrap_or_default();
            // Whatever says yes to any path is no referrers API.
            if MediaType::recognise(content_type) != Some(MediaType::OciIndex) {
                return Ok(None);
            }
            let manifest = Manifest::parse(content_type, bytes)
                .map_err(|error| answer.content(ContentProblem::Manifest(Arc::new(error))))?;
            if let Content::List(list) = manifest.content() {
                descriptors.extend(list.manifests.iter().cloned());
            }
            if descriptors.len() > REFERRERS {
                return Err(too_many(subject, REFERRERS, "referrers"));
            }
            next = next_page(&answer);
            if next.is_none() {
                return Ok(Some(descriptors));
            }
        }
        Err(too_many(subject, REFERRER_PAGES, "pages of referrers"))
    }

    /// Reads the index under the tag that stands in for the list of referrers.
    async fn fallback_list(&self, subject: &Reference) -> Result<Vec<Descriptor>, RegistryError> {
        let tag = subject.digest().map(fallback_tag);
        let Some(name) = tag.and_then(|tag| subject.repository().tagged(&tag)) else {
            return Ok(Vec::new());
        };
        match self.manifest_itself(&name, &Tries::default()).await {
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

    /// Fetches one referrer, after what is in it.
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
        let manifest = match self.manifest_itself(&reference, &Tries::default()).await {
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

    /// Fetches what cosign keeps of a digest.
    async fn tagged(&self, subject: &Reference) -> Result<Found, RegistryError> {
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
            let manifest = self.manifest_itself(&reference, &Tries::default()).await?;
            let mut children = self.inside(repository, &manifest, 0).await?;
            children.push(Child::of(repository, manifest).with_tag(tag));
            Ok(Some(Ok(children)))
        });
        let found = concurrent(PARALLEL_WORK, fetches).await;
        let found: Result<Vec<_>, RegistryError> = found.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Fetches what a list has in it, the innermost first.
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
                let manifest = self.manifest_itself(&reference, &Tries::default()).await?;
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

fn referrers_call(subject: &Reference, next: Option<Url>) -> Call<'_> {
    let repository = subject.repository();
    let digest = subject.digest().map(Digest::as_str).unwrap_or_default();
    let path = format!("/v2/{}/referrers/{digest}", repository.path());
    let mut headers = HeaderMap::new();
    headers.insert(
        ACCEPT,
        HeaderValue::from_static(MediaType::OciIndex.as_str()),
    );
    Call {
        domain: repository.domain(),
        operation: Operation::ListReferrers(subject.clone()),
        method: Method::GET,
        target: next.map_or(Target::Path(path), Target::Url),
        headers,
        payload: Payload::None,
        traffic: Traffic::Request,
        scopes: vec![Scope::pull(repository)],
        shared: [].into(),
    }
}

/// Tells whether a registry has no referrers API: 404 by the specification, which not every registry from before it knows.
fn has_no_lists(error: &RegistryError) -> bool {
    let is_asked = error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::ListReferrers(_)));
    let status = error.status().map(|status| status.as_u16());
    is_asked && matches!(status, Some(400 | 404 | 405 | 406 | 501))
}

/// Reads where the next page is (RFC 8288).
fn next_page(answer: &Answer) -> Option<Url> {
    let links = answer.headers().get_all(LINK).into_iter();
    let next = links.filter_map(|link| next_link(link.to_str().ok()?));
    next.into_iter()
        .find_map(|link| answer.url().join(&link).ok())
}

fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, tail)) = rest.split_once('<') {
        let (url, tail) = tail.split_once('>')?;
        let parameters = tail
            .split_once('<')
            .map_or(tail, |(parameters, _)| parameters);
        let is_next = parameters.split(';').any(|parameter| {
            let parameter: String = parameter.split_whitespace().collect();
            let parameter = parameter.trim_end_matches(',').to_ascii_lowercase();
            matches!(parameter.as_str(), "rel=next" | "rel=\"next\"")
        });
        if is_next {
            return Some(url.to_owned());
        }
        rest = tail;
    }
    None
}

fn too_deep(subject: &Reference, children: &[Child]) -> Option<Skipped> {
    let referrer = children.last()?;
    Some(Skipped {
        referrer: referrer.source().at(referrer.digest().clone()),
        subject: subject.digest().unwrap_or(referrer.digest()).clone(),
        reason: SkipReason::TooDeep,
    })
}

fn too_many(reference: &Reference, limit: usize, what: &'static str) -> RegistryError {
    RegistryError::TooMany {
        reference: Box::new(reference.clone()),
        limit,
        what,
    }
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn links() {
        for (header, next) in [
            ("</v2/a?n=1>; rel=\"next\"", Some("/v2/a?n=1")),
            ("</v2/a>; rel=next", Some("/v2/a")),
            ("</v2/a>; title=\"x\" ; REL = \"next\"", Some("/v2/a")),
            (
                "</first>; rel=\"first\", </v2/a,b>;rel=\"next\"",
                Some("/v2/a,b"),
            ),
            ("</v2/a>; rel=\"prev\"", None),
            ("</v2/a", None),
            ("", None),
        ] {
            assert_eq!(next_link(header).as_deref(), next, "{header}");
        }
    }
}

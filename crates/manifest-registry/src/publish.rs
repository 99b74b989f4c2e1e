//! Publishing a list to one repository: its children first, each tag once and last, then a look at what the registry has.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http::{HeaderMap, Method};
use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, MediaType, Reference};

use crate::bodies::Traffic;
use crate::child::{Child, Key};
use crate::client::{Client, Stored};
use crate::concurrent::concurrent;
use crate::confirm::Seen;
use crate::error::{Operation, RegistryError};
use crate::limits::{PARALLEL_LOOKS_ASIDE, PARALLEL_WORK, SINGLE_REQUEST_UPLOADS, SMALL_BLOB};
use crate::meter::Meter;
use crate::payload::Payload;
use crate::prepared::Prepared;
use crate::release::Brought;
use crate::rights::Rights;
use crate::session::{Call, Session, Target};
use crate::token::Scope;

/// What is to be published, and where.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The tags to write, all in one repository. One without a tag stands for the manifest's own digest.
    pub targets: &'a [Reference],
    /// The type of `bytes`.
    pub media_type: MediaType,
    /// The manifest: a list, or anything else that has a name of its own.
    pub bytes: &'a [u8],
    /// The children that the target repository may not have yet. Those that are there already need not be named.
    pub children: &'a [Child],
    /// Whether layers that registries need not hold are copied too.
    pub push_foreign: bool,
    /// What the tags have to show before they are written.
    pub precondition: Precondition<'a>,
    /// What has to be there once all is written, beside the tags, which are read back: the digests in the list. Nothing where
    /// nobody is to look.
    pub verified: Option<&'a [Digest]>,
}

/// Names elsewhere at which is looked while something is published: whether they still show what they did.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedTags<'a> {
    /// The names. Each is asked for once.
    pub names: &'a [Reference],
    /// Whether all of them are looked at before anything is written. Otherwise it is before the first tag is.
    pub is_first: bool,
}

/// What a name that is watched shows; nothing where it shows nothing, or does not say.
pub type ObservedTag = (Reference, Option<Digest>);

/// What is known before anything is written.
#[derive(Clone, Debug, Default)]
pub struct TransferEstimate {
    /// How many manifests the targets lack.
    pub missing: usize,
    /// How many blobs would have to be copied from other registries, at most.
    pub copies: usize,
    /// How many bytes these have.
    pub copied_bytes: u64,
    /// How many blobs would have to be uploaded from this machine, at most.
    pub local: usize,
    /// How many bytes these have.
    pub local_bytes: u64,
    /// What the names that are to be written show.
    pub tags: Vec<ObservedTag>,
}

/// What a tag has to show before it is written. Nobody keeps others from writing it meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// Anything, or nothing.
    #[default]
    None,
    /// Nothing: it is not there yet.
    Absent,
    /// This digest.
    Digest(&'a Digest),
}

impl Publication<'_> {
    /// Returns the repository that is published to.
    ///
    /// # Panics
    /// Where there is no target.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        self.targets
            .first()
            .expect("there is a target")
            .repository()
    }

    /// Tells whether a blob is brought along with its image.
    pub(crate) fn brings(&self, blob: &Descriptor) -> bool {
        self.push_foreign || !is_foreign_layer(&blob.media_type)
    }
}

/// The children that the target does not have, and what the tags of those that have one show.
pub(crate) type Missing<'a> = HashMap<Key<'a>, Option<Digest>>;

/// What a publication came to.
#[derive(Clone, Debug)]
pub struct Published {
    /// The digest under which the registry has it.
    pub digest: Digest,
    /// How many manifests were written. None where all was there already.
    pub written: usize,
    /// How many blobs were mounted.
    pub mounted: usize,
    /// How many blobs were uploaded.
    pub uploaded: usize,
    /// How many bytes were uploaded.
    pub uploaded_bytes: u64,
    /// What became of each tag.
    pub tags: Vec<Tagged>,
}

/// A tag that shows what was published.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tag.
    pub target: Reference,
    /// What it showed before, where that is known.
    pub before: Option<Digest>,
    /// Whether it was written. Otherwise it was there already.
    pub is_written: bool,
    /// Why it is not known whether the registry shows it: what it answered when it was looked at again.
    pub unconfirmed: Option<RegistryError>,
}

/// A publication on its way.
pub(crate) struct Push<'a> {
    pub(crate) client: &'a Client,
    pub(crate) target: &'a Repository,
    pub(crate) children: &'a [Child],
    pub(crate) rights: Arc<Rights>,
    pub(crate) publication: &'a Publication<'a>,
    /// Counts the blobs that are brought.
    pub(crate) meter: Arc<Meter>,
    /// What was brought to the same registry before.
    pub(crate) brought: Brought<'a>,
    /// How many small blobs are to be uploaded.
    small: AtomicUsize,
}

impl Client {
    /// Publishes a manifest: brings the children that are missing, blobs first, writes each tag once, and reads it back. What
    /// the registry has already is left as it is. `arrived` is called for each child, in their order, once all are there.
    ///
    /// # Errors
    /// Where content can be neither mounted nor uploaded, or the registry refuses a manifest:
    /// [`RegistryError::Incomplete`] where it misses something, [`RegistryError::TagImmutable`] where the tag may not be
    /// moved, [`RegistryError::PreconditionFailed`] where it shows something else than it should. Until the last step nothing that
    /// has a tag has changed.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        arrived: impl FnMut(&Child),
    ) -> Result<Published, RegistryError> {
        let meter = Meter::new(self.shared().session.transport.observer.clone());
        let push = Push::new(self, publication, &meter, Brought::new());
        let mut prepared = Prepared::look_around(&push).await?;
        prepared.measure();
        prepared.bring(arrived).await?;
        if prepared.has_subject() {
            prepared.put_by_digest().await?;
        }
        for result in prepared.write_tags().await {
            prepared.published.note(result?);
        }
        Ok(prepared.published)
    }
}

impl Published {
    pub(crate) fn note(&mut self, (tagged, digest): (Tagged, Digest)) {
        self.written += usize::from(tagged.is_written);
        self.digest = digest;
        self.tags.push(tagged);
    }
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
        Self {
            client,
            target,
            children: publication.children,
            rights,
            publication,
            meter: meter.clone(),
            brought,
            small: AtomicUsize::new(0),
        }
    }

    /// Notes the blobs that are to be brought.
    pub(crate) fn brings_all(&self, wanted: &[(&Child, &Descriptor)]) {
        let is_small = |(child, blob): &&(&Child, &Descriptor)| {
            blob.size <= SMALL_BLOB && self.mountable(child, blob).is_none()
        };
        let small = wanted.iter().filter(is_small).count();
        self.small.store(small, Ordering::Relaxed);
    }

    /// Tells whether so many small blobs are to be uploaded that it is worth a round trip to save each of them a request.
    pub(crate) fn has_many_small(&self) -> bool {
        self.small.load(Ordering::Relaxed) >= SINGLE_REQUEST_UPLOADS
    }

    pub(crate) fn session(&self) -> &Session {
        &self.client.shared().session
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

    /// Looks what names elsewhere show.
    pub(crate) async fn watch(&self, names: &[Reference]) -> Vec<ObservedTag> {
        let looks = names.iter().map(|name| async move {
            let shown = self.read(name).await;
            (name.clone(), shown.ok().flatten())
        });
        concurrent(PARALLEL_LOOKS_ASIDE, looks).await
    }

    /// Looks at once where the tags are and which children are missing. The digests of those are returned.
    pub(crate) async fn look_around(
        &self,
        names: Vec<Reference>,
    ) -> Result<(Vec<ObservedTag>, Missing<'a>), RegistryError> {
        let distinct: BTreeMap<Key<'_>, &Child> = self
            .children
            .iter()
            .map(|child| (child.key(), child))
            .collect();
        let children = distinct.values().map(|child| child.name_in(self.target));
        let references = names.iter().cloned().chain(children);
        let looks = references.map(|reference| async move { self.look(&reference).await });
        let mut seen = concurrent(PARALLEL_WORK, looks).await.into_iter();
        let mut befores = Vec::new();
        for (name, seen) in names.into_iter().zip(&mut seen) {
            let before = match seen? {
                Seen::At(digest) => Some(digest),
                _ => None,
            };
            befores.push((name, before));
        }
        let mut missing = Missing::new();
        for ((key, child), seen) in distinct.into_iter().zip(seen) {
            let seen = seen?;
            let is_there = match &seen {
                Seen::At(stated) if stated == child.digest() => true,
                Seen::At(_) | Seen::There if child.tag().is_some() => self.is_within(child).await?,
                Seen::There => true,
                Seen::At(_) | Seen::Nothing | Seen::Hidden(_) => false,
            };
            if !is_there {
                let before = match seen {
                    Seen::At(before) if child.tag().is_some() => Some(before),
                    _ => None,
                };
                missing.insert(key, before);
            }
        }
        Ok((befores, missing))
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

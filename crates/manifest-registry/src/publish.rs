//! Publishing a list to one repository: its children first, each tag once and last, then a look at what the registry has.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, MediaType, Reference};

use crate::child::{Child, Key};
use crate::client::{Client, Stored};
use crate::concurrent::concurrent;
use crate::confirm::Seen;
use crate::copy::Way;
use crate::enlist::Answers;
use crate::error::RegistryError;
use crate::limits::PARALLEL_WORK;
use crate::meter::Meter;
use crate::prepared::Prepared;
use crate::release::Brought;
use crate::rights::Rights;
use crate::session::Session;

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
    pub expected: Expected<'a>,
    /// What has to be there once all is written, beside the tags, which are read back: the digests in the list. Nothing where
    /// nobody is to look.
    pub verified: Option<&'a [Digest]>,
    /// Names elsewhere at which is looked before anything is written, in the same go.
    pub watched: &'a [Reference],
}

/// What is known before anything is written.
#[derive(Clone, Debug, Default)]
pub struct Outlook {
    /// What each name that is watched shows; nothing where it shows nothing, or does not say.
    pub watched: Vec<(Reference, Option<Digest>)>,
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
}

/// What a tag has to show before it is written. Nobody keeps others from writing it meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expected<'a> {
    /// Anything, or nothing.
    #[default]
    Anything,
    /// Nothing: it is not there yet.
    Nothing,
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
    pub(crate) rights: Rights,
    pub(crate) publication: &'a Publication<'a>,
    /// Counts the blobs that are brought.
    pub(crate) meter: Arc<Meter>,
    /// What was brought to the same registry before.
    pub(crate) brought: Brought<'a>,
}

impl Client {
    /// Publishes a manifest: brings the children that are missing, blobs first, writes each tag once, and reads it back. What
    /// the registry has already is left as it is. `arrived` is called for each child, in their order, once all are there.
    ///
    /// # Errors
    /// Where content can be neither mounted nor uploaded, or the registry refuses a manifest:
    /// [`RegistryError::Incomplete`] where it misses something, [`RegistryError::TagTaken`] where the tag may not be
    /// moved, [`RegistryError::TagMoved`] where it shows something else than it should. Until the last step nothing that
    /// has a tag has changed.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        arrived: impl FnMut(&Child),
    ) -> Result<Published, RegistryError> {
        let mut prepared = Prepared::look_around(self, publication, Brought::new()).await?;
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

    /// Looks at once where the tags are and which children are missing. The digests of those are returned.
    pub(crate) async fn look_around(
        &self,
        mut names: Vec<Reference>,
    ) -> Result<(Vec<(Reference, Option<Digest>)>, Missing<'a>), RegistryError> {
        let own = names.len();
        names.extend(self.publication.watched.iter().cloned());
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
        for (place, name) in names.into_iter().enumerate() {
            let before = match seen.next() {
                Some(Ok(Seen::At(digest))) => Some(digest),
                Some(Err(error)) if place < own => return Err(error),
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

    /// Brings the blobs of the missing children.
    pub(crate) async fn bring_blobs(
        &self,
        missing: &Missing<'_>,
        published: &mut Published,
    ) -> Result<(), RegistryError> {
        let blobs = self.wanted(missing);
        // Each copy is begun when it is its turn: one that waits takes some 10 KiB.
        let copies = blobs
            .into_iter()
            .map(|(child, blob)| self.copy_blob(child, blob));
        let mut ways = futures_util::stream::iter(copies).buffer_unordered(PARALLEL_WORK);
        while let Some(way) = ways.try_next().await? {
            match way {
                Way::Mounted => published.mounted += 1,
                Way::WasThere => {}
                Way::Uploaded(size) => {
                    published.uploaded += 1;
                    published.uploaded_bytes += size;
                }
            }
        }
        Ok(())
    }

    /// Puts the missing children under their digests: images, then lists of them.
    pub(crate) async fn put_children(
        &self,
        missing: &Missing<'_>,
        published: &mut Published,
        arrived: &mut impl FnMut(&Child),
    ) -> Result<Answers, RegistryError> {
        let mut answers = Answers::new();
        let mut failures: BTreeMap<Key<'_>, RegistryError> = BTreeMap::new();
        let mut seen = HashSet::new();
        let (lists, images): (Vec<&Child>, Vec<&Child>) = self
            .children
            .iter()
            .filter(|child| missing.contains_key(&child.key()) && seen.insert(child.key()))
            .partition(|child| child.manifest.media_type().is_list());
        // A list may have lists in it, which stand before it.
        let waves = std::iter::once(images).chain(lists.into_iter().map(|list| vec![list]));
        for wave in waves {
            let puts = wave.iter().map(|child| {
                let before = missing.get(&child.key()).cloned().flatten();
                self.put_along(child, before)
            });
            let results = concurrent(PARALLEL_WORK, puts).await;
            for (child, result) in wave.into_iter().zip(results) {
                match result {
                    Ok((is_listed, uploaded)) => {
                        published.written += 1;
                        published.uploaded += uploaded.0;
                        published.uploaded_bytes += uploaded.1;
                        answers.insert(child.digest().clone(), is_listed);
                    }
                    Err(error) => {
                        failures.insert(child.key(), error);
                    }
                }
            }
        }
        for child in self.children {
            if let Some(error) = failures.remove(&child.key()) {
                return Err(error);
            }
            arrived(child);
        }
        Ok(answers)
    }

    /// Puts a child, and reads it back where it has a tag.
    async fn put_along(
        &self,
        child: &Child,
        before: Option<Digest>,
    ) -> Result<(bool, (usize, u64)), RegistryError> {
        let put = self.put_child(child).await?;
        if child.tag().is_some() {
            let name = child.name_in(self.target);
            let bytes = child.manifest.bytes();
            self.confirm(&name, bytes, before.as_ref()).await?;
        }
        Ok(put)
    }

    /// Puts a child. Where the registry misses blobs although it mounted them, these are uploaded, and it is put again.
    /// Returns whether the registry lists it by its subject, and how many blobs and bytes were uploaded.
    async fn put_child(&self, child: &Child) -> Result<(bool, (usize, u64)), RegistryError> {
        let reference = child.name_in(self.target);
        let put = || {
            let bytes = Bytes::copy_from_slice(child.manifest.bytes());
            let media_type = child.manifest.media_type();
            let shared = self.rights.shared(self.target);
            self.client.put(&reference, media_type, bytes, shared)
        };
        let error = match put().await {
            Ok(stored) => return Ok((stored.is_listed, (0, 0))),
            Err(error) => error,
        };
        if !error.is_incomplete() {
            return Err(error);
        }
        let mut uploaded = (0, 0);
        let absent = self.absent_blobs(child).await;
        for blob in absent.iter().filter(|blob| self.brings(blob)) {
            // Where the source has not got it either, the registry's answer says more.
            self.meter.expect(1, 0);
            let counted = self.meter.blob(blob.size, true);
            if let Err(failure) = self.upload(child, blob, None, &counted).await {
                if matches!(failure, RegistryError::Local { .. }) {
                    return Err(failure);
                }
                return Err(self.incomplete_child(child, absent, error).await);
            }
            counted.is_there();
            uploaded = (uploaded.0 + 1, uploaded.1 + blob.size);
        }
        if uploaded.0 > 0
            && let Ok(stored) = put().await
        {
            return Ok((stored.is_listed, uploaded));
        }
        Err(self.incomplete_child(child, absent, error).await)
    }
}

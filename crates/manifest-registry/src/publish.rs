//! Publishing a list to one repository: its children first, each tag once and last, then a look at what the registry has.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use manifest_core::manifest::ImageManifest;
use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};

use crate::client::{Client, Stored};
use crate::concurrent::concurrent;
use crate::confirm::Seen;
use crate::copy::Way;
use crate::enlist::Answers;
use crate::error::{ContentProblem, RegistryError};
use crate::limits::PARALLEL_WORK;
use crate::local::LocalBlobs;
use crate::meter::Meter;
use crate::release::PlannedBlob;
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
    /// What has to be there once all is written, beside the tags: the digests in the list.
    pub verified: &'a [Digest],
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
}

/// A manifest that belongs to what is published, and where its blobs are.
#[derive(Clone, Debug)]
pub struct Child {
    source: Repository,
    local: Option<Arc<dyn LocalBlobs>>,
    manifest: Manifest,
    role: Role,
}

/// Why a manifest is published along.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Role {
    /// It is in the list.
    Child,
    /// It refers to what is, and is to be found by that.
    Referrer,
    /// It has this tag.
    Named(String),
}

impl Child {
    /// Checks a manifest against its type and digest.
    ///
    /// # Errors
    /// Where it is not what it is said to be.
    pub fn new(
        source: &Repository,
        digest: &Digest,
        media_type: MediaType,
        bytes: &[u8],
    ) -> Result<Self, RegistryError> {
        let unusable = |problem| RegistryError::Unusable {
            reference: source.at(digest.clone()).into(),
            problem: Box::new(problem),
        };
        let manifest = Manifest::parse(media_type.as_str(), bytes)
            .map_err(|error| unusable(ContentProblem::Manifest(Arc::new(error))))?;
        let wrong = ContentProblem::Digest {
            kind: "manifest",
            expected: digest.clone(),
        };
        let manifest = manifest.with_digest(digest);
        Ok(Self::of(source, manifest.ok_or_else(|| unusable(wrong))?))
    }

    /// Takes a manifest that was checked.
    pub(crate) fn of(source: &Repository, manifest: Manifest) -> Self {
        Self {
            source: source.clone(),
            local: None,
            manifest,
            role: Role::Child,
        }
    }

    /// Returns it as one that is to be found by its subject.
    pub(crate) fn referring(self) -> Self {
        let role = Role::Referrer;
        Self { role, ..self }
    }

    /// Returns it as one that has this tag.
    pub(crate) fn named(self, tag: String) -> Self {
        let role = Role::Named(tag);
        Self { role, ..self }
    }

    pub(crate) fn is_referrer(&self) -> bool {
        self.role == Role::Referrer
    }

    fn tag(&self) -> Option<&str> {
        match &self.role {
            Role::Named(tag) => Some(tag),
            Role::Child | Role::Referrer => None,
        }
    }

    /// Returns the name that it gets in a repository: its tag, or else its digest.
    pub(crate) fn name_in(&self, target: &Repository) -> Reference {
        let tagged = self.tag().and_then(|tag| target.tagged(tag));
        tagged.unwrap_or_else(|| target.at(self.digest().clone()))
    }

    fn key(&self) -> Key<'_> {
        (self.digest(), self.tag())
    }

    /// Says that its blobs are on this machine, not in a repository.
    #[must_use]
    pub fn on_disk(mut self, blobs: Arc<dyn LocalBlobs>) -> Self {
        self.local = Some(blobs);
        self
    }

    /// Returns the place on this machine that has its blobs, where that is no repository.
    #[must_use]
    pub fn local(&self) -> Option<&Arc<dyn LocalBlobs>> {
        self.local.as_ref()
    }

    /// Returns what the place of its blobs is called in messages.
    pub(crate) fn place(&self) -> String {
        match &self.local {
            Some(local) => local.place(),
            None => self.source.to_string(),
        }
    }

    /// Tells whether its blobs can be mounted into a repository.
    pub(crate) fn is_near(&self, target: &Repository) -> bool {
        self.local.is_none() && self.source.domain() == target.domain()
    }

    /// Returns the repository that has its blobs, unless they are on this machine.
    #[must_use]
    pub fn source(&self) -> &Repository {
        &self.source
    }

    /// Returns its digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    /// Returns the manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Returns what the manifest leads to that is no manifest: of a list nothing.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let image = match self.manifest.content() {
            Content::Image(image) => Some(image),
            Content::List(_) => None,
        };
        image.into_iter().flat_map(ImageManifest::blobs)
    }
}

/// What tells children apart: digest and tag. One manifest may have several.
type Key<'a> = (&'a Digest, Option<&'a str>);

/// The children that the target does not have, and what the tags of those that have one show.
type Missing<'a> = HashMap<Key<'a>, Option<Digest>>;

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
    push_foreign: bool,
}

/// A publication of which it is known what is there already.
pub(crate) struct Prepared<'a> {
    push: Push<'a>,
    /// The names to write, and what each shows now.
    pub(crate) names: Vec<(Reference, Option<Digest>)>,
    pub(crate) watched: Vec<(Reference, Option<Digest>)>,
    missing: Missing<'a>,
    /// What the registry said when it was put under its digest, if it was: whether it lists it by its subject.
    answer: Option<bool>,
    pub(crate) published: Published,
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
        let mut prepared = Prepared::look_around(self, publication).await?;
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

impl<'a> Prepared<'a> {
    /// Looks at once where the tags are and which children are missing.
    pub(crate) async fn look_around(
        client: &'a Client,
        publication: &'a Publication<'a>,
    ) -> Result<Self, RegistryError> {
        let target = publication.repository();
        let sources = publication
            .children
            .iter()
            .filter(|child| child.local.is_none())
            .map(|child| &child.source);
        let push = Push {
            client,
            target,
            children: publication.children,
            rights: Rights::to_publish(target, sources),
            publication,
            meter: Meter::new(client.shared().session.transport.observer.clone()),
            push_foreign: publication.push_foreign,
        };
        let own = Digest::sha256(publication.bytes);
        let names = publication.targets.iter().map(|reference| {
            let name = reference.tag().and_then(|tag| target.tagged(tag));
            name.unwrap_or_else(|| target.at(own.clone()))
        });
        let (mut names, missing) = push.look_around(names.collect()).await?;
        let watched = names.split_off(publication.targets.len());
        for (name, before) in &names {
            let is_there = before
                .as_ref()
                .is_some_and(|before| before.matches(publication.bytes));
            let is_expected = match publication.expected {
                Expected::Anything => true,
                Expected::Nothing => before.is_none(),
                Expected::Digest(digest) => before.as_ref() == Some(digest),
            };
            if !is_there && !is_expected {
                return Err(RegistryError::TagMoved {
                    reference: name.clone().into(),
                    expected: match publication.expected {
                        Expected::Digest(digest) => Some(digest.clone()),
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
            watched,
            missing,
            answer: None,
            published,
        })
    }

    /// Adds up what would have to be copied from other registries.
    pub(crate) fn add_to(&self, outlook: &mut Outlook) {
        for (child, blob) in self.push.wanted(&self.missing) {
            if child.local.is_some() {
                outlook.local += 1;
                outlook.local_bytes += blob.size;
            } else if !child.is_near(self.push.target) {
                outlook.copies += 1;
                outlook.copied_bytes += blob.size;
            }
        }
        outlook.missing += self.missing.len();
        outlook.watched.extend(self.watched.iter().cloned());
    }

    /// Begins to count what is brought, with others where they have the same meter.
    pub(crate) fn measure(&self) {
        let wanted = self.push.wanted(&self.missing);
        let far = wanted
            .iter()
            .filter(|(child, _)| !child.is_near(self.push.target));
        let bytes = far.map(|(_, blob)| blob.size).sum();
        self.push.meter.expect(wanted.len(), bytes);
    }

    /// Counts with another.
    pub(crate) fn measure_with(&mut self, other: &Arc<Meter>) {
        self.push.meter = other.clone();
    }

    pub(crate) fn meter(&self) -> Arc<Meter> {
        self.push.meter.clone()
    }

    pub(crate) fn target(&self) -> &'a Repository {
        self.push.target
    }

    /// Finds the blobs that would have to be brought.
    pub(crate) async fn planned_blobs(&self) -> Result<Vec<PlannedBlob>, RegistryError> {
        let mut seen = HashSet::new();
        let children = self.missing_children();
        let blobs = children.flat_map(|child| child.blobs().map(move |blob| (child, blob)));
        let blobs = blobs.filter(|(_, blob)| self.push.brings(blob) && seen.insert(&blob.digest));
        let looks = blobs.map(|(child, blob)| async move {
            let there = self
                .push
                .blob_exists(self.push.target, &blob.digest)
                .await?;
            let planned = (!there).then(|| PlannedBlob {
                source: child.place(),
                target: self.push.target.clone(),
                descriptor: blob.clone(),
                is_mount: child.is_near(self.push.target),
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
        let call = self.push.start(digest);
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
        push.bring_blobs(missing, published).await?;
        let answers = push.put_children(missing, published, &mut arrived).await?;
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
        let mut tagged = Tagged {
            target: name.clone(),
            before: before.cloned(),
            is_written: false,
            unconfirmed: None,
        };
        let bytes = self.push.publication.bytes;
        if let Some(there) = before.filter(|there| there.matches(bytes)) {
            return Ok((tagged, there.clone()));
        }
        let digest = match self.push.put_own(name).await {
            Ok(stored) => stored.digest,
            Err(error) => {
                let there = self.push.explained(name, error).await?;
                return Ok((tagged, there));
            }
        };
        tagged.is_written = true;
        let (unconfirmed, verified) = tokio::join!(
            self.push.confirm(name, bytes, before),
            self.push.verify(name)
        );
        tagged.unconfirmed = unconfirmed?.or(verified?);
        Ok((tagged, digest))
    }

    fn shows(&self, digest: Option<&Digest>) -> bool {
        digest.is_some_and(|digest| digest.matches(self.push.publication.bytes))
    }
}

impl<'a> Push<'a> {
    pub(crate) fn session(&self) -> &Session {
        &self.client.shared().session
    }

    /// Tells whether a blob is brought along with its image.
    pub(crate) fn brings(&self, blob: &Descriptor) -> bool {
        self.push_foreign || !is_foreign_layer(&blob.media_type)
    }

    /// Puts what is published under a name.
    async fn put_own(&self, name: &Reference) -> Result<Stored, RegistryError> {
        let bytes = Bytes::copy_from_slice(self.publication.bytes);
        let shared = self.rights.shared(self.target);
        let media_type = self.publication.media_type;
        self.client.put(name, media_type, bytes, shared).await
    }

    /// Looks at once where the tags are and which children are missing. The digests of those are returned.
    async fn look_around(
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
    fn wanted(&self, missing: &Missing<'_>) -> Vec<(&'a Child, &'a Descriptor)> {
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
    async fn bring_blobs(
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
    async fn put_children(
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

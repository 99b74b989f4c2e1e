//! Publishing a list: its children first, the tag once and last, then a look at what the registry has.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use manifest_core::manifest::ImageManifest;
use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType, Reference};

use crate::client::Client;
use crate::concurrent::concurrent;
use crate::confirm::Seen;
use crate::copy::Way;
use crate::error::{ContentProblem, RegistryError};
use crate::limits::PARALLEL_WORK;
use crate::rights::Rights;
use crate::session::Session;

/// What is to be published, and where.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The tag to write. Without a tag the manifest goes to its own digest.
    pub target: &'a Reference,
    /// The type of `bytes`.
    pub media_type: MediaType,
    /// The manifest: a list, or anything else that has a name of its own.
    pub bytes: &'a [u8],
    /// The children that the target repository may not have yet. Those that are there already need not be named.
    pub children: &'a [Child],
    /// Whether layers that registries need not hold are copied too.
    pub push_foreign: bool,
}

/// A manifest that belongs to what is published, and where its blobs are.
#[derive(Clone, Debug)]
pub struct Child {
    source: Repository,
    manifest: Manifest,
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
        Ok(Self {
            source: source.clone(),
            manifest: manifest
                .with_digest(digest)
                .ok_or_else(|| unusable(wrong))?,
        })
    }

    /// Returns the repository that has its blobs.
    #[must_use]
    pub fn source(&self) -> &Repository {
        &self.source
    }

    /// Returns its digest.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        self.manifest.digest()
    }

    pub(crate) fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        let image = match self.manifest.content() {
            Content::Image(image) => Some(image),
            Content::List(_) => None,
        };
        image.into_iter().flat_map(ImageManifest::blobs)
    }
}

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
    /// Why it is not known whether the registry shows it: what it answered when it was looked at again.
    pub unconfirmed: Option<RegistryError>,
}

/// A publication on its way.
pub(crate) struct Push<'a> {
    pub(crate) client: &'a Client,
    pub(crate) target: &'a Repository,
    pub(crate) children: &'a [Child],
    pub(crate) rights: Rights,
    push_foreign: bool,
}

impl Client {
    /// Publishes a manifest: brings the children that are missing, blobs first, writes the tag once, and reads it back. What
    /// the registry has already is left as it is. `arrived` is called for each child, in their order, once all are there.
    ///
    /// # Errors
    /// Where content can be neither mounted nor uploaded, or the registry refuses a manifest:
    /// [`RegistryError::Incomplete`] where it misses something, [`RegistryError::TagTaken`] where the tag may not be
    /// moved. Until the last step nothing that has a tag has changed.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        mut arrived: impl FnMut(&Child),
    ) -> Result<Published, RegistryError> {
        let target = publication.target.repository();
        let sources = publication.children.iter().map(|child| &child.source);
        let push = Push {
            client: self,
            target,
            children: publication.children,
            rights: Rights::to_publish(target, sources),
            push_foreign: publication.push_foreign,
        };
        let own = Digest::sha256(publication.bytes);
        let name = publication.target.tag().and_then(|tag| target.tagged(tag));
        let name = name.unwrap_or_else(|| target.at(own.clone()));
        let (before, missing) = push.look_around(&name).await?;
        let mut published = Published {
            digest: own,
            written: 0,
            mounted: 0,
            uploaded: 0,
            uploaded_bytes: 0,
            unconfirmed: None,
        };
        push.bring_blobs(&missing, &mut published).await?;
        push.put_children(&missing, &mut published, &mut arrived)
            .await?;
        if let Some(there) = before
            .as_ref()
            .filter(|there| there.matches(publication.bytes))
        {
            published.digest = there.clone();
            return Ok(published);
        }
        let bytes = Bytes::copy_from_slice(publication.bytes);
        let shared = push.rights.shared(target);
        let put = self.put(&name, publication.media_type, bytes, shared).await;
        published.digest = match put {
            Ok(digest) => digest,
            Err(error) => {
                return push
                    .explained(publication, &name, error)
                    .await
                    .map(|there| {
                        published.digest = there;
                        published
                    });
            }
        };
        published.written += 1;
        published.unconfirmed = push
            .confirm(&name, publication.bytes, before.as_ref())
            .await?;
        Ok(published)
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

    /// Looks at once where the tag is and which children are missing. The digests of those are returned.
    async fn look_around(
        &self,
        name: &Reference,
    ) -> Result<(Option<Digest>, HashSet<&'a Digest>), RegistryError> {
        let distinct: BTreeMap<&Digest, &Child> = self
            .children
            .iter()
            .map(|child| (child.digest(), child))
            .collect();
        let references = std::iter::once(name.clone()).chain(
            distinct
                .keys()
                .map(|&digest| self.target.at(digest.clone())),
        );
        let looks = references.map(|reference| async move { self.look(&reference).await });
        let mut seen = concurrent(PARALLEL_WORK, looks).await.into_iter();
        let before = match seen.next() {
            Some(Ok(Seen::At(digest))) => Some(digest),
            Some(Err(error)) => return Err(error),
            _ => None,
        };
        let mut missing = HashSet::new();
        for (digest, seen) in distinct.into_keys().zip(seen) {
            let is_there = match seen? {
                Seen::At(stated) => stated == *digest,
                Seen::There => true,
                Seen::Nothing | Seen::Hidden(_) => false,
            };
            if !is_there {
                missing.insert(digest);
            }
        }
        Ok((before, missing))
    }

    /// Brings the blobs of the missing children, each once. Those that children have in common with others that are there
    /// are there too.
    async fn bring_blobs(
        &self,
        missing: &HashSet<&Digest>,
        published: &mut Published,
    ) -> Result<(), RegistryError> {
        let is_missing = |child: &&Child| missing.contains(child.digest());
        let there = self.children.iter().filter(|child| !is_missing(child));
        let there = there.flat_map(Child::blobs);
        let mut seen: HashSet<&Digest> = there
            .filter(|blob| self.brings(blob))
            .map(|blob| &blob.digest)
            .collect();
        let mut blobs = Vec::new();
        for child in self.children.iter().filter(is_missing) {
            for blob in child.blobs() {
                if self.brings(blob) && seen.insert(&blob.digest) {
                    blobs.push((&child.source, blob));
                }
            }
        }
        // Each copy is begun when it is its turn: one that waits takes some 10 KiB.
        let copies = blobs
            .into_iter()
            .map(|(source, blob)| self.copy_blob(source, blob));
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
        missing: &HashSet<&Digest>,
        published: &mut Published,
        arrived: &mut impl FnMut(&Child),
    ) -> Result<(), RegistryError> {
        let mut failures: BTreeMap<&Digest, RegistryError> = BTreeMap::new();
        let mut seen = HashSet::new();
        let (lists, images): (Vec<&Child>, Vec<&Child>) = self
            .children
            .iter()
            .filter(|child| missing.contains(child.digest()) && seen.insert(child.digest()))
            .partition(|child| child.manifest.media_type().is_list());
        for wave in [images, lists] {
            let puts = wave.iter().map(|child| self.put_child(child));
            let results = concurrent(PARALLEL_WORK, puts).await;
            for (child, result) in wave.into_iter().zip(results) {
                match result {
                    Ok(uploaded) => {
                        published.written += 1;
                        published.uploaded += uploaded.0;
                        published.uploaded_bytes += uploaded.1;
                    }
                    Err(error) => {
                        failures.insert(child.digest(), error);
                    }
                }
            }
        }
        for child in self.children {
            if let Some(error) = failures.remove(child.digest()) {
                return Err(error);
            }
            arrived(child);
        }
        Ok(())
    }

    /// Puts a child. Where the registry misses blobs although it mounted them, these are uploaded, and it is put again.
    /// Returns how many blobs and bytes that were.
    async fn put_child(&self, child: &Child) -> Result<(usize, u64), RegistryError> {
        let reference = self.target.at(child.digest().clone());
        let put = || {
            let bytes = Bytes::copy_from_slice(child.manifest.bytes());
            let media_type = child.manifest.media_type();
            let shared = self.rights.shared(self.target);
            self.client.put(&reference, media_type, bytes, shared)
        };
        let Err(error) = put().await else {
            return Ok((0, 0));
        };
        if !error.is_incomplete() {
            return Err(error);
        }
        let mut uploaded = (0, 0);
        let absent = self.absent_blobs(child).await;
        for blob in absent.iter().filter(|blob| self.brings(blob)) {
            // Where the source has not got it either, the registry's answer says more.
            if self.upload(&child.source, blob, None).await.is_err() {
                return Err(self.incomplete_child(child, absent, error).await);
            }
            uploaded = (uploaded.0 + 1, uploaded.1 + blob.size);
        }
        if uploaded.0 > 0 && put().await.is_ok() {
            return Ok(uploaded);
        }
        Err(self.incomplete_child(child, absent, error).await)
    }
}

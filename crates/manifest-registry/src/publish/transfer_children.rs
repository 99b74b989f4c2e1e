//! The transfer of a list's children to its repository: each image is put as soon as its blobs are there, tagged manifests and lists last.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::{FuturesUnordered, iter};
use manifest_core::{Descriptor, Digest};

use crate::blob::BlobOutcome;
use crate::client::Stored;
use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::limits::PARALLEL_WORK;
use crate::publish::child::{Child, ChildKey};
use crate::publish::publication::Published;
use crate::publish::push::{MissingChildren, Push};
use crate::publish::referrers_index::ListedReferrers;

/// Images that wait for blobs.
struct WaitingImages<'a> {
    /// Those that wait for a blob.
    of_blob: HashMap<&'a Digest, Vec<&'a Child>>,
    /// How many blobs each waits for.
    left: HashMap<ChildKey<'a>, usize>,
    /// Those that wait for none any more.
    ready: VecDeque<&'a Child>,
}

impl<'a> WaitingImages<'a> {
    fn new(images: &[&'a Child], blobs: &HashSet<&'a Digest>) -> Self {
        let mut waiting = Self {
            of_blob: HashMap::new(),
            left: HashMap::new(),
            ready: VecDeque::new(),
        };
        for &image in images {
            let mut own: Vec<&Digest> = image.blobs().map(|blob| &blob.digest).collect();
            own.retain(|digest| blobs.contains(digest));
            own.sort();
            own.dedup();
            if own.is_empty() {
                waiting.ready.push_back(image);
                continue;
            }
            waiting.left.insert(image.key(), own.len());
            for digest in own {
                waiting.of_blob.entry(digest).or_default().push(image);
            }
        }
        waiting
    }

    fn blob_arrived(&mut self, blob: &Digest) {
        for image in self.of_blob.remove(blob).unwrap_or_default() {
            if let Some(left) = self.left.get_mut(&image.key()) {
                *left -= 1;
                if *left == 0 {
                    self.ready.push_back(image);
                }
            }
        }
    }
}

/// The results of the children that were put.
#[derive(Default)]
struct PutResults<'a> {
    listed: ListedReferrers,
    failures: BTreeMap<ChildKey<'a>, RegistryError>,
}

/// The outcome of putting a child.
struct PutOutcome {
    /// Whether the registry lists it by its subject.
    is_listed: bool,
    /// How many blobs were uploaded again.
    uploaded: usize,
    /// How many bytes these have.
    uploaded_bytes: u64,
}

impl<'a> Push<'a> {
    /// Transfers the missing children: their blobs, and each image under its digest as soon as its blobs are there. Then those that
    /// have a tag, and lists of others.
    pub(crate) async fn transfer_children(
        &self,
        missing: &MissingChildren<'_>,
        published: &mut Published,
        arrived: &mut impl FnMut(&Child),
    ) -> Result<ListedReferrers, RegistryError> {
        let mut seen = HashSet::new();
        let children = self.children.iter();
        let children =
            children.filter(|child| missing.contains_key(&child.key()) && seen.insert(child.key()));
        let (lists, images): (Vec<&Child>, Vec<&Child>) =
            children.partition(|child| child.manifest.media_type().is_list());
        let (tagged, images) = images.into_iter().partition(|child| child.tag().is_some());
        let mut results = PutResults::default();
        self.transfer_images(images, missing, published, &mut results)
            .await?;
        // A list may have lists in it, which stand before it.
        let waves: Vec<Vec<&Child>> = std::iter::once(tagged)
            .chain(lists.into_iter().map(|list| vec![list]))
            .collect();
        for wave in waves {
            if !results.failures.is_empty() {
                break;
            }
            let puts = wave.iter().map(|child| {
                let before = missing.get(&child.key()).cloned().flatten();
                self.put_and_read_back(child, before)
            });
            let puts = concurrent(PARALLEL_WORK, puts).await;
            for (child, put) in wave.into_iter().zip(puts) {
                results.note(child, put, published);
            }
        }
        for child in self.children {
            if let Some(error) = results.failures.remove(&child.key()) {
                return Err(error);
            }
            arrived(child);
        }
        Ok(results.listed)
    }

    /// Transfers the blobs that are missing, and puts each of `images` once its own are there. Where an image is refused, no more
    /// is begun.
    async fn transfer_images(
        &self,
        images: Vec<&'a Child>,
        missing: &MissingChildren<'_>,
        published: &mut Published,
        results: &mut PutResults<'a>,
    ) -> Result<(), RegistryError> {
        let missing_blobs = self.missing_blobs(missing);
        self.expect_transfers(&missing_blobs);
        let mut waiting = {
            let blobs = missing_blobs.iter().map(|(_, blob)| &blob.digest).collect();
            WaitingImages::new(&images, &blobs)
        };
        // Each transfer is begun when it is its turn: a future that waits takes some 10 KiB.
        let transfers = missing_blobs.into_iter().map(|(child, blob)| async move {
            (self.transfer_blob(child, blob).await, &blob.digest)
        });
        let mut transfers = iter(transfers).buffer_unordered(PARALLEL_WORK);
        let mut puts = FuturesUnordered::new();
        loop {
            while puts.len() < PARALLEL_WORK
                && let Some(image) = waiting.ready.pop_front()
            {
                puts.push(async move { (image, self.put_and_read_back(image, None).await) });
            }
            tokio::select! {
                biased;
                Some((image, put)) = puts.next() => {
                    results.note(image, put, published);
                    if !results.failures.is_empty() {
                        waiting.ready.clear();
                    }
                }
                Some((outcome, digest)) = transfers.next(), if results.failures.is_empty() => {
                    match outcome? {
                        BlobOutcome::Mounted => published.mounted += 1,
                        BlobOutcome::AlreadyPresent => {}
                        BlobOutcome::Uploaded(size) => {
                            published.uploaded += 1;
                            published.uploaded_bytes += size;
                        }
                    }
                    waiting.blob_arrived(digest);
                }
                else => return Ok(()),
            }
        }
    }

    /// Mounts a blob of a child, or uploads it where the registry does not mount.
    async fn transfer_blob(
        &self,
        child: &Child,
        blob: &Descriptor,
    ) -> Result<BlobOutcome, RegistryError> {
        let mount_from = self.mount_source(child, blob);
        let source = child.blob_source();
        self.blobs.transfer(source, mount_from, blob).await
    }

    /// Puts a child, and reads it back where it has a tag.
    async fn put_and_read_back(
        &self,
        child: &Child,
        before: Option<Digest>,
    ) -> Result<PutOutcome, RegistryError> {
        let put = self.put_child(child).await?;
        if child.tag().is_some() {
            let name = child.name_in(self.target);
            let bytes = child.manifest.bytes();
            Box::pin(self.read_back(&name, bytes, before.as_ref())).await?;
        }
        Ok(put)
    }

    /// Puts a child. Where the registry misses blobs although it mounted them, these are uploaded, and it is put again.
    async fn put_child(&self, child: &Child) -> Result<PutOutcome, RegistryError> {
        match self.put_bytes(child).await {
            Ok(stored) => Ok(PutOutcome {
                is_listed: stored.is_listed,
                uploaded: 0,
                uploaded_bytes: 0,
            }),
            Err(error) if error.is_incomplete() => {
                Box::pin(self.upload_missing_blobs(child, error)).await
            }
            Err(error) => Err(error),
        }
    }

    async fn put_bytes(&self, child: &Child) -> Result<Stored, RegistryError> {
        let reference = child.name_in(self.target);
        let bytes = Bytes::copy_from_slice(child.manifest.bytes());
        let media_type = child.manifest.media_type();
        let shared_scopes = self.scopes.shared_scopes(self.target);
        self.client
            .put(&reference, media_type, bytes, shared_scopes)
            .await
    }

    /// Uploads the blobs of a child that the registry misses, as `error` says, and puts the child again.
    async fn upload_missing_blobs(
        &self,
        child: &Child,
        error: RegistryError,
    ) -> Result<PutOutcome, RegistryError> {
        let (mut uploaded, mut uploaded_bytes) = (0, 0);
        let absent = self.absent_blobs(child).await;
        self.blobs.distrust_single_posts();
        for blob in absent.iter().filter(|blob| self.includes_blob(blob)) {
            // Where the source has not got it either, the registry's answer says more.
            if let Err(failure) = self.blobs.upload_again(child.blob_source(), blob).await {
                if matches!(failure, RegistryError::LocalBlob { .. }) {
                    return Err(failure);
                }
                return Err(self.incomplete_child(child, absent, error).await);
            }
            uploaded += 1;
            uploaded_bytes += blob.size;
        }
        if uploaded > 0
            && let Ok(stored) = self.put_bytes(child).await
        {
            return Ok(PutOutcome {
                is_listed: stored.is_listed,
                uploaded,
                uploaded_bytes,
            });
        }
        Err(self.incomplete_child(child, absent, error).await)
    }
}

impl<'a> PutResults<'a> {
    fn note(
        &mut self,
        child: &'a Child,
        put: Result<PutOutcome, RegistryError>,
        published: &mut Published,
    ) {
        match put {
            Ok(outcome) => {
                published.written += 1;
                published.uploaded += outcome.uploaded;
                published.uploaded_bytes += outcome.uploaded_bytes;
                self.listed
                    .insert(child.digest().clone(), outcome.is_listed);
            }
            Err(error) => {
                self.failures.insert(child.key(), error);
            }
        }
    }
}

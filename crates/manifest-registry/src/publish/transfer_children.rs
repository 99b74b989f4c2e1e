//! The transfer of the children of a list to its repository.
//!
//! Each image is pushed as soon as its blobs have been transferred. Tagged manifests and lists follow last.

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
    /// The images that wait for each blob.
    by_blob: HashMap<&'a Digest, Vec<&'a Child>>,
    /// The number of blobs that each image waits for.
    remaining: HashMap<ChildKey<'a>, usize>,
    /// The images whose blobs have all been transferred.
    ready: VecDeque<&'a Child>,
}

impl<'a> WaitingImages<'a> {
    fn new(images: &[&'a Child], blobs: &HashSet<&'a Digest>) -> Self {
        let mut waiting = Self {
            by_blob: HashMap::new(),
            remaining: HashMap::new(),
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
            waiting.remaining.insert(image.key(), own.len());
            for digest in own {
                waiting.by_blob.entry(digest).or_default().push(image);
            }
        }
        waiting
    }

    fn blob_transferred(&mut self, blob: &Digest) {
        for image in self.by_blob.remove(blob).unwrap_or_default() {
            if let Some(remaining) = self.remaining.get_mut(&image.key()) {
                *remaining -= 1;
                if *remaining == 0 {
                    self.ready.push_back(image);
                }
            }
        }
    }
}

/// The results of the pushed children.
#[derive(Default)]
struct PutResults<'a> {
    listed: ListedReferrers,
    failures: BTreeMap<ChildKey<'a>, RegistryError>,
}

/// The outcome of the push of a child.
struct PutOutcome {
    /// Whether the registry lists the child as a referrer of its subject.
    is_listed: bool,
    /// The number of blobs that were uploaded again.
    uploaded: usize,
    /// The total size of these blobs in bytes.
    uploaded_bytes: u64,
}

impl<'a> Push<'a> {
    /// Transfers the missing children: their blobs, and each image by digest as soon as its blobs have been transferred. Tagged
    /// images and then lists follow. Calls `on_child` for each child at the end.
    pub(crate) async fn transfer_children(
        &self,
        missing: &MissingChildren<'_>,
        published: &mut Published,
        on_child: &mut impl FnMut(&Child),
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
        // A list may contain lists, which come before it in `children`.
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
                results.add(child, put, published);
            }
        }
        for child in self.children {
            if let Some(error) = results.failures.remove(&child.key()) {
                return Err(error);
            }
            on_child(child);
        }
        Ok(results.listed)
    }

    /// Transfers the missing blobs, and pushes each of `images` once its blobs have been transferred. After a failed image,
    /// no new work starts.
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
        // The futures are created lazily, because each takes about 10 KiB.
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
                    results.add(image, put, published);
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
                    waiting.blob_transferred(digest);
                }
                else => return Ok(()),
            }
        }
    }

    /// Mounts a blob of a child, or uploads it if the registry does not mount.
    async fn transfer_blob(
        &self,
        child: &Child,
        blob: &Descriptor,
    ) -> Result<BlobOutcome, RegistryError> {
        let mount_from = self.mount_source(child, blob);
        let source = child.blob_source();
        self.blobs.transfer(source, mount_from, blob).await
    }

    /// Pushes a child, and reads it back if it has a tag.
    async fn put_and_read_back(
        &self,
        child: &Child,
        before: Option<Digest>,
    ) -> Result<PutOutcome, RegistryError> {
        let put = self.put_child(child).await?;
        if child.tag().is_some() {
            let name = child.reference_in(self.target);
            let bytes = child.manifest.bytes();
            Box::pin(self.read_back(&name, bytes, before.as_ref())).await?;
        }
        Ok(put)
    }

    /// Pushes a child. If the registry lacks blobs that it claimed to have mounted, uploads them and pushes the child again.
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
        let reference = child.reference_in(self.target);
        let bytes = Bytes::copy_from_slice(child.manifest.bytes());
        let media_type = child.manifest.media_type();
        let shared_scopes = self.scopes.shared_scopes(self.target);
        self.client
            .put(&reference, media_type, bytes, shared_scopes)
            .await
    }

    /// Uploads the blobs of a child that the registry lacks according to `error`, and pushes the child again. Also pushes it again if the
    /// registry has all of its blobs by now.
    async fn upload_missing_blobs(
        &self,
        child: &Child,
        error: RegistryError,
    ) -> Result<PutOutcome, RegistryError> {
        let (mut uploaded, mut uploaded_bytes) = (0, 0);
        let absent = self.absent_blobs(child).await;
        self.blobs.disable_single_posts();
        for blob in absent.iter().filter(|blob| self.includes_blob(blob)) {
            // If the source lacks the blob too, the response of the registry to the manifest says more.
            if let Err(failure) = self.blobs.upload_again(child.blob_source(), blob).await {
                if matches!(failure, RegistryError::LocalBlob { .. }) {
                    return Err(failure);
                }
                return Err(self.incomplete_child(child, absent, error).await);
            }
            uploaded += 1;
            uploaded_bytes += blob.size;
        }
        // A registry on a file system does not see a blob while another push writes it.
        if (uploaded > 0 || absent.is_empty())
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
    fn add(
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

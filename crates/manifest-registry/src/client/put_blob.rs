//! Uploads of small blobs that are in memory.

use std::sync::Arc;

use manifest_core::Descriptor;
use manifest_core::reference::Repository;

use crate::blob::{BlobSource, BlobTarget, LocalBlobs, MemoryBlob, TransferProgress};
use crate::client::registry_client::Client;
use crate::error::RegistryError;
use crate::observer::NoObserver;

impl Client {
    /// Uploads a small blob, without progress.
    ///
    /// With `is_likely_present`, the registry is asked first whether it has the blob.
    ///
    /// # Errors
    /// Returns an error if the registry refuses the blob, or `bytes` do not have the digest and size of `blob`.
    pub async fn put_small_blob(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        bytes: Vec<u8>,
        is_likely_present: bool,
    ) -> Result<(), RegistryError> {
        let progress = TransferProgress::new(Arc::new(NoObserver));
        let target = BlobTarget::new(
            repository,
            self.blobs(),
            self.single_posts(),
            self.scope_plan().clone(),
            progress.clone(),
        );
        let source: Arc<dyn LocalBlobs> = Arc::new(MemoryBlob(bytes.into()));
        let source = BlobSource::Local(&source);
        if is_likely_present {
            return target.transfer(source, None, blob).await.map(drop);
        }
        let progress = progress.blob(blob.size, false);
        target.upload(source, blob, None, &progress).await
    }
}

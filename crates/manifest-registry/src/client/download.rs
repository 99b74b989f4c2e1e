//! Downloads of blobs in constant memory, to a destination other than a registry.

use manifest_core::Descriptor;
use manifest_core::reference::Repository;

use crate::blob::Downloads;
use crate::client::registry_client::Client;
use crate::error::RegistryError;

impl Client {
    /// Downloads a blob in chunks, from a mirror if there is one.
    ///
    /// `sink` receives each chunk with its offset, in order. An interrupted download restarts at offset 0. The last chunk
    /// arrives only after size and digest have been verified.
    ///
    /// # Errors
    /// Returns an error if there is no such blob, or if its size or digest is wrong. An error of `sink` is returned as is.
    pub async fn download<E: From<RegistryError>>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        sink: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.blobs().download(repository, blob, sink).await
    }

    /// Starts a group of downloads of these blobs, and reports their common progress to the observer.
    #[must_use]
    pub fn downloads<'a>(&self, blobs: impl IntoIterator<Item = &'a Descriptor>) -> Downloads<'_> {
        Downloads::new(self.blobs(), blobs)
    }
}

//! Downloads: a blob as it comes, in constant memory, to be kept elsewhere than in a registry.

use manifest_core::Descriptor;
use manifest_core::reference::Repository;

use crate::blob::Downloads;
use crate::client::registry_client::Client;
use crate::error::RegistryError;

impl Client {
    /// Gets a blob in pieces, from a mirror if there is one: `take` gets each with its place, in order. What breaks off begins
    /// anew, at place 0 again. The last piece comes only after size and digest have turned out right.
    ///
    /// # Errors
    /// Where there is no such blob, or another one; or what `take` fails with.
    pub async fn download<E: From<RegistryError>>(
        &self,
        repository: &Repository,
        blob: &Descriptor,
        take: impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.blobs().download(repository, blob, take).await
    }

    /// Begins downloads that belong together: of these blobs, whose progress is counted.
    #[must_use]
    pub fn downloads<'a>(&self, blobs: impl IntoIterator<Item = &'a Descriptor>) -> Downloads<'_> {
        Downloads::new(self.blobs(), blobs)
    }
}

//! Reads that cost as little as possible if an earlier run has read the same: a tag costs one HEAD request, content by digest none.

use manifest_core::reference::Repository;
use manifest_core::{Digest, Manifest, Reference};

use crate::client::registry_client::Client;
use crate::error::RegistryError;
use crate::limits::CACHED_BYTES;
use crate::observer::Event;

impl Client {
    /// Returns the digest of a source: that of the reference, without a request, else the one that its tag points to, by HEAD.
    /// Mirrors are not asked where a tag points to.
    ///
    /// # Errors
    /// Returns [`RegistryError::NoSuchManifest`] if there is no such tag, and an error if the registry gives no clear response.
    pub async fn pin(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        if let Some(digest) = reference.digest() {
            return Ok(digest.clone());
        }
        match self.manifest_digest(reference).await? {
            Some(digest) => Ok(digest),
            // A response to HEAD has no body. That to GET says why there is no such manifest.
            None => Ok(self.manifest(reference).await?.digest().clone()),
        }
    }

    /// Gets a manifest by its digest: from the cache if an earlier run read it from the same repository, else as
    /// [`Self::manifest`] does.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn pinned_manifest(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<Manifest, RegistryError> {
        if let Some(manifest) = self.cached_by_digest(repository, digest) {
            return Ok(manifest);
        }
        let manifest = self.manifest(&repository.at(digest.clone())).await?;
        // The cache has no media types, so the bytes have to state theirs.
        let is_clear = Manifest::parse_stored(manifest.bytes())
            .is_ok_and(|stored| stored.media_type() == manifest.media_type());
        if is_clear {
            self.cache_content(repository, digest, manifest.bytes());
        }
        Ok(manifest)
    }

    fn cached_by_digest(&self, repository: &Repository, digest: &Digest) -> Option<Manifest> {
        let session = self.session();
        let bytes = session.cache.content(repository, digest)?;
        if bytes.len() > CACHED_BYTES || !digest.matches(&bytes) {
            return None;
        }
        let manifest = Manifest::parse_stored(bytes).ok()?.with_digest(digest)?;
        session
            .transport
            .observer
            .event(&Event::CacheHit { repository, digest });
        Some(manifest)
    }
}

//! Reads that cost as little as possible if an earlier run has read the same: a tag costs one HEAD request, content by digest none.

use manifest_core::reference::Repository;
use manifest_core::{Digest, Manifest, Reference};

use crate::client::registry_client::Client;
use crate::error::RegistryError;
use crate::limits::CACHED_BYTES;
use crate::observer::Event;

impl Client {
    /// Returns the digest of a source: that of the reference, without a request, else the one that [`Self::look_up`] returns.
    ///
    /// # Errors
    /// As [`Self::look_up`].
    pub async fn pin(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        match reference.digest() {
            Some(digest) => Ok(digest.clone()),
            None => self.look_up(reference).await,
        }
    }

    /// Returns the digest of a manifest that exists, by HEAD. If there is a mirror for it, the manifest is read from there,
    /// because the registry may be out of reach.
    ///
    /// # Errors
    /// Returns [`RegistryError::NoSuchManifest`] if there is no such manifest, and an error if the registry gives no clear
    /// response.
    pub async fn look_up(&self, reference: &Reference) -> Result<Digest, RegistryError> {
        if self.mirrored().mirrors_of(reference).is_empty()
            && let Some(digest) = self.manifest_digest(reference).await?
        {
            return Ok(digest);
        }
        // A response to HEAD has no body. That to GET says why there is no such manifest.
        let manifest = self.manifest(reference).await?;
        self.cache_manifest(reference.repository(), &manifest);
        Ok(manifest.digest().clone())
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
        self.cache_manifest(repository, &manifest);
        Ok(manifest)
    }

    /// Puts a manifest into the cache. The cache has no media types, so the bytes have to state theirs.
    fn cache_manifest(&self, repository: &Repository, manifest: &Manifest) {
        let is_clear = Manifest::parse_stored(manifest.bytes())
            .is_ok_and(|stored| stored.media_type() == manifest.media_type());
        if is_clear {
            self.cache_content(repository, manifest.digest(), manifest.bytes());
        }
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

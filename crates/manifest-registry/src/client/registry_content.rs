//! Reads of a registry's own content, past the cache and all mirrors: for checks of what the registry has.

use std::sync::Arc;

use manifest_core::limits::CONFIG_BYTES;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, ImageConfig, Manifest, Reference};

use crate::blob::BlobState;
use crate::client::registry_client::Client;
use crate::error::RegistryError;
use crate::http::Attempts;

impl Client {
    /// Gets a manifest as [`Self::manifest`] does, but never from a mirror.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn registry_manifest(
        &self,
        reference: &Reference,
    ) -> Result<Manifest, RegistryError> {
        let attempts = Attempts::default();
        self.manifest_from_registry(reference, &attempts).await
    }

    /// Gets a manifest by a tag that the registry has just listed, as [`Self::registry_manifest`] does. A registry may list a tag
    /// before it serves it, so a 404 is retried for as long as after a write.
    ///
    /// # Errors
    /// As [`Self::manifest`].
    pub async fn listed_manifest(&self, tag: &Reference) -> Result<Manifest, RegistryError> {
        let name = tag.tag().unwrap_or_default();
        let path = format!("/v2/{}/manifests/{name}", tag.path());
        self.session().record_write(tag.domain(), &path);
        self.registry_manifest(tag).await
    }

    /// Gets the configuration of an image as [`Self::config`] does, but neither from the cache nor from a mirror.
    ///
    /// # Errors
    /// As [`Self::config`].
    pub async fn registry_config(
        &self,
        repository: &Repository,
        config: &Descriptor,
    ) -> Result<ImageConfig, RegistryError> {
        let blobs = self.blobs();
        let fetched = blobs.fetch_from_registry("image config", repository, config, CONFIG_BYTES);
        ImageConfig::parse(&fetched.await?).map_err(|error| RegistryError::Config {
            blob: format!("{repository}@{}", config.digest),
            source: Arc::new(error),
        })
    }

    /// Returns whether a registry has a blob, and its size: by HEAD, or by GET of one byte if the registry refuses HEAD with 405.
    ///
    /// # Errors
    /// Returns an error if the registry gives no clear response.
    pub async fn registry_blob(
        &self,
        repository: &Repository,
        digest: &Digest,
    ) -> Result<BlobState, RegistryError> {
        self.blobs().probe(repository, digest).await
    }
}

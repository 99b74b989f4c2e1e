//! Cached content. Every read from the cache is verified again.

use manifest_core::manifest::Manifest;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::client::registry_client::Client;
use crate::limits::CACHED_BYTES;
use crate::observer::Event;

impl Client {
    /// Returns content from the cache, if its size and digest match the descriptor.
    pub(crate) fn cached_content(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Option<Vec<u8>> {
        if descriptor.size > CACHED_BYTES as u64 {
            return None;
        }
        let session = self.session();
        let bytes = session.cache.content(repository, &descriptor.digest)?;
        if bytes.len() as u64 != descriptor.size || !descriptor.digest.matches(&bytes) {
            return None;
        }
        session.transport.observer.event(&Event::CacheHit {
            repository,
            digest: &descriptor.digest,
        });
        Some(bytes)
    }

    /// Returns a manifest from the cache, if it matches its descriptor.
    pub(crate) fn cached_manifest(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Option<Manifest> {
        let bytes = self.cached_content(repository, descriptor)?;
        let manifest = Manifest::parse(&descriptor.media_type, bytes).ok()?;
        manifest.with_digest(&descriptor.digest)
    }

    /// Puts verified content into the cache, unless it has more than [`CACHED_BYTES`].
    pub(crate) fn cache_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        if bytes.len() <= CACHED_BYTES {
            let cache = &self.session().cache;
            cache.put_content(repository, digest, bytes);
        }
    }
}

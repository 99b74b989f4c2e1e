//! Reads from the cache, which are verified again, and writes to it.

use manifest_core::manifest::Manifest;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::client::registry_client::Client;
use crate::limits::CACHED_BYTES;
use crate::observer::Event;

impl Client {
    /// Returns content from the cache that matches its descriptor.
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

    /// Returns a manifest from the cache that matches its descriptor.
    pub(crate) fn cached_manifest(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Option<Manifest> {
        let bytes = self.cached_content(repository, descriptor)?;
        let manifest = Manifest::parse(&descriptor.media_type, bytes).ok()?;
        manifest.with_digest(&descriptor.digest)
    }

    /// Puts content that was verified into the cache, if it is small.
    pub(crate) fn cache_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        if bytes.len() <= CACHED_BYTES {
            let cache = &self.session().cache;
            cache.put_content(repository, digest, bytes);
        }
    }
}

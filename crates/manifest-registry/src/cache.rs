//! What is remembered from one run to the next.
//!
//! Two things are: which token server a registry named, so that the token is fetched while the registry is asked (its answer
//! decides whether that was of use), and small content that a descriptor names. Neither is believed: a challenge
//! is read by the rules for fresh ones, content has its digest and size checked again.

use std::fmt;

use manifest_core::manifest::Manifest;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest};

use crate::client::Client;
use crate::limits::CACHED_BYTES;
use crate::observer::Event;

/// Keeps what is not secret, for the next run. All of it may be forgotten at any time, and nothing of it can fail.
///
/// What is handed over is only what came from hosts whose certificate was checked, or has a digest.
pub trait Cache: fmt::Debug + Send + Sync {
    /// Returns the challenge of a registry, as [`Cache::put_challenge`] got it, unless that was too long ago for
    /// sending a login by it.
    fn challenge(&self, host: &str) -> Option<String>;

    /// Remembers the challenge of a registry, or forgets it.
    fn put_challenge(&self, host: &str, challenge: Option<&str>);

    /// Returns content that was read from this repository, whatever it is by now.
    fn content(&self, repository: &Repository, digest: &Digest) -> Option<Vec<u8>>;

    /// Keeps content that was read from this repository.
    fn put_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCache;

impl Cache for NoCache {
    fn challenge(&self, _: &str) -> Option<String> {
        None
    }

    fn put_challenge(&self, _: &str, _: Option<&str>) {}

    fn content(&self, _: &Repository, _: &Digest) -> Option<Vec<u8>> {
        None
    }

    fn put_content(&self, _: &Repository, _: &Digest, _: &[u8]) {}
}

impl Client {
    /// Returns remembered content that is what its descriptor says.
    pub(crate) fn recall(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Option<Vec<u8>> {
        if descriptor.size > CACHED_BYTES as u64 {
            return None;
        }
        let session = &self.shared().session;
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

    /// Returns a remembered manifest that is what its descriptor says.
    pub(crate) fn recall_manifest(
        &self,
        repository: &Repository,
        descriptor: &Descriptor,
    ) -> Option<Manifest> {
        let bytes = self.recall(repository, descriptor)?;
        let manifest = Manifest::parse(&descriptor.media_type, bytes).ok()?;
        manifest.with_digest(&descriptor.digest)
    }

    /// Keeps content that has been checked, if it is small.
    pub(crate) fn keep(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        if bytes.len() <= CACHED_BYTES {
            let memory = &self.shared().session.cache;
            memory.put_content(repository, digest, bytes);
        }
    }
}

//! The cache between runs.
//!
//! It holds the challenges of registries, and small content that a descriptor names. A cached challenge allows a token
//! request in parallel with the first request to the registry; the response decides whether the token is used. Cached
//! data is not trusted: a challenge is parsed by the rules for fresh ones, and content has its digest and size verified
//! again.

use std::fmt;

use manifest_core::Digest;
use manifest_core::reference::Repository;

/// Stores challenges and content between runs. None of it is secret.
///
/// Any entry may be evicted at any time, and no method can fail.
///
/// Challenges come only from hosts with a verified certificate. All content has a digest.
pub trait Cache: fmt::Debug + Send + Sync {
    /// Returns the challenge of a registry, as passed to [`Cache::put_challenge`].
    ///
    /// Returns `None` if the challenge is too old to send credentials by it.
    fn challenge(&self, host: &str) -> Option<String>;

    /// Stores the challenge of a registry, or removes it if `challenge` is `None`.
    fn put_challenge(&self, host: &str, challenge: Option<&str>);

    /// Returns content that was read from this repository. The caller verifies it.
    fn content(&self, repository: &Repository, digest: &Digest) -> Option<Vec<u8>>;

    /// Stores content that was read from this repository.
    fn put_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]);
}

/// Stores nothing.
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

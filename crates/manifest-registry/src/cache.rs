//! The cache between runs.
//!
//! It holds the challenges of registries, so that a token is fetched while the registry is asked (its response decides whether that
//! was of use), and small content that a descriptor names. Neither is trusted: a challenge is read by the rules for fresh ones, and
//! content has its digest and size checked again.

use std::fmt;

use manifest_core::Digest;
use manifest_core::reference::Repository;

/// Keeps challenges and content for the next run, none of which is secret. All of it may be forgotten at any time, and no method can
/// fail.
///
/// Challenges come from hosts whose certificate was verified only, and content has a digest.
pub trait Cache: fmt::Debug + Send + Sync {
    /// Returns the challenge of a registry, as [`Cache::put_challenge`] got it, unless that was too long ago for sending a login
    /// by it.
    fn challenge(&self, host: &str) -> Option<String>;

    /// Stores the challenge of a registry, or removes it.
    fn put_challenge(&self, host: &str, challenge: Option<&str>);

    /// Returns content that was read from this repository, unverified.
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

//! What is remembered from one run to the next.
//!
//! Two things are: which token server a registry named, so that the token is fetched while the registry is asked (its answer
//! decides whether that was of use), and small content that a descriptor names. Neither is believed: a challenge
//! is read by the rules for fresh ones, content has its digest and size checked again.

use std::fmt;

use manifest_core::Digest;
use manifest_core::reference::Repository;

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

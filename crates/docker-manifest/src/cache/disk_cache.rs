//! The cache that the registry client uses, on disk.

use std::path::Path;

use manifest_core::Digest;
use manifest_core::reference::Repository;
use manifest_registry::{Cache, limits};
use serde::{Deserialize, Serialize};

use super::folder::{CacheFolder, FolderLimits, own_folder};
use super::writer::CacheWriter;

/// The time for which a challenge is valid, in seconds. Credentials are sent to the server that it names, so it must not outlive the
/// registry for long.
pub(super) const CHALLENGE_LIFE: u64 = 7 * 24 * 60 * 60;

/// The age at which a challenge is written again, in seconds.
pub(super) const CHALLENGE_REFRESH: u64 = 24 * 60 * 60;

/// The largest file of a challenge, in bytes.
pub(super) const CHALLENGE_BYTES: usize = 8 * 1024;

const CHALLENGES: FolderLimits = FolderLimits {
    files: 256,
    bytes: 256 * CHALLENGE_BYTES as u64,
};

/// Enough for a few thousand images.
const CONTENT: FolderLimits = FolderLimits {
    files: 8192,
    bytes: 64 * 1024 * 1024,
};

/// The cache in the user's cache folder.
#[derive(Debug)]
pub struct DiskCache {
    pub(super) challenges: CacheFolder,
    pub(super) content: CacheWriter,
    now: u64,
}

/// The form of a challenge on disk.
#[derive(Debug, Serialize, Deserialize)]
struct ChallengeFile {
    host: String,
    challenge: String,
    /// The time at which the registry sent it, in seconds since 1970.
    at: u64,
}

impl DiskCache {
    /// Opens the cache in a folder, which is created. `now` is in seconds since 1970. `None` if the folder cannot be created, or others
    /// than this user could write to it.
    #[must_use]
    pub fn open(folder: &Path, now: u64) -> Option<Self> {
        let open = |name: &str, limits| CacheFolder::open(&folder.join(name), limits, now);
        own_folder(folder).ok()?;
        Some(Self {
            challenges: open("challenges", CHALLENGES)?,
            content: CacheWriter::new(open("content", CONTENT)?),
            now,
        })
    }

    fn challenge_file(&self, host: &str) -> Option<ChallengeFile> {
        let bytes = self.challenges.read(&file_name(host), CHALLENGE_BYTES)?;
        let file: ChallengeFile = serde_json::from_slice(&bytes).ok()?;
        // A challenge from the future may be of any age.
        (file.host == host && file.at <= self.now).then_some(file)
    }
}

impl Cache for DiskCache {
    fn challenge(&self, host: &str) -> Option<String> {
        let file = self.challenge_file(host)?;
        (self.now - file.at < CHALLENGE_LIFE).then_some(file.challenge)
    }

    fn put_challenge(&self, host: &str, challenge: Option<&str>) {
        let Some(challenge) = challenge else {
            return self.challenges.remove(&file_name(host));
        };
        let is_known = self.challenge_file(host).is_some_and(|file| {
            file.challenge == challenge && self.now - file.at < CHALLENGE_REFRESH
        });
        let file = ChallengeFile {
            host: host.to_owned(),
            challenge: challenge.to_owned(),
            at: self.now,
        };
        if !is_known && let Ok(bytes) = serde_json::to_vec(&file) {
            self.challenges.write(&file_name(host), &bytes);
        }
    }

    fn content(&self, repository: &Repository, digest: &Digest) -> Option<Vec<u8>> {
        let name = file_name(&format!("{repository}@{digest}"));
        self.content.read(&name, limits::CACHED_BYTES)
    }

    fn put_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        self.content
            .write(file_name(&format!("{repository}@{digest}")), bytes);
    }
}

/// Returns the name of the file for a key.
pub(super) fn file_name(key: &str) -> String {
    Digest::sha256(key.as_bytes()).hex().to_owned()
}

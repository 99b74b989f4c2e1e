//! The content of an embedded registry, in memory.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bytes::Bytes;
use serde_json::Value;

use crate::digest::sha256;

/// A stored manifest: its bytes, and the media type it was sent with.
#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) media_type: String,
    pub(super) bytes: Bytes,
}

impl Manifest {
    /// Parses the manifest. Only JSON is stored.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_default()
    }
}

/// One repository.
#[derive(Debug, Default)]
pub(super) struct Repository {
    /// Digests of the blobs that this repository may serve.
    pub(super) blobs: BTreeSet<String>,
    pub(super) manifests: BTreeMap<String, Manifest>,
    /// Tag to digest.
    pub(super) tags: BTreeMap<String, String>,
    /// Tag to the number of reads that do not see it yet.
    pub(super) lag: HashMap<String, usize>,
    /// Upload session to the bytes received so far.
    pub(super) uploads: HashMap<String, Vec<u8>>,
}

impl Repository {
    /// Resolves a tag or a digest to a digest and its manifest.
    pub(super) fn find(&self, reference: &str) -> Option<(&str, &Manifest)> {
        let digest = self.tags.get(reference).map_or(reference, String::as_str);
        self.manifests
            .get_key_value(digest)
            .map(|(digest, manifest)| (digest.as_str(), manifest))
    }

    /// Stores a manifest under its digest, and under a tag if given.
    pub(super) fn put(&mut self, tag: Option<&str>, manifest: Manifest) -> String {
        let digest = sha256(&manifest.bytes);
        self.manifests.insert(digest.clone(), manifest);
        if let Some(tag) = tag {
            self.tags.insert(tag.to_owned(), digest.clone());
        }
        digest
    }
}

/// All repositories, and the blobs that they share.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) repositories: BTreeMap<String, Repository>,
    /// Digest to content, of all repositories.
    pub(super) blobs: HashMap<String, Bytes>,
    /// Number of upload sessions so far; names the next one.
    sessions: u64,
}

impl Store {
    /// Returns a repository, which is created if it does not exist.
    pub(super) fn repository(&mut self, name: &str) -> &mut Repository {
        self.repositories.entry(name.to_owned()).or_default()
    }

    /// Stores a blob in a repository and returns its digest.
    pub(super) fn put_blob(&mut self, name: &str, bytes: Bytes) -> String {
        let digest = sha256(&bytes);
        self.blobs.insert(digest.clone(), bytes);
        self.repository(name).blobs.insert(digest.clone());
        digest
    }

    /// Returns a blob that the repository has.
    pub(super) fn blob(&self, name: &str, digest: &str) -> Option<&Bytes> {
        let repository = self.repositories.get(name)?;
        repository
            .blobs
            .contains(digest)
            .then(|| self.blobs.get(digest))
            .flatten()
    }

    /// Opens an upload session and returns its name.
    pub(super) fn open_upload(&mut self, name: &str) -> String {
        self.sessions += 1;
        let session = format!("00000000-0000-4000-8000-{:012x}", self.sessions);
        self.repository(name)
            .uploads
            .insert(session.clone(), Vec::new());
        session
    }

    /// Returns the bytes that an upload session has received.
    pub(super) fn upload(&mut self, name: &str, session: &str) -> Option<&mut Vec<u8>> {
        self.repositories.get_mut(name)?.uploads.get_mut(session)
    }
}

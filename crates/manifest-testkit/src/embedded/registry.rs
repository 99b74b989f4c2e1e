//! A running embedded registry: its content, its log, its faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::store::{Manifest, Store};
use crate::image::Pushable;
use crate::log::RequestLog;
use crate::server::Server;
use crate::server::fault::{Fault, FaultHandle};

/// An OCI distribution registry in memory; stops when dropped.
///
/// It checks what CNCF distribution 2.8 checks, and passes the same suite.
#[derive(Debug)]
pub struct EmbeddedRegistry {
    server: Server,
    store: Arc<Mutex<Store>>,
}

impl EmbeddedRegistry {
    /// Creates the registry of a running server and its content.
    pub(super) fn new(server: Server, store: Arc<Mutex<Store>>) -> Self {
        Self { server, store }
    }

    /// Returns `127.0.0.1:PORT`, as it stands in a reference.
    #[must_use]
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// Returns `http://127.0.0.1:PORT`, or `https://…` with TLS.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the log of requests.
    #[must_use]
    pub fn log(&self) -> &RequestLog {
        self.server.log()
    }

    /// Makes requests go wrong from now on.
    pub fn fault(&self, fault: Fault) -> FaultHandle {
        self.server.faults().add(fault)
    }

    /// Makes all requests go right again.
    pub fn clear_faults(&self) {
        self.server.faults().clear();
    }

    /// Puts an image or index in a repository, under a tag, past HTTP: nothing is logged.
    ///
    /// Returns the digest.
    pub fn seed(&self, repository: &str, tag: &str, content: &impl Pushable) -> String {
        let mut store = self.store();
        for blob in content.blobs() {
            store.put_blob(repository, Bytes::from(blob));
        }
        let mut digest = String::new();
        let manifests = content.manifests();
        let last = manifests.len() - 1;
        for (at, (media_type, bytes)) in manifests.into_iter().enumerate() {
            let manifest = Manifest {
                media_type,
                bytes: bytes.into(),
            };
            digest = store
                .repository(repository)
                .put((at == last).then_some(tag), manifest);
        }
        digest
    }

    /// Puts a manifest in a repository unchecked, under a tag if there is one; returns its digest.
    pub fn put_manifest(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        bytes: &[u8],
    ) -> String {
        let manifest = Manifest {
            media_type: media_type.to_owned(),
            bytes: Bytes::copy_from_slice(bytes),
        };
        self.store().repository(repository).put(tag, manifest)
    }

    /// Puts a blob in a repository and returns its digest.
    pub fn put_blob(&self, repository: &str, bytes: &[u8]) -> String {
        self.store()
            .put_blob(repository, Bytes::copy_from_slice(bytes))
    }

    /// Returns media type and bytes of a manifest, by tag or digest.
    #[must_use]
    pub fn manifest(&self, repository: &str, reference: &str) -> Option<(String, Vec<u8>)> {
        let store = self.store();
        let (_, manifest) = store.repositories.get(repository)?.find(reference)?;
        Some((manifest.media_type.clone(), manifest.bytes.to_vec()))
    }

    /// Returns the digest that a tag points to.
    #[must_use]
    pub fn digest(&self, repository: &str, tag: &str) -> Option<String> {
        self.store()
            .repositories
            .get(repository)?
            .tags
            .get(tag)
            .cloned()
    }

    /// Returns the tags of a repository, sorted.
    #[must_use]
    pub fn tags(&self, repository: &str) -> Vec<String> {
        let store = self.store();
        let repository = store.repositories.get(repository);
        repository
            .map(|r| r.tags.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns the digests of all manifests of a repository, sorted.
    #[must_use]
    pub fn manifests(&self, repository: &str) -> Vec<String> {
        let store = self.store();
        let repository = store.repositories.get(repository);
        repository
            .map(|r| r.manifests.keys().cloned().collect())
            .unwrap_or_default()
    }

    /// Returns a blob, if that repository has it.
    #[must_use]
    pub fn blob(&self, repository: &str, digest: &str) -> Option<Vec<u8>> {
        self.store()
            .blob(repository, digest)
            .map(|bytes| bytes.to_vec())
    }

    /// Returns the number of upload sessions of a repository that are neither finished nor cancelled.
    #[must_use]
    pub fn open_uploads(&self, repository: &str) -> usize {
        self.store()
            .repositories
            .get(repository)
            .map_or(0, |r| r.uploads.len())
    }

    /// Removes a manifest from a repository, with its tags; returns whether it was there.
    pub fn remove_manifest(&self, repository: &str, digest: &str) -> bool {
        let mut store = self.store();
        let repository = store.repository(repository);
        repository.tags.retain(|_, tagged| tagged != digest);
        repository.manifests.remove(digest).is_some()
    }

    /// Removes a blob from a repository; returns whether it was there.
    pub fn remove_blob(&self, repository: &str, digest: &str) -> bool {
        self.store().repository(repository).blobs.remove(digest)
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }
}

/// Locks the content, even after a handler panicked.
pub(super) fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

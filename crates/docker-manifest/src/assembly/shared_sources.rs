//! Sources that several lists of a run have: each is looked up once, and its content is read once.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use manifest_core::{Digest, Reference};
use manifest_registry::{Client, RegistryError};
use tokio::sync::{Mutex as AsyncMutex, OnceCell};
use tokio::time::Instant;

use crate::failure::Failure;
use crate::sources::Resolved;

/// The most bytes of manifests that are kept for other lists. Manifests beyond that come from the cache, or from the registry again.
const KEPT_BYTES: usize = 16 * 1024 * 1024;

/// The time in which the response to one poll serves all lists that wait for the same source. It is shorter than the pauses between the
/// polls of one list.
const POLL_FRESHNESS: Duration = Duration::from_millis(500);

/// The digest of a source, looked up once.
type Pin = Arc<OnceCell<Result<Digest, RegistryError>>>;

/// The content of a source. The first that needs it reads it, and the others wait.
type Content = Arc<AsyncMutex<Option<Resolved>>>;

/// The latest poll for a source that is awaited: its time, and the response if there is no such source.
type Poll = Arc<AsyncMutex<Option<(Instant, Option<RegistryError>)>>>;

/// Sources that several lists of a run have.
#[derive(Debug, Default)]
pub(crate) struct SharedSources {
    /// The hashes of these sources. One that only looks like one of them is kept, too, which does no harm.
    shared: HashSet<u64>,
    /// Whether sources by digest are looked up as well.
    pub(crate) looks_up_digests: bool,
    pins: Mutex<HashMap<Reference, Pin>>,
    contents: Mutex<HashMap<String, Content>>,
    polls: Mutex<HashMap<Reference, Poll>>,
    kept_bytes: AtomicUsize,
}

/// Counts the sources of all lists of a run, in little memory.
#[derive(Debug, Default)]
pub(crate) struct SourceCounter {
    once: HashSet<u64>,
    several: HashSet<u64>,
}

impl SourceCounter {
    /// Counts a source of a list.
    pub(crate) fn add(&mut self, source: &Reference) {
        let hash = hash_of(source);
        if !self.once.insert(hash) {
            self.several.insert(hash);
        }
    }

    /// Returns the sources that were counted more than once.
    pub(crate) fn shared(self) -> SharedSources {
        SharedSources {
            shared: self.several,
            ..SharedSources::default()
        }
    }
}

fn hash_of(source: &Reference) -> u64 {
    let mut hasher = DefaultHasher::new();
    source.hash(&mut hasher);
    hasher.finish()
}

impl SharedSources {
    /// Returns the digest of a source, as [`Client::pin`] does. All lists see the same digest.
    pub(super) async fn pin(
        &self,
        client: &Client,
        source: &Reference,
    ) -> Result<Digest, RegistryError> {
        if !self.is_shared(source) {
            return self.look_up(client, source).await;
        }
        let pin = {
            let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
            pins.entry(source.clone()).or_default().clone()
        };
        let look_up = || self.look_up(client, source);
        pin.get_or_init(look_up).await.clone()
    }

    async fn look_up(&self, client: &Client, source: &Reference) -> Result<Digest, RegistryError> {
        match self.looks_up_digests {
            true => client.look_up(source).await,
            false => client.pin(source).await,
        }
    }

    /// Checks that a source exists, as [`Client::require_manifest`] does. Lists that wait for the same source at the same time ask once.
    ///
    /// # Errors
    /// As [`Client::require_manifest`].
    pub(crate) async fn require(
        &self,
        client: &Client,
        source: &Reference,
    ) -> Result<(), RegistryError> {
        if !self.is_shared(source) {
            return client.require_manifest(source).await;
        }
        let poll = {
            let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
            polls.entry(source.clone()).or_default().clone()
        };
        let mut latest = poll.lock().await;
        let is_known = |(time, missing): &&(Instant, Option<RegistryError>)| {
            missing.is_none() || time.elapsed() < POLL_FRESHNESS
        };
        if let Some((_, missing)) = latest.as_ref().filter(is_known) {
            return missing.clone().map_or(Ok(()), Err);
        }
        let result = client.require_manifest(source).await;
        match &result {
            Ok(()) => *latest = Some((Instant::now(), None)),
            Err(error @ RegistryError::NoSuchManifest { .. }) => {
                *latest = Some((Instant::now(), Some(error.clone())));
            }
            Err(_) => {}
        }
        result
    }

    /// Returns the content of a source, read by `read` if no other list has read it. `choice` is what the content depends on besides
    /// the source.
    pub(super) async fn content(
        &self,
        source: &Reference,
        choice: &str,
        read: impl Future<Output = Result<Resolved, Failure>>,
    ) -> Result<Resolved, Failure> {
        if !self.is_shared(source) {
            return read.await;
        }
        let content = {
            let mut contents = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
            let key = format!("{source} {choice}");
            contents.entry(key).or_default().clone()
        };
        let mut content = content.lock().await;
        if let Some(resolved) = &*content {
            return Ok(resolved.clone());
        }
        let resolved = read.await?;
        let bytes = resolved
            .entries
            .iter()
            .filter_map(|entry| entry.raw.as_ref());
        // Each entry has its manifest twice.
        let bytes: usize = bytes.map(|raw| 2 * raw.len()).sum();
        let kept = self.kept_bytes.fetch_add(bytes, Ordering::Relaxed);
        if kept + bytes <= KEPT_BYTES {
            *content = Some(resolved.clone());
        } else {
            self.kept_bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        Ok(resolved)
    }

    fn is_shared(&self, source: &Reference) -> bool {
        self.shared.contains(&hash_of(source))
    }
}

#[cfg(test)]
mod tests {
    use manifest_registry::{ClientConfig, concurrent};
    use manifest_testkit::EmbeddedRegistry;

    use super::*;

    #[test]
    fn lists_that_wait_for_one_source_ask_once() {
        let registry = EmbeddedRegistry::start();
        let source =
            |tag: &str| Reference::parse(&format!("{}/app:{tag}", registry.host())).unwrap();
        let (several, once) = (source("several"), source("once"));
        let mut counter = SourceCounter::default();
        counter.add(&several);
        counter.add(&several);
        counter.add(&once);
        let shared = counter.shared();
        let client = Client::new(ClientConfig::default()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        for (source, requests) in [(&several, 1), (&once, 10)] {
            let polls = (0..10).map(|_| shared.require(&client, source));
            let results = runtime.block_on(concurrent(10, polls));
            let is_missing = |result: &Result<(), RegistryError>| {
                matches!(result, Err(RegistryError::NoSuchManifest { .. }))
            };
            assert!(results.iter().all(is_missing), "{results:?}");
            assert_eq!(registry.log().lines().len(), requests, "{source}");
            registry.log().clear();
        }
    }
}

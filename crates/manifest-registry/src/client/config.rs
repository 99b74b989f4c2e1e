//! The settings of a client.

use std::sync::Arc;

use crate::auth::{Credentials, KnownRegistries};
use crate::cache::{Cache, NoCache};
use crate::http::{Certificates, Insecure, Proxies, RetryPolicy, Timeouts};
use crate::observer::{NoObserver, Observer};
use crate::session::Mirrors;

/// The settings of a [`Client`](crate::Client). The default is anonymous, and requires TLS of every host but this machine.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The value of the `User-Agent` header.
    pub user_agent: String,
    /// The credentials of registries.
    pub credentials: Credentials,
    /// The hosts for which TLS is not required.
    pub insecure: Insecure,
    /// The CA certificates that are trusted in addition to those of the system, and client certificates.
    pub certificates: Certificates,
    /// The proxies.
    pub proxies: Proxies,
    /// The mirrors, which reads try before the registry.
    pub mirrors: Mirrors,
    /// The timeouts for the steps of a request.
    pub timeouts: Timeouts,
    /// The retry policy for failed requests, and the overall timeout.
    pub retry: RetryPolicy,
    /// The registries whose challenge is known in advance.
    pub known_registries: KnownRegistries,
    /// The cache that persists between runs.
    pub cache: Arc<dyn Cache>,
    /// The observer, which receives events and progress.
    pub observer: Arc<dyn Observer>,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            user_agent: concat!("docker-manifest/", env!("CARGO_PKG_VERSION")).to_owned(),
            credentials: Credentials::default(),
            insecure: Insecure::default(),
            certificates: Certificates::default(),
            proxies: Proxies::default(),
            mirrors: Mirrors::default(),
            timeouts: Timeouts::default(),
            retry: RetryPolicy::default(),
            known_registries: KnownRegistries::default(),
            cache: Arc::new(NoCache),
            observer: Arc::new(NoObserver),
        }
    }
}

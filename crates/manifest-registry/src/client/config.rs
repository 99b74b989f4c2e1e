//! The settings of a client, as the plugin hands them over.

use std::sync::Arc;

use crate::auth::{Credentials, KnownRegistries};
use crate::cache::{Cache, NoCache};
use crate::http::{Certificates, Insecure, Proxies, RetryPolicy, Timeouts};
use crate::observer::{NoObserver, Observer};
use crate::session::Mirrors;

/// The settings of a client. The default is anonymous, and takes no insecure host but this machine.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The `User-Agent`.
    pub user_agent: String,
    /// The credentials of registries.
    pub credentials: Credentials,
    /// The hosts for which TLS is not demanded.
    pub insecure: Insecure,
    /// The CA certificates that are trusted beside those of the system, and client certificates.
    pub certificates: Certificates,
    /// The proxies.
    pub proxies: Proxies,
    /// The mirrors that are read from first.
    pub mirrors: Mirrors,
    /// The time limits of a request's steps.
    pub timeouts: Timeouts,
    /// The retries of failed requests, and the time limit for everything.
    pub retry: RetryPolicy,
    /// The registries whose challenge is known before they send one.
    pub known: KnownRegistries,
    /// The cache between runs.
    pub cache: Arc<dyn Cache>,
    /// The observer of all this.
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
            known: KnownRegistries::default(),
            cache: Arc::new(NoCache),
            observer: Arc::new(NoObserver),
        }
    }
}

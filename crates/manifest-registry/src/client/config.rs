//! The settings of a client, which the plugin reads.

use std::sync::Arc;

use crate::auth::{Credentials, KnownRegistries};
use crate::cache::{Cache, NoCache};
use crate::http::{Certificates, Insecure, Proxies, RetryPolicy, Timeouts};
use crate::observer::{NoObserver, Observer};
use crate::session::Mirrors;

/// What the plugin tells the client. The default is anonymous, and takes no insecure host but this machine.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The `User-Agent`.
    pub user_agent: String,
    /// Whose credentials go where.
    pub credentials: Credentials,
    /// Where TLS is not demanded.
    pub insecure: Insecure,
    /// Whose certificates are believed beside those of the system, and which are shown.
    pub certificates: Certificates,
    /// What goes by which proxy.
    pub proxies: Proxies,
    /// What is read from where else first.
    pub mirrors: Mirrors,
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// How often what failed is tried again, and how long everything may take.
    pub retry: RetryPolicy,
    /// The registries whose challenge is known before they send one.
    pub known: KnownRegistries,
    /// What is remembered of earlier runs.
    pub cache: Arc<dyn Cache>,
    /// Who is told of it.
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

//! The client: connections, tokens and challenges that its clones share.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use tokio::time::Instant;

use crate::auth::ScopePlan;
use crate::blob::{BlobReader, BlobsInFlight, SinglePostSupport};
use crate::client::config::ClientConfig;
use crate::client::early_probes::EarlyProbes;
use crate::error::RegistryError;
use crate::http::{Insecure, Pools, Retrier, Transport, roots};
use crate::limits::READ_FRESHNESS;
use crate::session::{MirroredSession, Session};

/// A client of all registries: one set of connections, tokens and challenges, shared by its clones.
///
/// Digest and size of all that it returns have been checked against the bytes.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// The scopes that requests ask for together.
    scopes: Arc<ScopePlan>,
    early_probes: Arc<EarlyProbes>,
}

struct Shared {
    session: MirroredSession,
    /// Bounds the blobs in flight.
    in_flight: BlobsInFlight,
    /// Which registries take a blob in a single request.
    single_posts: SinglePostSupport,
    /// The manifests that were read, where and when: not at a mirror, and not in the cache.
    read: Mutex<HashMap<(Repository, Digest), Instant>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Makes a client. It connects to nothing yet, but [`crate::RetryPolicy::timeout`] starts to run.
    ///
    /// # Errors
    /// Where the user agent cannot be in a header, or an authority for all hosts cannot be read.
    pub fn new(config: ClientConfig) -> Result<Self, RegistryError> {
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| RegistryError::UserAgent(config.user_agent.clone()))?;
        roots(&config.certificates.roots).map_err(|problem| RegistryError::Certificates {
            host: "all hosts".to_owned(),
            problem,
        })?;
        let hosts = config.mirrors.insecure_hosts();
        let insecure_mirrors = (!hosts.is_empty()).then(|| {
            let mut insecure = config.insecure.clone();
            insecure.hosts.extend(hosts);
            open_session(&config, &user_agent, insecure)
        });
        let session = open_session(&config, &user_agent, config.insecure.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                session: MirroredSession::new(session, config.mirrors, insecure_mirrors),
                in_flight: BlobsInFlight::default(),
                single_posts: SinglePostSupport::default(),
                read: Mutex::default(),
            }),
            scopes: Arc::default(),
            early_probes: Arc::default(),
        })
    }

    /// Returns this client, to read from these repositories: for those of one registry one token is asked for instead of one
    /// each. Where the registry or its token server does not go along, each gets its own. They are expected to be read all at once.
    #[must_use]
    pub fn for_reading<'a>(&self, references: impl IntoIterator<Item = &'a Reference>) -> Self {
        let repositories = references.into_iter().map(Reference::repository);
        let repositories: Vec<&Repository> = repositories.collect();
        self.expect(&repositories);
        self.with_scopes(ScopePlan::to_read(repositories))
    }

    /// Returns this client, with other scopes to ask for.
    pub(crate) fn with_scopes(&self, scopes: ScopePlan) -> Self {
        Self {
            shared: self.shared.clone(),
            scopes: Arc::new(scopes),
            early_probes: Arc::default(),
        }
    }

    pub(crate) fn scope_plan(&self) -> &Arc<ScopePlan> {
        &self.scopes
    }

    /// Returns the probes of targets that have begun.
    pub(crate) fn early_probes(&self) -> &EarlyProbes {
        &self.early_probes
    }

    /// Tells whether this process has just read a manifest from that very repository.
    pub(crate) fn has_read(&self, repository: &Repository, digest: &Digest) -> bool {
        let read = self
            .shared
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let read = read.get(&(repository.clone(), digest.clone()));
        read.is_some_and(|read| read.elapsed() < READ_FRESHNESS)
    }

    /// Notes that a manifest was read.
    pub(super) fn note_read(&self, repository: &Repository, digest: Digest) {
        let mut read = self
            .shared
            .read
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        read.insert((repository.clone(), digest), Instant::now());
    }

    /// Announces one request for each of these repositories, all at once.
    pub(crate) fn expect(&self, repositories: &[&Repository]) {
        let mut requests: BTreeMap<&str, usize> = BTreeMap::new();
        for repository in repositories {
            *requests.entry(repository.domain()).or_default() += 1;
        }
        for (domain, requests) in requests {
            self.session().transport.expect(domain, requests);
        }
    }

    /// Returns the session with the registries.
    pub(crate) fn session(&self) -> &Session {
        self.shared.session.session()
    }

    /// Returns the session that reads from mirrors first.
    pub(super) fn mirrored(&self) -> &MirroredSession {
        &self.shared.session
    }

    /// Returns the reader of blobs.
    pub(crate) fn blobs(&self) -> BlobReader<'_> {
        BlobReader {
            session: &self.shared.session,
            scopes: &self.scopes,
            in_flight: &self.shared.in_flight,
        }
    }

    /// Returns the registries that take a blob in a single request.
    pub(crate) fn single_posts(&self) -> &SinglePostSupport {
        &self.shared.single_posts
    }
}

/// Makes a session with the settings of a client, for which TLS is not demanded on these hosts.
fn open_session(config: &ClientConfig, user_agent: &HeaderValue, insecure: Insecure) -> Session {
    let observer = &config.observer;
    let pools = Pools::new(
        user_agent.clone(),
        config.timeouts,
        config.certificates.clone(),
        config.proxies.clone(),
        observer.clone(),
    );
    let retrier = Retrier::new(config.retry, observer.clone());
    let transport = Transport::new(pools, config.timeouts, insecure, retrier, observer.clone());
    Session::new(
        transport,
        config.credentials.clone(),
        config.known.clone(),
        config.cache.clone(),
    )
}

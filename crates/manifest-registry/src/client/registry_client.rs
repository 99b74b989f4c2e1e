//! The client, whose clones share connections, tokens and challenges.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};

use crate::auth::ScopePlan;
use crate::blob::{BlobReader, BlobsInFlight, SinglePostSupport};
use crate::client::config::ClientConfig;
use crate::client::early_probes::EarlyProbes;
use crate::client::recent_reads::RecentReads;
use crate::error::RegistryError;
use crate::http::{Deadline, Insecure, Pools, Retrier, TimeLimitPause, Transport, roots};
use crate::session::{MirroredSession, Session};

/// A client for all registries. Its clones share connections, tokens and challenges.
///
/// The client verifies the digest and size of all content that it returns.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    /// The scopes that requests share in one token.
    scopes: Arc<ScopePlan>,
    early_probes: Arc<EarlyProbes>,
    /// Whether children may be probed before the publication that they are for.
    pub(super) probes_children: bool,
}

struct Shared {
    session: MirroredSession,
    /// Bounds the blobs in flight.
    in_flight: BlobsInFlight,
    /// The known support of each registry for a single POST.
    single_posts: SinglePostSupport,
    /// The manifests that were read from their repository. Reads from a mirror or the cache do not count.
    read: Mutex<RecentReads>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    /// Creates a client. It does not connect yet, but [`crate::RetryPolicy::timeout`] starts to run.
    ///
    /// # Errors
    /// Returns an error if the user agent is not a valid header value, or if a CA certificate for all hosts is invalid.
    pub fn new(config: ClientConfig) -> Result<Self, RegistryError> {
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| RegistryError::UserAgent(config.user_agent.clone()))?;
        roots(&config.certificates.roots).map_err(|problem| RegistryError::Certificates {
            host: "all hosts".to_owned(),
            problem,
        })?;
        let deadline = Deadline::after(config.retry.timeout);
        let open = |insecure| open_session(&config, &user_agent, insecure, &deadline);
        let hosts = config.mirrors.insecure_hosts();
        let insecure_mirrors = (!hosts.is_empty()).then(|| {
            let mut insecure = config.insecure.clone();
            insecure.hosts.extend(hosts);
            open(insecure)
        });
        let session = open(config.insecure.clone());
        Ok(Self {
            shared: Arc::new(Shared {
                session: MirroredSession::new(session, config.mirrors, insecure_mirrors),
                in_flight: BlobsInFlight::default(),
                single_posts: SinglePostSupport::default(),
                read: Mutex::default(),
            }),
            scopes: Arc::default(),
            early_probes: Arc::default(),
            probes_children: true,
        })
    }

    /// Returns a client that reads from these repositories with one token per registry instead of one per repository.
    ///
    /// If the registry or its token server refuses such a token, each repository gets its own. The client expects that all
    /// repositories are read at once.
    #[must_use]
    pub fn for_reading<'a>(&self, references: impl IntoIterator<Item = &'a Reference>) -> Self {
        let repositories = references.into_iter().map(Reference::repository);
        let repositories: Vec<&Repository> = repositories.collect();
        self.expect(&repositories);
        self.with_scopes(ScopePlan::to_read(repositories))
    }

    /// Returns this client with another scope plan.
    pub(crate) fn with_scopes(&self, scopes: ScopePlan) -> Self {
        Self {
            shared: self.shared.clone(),
            scopes: Arc::new(scopes),
            early_probes: Arc::default(),
            probes_children: true,
        }
    }

    pub(crate) fn scope_plan(&self) -> &Arc<ScopePlan> {
        &self.scopes
    }

    /// Returns the early probes.
    pub(crate) fn early_probes(&self) -> &EarlyProbes {
        &self.early_probes
    }

    /// Returns whether this process read a manifest from this repository less than [`READ_FRESHNESS`] ago.
    ///
    /// [`READ_FRESHNESS`]: crate::limits::READ_FRESHNESS
    pub(crate) fn has_read(&self, repository: &Repository, digest: &Digest) -> bool {
        let read = self.shared.read.lock();
        let read = read.unwrap_or_else(PoisonError::into_inner);
        read.has(repository, digest)
    }

    /// Records the read of a manifest.
    pub(super) fn record_read(&self, repository: &Repository, digest: Digest) {
        let read = self.shared.read.lock();
        let mut read = read.unwrap_or_else(PoisonError::into_inner);
        read.insert(repository.clone(), digest);
    }

    /// Stops the clock of [`crate::RetryPolicy::timeout`] until the pause is dropped, for work that has a time limit of its own. Clones
    /// of the client have the same clock.
    pub fn pause_time_limit(&self) -> TimeLimitPause {
        self.session().transport.retrier.deadline.pause()
    }

    /// Announces one concurrent request for each of these repositories to the transport.
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
    pub(crate) fn mirrored(&self) -> &MirroredSession {
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

    /// Returns the known support of registries for a single POST.
    pub(crate) fn single_posts(&self) -> &SinglePostSupport {
        &self.shared.single_posts
    }
}

/// Opens a session with the settings of a client. TLS is not required of the hosts in `insecure`.
fn open_session(
    config: &ClientConfig,
    user_agent: &HeaderValue,
    insecure: Insecure,
    deadline: &Deadline,
) -> Session {
    let observer = &config.observer;
    let pools = Pools::new(
        user_agent.clone(),
        config.timeouts,
        config.certificates.clone(),
        config.proxies.clone(),
        observer.clone(),
    );
    let retrier = Retrier::new(config.retry, deadline.clone(), observer.clone());
    let transport = Transport::new(pools, config.timeouts, insecure, retrier, observer.clone());
    Session::new(
        transport,
        config.credentials.clone().with_deadline(deadline.clone()),
        config.known_registries.clone(),
        config.cache.clone(),
    )
}

//! A registry of either kind with a log of all requests, and with faults.

use manifest_testkit::fault::{Fault, FaultHandle};
use manifest_testkit::image::Pushable;
use manifest_testkit::log::RequestLog;
use manifest_testkit::suite::{self, Kind, Setup, TestRegistry};
use manifest_testkit::{Client, LoggingProxy, TestCa, TokenServer, seed};

use crate::harness::world;

/// The user for seeding registries that demand tokens.
pub(crate) const SEEDER: (&str, &str) = ("seeder", "sow-and-reap");

/// A registry. Its methods do not appear in its log.
#[derive(Debug)]
pub(crate) struct Watched<'a> {
    registry: TestRegistry,
    /// The proxy in front of the real registry, which has neither log nor faults.
    proxy: Option<LoggingProxy>,
    /// The token server, and the authority of its certificate.
    tokens: Option<(&'a TokenServer, &'a TestCa)>,
}

/// Starts a registry of each kind, seeded with the world.
pub(crate) fn each() -> impl Iterator<Item = Watched<'static>> {
    suite::kinds().into_iter().map(|kind| {
        let registry = TestRegistry::start(kind);
        world::seed(&registry);
        let watched = Watched::over(registry, None);
        watched.log().clear();
        watched
    })
}

impl<'a> Watched<'a> {
    /// Starts an empty registry, open, over plain HTTP.
    pub(crate) fn empty(kind: Kind) -> Self {
        Self::over(TestRegistry::start(kind), None)
    }

    /// Wraps an embedded registry over plain HTTP, with its options.
    pub(crate) fn embedded(registry: manifest_testkit::EmbeddedRegistry) -> Self {
        Self::over(TestRegistry::Embedded(registry), None)
    }

    /// Wraps a real registry over plain HTTP, with its options.
    pub(crate) fn real(registry: manifest_testkit::RealRegistry) -> Self {
        Self::over(TestRegistry::Real(registry), None)
    }

    /// Wraps a registry over plain HTTP.
    fn over(registry: TestRegistry, ca: Option<&TestCa>) -> Self {
        let in_front = |upstream: &str| {
            let proxy = LoggingProxy::builder(upstream);
            match ca {
                Some(ca) => proxy.tls(ca),
                None => proxy,
            }
            .start()
        };
        let proxy = matches!(registry, TestRegistry::Real(_)).then(|| in_front(&registry.host()));
        Self {
            registry,
            proxy,
            tokens: None,
        }
    }

    /// Starts an empty registry over TLS.
    pub(crate) fn tls(kind: Kind, ca: &'a TestCa) -> Self {
        Self::start(kind, ca, None)
    }

    /// Starts an empty registry over TLS that demands tokens. The token server knows [`SEEDER`], and has a certificate of the
    /// same authority.
    pub(crate) fn secured(kind: Kind, ca: &'a TestCa, tokens: &'a TokenServer) -> Self {
        Self::start(kind, ca, Some(tokens))
    }

    fn start(kind: Kind, ca: &'a TestCa, tokens: Option<&'a TokenServer>) -> Self {
        let tls = (kind == Kind::Embedded).then_some(ca);
        let registry = TestRegistry::start_with(kind, Setup { tls, tokens });
        let tokens = tokens.map(|tokens| (tokens, ca));
        Self {
            tokens,
            ..Self::over(registry, Some(ca))
        }
    }

    /// Returns the address, as in references.
    pub(crate) fn host(&self) -> String {
        self.proxy
            .as_ref()
            .map_or_else(|| self.registry.host(), LoggingProxy::host)
    }

    /// Returns the kind of registry, for messages.
    pub(crate) fn kind(&self) -> Kind {
        self.registry.kind()
    }

    /// Returns the log of requests.
    pub(crate) fn log(&self) -> &RequestLog {
        match (&self.proxy, &self.registry) {
            (Some(proxy), _) => proxy.log(),
            (None, TestRegistry::Embedded(registry)) => registry.log(),
            (None, TestRegistry::Real(_)) => unreachable!("the real registry has a proxy"),
        }
    }

    /// Makes requests go wrong from now on.
    pub(crate) fn fault(&self, fault: Fault) -> FaultHandle {
        match (&self.proxy, &self.registry) {
            (Some(proxy), _) => proxy.fault(fault),
            (None, TestRegistry::Embedded(registry)) => registry.fault(fault),
            (None, TestRegistry::Real(_)) => unreachable!("the real registry has a proxy"),
        }
    }

    /// Makes all requests go right again.
    pub(crate) fn clear_faults(&self) {
        match (&self.proxy, &self.registry) {
            (Some(proxy), _) => proxy.clear_faults(),
            (None, TestRegistry::Embedded(registry)) => registry.clear_faults(),
            (None, TestRegistry::Real(_)) => unreachable!("the real registry has a proxy"),
        }
    }

    /// Pushes an image or index to a repository, and returns its digest.
    pub(crate) fn push(&self, repository: &str, tag: &str, content: &impl Pushable) -> String {
        match &self.registry {
            TestRegistry::Embedded(registry) => registry.seed(repository, tag, content),
            TestRegistry::Real(_) => {
                seed::push_with(&self.client(repository), repository, tag, content)
            }
        }
    }

    /// Returns media type and bytes of a manifest, by tag or digest.
    pub(crate) fn manifest(&self, repository: &str, name: &str) -> Option<(String, Vec<u8>)> {
        match &self.registry {
            TestRegistry::Embedded(registry) => registry.manifest(repository, name),
            TestRegistry::Real(_) => seed::manifest(&self.client(repository), repository, name),
        }
    }

    /// Returns the bytes of an existing manifest.
    #[track_caller]
    pub(crate) fn bytes(&self, repository: &str, name: &str) -> Vec<u8> {
        let found = self.manifest(repository, name);
        found
            .unwrap_or_else(|| panic!("{:?} has no {repository}:{name}", self.kind()))
            .1
    }

    /// Returns the tags of a repository, sorted.
    pub(crate) fn tags(&self, repository: &str) -> Vec<String> {
        match &self.registry {
            TestRegistry::Embedded(registry) => registry.tags(repository),
            TestRegistry::Real(_) => seed::tags(&self.client(repository), repository),
        }
    }

    /// Returns a client of the real registry behind the proxy, with all permissions on a repository.
    fn client(&self, repository: &str) -> Client {
        let client = self.registry.client();
        let Some((tokens, ca)) = self.tokens else {
            return client;
        };
        let server = Client::new(&tokens.host())
            .tls(ca.client_config())
            .basic(SEEDER.0, SEEDER.1);
        let (service, scope) = (
            tokens.service(),
            format!("repository:{repository}:pull,push"),
        );
        let response = server
            .get(&format!("/token?service={service}&scope={scope}"))
            .unwrap();
        let token = response.json()["token"]
            .as_str()
            .expect("the seeder gets a token")
            .to_owned();
        client.bearer(&token)
    }

    /// Returns the write requests in order of arrival, and clears the log.
    pub(crate) fn writes(&self) -> Vec<String> {
        let reads = |line: &String| line.starts_with("GET ") || line.starts_with("HEAD ");
        let lines = self.lines().into_iter();
        lines.filter(|line| !reads(line)).collect()
    }

    /// Returns all requests in order of arrival, and clears the log.
    pub(crate) fn lines(&self) -> Vec<String> {
        let lines = self.log().lines();
        self.log().clear();
        lines
    }
}

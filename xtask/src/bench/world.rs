//! The environment of the programs: a registry with latency, TLS, a token server, and images in it.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::time::Duration;

use manifest_testkit::image::{BuiltImage, Image, buildkit_index};
use manifest_testkit::log::{Request, RequestLog, longest_chain};
use manifest_testkit::{
    Client, EmbeddedRegistry, LoggingProxy, RealRegistry, TestCa, TokenServer, seed,
};

use super::home::Home;
use super::tokens::{seeding_token, token_server};
use crate::task::TaskResult;

/// The size of a layer, in bytes. It is small because round trips are measured, not bandwidth.
const LAYER_BYTES: usize = 100;

/// The number of repositories that are seeded with one token, so that it fits into a header.
const REPOSITORIES_PER_TOKEN: usize = 20;

/// The number of threads that seed images.
const SEEDERS: usize = 4;

/// The images of one measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) images: usize,
    pub(super) layers: usize,
    /// Whether each image is in an index with an attestation, as BuildKit pushes it.
    pub(super) attested: bool,
}

impl Work {
    /// Pushes the images to a registry that demands tokens, each to a repository of its own.
    pub(super) fn put(self, client: &Client, tokens: &TokenServer, ca: &TestCa) -> TaskResult {
        let images: Vec<usize> = (0..self.images).collect();
        let put = |images: &[usize]| {
            let names: Vec<String> = images.iter().copied().map(source).collect();
            let seeder = client.clone().bearer(&seeding_token(tokens, ca, &names)?);
            for (name, &i) in names.iter().zip(images) {
                if self.attested {
                    let image = image(Image::oci(), i, self.layers);
                    seed::push_with(&seeder, name, "1", &buildkit_index(&image));
                } else {
                    let image = image(Image::docker(), i, self.layers);
                    seed::push_with(&seeder, name, "1", &image);
                }
            }
            Ok(())
        };
        let batches: Vec<&[usize]> = images.chunks(REPOSITORIES_PER_TOKEN).collect();
        for batches in batches.chunks(SEEDERS) {
            std::thread::scope(|scope| {
                let seeders: Vec<_> = batches
                    .iter()
                    .map(|batch| scope.spawn(|| put(batch)))
                    .collect();
                let failed = |_| Err("the thread that seeds images panicked".to_owned());
                let mut results = seeders
                    .into_iter()
                    .map(|seeder| seeder.join().unwrap_or_else(failed));
                results.try_for_each(|result| result)
            })?;
        }
        Ok(())
    }

    /// Returns the references of the images at `host`.
    pub(super) fn images(self, host: &str) -> Vec<String> {
        let reference = |i| format!("{host}/{}:1", source(i));
        (0..self.images).map(reference).collect()
    }
}

/// The registry of a world.
enum Registry {
    /// CNCF distribution, behind a proxy that terminates TLS and adds latency.
    Real {
        proxy: LoggingProxy,
        _registry: RealRegistry,
    },
    /// The testkit's embedded registry, in memory.
    Embedded(EmbeddedRegistry),
}

impl Registry {
    fn host(&self) -> String {
        match self {
            Self::Real { proxy, .. } => proxy.host(),
            Self::Embedded(registry) => registry.host(),
        }
    }
}

/// A registry with images, and a home folder for the programs that use it.
pub(super) struct World {
    registry: Registry,
    tokens: TokenServer,
    home: Home,
    pub(super) work: Work,
    pub(super) latency: Duration,
}

/// The counts of requests and connections to the registry and the token server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    /// Requests to the registry.
    pub(super) requests: usize,
    /// Requests to the token server.
    pub(super) tokens: usize,
    /// Connections to both.
    pub(super) connections: usize,
}

impl World {
    /// Starts a real registry with the images, each in a repository of its own.
    pub(super) fn real(work: Work, latency: Duration) -> Result<Self, String> {
        let ca = TestCa::new();
        let tokens = token_server(&ca).latency(latency).start();
        let registry = RealRegistry::builder()
            .token_auth(&tokens)
            .try_start()
            .map_err(|error| format!("no real registry to measure on: {error}"))?;
        work.put(&Client::new(&registry.host()), &tokens, &ca)?;
        let address = own_address()?;
        let proxy = LoggingProxy::builder(&registry.host())
            .listen_on(address)
            .tls_identity(ca.server_for(&[&address.to_string()]))
            .delay(latency)
            .start();
        let registry = Registry::Real {
            proxy,
            _registry: registry,
        };
        Self::with(registry, tokens, &ca, work, latency)
    }

    /// Starts an embedded registry with the images, which is faster than a real one.
    pub(super) fn embedded(work: Work, latency: Duration) -> Result<Self, String> {
        let ca = TestCa::new();
        let tokens = token_server(&ca).latency(latency).start();
        let registry = EmbeddedRegistry::builder()
            .tls(&ca)
            .latency(latency)
            .token_auth(&tokens)
            .start();
        for i in 0..work.images {
            registry.seed(&source(i), "1", &image(Image::docker(), i, work.layers));
        }
        Self::with(Registry::Embedded(registry), tokens, &ca, work, latency)
    }

    fn with(
        registry: Registry,
        tokens: TokenServer,
        ca: &TestCa,
        work: Work,
        latency: Duration,
    ) -> Result<Self, String> {
        let home = Home::new(ca, &[registry.host()])?;
        Ok(Self {
            registry,
            tokens,
            home,
            work,
            latency,
        })
    }

    pub(super) fn host(&self) -> String {
        self.registry.host()
    }

    pub(super) fn home(&self) -> &Home {
        &self.home
    }

    /// Stops the servers, and returns the home folder to be removed later. Some file systems create files many times slower after
    /// a thousand were removed, which would slow down the next program.
    pub(super) fn stop(self) -> Home {
        self.home
    }

    /// Returns the references of the images.
    pub(super) fn images(&self) -> Vec<String> {
        self.work.images(&self.host())
    }

    fn log(&self) -> &RequestLog {
        match &self.registry {
            Registry::Real { proxy, .. } => proxy.log(),
            Registry::Embedded(registry) => registry.log(),
        }
    }

    /// Returns the requests to the registry since the last call of [`World::traffic`].
    pub(super) fn requests(&self) -> Vec<Request> {
        self.log().requests()
    }

    /// Returns the traffic since the last call, and clears the logs.
    pub(super) fn traffic(&self) -> Traffic {
        let (log, tokens) = (self.log(), self.tokens.log());
        let traffic = Traffic {
            requests: log.count(|_| true),
            tokens: tokens.count(|_| true),
            connections: log.connections() + tokens.connections(),
        };
        log.clear();
        tokens.clear();
        traffic
    }
}

/// Returns the length of the longest chain of sequential requests. The requests that got the challenge (401) are not counted.
pub(super) fn longest_request_chain(requests: &[Request]) -> usize {
    let requests = requests.iter().filter(|request| request.status != 401);
    longest_chain(&requests.cloned().collect::<Vec<_>>())
}

/// Returns an address of this machine other than loopback: Docker's CLI uses no TLS with a registry on loopback.
fn own_address() -> Result<IpAddr, String> {
    // `connect` on UDP sends nothing, and binds to the address of the outgoing route. The peer is an address for documentation
    // (RFC 5737).
    let ask = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9))?;
        Ok::<_, std::io::Error>(socket.local_addr()?.ip())
    };
    ask().map_err(|error| format!("this machine has no address other than loopback: {error}"))
}

fn source(i: usize) -> String {
    format!("source/{i}")
}

fn image(image: Image, i: usize, layers: usize) -> BuiltImage {
    image
        .seed(&i.to_string())
        .layers(layers, LAYER_BYTES)
        .build()
}

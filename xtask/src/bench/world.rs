//! What the programs are measured on: a registry behind TLS and a token server, some way off, with images in it.

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

/// How many bytes a layer has: what is measured is round trips, not bandwidth.
const LAYER_BYTES: usize = 100;

/// How many repositories the images are put into with one token, so that it fits into a header.
const SEEDED_AT_ONCE: usize = 20;

/// How many threads put images in place.
const SEEDERS: usize = 4;

/// The images of one measurement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    pub(super) images: usize,
    pub(super) layers: usize,
    /// Whether each image comes in an index, with an attestation, as BuildKit pushes it.
    pub(super) attested: bool,
}

impl Work {
    /// Puts the images into a registry that asks for tokens, each into a repository of its own.
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
        let lots: Vec<&[usize]> = images.chunks(SEEDED_AT_ONCE).collect();
        for lots in lots.chunks(SEEDERS) {
            std::thread::scope(|scope| {
                let seeders: Vec<_> = lots.iter().map(|lot| scope.spawn(|| put(lot))).collect();
                let failed = |_| Err("images cannot be put in place".to_owned());
                let mut results = seeders
                    .into_iter()
                    .map(|seeder| seeder.join().unwrap_or_else(failed));
                results.try_for_each(|result| result)
            })?;
        }
        Ok(())
    }

    /// The images, as references to what is at `host`.
    pub(super) fn images(self, host: &str) -> Vec<String> {
        let reference = |i| format!("{host}/{}:1", source(i));
        (0..self.images).map(reference).collect()
    }
}

/// What listens.
enum Registry {
    /// CNCF distribution, behind a proxy that ends TLS and makes it far.
    Real {
        proxy: LoggingProxy,
        _registry: RealRegistry,
    },
    /// The testkit's own, in memory.
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

/// A registry with images, and a home folder for those who use it.
pub(super) struct World {
    registry: Registry,
    tokens: TokenServer,
    home: Home,
    pub(super) work: Work,
    pub(super) latency: Duration,
}

/// What was asked of registry and token server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traffic {
    pub(super) requests: usize,
    pub(super) tokens: usize,
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

    /// Starts an embedded registry with the images: one that answers fast.
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

    /// Ends the servers, and leaves the home folder. Where a thousand files were just removed, some file systems take many times
    /// as long to make new ones, so that the next program would pay for what this one left.
    pub(super) fn end(self) -> Home {
        self.home
    }

    /// The images, as references.
    pub(super) fn images(&self) -> Vec<String> {
        self.work.images(&self.host())
    }

    fn log(&self) -> &RequestLog {
        match &self.registry {
            Registry::Real { proxy, .. } => proxy.log(),
            Registry::Embedded(registry) => registry.log(),
        }
    }

    /// Returns the requests since the last time.
    pub(super) fn requests(&self) -> Vec<Request> {
        self.log().requests()
    }

    /// Returns what was asked since the last time.
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

/// Returns how many requests followed one another, each after the answer to the one before: those that only opened the
/// conversation (the challenge) left aside.
pub(super) fn waves(requests: &[Request]) -> usize {
    let requests = requests.iter().filter(|request| request.status != 401);
    longest_chain(&requests.cloned().collect::<Vec<_>>())
}

/// Returns an address of this machine: Docker's CLI does not speak TLS with a registry on loopback.
fn own_address() -> Result<IpAddr, String> {
    // Nothing is sent: the system says from where it would go there. The address is one that documentation uses.
    let ask = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect((Ipv4Addr::new(198, 51, 100, 1), 9))?;
        Ok::<_, std::io::Error>(socket.local_addr()?.ip())
    };
    ask().map_err(|error| format!("this machine has no address but loopback: {error}"))
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

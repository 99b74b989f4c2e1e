//! The cache between runs: the round trips that it saves, and that its content is never trusted.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use manifest_core::Digest;
use manifest_core::reference::Repository;
use manifest_registry::{
    Cache, Certificates, Client, ClientConfig, Credentials, Insecure, KnownRegistries, Pem,
    concurrent, limits,
};
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::log::longest_chain;
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};
use serde_json::json;

use crate::publish::Job;
use crate::{config, reference, run};

/// The duration of a round trip in tests that count round trips.
pub(crate) const LATENCY: Duration = Duration::from_millis(150);

/// A cache in memory.
#[derive(Debug, Default)]
pub(crate) struct MemoryCache {
    pub(crate) challenges: Mutex<HashMap<String, String>>,
    pub(crate) content: Mutex<HashMap<String, Vec<u8>>>,
}

impl Cache for MemoryCache {
    fn challenge(&self, host: &str) -> Option<String> {
        self.challenges.lock().unwrap().get(host).cloned()
    }

    fn put_challenge(&self, host: &str, challenge: Option<&str>) {
        let mut challenges = self.challenges.lock().unwrap();
        match challenge {
            Some(challenge) => challenges.insert(host.to_owned(), challenge.to_owned()),
            None => challenges.remove(host),
        };
    }

    fn content(&self, repository: &Repository, digest: &Digest) -> Option<Vec<u8>> {
        let content = self.content.lock().unwrap();
        content.get(&format!("{repository}@{digest}")).cloned()
    }

    fn put_content(&self, repository: &Repository, digest: &Digest, bytes: &[u8]) {
        let mut content = self.content.lock().unwrap();
        content.insert(format!("{repository}@{digest}"), bytes.to_owned());
    }
}

/// A registry and its token server, both with TLS.
pub(crate) struct World {
    pub(crate) ca: TestCa,
    pub(crate) tokens: TokenServer,
    pub(crate) registry: EmbeddedRegistry,
    pub(crate) cache: Arc<MemoryCache>,
    pub(crate) known: KnownRegistries,
}

impl World {
    pub(crate) fn new(latency: Duration) -> Self {
        let ca = TestCa::new();
        let tokens = TokenServer::builder()
            .user("me", "pw")
            .tls(&ca)
            .latency(latency)
            .start();
        let registry = EmbeddedRegistry::builder()
            .token_auth(&tokens)
            .tls(&ca)
            .latency(latency)
            .start();
        Self {
            ca,
            tokens,
            registry,
            cache: Arc::default(),
            known: KnownRegistries::default(),
        }
    }

    /// Returns the client of a new run.
    pub(crate) fn client(&self) -> Client {
        self.client_of(Insecure::default())
    }

    pub(crate) fn client_of(&self, insecure: Insecure) -> Client {
        let login = json!({ "username": "me", "password": "pw" });
        let logins = json!({ "auths": { self.registry.host(): login } });
        Client::new(ClientConfig {
            credentials: Credentials::from_config_json(logins.to_string().as_bytes()).unwrap(),
            certificates: self.certificates(),
            insecure,
            known_registries: self.known.clone(),
            cache: self.cache.clone(),
            ..config()
        })
        .unwrap()
    }

    /// Returns certificates that make the client trust both servers.
    pub(crate) fn certificates(&self) -> Certificates {
        let roots = vec![Pem {
            name: "ca.pem".to_owned(),
            bytes: self.ca.ca_pem().into(),
        }];
        Certificates {
            roots,
            ..Certificates::default()
        }
    }

    fn cache_challenge(&self, challenge: &str) {
        let host = self.registry.host();
        self.cache.put_challenge(&host, Some(challenge));
    }

    pub(crate) fn challenge(&self) -> Option<String> {
        self.cache.challenge(&self.registry.host())
    }

    /// Returns the challenge of the registry in the form of the cache.
    pub(crate) fn expected_challenge(&self) -> String {
        format!(
            r#"Bearer realm="{}",service="{}""#,
            self.tokens.realm(),
            self.tokens.service()
        )
    }

    /// Returns the numbers of requests to the registry and to the token server, and clears both logs.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let counts = (
            self.registry.log().requests().len(),
            self.tokens.log().requests().len(),
        );
        self.clear();
        counts
    }

    pub(crate) fn clear(&self) {
        self.registry.log().clear();
        self.tokens.log().clear();
    }

    /// Returns the number of sequential round trips. The handshakes of two hosts count once if their first requests were
    /// concurrent.
    pub(crate) fn depth(&self) -> usize {
        let registry = self.registry.log().requests();
        let tokens = self.tokens.log().requests();
        let at_once =
            tokens[0].started < registry[0].answered.unwrap() && registry[0].status == 401;
        let handshakes = if at_once { 2 } else { 4 };
        handshakes + longest_chain(&[registry, tokens].concat())
    }

    /// Reads images, and returns the numbers of requests, tokens and sequential round trips. Takes the minimum of several
    /// runs, because load on the machine can only add round trips.
    pub(crate) fn read(&self, images: &[BuiltImage], is_cold: bool) -> (usize, usize, usize) {
        let measure = |_| {
            if is_cold {
                self.cache.challenges.lock().unwrap().clear();
                self.cache.content.lock().unwrap().clear();
            }
            let name = |i| reference(&self.registry.host(), &format!("source/{i}:1"));
            let references: Vec<_> = (0..images.len()).map(name).collect();
            let client = self.client().for_reading(&references);
            let read = references.iter().map(|reference| client.image(reference));
            let results = run(concurrent(limits::PARALLEL_WORK, read));
            assert!(results.iter().all(Result::is_ok), "{results:?}");
            let depth = self.depth();
            let (requests, tokens) = self.counts();
            (depth, requests, tokens)
        };
        let (depth, requests, tokens) = (0..3).map(measure).min().unwrap();
        (requests, tokens, depth)
    }
}

pub(crate) fn images(count: usize) -> Vec<BuiltImage> {
    let image = |i: usize| Image::oci().seed(&i.to_string()).layers(2, 50).build();
    (0..count).map(image).collect()
}

pub(crate) fn one_image(world: &World) -> BuiltImage {
    let image = Image::oci().build();
    world.registry.seed("app", "1", &image);
    image
}

#[test]
fn reading_again_takes_fewer_round_trips() {
    let world = World::new(LATENCY);
    let images = images(3);
    for (i, image) in images.iter().enumerate() {
        world.registry.seed(&format!("source/{i}"), "1", image);
    }
    assert_eq!(world.read(&images, true), (1 + 2 * 3, 1, 8));
    assert_eq!(world.challenge(), Some(world.expected_challenge()));
    // The token request runs concurrently with the first request, and the configurations are cached.
    assert_eq!(world.read(&images, false), (1 + 3, 1, 4));
    // Without cached content there is one more round trip.
    let forgetting = |_| {
        world.cache.content.lock().unwrap().clear();
        world.read(&images, false)
    };
    assert_eq!(forgetting(()).0, 1 + 3);
    world.cache.content.lock().unwrap().clear();
    let client = world.client();
    let target = reference(&world.registry.host(), "source/0:1");
    run(client.image(&target)).unwrap();
    assert_eq!(world.counts(), (1 + 2, 1));
}

#[test]
fn pushing_after_reading_takes_fewer_round_trips() {
    let images = images(3);
    let names: Vec<String> = (0..images.len()).map(|i| format!("source/{i}")).collect();
    let named: Vec<_> = names.iter().map(String::as_str).zip(&images).collect();
    let world = World::new(LATENCY);
    for &(name, image) in &named {
        world.registry.seed(name, "1", image);
    }
    let job = Job::new(&world.registry.host(), &named);
    let push = |number: usize| {
        let target = reference(&world.registry.host(), &format!("app{number}:1"));
        run(job.publish(&world.client(), &target)).unwrap();
        let depth = world.depth();
        (depth, world.counts())
    };
    let cold = |number| {
        world.cache.challenges.lock().unwrap().clear();
        push(number)
    };
    // The challenge; probes of tag and children; mounts of layers and configurations; children; tag; the read-back.
    let counts = (1 + 4 + 9 + 3 + 1 + 1, 1);
    assert_eq!((0..3).map(cold).min(), Some((11, counts)));
    assert_eq!((3..6).map(push).min(), Some((8, counts)));
}

#[test]
fn a_cached_challenge_with_a_wrong_token_server_is_replaced() {
    let world = World::new(Duration::ZERO);
    one_image(&world);
    let target = reference(&world.registry.host(), "app:1");
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let gone = TokenServer::builder().tls(&world.ca).start();
    let (gone_realm, service) = (gone.realm(), world.tokens.service().to_owned());
    drop(gone);
    let other = TokenServer::builder()
        .user("me", "pw")
        .tls(&world.ca)
        .start();
    for realm in [
        // This server accepts the connection and never responds.
        &format!("https://127.0.0.1:{port}/token"),
        &gone_realm,
        // This server issues tokens that the registry does not accept.
        &other.realm(),
    ] {
        world.cache_challenge(&format!(r#"Bearer realm="{realm}",service="{service}""#));
        let started = Instant::now();
        run(world.client().image(&target)).unwrap();
        // Waiting for the connection would take 30 s.
        assert!(started.elapsed() < Duration::from_secs(20), "{realm}");
        assert_eq!(
            world.challenge(),
            Some(world.expected_challenge()),
            "{realm}"
        );
        world.cache.content.lock().unwrap().clear();
        assert_eq!(world.counts(), (3, 1), "{realm}");
    }
}

#[test]
fn invalid_cached_challenges_are_not_used() {
    let world = World::new(Duration::ZERO);
    one_image(&world);
    let target = reference(&world.registry.host(), "app:1");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let authority = listener.local_addr().unwrap();
    for damaged in [
        format!(r#"Bearer realm="http://{authority}/token""#),
        format!(r#"Bearer realm="https://me:pw@{authority}/token""#),
        format!(r#"Bearer realm="https://{authority}/token?x=y""#),
        format!(r#"Bearer realm="https://{authority}/token"#),
        format!("https://{authority}/token"),
        "Basic realm=\"x\"".to_owned(),
        "\0\n".to_owned(),
        String::new(),
    ] {
        world.cache_challenge(&damaged);
        run(world.client().image(&target)).unwrap();
        assert_eq!(
            world.challenge(),
            Some(world.expected_challenge()),
            "{damaged}"
        );
        let visit = listener.accept().unwrap_err();
        assert_eq!(visit.kind(), ErrorKind::WouldBlock, "{damaged}");
    }
    // The cache is not used for a host without certificate verification either.
    let insecure = || Insecure {
        all: true,
        ..Insecure::default()
    };
    let trap = format!(r#"Bearer realm="https://{authority}/token""#);
    world.cache_challenge(&trap);
    run(world.client_of(insecure()).image(&target)).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(world.challenge(), Some(trap));
    world.cache.challenges.lock().unwrap().clear();
    run(world.client_of(insecure()).image(&target)).unwrap();
    assert_eq!(world.challenge(), None);
}

#[test]
fn a_registry_that_no_longer_requires_a_login() {
    let world = World::new(Duration::ZERO);
    let open = EmbeddedRegistry::builder().tls(&world.ca).start();
    open.seed("app", "1", &Image::oci().build());
    world
        .cache
        .put_challenge(&open.host(), Some(&world.expected_challenge()));
    run(world.client().image(&reference(&open.host(), "app:1"))).unwrap();
    assert_eq!(world.cache.challenge(&open.host()), None);
    assert!(open.log().requests().iter().all(|r| r.status == 200));
}

#[test]
fn a_cached_challenge_does_not_change_token_errors() {
    let world = World::new(Duration::ZERO);
    one_image(&world);
    let target = reference(&world.registry.host(), "app:1");
    let logins =
        json!({ "auths": { world.registry.host(): { "username": "me", "password": "no" } } });
    let stranger = || {
        Client::new(ClientConfig {
            credentials: Credentials::from_config_json(logins.to_string().as_bytes()).unwrap(),
            certificates: world.certificates(),
            cache: world.cache.clone(),
            ..config()
        })
        .unwrap()
    };
    let cold = run(stranger().image(&target)).unwrap_err();
    let counts = world.counts();
    assert_eq!(world.challenge(), Some(world.expected_challenge()));
    let warm = run(stranger().image(&target)).unwrap_err();
    assert_eq!(warm.to_string(), cold.to_string());
    assert!(warm.is_unauthorized());
    assert_eq!(world.counts(), counts);
}

#[test]
fn cached_content_is_verified_again() {
    let world = World::new(Duration::ZERO);
    let image = one_image(&world);
    let host = world.registry.host();
    let target = reference(&host, "app:1");
    let config = Digest::sha256(&image.config);
    let platform = run(world.client().image(&target)).unwrap().1;
    let kept = || world.cache.content(target.repository(), &config);
    assert_eq!(kept().unwrap(), image.config);
    world.clear();
    let mut flipped = image.config.clone();
    flipped[0] ^= 1;
    for poison in [&b""[..], b"{}", &flipped, &image.config[1..]] {
        world
            .cache
            .put_content(target.repository(), &config, poison);
        assert_eq!(run(world.client().image(&target)).unwrap().1, platform);
        assert_eq!(kept().unwrap(), image.config);
        // The challenge, the manifest and the configuration.
        assert_eq!(world.counts().0, 3);
    }
    assert_eq!(run(world.client().image(&target)).unwrap().1, platform);
    assert_eq!(world.counts().0, 2);
    // A manifest that the caller names is always requested, even by digest, so a missing manifest is an error.
    let named = target.repository().at(Digest::sha256(&image.manifest));
    run(world.client().image(&named)).unwrap();
    assert_eq!(world.counts().0, 2);
    let elsewhere = reference(&host, "other:1");
    let named = elsewhere.repository().at(Digest::sha256(&image.manifest));
    assert!(
        run(world.client().image(&named))
            .unwrap_err()
            .is_not_found()
    );
}

#[test]
fn children_are_cached_by_repository() {
    let world = World::new(Duration::ZERO);
    let image = one_image(&world);
    let host = world.registry.host();
    let repository = reference(&host, "app:1").repository().clone();
    let descriptor = run(world.client().manifest(&reference(&host, "app:1")))
        .unwrap()
        .descriptor();
    let cold = run(world.client().child(&repository, &descriptor)).unwrap();
    world.clear();
    let warm = run(world.client().child(&repository, &descriptor)).unwrap();
    assert_eq!((warm.bytes(), warm.digest()), (cold.bytes(), cold.digest()));
    assert_eq!(world.counts(), (0, 0));
    // A descriptor with another size or media type, or another repository, does not match the cache.
    for (size, media_type) in [
        (descriptor.size + 1, descriptor.media_type.as_str()),
        (descriptor.size, &Index::oci().build().media_type),
    ] {
        let other = manifest_core::Descriptor {
            size,
            media_type: media_type.to_owned(),
            ..descriptor.clone()
        };
        run(world.client().child(&repository, &other)).unwrap_err();
        assert!(world.counts().0 > 0);
    }
    let other = reference(&host, "other:1").repository().clone();
    run(world.client().child(&other, &descriptor)).unwrap_err();
    assert_eq!(descriptor.size, image.manifest.len() as u64);
}

//! The numbers of requests and of sequential round trips to a real registry with TLS and a token server, without a cache.

use std::time::Duration;

use manifest_core::{Digest, TagState};
use manifest_registry::{Client, ClientConfig, Credentials, Insecure, concurrent, limits};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::log::longest_chain;
use manifest_testkit::{
    Client as Seeder, EmbeddedRegistry, LoggingProxy, RealRegistry, TestCa, TokenServer, seed,
};
use serde_json::json;

use crate::publish::Job;
use crate::{reference, run};

/// Returns the delay of a round trip, which is long compared to the time for the responses to this many requests.
fn delay(images: usize) -> Duration {
    Duration::from_millis(if images > 20 { 800 } else { 150 })
}

/// A real registry as in production: with TLS, HTTP/2, tokens and latency.
struct World {
    tokens: TokenServer,
    proxy: LoggingProxy,
    _registry: RealRegistry,
    /// The number of token requests for the pushes of the images.
    seeded: usize,
}

impl World {
    /// Starts a registry with each of these images in its own repository `source/N`, or all in `app`.
    fn with(images: &[BuiltImage], apart: bool) -> Self {
        let ca = TestCa::new();
        let delay = delay(images.len());
        let tokens = TokenServer::builder()
            .user("me", "pw")
            .tls(&ca)
            .latency(delay)
            .start();
        let registry = RealRegistry::builder().token_auth(&tokens).start();
        let name = |i: usize| {
            if apart {
                format!("source/{i}")
            } else {
                "app".to_owned()
            }
        };
        let names: Vec<String> = (0..images.len()).map(name).collect();
        let groups = names.chunks(limits::SCOPES_PER_TOKEN);
        for (names, images) in groups.zip(images.chunks(limits::SCOPES_PER_TOKEN)) {
            let login = Seeder::new(&tokens.host())
                .tls(ca.client_config())
                .basic("me", "pw");
            let scopes = names
                .iter()
                .map(|name| format!("&scope=repository:{name}:pull,push"));
            let path = format!("/token?service=testkit{}", scopes.collect::<String>());
            let token = login.get(&path).unwrap().json()["token"]
                .as_str()
                .unwrap()
                .to_owned();
            let seeder = Seeder::new(&registry.host()).bearer(&token);
            for (name, image) in names.iter().zip(images) {
                seed::push_with(&seeder, name, &tag(image), image);
            }
        }
        let seeded = tokens.requested_scopes().len();
        let proxy = LoggingProxy::builder(&registry.host())
            .tls(&ca)
            .delay(delay)
            .start();
        let world = Self {
            tokens,
            proxy,
            _registry: registry,
            seeded,
        };
        world.tokens.log().clear();
        world
    }

    fn client(&self) -> Client {
        let login = json!({ "username": "me", "password": "pw" });
        let config = json!({ "auths": { self.proxy.host(): login } });
        Client::new(ClientConfig {
            credentials: Credentials::from_config_json(config.to_string().as_bytes()).unwrap(),
            insecure: Insecure {
                all: true,
                ..Insecure::default()
            },
            ..ClientConfig::default()
        })
        .unwrap()
    }

    /// Returns the requested scopes since the pushes of the images.
    fn scopes(&self) -> Vec<String> {
        self.tokens.requested_scopes().split_off(self.seeded)
    }

    /// Returns the number of sequential round trips: TCP and TLS of the registry and of the token server, and the longest
    /// chain of requests of which each starts after the response to the previous request.
    fn depth(&self) -> usize {
        assert_eq!(self.proxy.log().connections(), 1);
        let mut requests = self.proxy.log().requests();
        requests.extend(self.tokens.log().requests());
        2 + 2 + longest_chain(&requests)
    }
}

/// Returns a unique tag for an image, because all images may be in one repository.
fn tag(image: &BuiltImage) -> String {
    Digest::sha256(&image.manifest).as_str()["sha256:".len()..].to_owned()
}

fn images(count: usize) -> Vec<BuiltImage> {
    let image = |i: usize| Image::oci().seed(&i.to_string()).layers(3, 50).build();
    (0..count).map(image).collect()
}

#[test]
fn a_push_with_mounts() {
    let images = images(8);
    let world = World::with(&images, true);
    let host = world.proxy.host();
    let names: Vec<String> = (0..images.len()).map(|i| format!("source/{i}")).collect();
    let named: Vec<_> = names.iter().map(String::as_str).zip(&images).collect();
    let job = Job::new(&host, &named);
    let published = run(job.publish(&world.client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(
        (published.mounted, published.uploaded, published.written),
        (32, 0, 9)
    );
    assert!(published.tags[0].verification_error.is_none());
    // One token with these scopes, in this order.
    let sources = names.iter().map(|name| format!(" repository:{name}:pull"));
    let scope = format!("repository:app:pull,push{}", sources.collect::<String>());
    assert_eq!(world.scopes(), [scope]);
    let log = world.proxy.log();
    assert_eq!(log.count(|r| r.status == 401), 1);
    // The challenge; probes of tag and children; mounts; children; tag; the read-back.
    assert_eq!(
        log.requests().len(),
        1 + 9 + 32 + 8 + 1 + 1,
        "{:#?}",
        log.lines()
    );
    assert!(log.requests().iter().all(|r| r.http2));
    assert!(world.depth() <= 13, "{}", world.depth());
    assert_eq!(world.depth(), 11);
    // A second push without a cache writes nothing.
    log.clear();
    world.tokens.log().clear();
    let again = run(job.publish(&world.client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(again.written, 0);
    assert!(log.requests().iter().all(|r| r.method == "HEAD"));
    assert_eq!((log.requests().len(), world.depth()), (1 + 9, 7));
}

#[test]
fn a_push_from_more_repositories_than_one_token_covers() {
    let images = images(30);
    let world = World::with(&images, true);
    let host = world.proxy.host();
    let names: Vec<String> = (0..images.len()).map(|i| format!("source/{i}")).collect();
    let named: Vec<_> = names.iter().map(String::as_str).zip(&images).collect();
    let job = Job::new(&host, &named);
    let released = run(job.release(&world.client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(released.published[0].mounted, 120);
    // Each token has push access.
    let scopes = world.scopes();
    let each = limits::SCOPES_OF_SEVERAL_TOKENS - 1;
    assert_eq!(scopes.len(), images.len().div_ceil(each));
    for scope in &scopes {
        assert!(
            scope.starts_with("repository:app:pull,push repository:source/"),
            "{scope}"
        );
    }
    assert_eq!(world.tokens.log().connections(), 1);
    // The tokens are fetched while the target is probed.
    assert_eq!(world.depth(), 11);
}

#[test]
fn a_push_without_mounts() {
    let images = images(3);
    let world = World::with(&images, false);
    let host = world.proxy.host();
    let job = Job::in_target(&images);
    run(job.publish(&world.client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(world.scopes(), ["repository:app:pull,push"]);
    assert_eq!(
        world.proxy.log().requests().len(),
        1 + 3,
        "{:?}",
        world.proxy.log().lines()
    );
    assert_eq!(world.depth(), 9);
}

#[test]
fn reading() {
    for (count, apart) in [(1, true), (20, false), (20, true), (100, true)] {
        let images = images(count);
        let world = World::with(&images, apart);
        let host = world.proxy.host();
        let name = |i: usize| {
            if apart {
                format!("source/{i}")
            } else {
                "app".to_owned()
            }
        };
        let references: Vec<_> = images
            .iter()
            .enumerate()
            .map(|(i, image)| reference(&host, &format!("{}:{}", name(i), tag(image))))
            .collect();
        // Load on the machine can only add round trips.
        let mut depths = Vec::new();
        while depths.len() < 3 && !depths.contains(&8) {
            world.proxy.log().clear();
            world.tokens.log().clear();
            let client = world.client().for_reading(&references);
            let read = references.iter().map(|reference| client.image(reference));
            let results = run(concurrent(limits::PARALLEL_WORK, read));
            assert!(results.iter().all(Result::is_ok));
            // The challenge, then the manifest and configuration of each image.
            assert_eq!(world.proxy.log().requests().len(), 1 + 2 * count);
            // One connection serves all token requests.
            assert_eq!(world.tokens.log().connections(), 1);
            depths.push(world.depth());
        }
        // One token for all repositories, as far as they fit in a URL. Several tokens are requested concurrently.
        let names: Vec<String> = if apart {
            (0..count).map(|i| format!("source/{i}")).collect()
        } else {
            vec!["app".to_owned()]
        };
        let size = match names.len() {
            0..=limits::SCOPES_PER_TOKEN => limits::SCOPES_PER_TOKEN,
            _ => limits::SCOPES_OF_SEVERAL_TOKENS,
        };
        let mut expected: Vec<String> = names
            .chunks(size)
            .map(|names| {
                let scopes = names.iter().map(|name| format!("repository:{name}:pull"));
                scopes.collect::<Vec<_>>().join(" ")
            })
            .collect();
        // The scopes of the last run.
        let mut scopes = world.scopes();
        scopes = scopes.split_off(scopes.len() - expected.len());
        scopes.sort();
        expected.sort();
        assert_eq!(scopes, expected);
        assert_eq!(depths.iter().min(), Some(&8), "{count} {apart}: {depths:?}");
    }
}

#[test]
fn a_tag_is_probed_concurrently_with_reads() {
    for (count, apart) in [(1, true), (20, false), (20, true)] {
        let images = images(count);
        let world = World::with(&images, apart);
        let host = world.proxy.host();
        let name = |i: usize| match apart {
            true => format!("source/{i}"),
            false => "app".to_owned(),
        };
        let references: Vec<_> = images
            .iter()
            .enumerate()
            .map(|(i, image)| reference(&host, &format!("{}:{}", name(i), tag(image))))
            .collect();
        let list = reference(&host, "app:list");
        // Load on the machine can only add round trips.
        let mut depths = Vec::new();
        while depths.len() < 3 && !depths.contains(&8) {
            world.proxy.log().clear();
            world.tokens.log().clear();
            let client = world.client().for_reading(&references);
            let read = references.iter().map(|reference| client.image(reference));
            let read = concurrent(limits::PARALLEL_WORK, read);
            let all = async { read.await.into_iter().collect::<Result<Vec<_>, _>>() };
            let (_, shown) = run(client.with_tag_state(&list, all)).unwrap();
            // An unknown repository counts as a missing tag.
            assert_eq!(shown, Some(TagState::Absent));
            let log = world.proxy.log();
            assert_eq!(log.count(|r| r.method == "HEAD"), 1);
            assert_eq!(log.requests().len(), 1 + 2 * count + 1);
            // If the token for reads does not cover the repository of the tag, there is one more token.
            let tokens = world.tokens.log().requests().len();
            assert_eq!(tokens, if apart { 2 } else { 1 });
            depths.push(world.depth());
        }
        assert_eq!(depths.iter().min(), Some(&8), "{count} {apart}: {depths:?}");
    }
}

#[test]
fn concurrency_is_bounded_by_the_protocol() {
    let ca = TestCa::new();
    let image = Image::oci().layers(119, 10).build();
    for (http2, most) in [(true, 120), (false, limits::REQUESTS_PER_HOST)] {
        let latency = Duration::from_millis(300);
        let mut builder = EmbeddedRegistry::builder().tls(&ca).latency(latency);
        if !http2 {
            builder = builder.http1_only();
        }
        let registry = builder.start();
        registry.seed("source", "1", &image);
        let job = Job::new(&registry.host(), &[("source", &image)]);
        let client = crate::insecure();
        run(job.publish(&client, &reference(&registry.host(), "app:1"))).unwrap();
        let log = registry.log();
        assert_eq!(log.max_in_flight(), most);
        // The next request may open another connection if one is not back in the pool yet.
        let connections = log.connections();
        assert!(
            if http2 {
                connections == 1
            } else {
                connections < 2 * most
            },
            "{connections}"
        );
    }
}

#[test]
fn many_requests_get_another_connection() {
    let ca = TestCa::new();
    let image = Image::oci().layers(1499, 20).build();
    let latency = Duration::from_millis(100);
    let registry = EmbeddedRegistry::builder()
        .tls(&ca)
        .latency(latency)
        .start();
    registry.seed("source", "1", &image);
    let job = Job::new(&registry.host(), &[("source", &image)]);
    let client = crate::insecure();
    let published = run(job.publish(&client, &reference(&registry.host(), "app:1"))).unwrap();
    assert_eq!(published.mounted, 1500);
    let log = registry.log();
    assert_eq!(log.connections(), limits::CONNECTIONS_PER_HOST_HTTP2);
    assert!(log.max_in_flight() > limits::REQUESTS_PER_HOST_HTTP2);
    // The requests that open connections, and only necessary requests: two probes, mounts, image, list, and its read-back.
    let others = limits::CONNECTIONS_PER_HOST_HTTP2 - 1;
    assert_eq!(log.count(|r| r.path == "/v2/"), others);
    assert_eq!(log.count(|_| true), others + 2 + 1500 + 1 + 1 + 1);
}

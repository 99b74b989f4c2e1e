//! Bodies of blobs: their connections, and the bound on concurrent bodies.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use manifest_registry::{
    Client, ClientConfig, Insecure, Observer, Published, Resuming, RetryPolicy, Retrying, limits,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::{EmbeddedRegistry, TestCa};

use crate::publish::Job;
use crate::{config, reference, run};

/// The size in bytes of a layer that uses a connection for bodies.
pub(crate) const LARGE: usize = 70_000;

/// Records retries and resumed uploads.
#[derive(Debug, Default)]
pub(crate) struct RetryLog {
    pub(crate) retries: Mutex<Vec<String>>,
    resumed: Mutex<usize>,
}

impl Observer for RetryLog {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.retries.lock().unwrap().push(retry.error.to_string());
    }

    fn resuming(&self, _: &Resuming<'_>) {
        *self.resumed.lock().unwrap() += 1;
    }
}

/// Returns a client that accepts any certificate, and the record of its retries.
fn client() -> (Client, Arc<RetryLog>) {
    client_with(config())
}

pub(crate) fn client_with(config: ClientConfig) -> (Client, Arc<RetryLog>) {
    let notes = Arc::new(RetryLog::default());
    let insecure = Insecure {
        all: true,
        ..Insecure::default()
    };
    let client = Client::new(ClientConfig {
        insecure,
        observer: notes.clone(),
        ..config
    });
    (client.unwrap(), notes)
}

pub(crate) fn image(layers: usize, bytes: usize) -> BuiltImage {
    Image::oci().layers(layers, bytes).build()
}

/// Copies an image from one registry to another.
pub(crate) fn copy(
    client: &Client,
    from: &EmbeddedRegistry,
    to: &EmbeddedRegistry,
    image: &BuiltImage,
) -> Published {
    let job = Job::new(&from.host(), &[("source", image)]);
    let published = run(job.publish(client, &reference(&to.host(), "app:1")));
    let published = published.unwrap_or_else(|error| panic!("{}", crate::chain(&error)));
    for digest in image.blob_digests() {
        assert!(to.blob("app", &digest).is_some(), "{digest}");
    }
    published
}

pub(crate) fn tls(ca: &TestCa) -> EmbeddedRegistry {
    EmbeddedRegistry::builder().tls(ca).start()
}

#[test]
fn large_blobs_leave_the_http2_connection() {
    let ca = TestCa::new();
    let (source, target) = (tls(&ca), tls(&ca));
    let image = Image::oci()
        .layer(&[1; LARGE])
        .layer(&[2; LARGE])
        .layer(&[3; limits::SMALL_BLOB as usize])
        .build();
    source.seed("source", "1", &image);
    let published = copy(&client().0, &source, &target, &image);
    assert_eq!(published.uploaded, 4);
    assert_eq!(target.open_uploads("app"), 0);
    for registry in [&source, &target] {
        let large = |length: usize| length > limits::SMALL_BLOB as usize;
        let requests = registry.log().requests();
        let by_http1: Vec<_> = requests.iter().filter(|r| !r.http2).collect();
        assert_eq!(by_http1.len(), 2, "{:#?}", registry.log().lines());
        for request in by_http1 {
            let is_download = request.method == "GET" && request.path.contains("/blobs/sha256:");
            let is_upload = request.method == "PUT" && large(request.body_len);
            assert!(is_download || is_upload, "{}", request.line());
        }
        assert!(registry.log().connections() <= 3);
        // The first connection for bodies resumes the TLS session of an earlier connection to the host.
        assert!(registry.log().resumed_connections() >= 1);
    }
}

#[test]
fn a_host_with_only_http2_gets_bodies_by_http2() {
    let ca = TestCa::new();
    let builder = || EmbeddedRegistry::builder().tls(&ca).http2_only();
    let (source, target) = (builder().start(), builder().start());
    let image = image(20, LARGE);
    source.seed("source", "1", &image);
    let (client, notes) = client();
    let (from, to) = (
        reference(&source.host(), "source:1"),
        reference(&target.host(), "app:1"),
    );
    let job = Job::new(&source.host(), &[("source", &image)]);
    run(async {
        client.manifest(&from).await.unwrap();
        let published = job.publish(&client, &to).await.unwrap();
        assert_eq!(published.uploaded, 21);
    });
    assert!(target.log().requests().iter().all(|r| r.http2));
    let retries = notes.retries.lock().unwrap();
    assert!(retries.is_empty(), "{retries:#?}");
}

#[test]
fn a_connection_that_is_cut_does_not_leave_a_host_with_one_request_at_a_time() {
    let ca = TestCa::new();
    let latency = Duration::from_millis(50);
    let registry = EmbeddedRegistry::builder()
        .tls(&ca)
        .latency(latency)
        .start();
    let image = image(200, 50);
    registry.seed("source", "1", &image);
    // All mounts are in flight on one connection when it is cut.
    let cut = Fault::on("POST", "/blobs/uploads/").nth(100).times(1);
    registry.fault(cut.respond(Response::ResetBeforeHeaders));
    let job = Job::new(&registry.host(), &[("source", &image)]);
    let (client, notes) = client();
    let published = run(job.publish(&client, &reference(&registry.host(), "app:1"))).unwrap();
    assert_eq!(published.mounted, 201);
    assert!(notes.retries.lock().unwrap().len() > 50);
    // The retries are concurrent, too.
    let requests = registry.log().requests();
    let is_mount = |r: &&manifest_testkit::log::Request| r.status == 201 && r.method == "POST";
    let mounts: Vec<_> = requests.iter().filter(is_mount).collect();
    let under_way = |moment| {
        let is_under_way = |r: &&&manifest_testkit::log::Request| {
            r.started <= moment && r.answered.unwrap() > moment
        };
        mounts.iter().filter(is_under_way).count()
    };
    let most = mounts.iter().map(|r| under_way(r.started)).max();
    assert!(most > Some(20), "{most:?}");
}

#[test]
fn missing_blobs_are_probed_concurrently() {
    let ca = TestCa::new();
    let latency = Duration::from_millis(300);
    let source = tls(&ca);
    let target = EmbeddedRegistry::builder()
        .tls(&ca)
        .latency(latency)
        .start();
    let image = image(60, 100);
    source.seed("source", "1", &image);
    copy(&client().0, &source, &target, &image);
    let log = target.log();
    let looks = log.requests().into_iter();
    let looks: Vec<_> = looks.filter(|r| r.is("HEAD", "/blobs/")).collect();
    let last = looks.iter().map(|r| r.started).max().unwrap();
    assert_eq!(looks.len(), 61);
    assert!(looks.iter().all(|r| r.answered.unwrap() > last));
}

#[test]
fn source_and_session_are_opened_concurrently_without_other_requests() {
    let ca = TestCa::new();
    let latency = Duration::from_millis(200);
    let builder = || EmbeddedRegistry::builder().tls(&ca).latency(latency);
    for bytes in [100, LARGE] {
        let (source, target) = (builder().start(), builder().start());
        let image = image(1, bytes);
        source.seed("source", "1", &image);
        target.put_blob("app", &image.config);
        let (client, _) = client();
        let (from, to) = (
            reference(&source.host(), "source:1"),
            reference(&target.host(), "app:1"),
        );
        let job = Job::new(&source.host(), &[("source", &image)]);
        run(async {
            // Both hosts already have a connection, as in any copy.
            client.manifest(&from).await.unwrap();
            job.publish(&client, &to).await.unwrap();
        });
        let layer = &image.layers[0].digest;
        let gets = source.log().requests();
        let get = gets.iter().find(|r| r.is("GET", layer)).unwrap();
        let requests = target.log().requests();
        let of_layer = |r: &&manifest_testkit::log::Request| {
            r.path.contains(layer) || r.path.contains("/blobs/uploads/")
        };
        let of_layer: Vec<_> = requests.iter().filter(of_layer).collect();
        let [head, post, put] = of_layer.as_slice() else {
            panic!("{:#?}", target.log().lines())
        };
        assert_eq!(
            [&head.method, &post.method, &put.method],
            ["HEAD", "POST", "PUT"]
        );
        // A large blob first needs a connection.
        assert!(get.started < post.answered.unwrap() || bytes == LARGE);
        assert!(post.started < get.answered.unwrap(), "{bytes}");
    }
}

#[test]
fn bodies_are_bounded() {
    let ca = TestCa::new();
    let latency = Duration::from_millis(100);
    let builder = || EmbeddedRegistry::builder().tls(&ca).latency(latency);
    let (source, target) = (builder().start(), builder().start());
    let image = image(60, LARGE);
    source.seed("source", "1", &image);
    copy(&client().0, &source, &target, &image);
    for registry in [&source, &target] {
        let log = registry.log();
        let bodies = |r: &&manifest_testkit::log::Request| !r.http2;
        let requests = log.requests();
        let bodies: Vec<_> = requests.iter().filter(bodies).collect();
        let at = |moment| {
            let is_under_way = |r: &&&manifest_testkit::log::Request| {
                r.started <= moment && r.answered.unwrap() > moment
            };
            bodies.iter().filter(is_under_way).count()
        };
        let most = bodies.iter().map(|r| at(r.started)).max();
        assert_eq!(most, Some(limits::BODY_CONNECTIONS));
        assert!(
            log.connections() <= 1 + limits::BODY_CONNECTIONS + 4,
            "{}",
            log.connections()
        );
    }
}

#[test]
fn bodies_are_bounded_within_one_host() {
    // Each copy holds a download while it waits for an upload.
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).never_mount().start();
    let image = image(3 * limits::BODY_CONNECTIONS, LARGE);
    registry.seed("source", "1", &image);
    let published = copy(&client().0, &registry, &registry, &image);
    assert_eq!(published.uploaded, image.layers.len() + 1);
}

#[test]
fn a_host_with_a_connection_limit_gets_few_connections() {
    for (ca, most) in [
        (Some(TestCa::new()), 4),
        (Some(TestCa::new()), 2),
        (None, 4),
    ] {
        let latency = Duration::from_millis(30);
        let mut builder = EmbeddedRegistry::builder()
            .max_connections(most)
            .latency(latency);
        let mut source = EmbeddedRegistry::builder();
        if let Some(ca) = &ca {
            (builder, source) = (builder.tls(ca), source.tls(ca));
        }
        let (source, target) = (source.start(), builder.start());
        let image = image(40, LARGE);
        source.seed("source", "1", &image);
        let retry = RetryPolicy {
            max_retries: 5,
            first_backoff: Duration::from_millis(20),
            ..RetryPolicy::default()
        };
        let (client, notes) = client_with(ClientConfig { retry, ..config() });
        let published = copy(&client, &source, &target, &image);
        assert_eq!(published.uploaded, 41);
        let log = target.log();
        assert!(log.refused_connections() > 0);
        // The client adapts: most of the forty connections are accepted at once.
        assert!(
            log.refused_connections() < 60,
            "{}",
            log.refused_connections()
        );
        let retries = notes.retries.lock().unwrap();
        assert!(retries.len() < 30, "{most}: {retries:#?}");
    }
}

#[test]
fn a_host_with_a_rate_limit_gets_fewer_requests() {
    let ca = TestCa::new();
    for (layers, bytes) in [(80, 100), (40, LARGE)] {
        let source = tls(&ca);
        let target = EmbeddedRegistry::builder()
            .tls(&ca)
            .max_requests(5)
            .latency(Duration::from_millis(20))
            .start();
        let image = image(layers, bytes);
        source.seed("source", "1", &image);
        let retry = RetryPolicy {
            max_retries: 6,
            first_backoff: Duration::from_millis(50),
            ..RetryPolicy::default()
        };
        let (client, _) = client_with(ClientConfig { retry, ..config() });
        let published = copy(&client, &source, &target, &image);
        assert_eq!(published.uploaded, layers + 1);
        // The client exceeds the limit at first, but sends fewer than twice the accepted requests in vain.
        let refused = target.log().count(|r| r.status == 429);
        let others = target.log().count(|r| r.status != 429);
        assert!(refused > 0 && refused < 2 * others, "{refused} of {others}");
    }
}

#[test]
fn a_small_blob_uses_a_single_post_if_the_registry_supports_it() {
    let ca = TestCa::new();
    let is_single =
        |r: &manifest_testkit::log::Request| r.method == "POST" && r.query.starts_with("digest=");
    // If there are many blobs, one is the trial. Those that start at the same time use sessions.
    let (source, target) = (tls(&ca), tls(&ca));
    let few = image(3, 100);
    let many = Image::oci().seed("many").layers(20, 100).build();
    let more = Image::oci().seed("more").layers(20, 100).build();
    for (image, tag) in [(&few, "1"), (&many, "2"), (&more, "3")] {
        source.seed("source", tag, image);
    }
    let (client, _) = client();
    copy(&client, &source, &target, &few);
    assert_eq!(target.log().count(is_single), 0);
    copy(&client, &source, &target, &many);
    assert_eq!(target.log().count(is_single), 1);
    target.log().clear();
    copy(&client, &source, &target, &more);
    assert_eq!(target.log().count(is_single), 21);
    assert_eq!(target.log().count(|r| r.is("PUT", "/blobs/uploads/")), 0);
}

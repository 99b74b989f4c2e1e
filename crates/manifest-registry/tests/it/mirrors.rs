//! Mirrors: the reads that use them, the requests that never do, and the fallback to the registry.

use std::sync::{Arc, Mutex};

use manifest_core::{Descriptor, Reference};
use manifest_registry::{
    Child, Client, ClientConfig, Credentials, Event, Mirror, MirrorRule, Mirrors, Observer,
    Precondition, Publication, PullFromMirror, RegistryError, Retrying,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::{EmbeddedRegistry, TestCa};
use serde_json::json;

use crate::{config, reference, run};

/// Records retries and failed mirrors.
#[derive(Debug, Default)]
struct EventLog(Mutex<Vec<String>>);

impl Observer for EventLog {
    fn retrying(&self, retry: &Retrying<'_>) {
        self.0.lock().unwrap().push(retry.to_string());
    }

    fn event(&self, event: &Event<'_>) {
        if let Event::MirrorFailed { mirror, .. } = event {
            self.0
                .lock()
                .unwrap()
                .push(format!("passed over: {mirror}"));
        }
    }
}

/// A registry with an image, and a mirror of it under `hub/`.
struct Stage {
    image: BuiltImage,
    registry: EmbeddedRegistry,
    mirror: EmbeddedRegistry,
    heard: Arc<EventLog>,
    target: Reference,
}

impl Stage {
    fn new() -> Self {
        Self::with(EmbeddedRegistry::start())
    }

    fn with(mirror: EmbeddedRegistry) -> Self {
        let image = Image::oci().build();
        let registry = EmbeddedRegistry::start();
        registry.seed("app", "1", &image);
        let target = reference(&registry.host(), "app:1");
        Self {
            image,
            registry,
            mirror,
            heard: Arc::default(),
            target,
        }
    }

    fn client(&self) -> Client {
        self.client_with(Credentials::default())
    }

    fn client_with(&self, credentials: Credentials) -> Client {
        let location = format!("{}/hub", self.mirror.host());
        let rule = MirrorRule {
            prefix: self.registry.host(),
            mirrors: vec![Mirror::new(&location, PullFromMirror::All).unwrap()],
        };
        Client::new(ClientConfig {
            mirrors: Mirrors {
                rule_sets: vec![vec![rule]],
            },
            credentials,
            observer: self.heard.clone(),
            ..config()
        })
        .unwrap()
    }

    fn impatient_client(&self) -> Client {
        let location = format!("{}/hub", self.mirror.host());
        let rule = MirrorRule {
            prefix: self.registry.host(),
            mirrors: vec![Mirror::new(&location, PullFromMirror::All).unwrap()],
        };
        Client::new(ClientConfig {
            timeouts: crate::impatient(),
            mirrors: Mirrors {
                rule_sets: vec![vec![rule]],
            },
            observer: self.heard.clone(),
            ..config()
        })
        .unwrap()
    }

    fn heard(&self) -> Vec<String> {
        self.heard.0.lock().unwrap().clone()
    }

    fn config_path(&self, repository: &str) -> String {
        format!("/v2/{repository}/blobs/{}", self.image.config_digest)
    }
}

#[test]
fn content_of_a_mirror_is_read_from_the_mirror() {
    let stage = Stage::new();
    stage.mirror.seed("hub/app", "1", &stage.image);
    let (manifest, platform) = run(stage.client().image(&stage.target)).unwrap();
    assert_eq!(manifest.digest().as_str(), stage.image.digest);
    assert!(platform.is_some());
    assert_eq!(
        stage.mirror.log().lines(),
        [
            "GET /v2/hub/app/manifests/1 200".to_owned(),
            format!("GET {} 200", stage.config_path("hub/app")),
        ]
    );
    assert!(stage.registry.log().requests().is_empty());
    assert_eq!(stage.heard(), [""; 0]);
}

#[test]
fn sources_are_looked_up_in_the_mirror() {
    let stage = Stage::new();
    stage.mirror.seed("hub/app", "1", &stage.image);
    let client = stage.client();
    let digest = run(client.pin(&stage.target)).unwrap();
    assert_eq!(digest.as_str(), stage.image.digest);
    let pinned = run(client.pinned_manifest(stage.target.repository(), &digest)).unwrap();
    assert_eq!(pinned.digest(), &digest);
    assert!(stage.registry.log().lines().is_empty());
}

/// Returns a client with a mirror whose certificate is not trusted. The rules of the prefixes in `insecure` allow that, and
/// those in `checked` do not.
fn mirrored_by(mirror: &EmbeddedRegistry, insecure: &[&str], checked: &[&str]) -> Client {
    let insecure = insecure.iter().map(|prefix| (prefix, true));
    let checked = checked.iter().map(|prefix| (prefix, false));
    let rules = insecure.chain(checked).map(|(prefix, is_insecure)| {
        let location = format!("{}/hub", mirror.host());
        let mirror = Mirror::new(&location, PullFromMirror::All).unwrap();
        MirrorRule {
            prefix: (*prefix).to_owned(),
            mirrors: vec![mirror.insecure(is_insecure)],
        }
    });
    Client::new(ClientConfig {
        mirrors: Mirrors {
            rule_sets: vec![rules.collect()],
        },
        ..config()
    })
    .unwrap()
}

#[test]
fn an_insecure_mirror_is_insecure_only_as_a_mirror() {
    let image = Image::oci().layers(1, 1000).build();
    let ca = TestCa::new();
    let mirror = EmbeddedRegistry::builder().tls(&ca).start();
    mirror.seed("hub/app", "1", &image);
    let registry = EmbeddedRegistry::start();
    let host = registry.host();
    let by_mirror = reference(&host, "app:1");
    let directly = reference(&mirror.host(), "hub/app:1");
    let client = mirrored_by(&mirror, &[&host], &[]);
    let refused = |error: RegistryError| {
        let text = error.to_string();
        assert!(text.contains("signed by an unknown authority"), "{text}");
    };
    // Before the first insecure connection, and after it.
    for _ in 0..2 {
        refused(run(client.manifest(&directly)).unwrap_err());
        refused(run(client.manifest_digest(&directly)).unwrap_err());
        run(client.image(&by_mirror)).unwrap();
    }
    // A streamed blob, and a write.
    let layer = &image.layers[0];
    let digest = layer.digest.parse().unwrap();
    let blob = Descriptor::new(&layer.media_type, digest, layer.bytes.len() as u64);
    let sink = |_, _: &[u8]| Ok::<_, RegistryError>(());
    run(client.download(by_mirror.repository(), &blob, sink)).unwrap();
    refused(run(client.download(directly.repository(), &blob, sink)).unwrap_err());
    let manifest = run(client.manifest(&by_mirror)).unwrap();
    let written = client.put_manifest(
        &directly,
        manifest.media_type(),
        manifest.bytes().to_owned(),
    );
    refused(run(written).unwrap_err());
    assert!(registry.log().requests().is_empty());
    assert!(mirror.log().count(|seen| seen.method != "GET") == 0);
}

#[test]
fn an_insecure_mirror_is_insecure_only_by_its_own_rule() {
    let image = Image::oci().build();
    let mirror = EmbeddedRegistry::builder().tls(&TestCa::new()).start();
    mirror.seed("hub/app", "1", &image);
    let [insecure, checked] = [(); 2].map(|()| EmbeddedRegistry::start());
    for registry in [&insecure, &checked] {
        registry.seed("app", "1", &image);
    }
    let client = mirrored_by(&mirror, &[&insecure.host()], &[&checked.host()]);
    for _ in 0..2 {
        // The failure of the mirror for one rule does not disable it for the other.
        run(client.image(&reference(&checked.host(), "app:1"))).unwrap();
        run(client.image(&reference(&insecure.host(), "app:1"))).unwrap();
    }
    assert!(checked.log().count(|_| true) > 0);
    assert!(insecure.log().requests().is_empty());
}

#[test]
fn content_missing_in_a_mirror_is_read_from_the_registry() {
    let stage = Stage::new();
    run(stage.client().image(&stage.target)).unwrap();
    assert_eq!(
        stage.registry.log().lines(),
        [
            "GET /v2/app/manifests/1 200".to_owned(),
            format!("GET {} 200", stage.config_path("app")),
        ]
    );
    assert_eq!(stage.mirror.log().count(|r| r.status == 404), 2);
    let mirror = stage.mirror.host();
    assert_eq!(
        stage.heard(),
        [
            format!("passed over: {mirror}/hub/app:1"),
            format!(
                "passed over: {mirror}/hub/app@{}",
                stage.image.config_digest
            ),
        ]
    );
    // The error is that of the registry.
    let error = run(stage
        .client()
        .image(&reference(&stage.registry.host(), "app:none")));
    assert_eq!(
        error.unwrap_err().to_string(),
        format!("no such manifest: {}/app:none", stage.registry.host())
    );
}

#[test]
fn a_wrong_or_failing_mirror_is_skipped_at_once() {
    for answer in [Response::CorruptBody, Response::status(503), Response::Hang] {
        let stage = Stage::new();
        stage.mirror.seed("hub/app", "1", &stage.image);
        let fault = stage
            .mirror
            .fault(Fault::on_any("/v2/").respond(answer.clone()));
        let client = stage.impatient_client();
        let (manifest, _) = run(client.image(&stage.target)).unwrap();
        assert_eq!(manifest.digest().as_str(), stage.image.digest);
        let is_a_lie = matches!(answer, Response::CorruptBody);
        // An unavailable mirror gets no second request, and no request is retried.
        assert_eq!(fault.hits(), if is_a_lie { 2 } else { 1 });
        let heard = stage.heard();
        assert_eq!(heard.len(), fault.hits(), "{heard:?}");
        assert!(heard.iter().all(|line| line.starts_with("passed over: ")));
    }
}

#[test]
fn registry_and_mirror_get_their_own_credentials() {
    let mirror = EmbeddedRegistry::builder()
        .basic_auth("m", "mirror-pw")
        .start();
    let stage = Stage::with(mirror);
    stage.mirror.seed("hub/app", "1", &stage.image);
    let login = |user: &str, password: &str| json!({ "username": user, "password": password });
    let read = |auths: serde_json::Value| {
        Credentials::from_config_json(json!({ "auths": auths }).to_string().as_bytes()).unwrap()
    };
    let both = read(json!({
        stage.mirror.host(): login("m", "mirror-pw"),
        stage.registry.host(): login("r", "registry-pw"),
    }));
    run(stage.client_with(both).image(&stage.target)).unwrap();
    assert!(stage.registry.log().requests().is_empty());
    // The credentials of the registry do not go to the mirror.
    stage.mirror.log().clear();
    let one = read(json!({ stage.registry.host(): login("r", "registry-pw") }));
    run(stage.client_with(one).image(&stage.target)).unwrap();
    let requests = stage.mirror.log().requests();
    assert!(!requests.is_empty());
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[test]
fn a_push_never_uses_a_mirror() {
    let stage = Stage::new();
    // The mirror has the complete target, so a push that consulted it would write nothing.
    stage.mirror.seed("hub/list", "1", &stage.image);
    let (host, client) = (stage.registry.host(), stage.client());
    let bytes = stage.image.manifest.clone();
    let target = reference(&host, "list:1");
    run(async {
        let source = stage.target.repository();
        let manifest = client.manifest(&stage.target).await.unwrap();
        stage.mirror.log().clear();
        let child = Child::new(
            source,
            manifest.digest(),
            manifest.media_type(),
            manifest.bytes(),
        )
        .unwrap();
        let publication = Publication {
            targets: std::slice::from_ref(&target),
            media_type: manifest.media_type(),
            bytes: &bytes,
            children: &[child],
            push_foreign: false,
            precondition: Precondition::None,
            verify: Some(&[]),
        };
        client.publish(&publication, |_| {}).await.unwrap();
    });
    assert!(stage.mirror.log().requests().is_empty());
    assert_eq!(stage.registry.tags("list"), ["1"]);
    let stated = run(client.manifest_digest(&target)).unwrap().unwrap();
    assert_eq!(stated.as_str(), stage.image.digest);
    assert!(stage.mirror.log().requests().is_empty());
}

/// Publishes the image of a stage to another registry.
async fn publish_to(stage: &Stage, client: &Client, elsewhere: &EmbeddedRegistry) {
    let manifest = client.manifest(&stage.target).await.unwrap();
    let target = reference(&elsewhere.host(), "copy:1");
    let child = Child::new(
        stage.target.repository(),
        manifest.digest(),
        manifest.media_type(),
        manifest.bytes(),
    )
    .unwrap();
    let publication = Publication {
        targets: std::slice::from_ref(&target),
        media_type: manifest.media_type(),
        bytes: manifest.bytes(),
        children: &[child],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    client.publish(&publication, |_| {}).await.unwrap();
    assert_eq!(elsewhere.tags("copy"), ["1"]);
    for blob in stage.image.blob_digests() {
        let (there, here) = (
            elsewhere.blob("copy", &blob),
            stage.registry.blob("app", &blob),
        );
        assert_eq!(there, here, "{blob}");
    }
    assert_eq!(elsewhere.open_uploads("copy"), 0, "no upload is left open");
}

#[test]
fn layers_are_streamed_from_a_mirror() {
    let stage = Stage::new();
    stage.mirror.seed("hub/app", "1", &stage.image);
    let elsewhere = EmbeddedRegistry::start();
    run(publish_to(&stage, &stage.client(), &elsewhere));
    assert!(stage.registry.log().requests().is_empty());
    assert_eq!(stage.heard(), [""; 0]);
    // Downloads to disk use the mirror as well.
    let client = stage.client();
    let (_, blob) = blob_of(&stage);
    let mut bytes = Vec::new();
    let sink = |_, chunk: &[u8]| {
        bytes.extend_from_slice(chunk);
        Ok::<_, RegistryError>(())
    };
    run(client.download(stage.target.repository(), &blob, sink)).unwrap();
    assert_eq!(bytes, stage.image.layers[0].bytes);
    assert!(stage.registry.log().requests().is_empty());
}

/// Returns the path of the first layer in the mirror, and its descriptor.
fn blob_of(stage: &Stage) -> (String, Descriptor) {
    let layer = &stage.image.layers[0];
    let digest = layer.digest.parse().unwrap();
    let size = layer.bytes.len() as u64;
    (
        format!("/v2/hub/app/blobs/{}", layer.digest),
        Descriptor::new(&layer.media_type, digest, size),
    )
}

#[test]
fn layers_damaged_by_a_mirror_are_streamed_from_the_registry() {
    for answer in [
        Response::CorruptBody,
        Response::ShortBody,
        Response::EmptyBody,
        Response::Html(200),
        Response::EndlessBody,
        Response::ResetAfterHeaders,
        Response::ResetBeforeHeaders,
        Response::SlowBody(std::time::Duration::from_secs(5)),
        Response::status(404),
        Response::status(403),
        Response::status(503),
        Response::Hang,
    ] {
        let image = Image::oci().layers(1, 100_000).build();
        let stage = Stage {
            image,
            ..Stage::new()
        };
        stage.registry.seed("app", "1", &stage.image);
        stage.mirror.seed("hub/app", "1", &stage.image);
        let (path, blob) = blob_of(&stage);
        let fault = Fault::on("GET", &path).respond(answer.clone());
        let fault = stage.mirror.fault(fault);
        let elsewhere = EmbeddedRegistry::start();
        let client = stage.impatient_client();
        run(publish_to(&stage, &client, &elsewhere));
        assert_eq!(fault.hits(), 1, "{answer:?}");
        let heard = stage.heard();
        assert!(
            heard.iter().all(|line| line.starts_with("passed over: ")) && !heard.is_empty(),
            "{answer:?}: {heard:?}"
        );
        let mut bytes = Vec::new();
        let sink = |offset, chunk: &[u8]| {
            bytes.truncate(usize::try_from(offset).unwrap());
            bytes.extend_from_slice(chunk);
            Ok::<_, RegistryError>(())
        };
        run(client.download(stage.target.repository(), &blob, sink)).unwrap();
        assert_eq!(bytes, stage.image.layers[0].bytes, "{answer:?}");
    }
}

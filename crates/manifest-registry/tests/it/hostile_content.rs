//! Ambiguous manifests, and manifests that waste memory or time.

use std::time::{Duration, Instant};

use manifest_core::{Descriptor, Digest, MediaType, Reference};
use manifest_registry::{Child, Precondition, Publication, RegistryError};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, sha256};
use serde_json::{Value, json};

use crate::{chain, client, logged_in, reference, run};

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
const FOREIGN: &str = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";

/// The maximum time that hostile content may take, in a test program without optimisation.
const LIMIT: Duration = Duration::from_secs(10);

fn descriptor(media_type: &str, bytes: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": sha256(bytes), "size": bytes.len() })
}

/// Checks that `body` is refused by tag and by digest, with an error that contains `part`.
fn refuses(content_type: &str, body: &str, part: &str) {
    let registry = EmbeddedRegistry::start();
    let digest = registry.put_manifest("app", Some("1"), content_type, body.as_bytes());
    let client = client();
    for name in ["app:1".to_owned(), format!("app@{digest}")] {
        let started = Instant::now();
        let error = run(client.image(&reference(&registry.host(), &name))).unwrap_err();
        let text = chain(&error);
        assert!(text.contains(part), "{name}: {text}");
        assert!(text.len() < 1000 && !error.is_not_found(), "{name}: {text}");
        assert!(started.elapsed() < LIMIT, "{name} took too long");
    }
    let gets = registry.log().count(|request| request.method == "GET");
    assert_eq!(gets, 2, "what is wrong for good is not asked for again");
}

#[test]
fn two_manifests_in_one() {
    let both = |media_type: &str, list: &str| {
        let child = descriptor(OCI_MANIFEST, b"child");
        let mut body = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "config": descriptor("application/vnd.oci.image.config.v1+json", b"{}"),
            "layers": [],
        });
        body[list] = json!([child]);
        body.to_string()
    };
    refuses(OCI_MANIFEST, &both(OCI_MANIFEST, "manifests"), "ambiguous");
    refuses(OCI_INDEX, &both(OCI_INDEX, "manifests"), "ambiguous");
    // Go's JSON decoder reads these keys as "manifests", too.
    refuses(OCI_MANIFEST, &both(OCI_MANIFEST, "MANIFESTS"), "ambiguous");
    let long_s = both(OCI_MANIFEST, "manife\u{17f}t\u{17f}");
    refuses(OCI_MANIFEST, &long_s, "ambiguous");
}

#[test]
fn types_that_disagree() {
    let should = "mediaType in manifest should be";
    let image = |media_type: &str| {
        let image = match media_type {
            DOCKER_MANIFEST => Image::docker(),
            _ => Image::oci(),
        };
        String::from_utf8(image.build().manifest).unwrap()
    };
    refuses(OCI_MANIFEST, &image(DOCKER_MANIFEST), should);
    refuses(DOCKER_MANIFEST, &image(OCI_MANIFEST), should);
    refuses(OCI_INDEX, &image(OCI_MANIFEST), should);
    refuses(
        "text/html",
        &image(OCI_MANIFEST),
        "unsupported manifest media type",
    );
    refuses(
        "application/\u{9b}31m",
        &image(OCI_MANIFEST),
        "unsupported manifest media type",
    );
}

#[test]
fn oversized_manifests() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = format!("{}0{}", open.repeat(200_000), close.repeat(200_000));
        let body = format!("{{\"manifests\":[],\"annotations\":{{}},\"a\":{nested}}}");
        refuses(OCI_INDEX, &body, "nested deeper than 64 levels");
    }
    let million = "0,".repeat(1_000_000);
    let body = format!("{{\"manifests\":[{million}0]}}");
    refuses(OCI_INDEX, &body, "1000001 entries, the limit is 10000");
    let child = descriptor(OCI_MANIFEST, b"child").to_string() + ",";
    let body = format!("{{\"manifests\":[{}{{}}]}}", child.repeat(20_000));
    refuses(OCI_INDEX, &body, "20001 entries, the limit is 10000");
    let large = format!("{{\"manifests\":[],\"a\":\"{}\"}}", "x".repeat(4 << 20));
    refuses(OCI_INDEX, &large, "over the limit of 4194304 bytes");
}

#[test]
fn an_oversized_configuration() {
    let registry = EmbeddedRegistry::start();
    let config = format!("{{\"os\":{}", "[".repeat(1 << 20));
    registry.put_blob("app", config.as_bytes());
    let body = json!({
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
        "layers": [],
    });
    registry.put_manifest("app", Some("1"), OCI_MANIFEST, body.to_string().as_bytes());
    let error = run(client().image(&reference(&registry.host(), "app:1"))).unwrap_err();
    assert!(chain(&error).contains("nested deeper"), "{error}");
}

#[test]
fn a_child_is_verified_against_its_descriptor() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().build();
    registry.seed("app", "1", &image);
    let repository = reference(&registry.host(), "app:1").repository().clone();
    let digest = Digest::sha256(&image.manifest);
    let size = image.manifest.len() as u64;
    let child = |descriptor: Descriptor| run(client().child(&repository, &descriptor));
    child(Descriptor::new(OCI_MANIFEST, digest.clone(), size)).unwrap();
    for (media_type, size, part) in [
        (OCI_MANIFEST, size - 1, "its descriptor says"),
        (OCI_MANIFEST, size + 1, "its descriptor says"),
        (DOCKER_MANIFEST, size, "the descriptor says"),
    ] {
        let error = child(Descriptor::new(media_type, digest.clone(), size)).unwrap_err();
        assert!(error.to_string().contains(part), "{error}");
    }
    // The bytes count, not the headers of the response.
    let lie = Digest::sha256(b"other");
    let wrong = Response::Status {
        code: 200,
        headers: vec![
            ("content-type".into(), OCI_MANIFEST.into()),
            ("docker-content-digest".into(), lie.to_string()),
        ],
        body: image.manifest.clone(),
    };
    registry.fault(Fault::on("GET", "/manifests/").respond(wrong));
    let error = child(Descriptor::new(OCI_MANIFEST, lie, size)).unwrap_err();
    assert!(error.to_string().contains("verification failed"), "{error}");
}

/// Publishes an image with a single foreign layer, whose URL is `url`.
fn publish_foreign(url: &str, push_foreign: bool, is_in_source: bool) -> Result<(), RegistryError> {
    let start = || EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let registry = start();
    let (config, layer) = (&b"{}"[..], &b"layer"[..]);
    registry.put_blob("source", config);
    if is_in_source {
        registry.put_blob("source", layer);
    }
    let mut foreign = descriptor(FOREIGN, layer);
    foreign["urls"] = json!([url]);
    let body = json!({
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": descriptor("application/vnd.docker.container.image.v1+json", config),
        "layers": [foreign],
    });
    let bytes = body.to_string().into_bytes();
    let host = registry.host();
    let at = |name: &str| -> Reference { reference(&host, name) };
    let digest = Digest::sha256(&bytes);
    let (source, target) = (at("source:1"), at("target:1"));
    let child = Child::new(
        source.repository(),
        &digest,
        MediaType::DockerManifest,
        &bytes,
    )?;
    let publication = Publication {
        targets: std::slice::from_ref(&target),
        media_type: MediaType::DockerManifest,
        bytes: &bytes,
        children: &[child],
        push_foreign,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    let client = logged_in(&host, "me", "pw");
    run(client.publish(&publication, |_| {})).map(drop)
}

#[test]
fn urls_of_foreign_layers_are_never_fetched() {
    let elsewhere = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let url = format!(
        "http://{}/v2/app/blobs/{}",
        elsewhere.host(),
        sha256(b"layer")
    );
    for (push_foreign, is_in_source) in [(false, false), (true, true), (true, false)] {
        let result = publish_foreign(&url, push_foreign, is_in_source);
        assert_eq!(result.is_ok(), push_foreign <= is_in_source, "{result:?}");
    }
    assert_eq!(elsewhere.log().connections(), 0);
}

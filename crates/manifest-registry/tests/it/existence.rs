//! Existence and metadata of manifests and blobs: by one HEAD request, and by GET only where HEAD says too little.

use manifest_core::Digest;
use manifest_registry::{BlobState, ManifestMetadata};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, buildkit_index};

use crate::{client, reference, run};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// Starts a registry with an index, and returns its metadata.
fn registry() -> (EmbeddedRegistry, ManifestMetadata) {
    let registry = EmbeddedRegistry::start();
    let index = buildkit_index(&Image::oci().platform("linux/amd64").build());
    let digest = registry.seed("app", "1", &index);
    let (_, bytes) = registry.manifest("app", "1").unwrap();
    let metadata = ManifestMetadata {
        digest: digest.parse().unwrap(),
        media_type: OCI_INDEX.to_owned(),
        size: bytes.len() as u64,
    };
    (registry, metadata)
}

fn methods(registry: &EmbeddedRegistry) -> Vec<String> {
    let requests = registry.log().requests();
    registry.log().clear();
    requests.into_iter().map(|request| request.method).collect()
}

#[test]
fn one_head_request_tells_everything() {
    let (registry, metadata) = registry();
    let host = registry.host();
    let pinned = format!("app@{}", metadata.digest);
    for name in ["app:1", &pinned] {
        let reference = reference(&host, name);
        assert!(run(client().manifest_exists(&reference)).unwrap());
        let found = run(client().manifest_metadata(&reference)).unwrap();
        assert_eq!(found.as_ref(), Some(&metadata), "{name}");
        assert_eq!(methods(&registry), ["HEAD", "HEAD"], "{name}");
    }
    let absent = format!("app@{}", Digest::sha256(b"other"));
    for name in ["app:2", "other:1", &absent] {
        let reference = reference(&host, name);
        assert!(!run(client().manifest_exists(&reference)).unwrap());
        assert_eq!(run(client().manifest_metadata(&reference)).unwrap(), None);
        assert_eq!(methods(&registry), ["HEAD", "HEAD"], "{name}");
    }
}

#[test]
fn get_tells_what_head_does_not() {
    let (registry, metadata) = registry();
    let host = registry.host();
    let head = || Fault::on("HEAD", "/manifests/");
    let digest = metadata.digest.to_string();
    let other = Digest::sha256(b"other").to_string();
    for (what, response, existence) in [
        (
            "HEAD is refused",
            Response::status(405),
            &["HEAD", "GET"][..],
        ),
        ("nothing is stated", Response::status(200), &["HEAD"]),
        (
            "the size is not stated",
            Response::status(200)
                .header("docker-content-digest", &digest)
                .header("content-type", OCI_INDEX),
            &["HEAD"],
        ),
    ] {
        registry.fault(head().respond(response));
        let here = reference(&host, "app:1");
        assert!(run(client().manifest_exists(&here)).unwrap(), "{what}");
        assert_eq!(methods(&registry), existence, "{what}");
        let found = run(client().manifest_metadata(&here)).unwrap();
        assert_eq!(found.as_ref(), Some(&metadata), "{what}");
        assert_eq!(methods(&registry), ["HEAD", "GET"], "{what}");
        registry.clear_faults();
    }
    registry.fault(head().respond(Response::status(405)));
    let absent = reference(&host, "app:2");
    assert!(!run(client().manifest_exists(&absent)).unwrap());
    assert_eq!(run(client().manifest_metadata(&absent)).unwrap(), None);
    registry.clear_faults();

    // A cache that mixes manifests up: the bytes decide.
    let mixed_up = Response::status(200).header("docker-content-digest", &other);
    registry.fault(head().respond(mixed_up));
    let pinned = reference(&host, &format!("app@{digest}"));
    assert!(run(client().manifest_exists(&pinned)).unwrap());
    let gone = reference(&host, &format!("app@{}", Digest::sha256(b"gone")));
    assert!(!run(client().manifest_exists(&gone)).unwrap());
}

#[test]
fn manifests_of_unknown_types_exist_too() {
    let registry = EmbeddedRegistry::start();
    let bytes = br#"{"schemaVersion":2,"mediaType":"application/vnd.example.thing+json"}"#;
    let thing = "application/vnd.example.thing+json; charset=utf-8";
    let digest = registry.put_manifest("app", Some("thing"), thing, bytes);
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(405)));
    let found = run(client().manifest_metadata(&reference(&registry.host(), "app:thing")));
    let found = found.unwrap().unwrap();
    assert_eq!(found.digest.to_string(), digest);
    assert_eq!(found.media_type, "application/vnd.example.thing+json");
    assert_eq!(found.size, bytes.len() as u64);
}

#[test]
fn unclear_responses_are_errors() {
    let (registry, metadata) = registry();
    let host = registry.host();
    let here = reference(&host, "app:1");
    let page = Response::status(200).header("content-type", "text/html; charset=utf-8");
    for (response, is_expected) in [
        (
            Response::status(401),
            manifest_registry::RegistryError::is_unauthorized as fn(&_) -> bool,
        ),
        (
            Response::status(403),
            manifest_registry::RegistryError::is_unauthorized,
        ),
        (page, |error| error.to_string().contains("web page")),
    ] {
        registry.fault(Fault::on("HEAD", "/manifests/").respond(response));
        let error = run(client().manifest_exists(&here)).unwrap_err();
        assert!(is_expected(&error), "{error:?}");
        registry.clear_faults();
    }
    // HEAD says too little, and the bytes are others.
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(405)));
    let wrong = Response::status(200).header("content-type", OCI_INDEX);
    registry.fault(Fault::on("GET", "/manifests/").respond(wrong));
    let pinned = reference(&host, &format!("app@{}", metadata.digest));
    assert!(run(client().manifest_exists(&pinned)).is_err());
}

#[test]
fn one_byte_tells_of_a_blob_where_head_is_refused() {
    let registry = EmbeddedRegistry::start();
    let bytes: Vec<u8> = (0..100_000_u32).map(|byte| byte as u8).collect();
    let image = Image::oci()
        .platform("linux/amd64")
        .layer(&bytes)
        .layer(b"");
    let image = image.build();
    registry.seed("app", "1", &image);
    let [layer, empty] = [0, 1].map(|place| &image.layers[place]);
    let app = reference(&registry.host(), "app:1").repository().clone();
    let state = |digest: &str| run(client().registry_blob(&app, &digest.parse().unwrap()));
    let present = |size| BlobState::Present { size };

    registry.fault(Fault::on("HEAD", "/blobs/").respond(Response::status(405)));
    registry.log().clear();
    assert_eq!(state(&layer.digest).unwrap(), present(Some(100_000)));
    let requests = registry.log().requests();
    let get = requests.iter().find(|request| request.method == "GET");
    assert_eq!(get.unwrap().header("range"), Some("bytes=0-0"));
    assert_eq!(state(&empty.digest).unwrap(), present(Some(0)));
    let gone = Digest::sha256(b"gone").to_string();
    assert_eq!(state(&gone).unwrap(), BlobState::Absent);

    // A registry that ignores the range, one that does not state the size, and one that refuses GET too.
    let get = || Fault::on("GET", "/blobs/");
    let whole = Response::Status {
        code: 200,
        headers: Vec::new(),
        body: bytes.clone(),
    };
    registry.fault(get().respond(whole));
    assert_eq!(state(&layer.digest).unwrap(), present(Some(100_000)));
    registry.clear_faults();
    registry.fault(Fault::on("HEAD", "/blobs/").respond(Response::status(405)));
    let unstated = Response::status(206).header("content-range", "bytes 0-0/*");
    registry.fault(get().respond(unstated));
    assert_eq!(state(&layer.digest).unwrap(), present(None));
    registry.clear_faults();
    registry.fault(Fault::on_any("/blobs/").respond(Response::status(405)));
    assert!(state(&layer.digest).is_err());
}

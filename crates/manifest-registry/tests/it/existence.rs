//! Existence and metadata of manifests and blobs: by one HEAD request, and by GET only where HEAD says too little.

use manifest_core::Digest;
use manifest_registry::{
    BlobState, Client, ClientConfig, ManifestMetadata, Mirror, MirrorRule, Mirrors, PullFromMirror,
    RegistryError,
};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, buildkit_index};

use crate::{client, config, reference, run};

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

#[test]
fn a_required_manifest_costs_one_head_request() {
    let (registry, _) = registry();
    let host = registry.host();
    run(client().require_manifest(&reference(&host, "app:1"))).unwrap();
    assert_eq!(methods(&registry), ["HEAD"]);
    for name in ["app:2", "other:1"] {
        let absent = reference(&host, name);
        let error = run(client().require_manifest(&absent)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("no such manifest: {host}/{name}")
        );
        assert_eq!(methods(&registry), ["HEAD"], "{name}");
    }
}

/// The kind of an error: whether it means that there is no such manifest.
fn is_missing(error: &RegistryError) -> bool {
    matches!(error, RegistryError::NoSuchManifest { .. })
}

#[test]
fn refusals_of_head_are_explained_by_get() {
    let (registry, _) = registry();
    let host = registry.host();
    let here = reference(&host, "app:1");
    let page = || Response::status(404).header("content-type", "text/html");
    let denied = || Response::error(403, "DENIED", "not yours");
    type Check = fn(&RegistryError) -> bool;
    let is_denied: Check =
        |error| error.is_unauthorized() && error.to_string().contains("not yours");
    let is_page: Check = |error| !is_missing(error) && error.to_string().contains("a web page");
    for (what, head, get, expected) in [
        ("HEAD is not supported", Response::status(405), None, None),
        ("HEAD is refused", Response::status(403), None, None),
        ("a proxy answers HEAD", page(), None, None),
        (
            "both are refused",
            denied(),
            Some(denied()),
            Some(is_denied),
        ),
        ("not a registry", page(), Some(page()), Some(is_page)),
        (
            "it is missing after all",
            Response::status(400),
            Some(Response::status(404)),
            Some(is_missing as Check),
        ),
    ] {
        registry.fault(Fault::on("HEAD", "/manifests/").respond(head));
        if let Some(get) = get {
            registry.fault(Fault::on("GET", "/manifests/").respond(get));
        }
        let result = run(client().require_manifest(&here));
        match expected {
            None => assert!(result.is_ok(), "{what}: {result:?}"),
            Some(is_expected) => assert!(
                is_expected(result.as_ref().unwrap_err()),
                "{what}: {result:?}"
            ),
        }
        assert_eq!(methods(&registry), ["HEAD", "GET"], "{what}");
        registry.clear_faults();
    }
    // A registry that has a problem is not asked twice.
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(503)));
    let error = run(client().require_manifest(&here)).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    assert!(methods(&registry).iter().all(|method| method == "HEAD"));
}

#[test]
fn a_required_manifest_may_be_in_a_mirror() {
    let (mirror, _) = registry();
    let registry = EmbeddedRegistry::start();
    let host = registry.host();
    let rule = MirrorRule {
        prefix: host.clone(),
        mirrors: vec![Mirror::new(&mirror.host(), PullFromMirror::All).unwrap()],
    };
    let client = Client::new(ClientConfig {
        mirrors: Mirrors {
            rule_sets: vec![vec![rule]],
        },
        ..config()
    });
    let client = client.unwrap();
    run(client.require_manifest(&reference(&host, "app:1"))).unwrap();
    assert_eq!(
        (methods(&mirror), methods(&registry)),
        (vec!["HEAD".to_owned()], vec![])
    );
    let error = run(client.require_manifest(&reference(&host, "app:2"))).unwrap_err();
    assert!(is_missing(&error), "{error}");
    assert_eq!((methods(&mirror).len(), methods(&registry).len()), (1, 1));
}

//! The state of a tag, probed concurrently with other requests to its registry: the time of the probe, and that its failure
//! has no effect.

use std::time::{Duration, Instant};

use manifest_core::{Reference, TagState};
use manifest_registry::{Client, RegistryError, concurrent, limits};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};

use crate::{client, logged_in, reference, run};

struct Stage {
    image: BuiltImage,
    registry: EmbeddedRegistry,
    /// The image.
    source: Reference,
    /// The tag.
    list: Reference,
}

impl Stage {
    fn new() -> Self {
        Self::with(EmbeddedRegistry::start())
    }

    fn with(registry: EmbeddedRegistry) -> Self {
        let image = Image::oci().build();
        registry.seed("app", "1", &image);
        let host = registry.host();
        Self {
            image,
            registry,
            source: reference(&host, "app:1"),
            list: reference(&host, "list:latest"),
        }
    }

    /// Reads the image, which takes two requests, and probes the tag.
    fn tag_state(&self, client: &Client) -> Option<TagState> {
        let noted = client.with_tag_state(&self.list, client.image(&self.source));
        run(noted).unwrap().1
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.registry.log().sorted_lines();
        self.registry.log().clear();
        lines
    }
}

#[test]
fn a_tag_is_probed_concurrently_with_the_second_request() {
    let stage = Stage::new();
    let config = format!("GET /v2/app/blobs/{} 200", stage.image.config_digest);
    assert_eq!(stage.tag_state(&client()), Some(TagState::Absent));
    let image = "GET /v2/app/manifests/1 200";
    let head = "HEAD /v2/list/manifests/latest 404";
    assert_eq!(stage.lines(), [&config, image, head]);
    stage.registry.seed("list", "latest", &stage.image);
    let digest = stage.image.digest.parse().unwrap();
    assert_eq!(stage.tag_state(&client()), Some(TagState::At(digest)));
}

#[test]
fn a_tag_is_probed_afterwards_if_there_is_one_request() {
    let stage = Stage::new();
    let read = |client: Client| async move {
        let read = client.manifest(&stage.source);
        let (_, shown) = client.with_tag_state(&stage.list, read).await.unwrap();
        assert_eq!(shown, Some(TagState::Absent));
        stage.lines()
    };
    let (image, head) = (
        "GET /v2/app/manifests/1 200",
        "HEAD /v2/list/manifests/latest 404",
    );
    assert_eq!(run(read(client())), [image, head]);
    // A client that has to log in sends the request twice.
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let stage = Stage::with(registry);
    let client = logged_in(&stage.registry.host(), "me", "pw");
    let read = client.manifest(&stage.source);
    let (_, shown) = run(client.with_tag_state(&stage.list, read)).unwrap();
    assert_eq!(shown, Some(TagState::Absent));
}

#[test]
fn a_tag_in_another_registry_is_not_probed() {
    let (stage, other) = (Stage::new(), EmbeddedRegistry::start());
    let client = client();
    let list = reference(&other.host(), "list:latest");
    let noted = client.with_tag_state(&list, client.image(&stage.source));
    assert_eq!(run(noted).unwrap().1, None);
    assert_eq!(other.log().connections(), 0);
}

#[test]
fn a_failed_probe_has_no_effect() {
    for answer in [
        Response::status(401),
        Response::status(403),
        Response::status(405),
        Response::status(429),
        Response::status(503),
        Response::Html(200),
        Response::ResetBeforeHeaders,
        Response::Hang,
        Response::Redirect {
            to: "https://no-such-host.invalid/".into(),
        },
    ] {
        let stage = Stage::new();
        stage.registry.seed("list", "latest", &stage.image);
        let fault = Fault::on("HEAD", "/manifests/").respond(answer.clone());
        let fault = stage.registry.fault(fault);
        let began = Instant::now();
        assert_eq!(stage.tag_state(&client()), None, "{answer:?}");
        // The tag is probed once, whatever the response.
        assert_eq!(fault.hits(), 1, "{answer:?}");
        let most = limits::TAG_STATE_GRACE + Duration::from_secs(2);
        assert!(began.elapsed() < most, "{answer:?}");
    }
}

#[test]
fn a_probe_does_not_change_errors() {
    let stage = Stage::new();
    let fault = Fault::on("HEAD", "/manifests/").respond(Response::Hang);
    stage.registry.fault(fault);
    let client = client();
    let gone = reference(&stage.registry.host(), "app:gone");
    let read = async {
        let both = [&stage.source, &gone].map(|image| client.image(image));
        let results = concurrent(2, both).await;
        results
            .into_iter()
            .collect::<Result<Vec<_>, RegistryError>>()
    };
    let error = run(client.with_tag_state(&stage.list, read)).unwrap_err();
    assert!(error.is_not_found(), "{error}");
}

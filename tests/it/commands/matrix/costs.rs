//! The requests of `matrix`, and their round trips.

use std::time::Duration;

use manifest_testkit::image::Index;
use manifest_testkit::log::longest_chain;
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};
use serde_json::json;

use super::{filled, image, list};
use crate::commands::{Shell, Watched};

#[test]
fn content_is_read_once() {
    let registry = filled();
    let shell = Shell::new(&registry);
    shell.run("matrix --no-cache @/app").succeeds();
    let count = |part: &str| {
        let is_one = |request: &manifest_testkit::log::Request| request.line().starts_with(part);
        registry.log().count(is_one)
    };
    assert_eq!(count("GET /v2/app/tags/list"), 1);
    // Tags are looked up by HEAD; latest is another name of 1.10.
    assert_eq!(count("HEAD /v2/app/manifests/"), 7);
    let images = 1 + 2 + 3 + 1 + 3 + 4;
    assert_eq!(count("GET /v2/app/blobs/"), images);
    // An image of its own, five lists, and the images in them, but not the attestation.
    assert_eq!(count("GET /v2/app/manifests/sha256:"), 6 + images - 1);
    assert_eq!(count("GET /v2/app/manifests/"), 6 + images - 1);
}

#[test]
fn the_second_time_only_tags_and_lists_are_read() {
    let registry = filled();
    let mut shell = Shell::new(&registry);
    shell.home.enable_cache();
    let first = shell.run("matrix @/app").succeeds().stdout.clone();
    registry.log().clear();
    shell.run("matrix @/app").succeeds().prints(&first);
    let blobs = registry
        .log()
        .count(|request| request.path.contains("/blobs/"));
    assert_eq!(blobs, 0, "{:#?}", registry.log().lines());
    let manifests = registry
        .log()
        .count(|request| request.is("GET", "/manifests/"));
    assert_eq!(manifests, 6, "{:#?}", registry.log().lines());
}

/// A hundred tags far away: TCP, TLS, 401; TCP, TLS, token; tags; HEAD; lists; images; configurations.
#[test]
fn a_hundred_tags_take_twelve_round_trips_at_most() {
    // Long, compared with the program's own work between two round trips.
    let latency = Duration::from_millis(150);
    let ca = TestCa::new();
    let tokens = TokenServer::builder()
        .tls(&ca)
        .anonymous_pull()
        .latency(latency)
        .start();
    let registry = EmbeddedRegistry::builder().tls(&ca).token_auth(&tokens);
    let registry = registry.latency(latency).start();
    for number in 0..100 {
        let tag = format!("1.{number}");
        registry.seed("app", &tag, &list(&["linux/amd64", "linux/arm64"], &tag, 1));
    }
    let registry = Watched::embedded(registry);
    let shell = Shell::new(&registry);
    std::fs::write(shell.home.path().join("ca.pem"), ca.ca_pem()).unwrap();
    let handshakes = 4;
    let runs = (0..4).map(|_| {
        registry.log().clear();
        tokens.log().clear();
        let ran = shell.run("matrix --ca-file ca.pem @/app");
        ran.succeeds();
        assert_eq!(tokens.log().count(|_| true), 1, "one token for all");
        let requests = [registry.log().requests(), tokens.log().requests()].concat();
        assert_eq!(requests.len(), 1 + 1 + 1 + 100 + 100 + 200 + 200);
        handshakes + longest_chain(&requests)
    });
    // Load on the machine can only add to them.
    let least = runs.min().unwrap();
    assert!(least <= 12, "{least}");
}

/// Lists can name more images than anybody has: none of them is read then.
#[test]
fn too_many_manifests_are_not_read() {
    let embedded = EmbeddedRegistry::start();
    let one = image("linux/amd64", "many", 1);
    let media_type = "application/vnd.oci.image.index.v1+json";
    for tag in 0..3 {
        let entry = |number: u32| {
            let digest = manifest_testkit::sha256(format!("{tag} {number}").as_bytes());
            json!({ "mediaType": one.media_type, "digest": digest, "size": one.size() })
        };
        let entries: Vec<_> = (0..7000).map(entry).collect();
        let list = json!({ "schemaVersion": 2, "mediaType": media_type, "manifests": entries });
        let bytes = serde_json::to_vec(&list).unwrap();
        embedded.put_manifest("app", Some(&tag.to_string()), media_type, &bytes);
    }
    let registry = Watched::embedded(embedded);
    let shell = Shell::new(&registry);
    let ran = shell.run("matrix @/app");
    ran.fails(1)
        .prints("")
        .says("the tags of REGISTRY/app have more than 20000 manifests")
        .says("hint: show fewer tags with --limit, or choose some with --tags");
    // The tags, three HEADs, three lists.
    assert_eq!(registry.lines().len(), 7);
}

#[test]
fn an_index_with_two_thousand_entries() {
    let registry = filled();
    let one = image("linux/amd64", "many", 1);
    let index = (0..2000).fold(Index::oci(), |index, _| {
        index.image_with(&one, Some(one.platform.clone()), &[])
    });
    registry.push("many", "1", &index.build());
    registry.log().clear();
    let ran = Shell::new(&registry).run("matrix @/many");
    assert!(ran.succeeds().stdout.contains("2000 images"), "{ran}");
    // Tags, HEAD, index, image, configuration.
    assert_eq!(registry.lines().len(), 5);
}
